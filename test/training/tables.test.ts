/** Products over small embedding tables: made before the rows are read, with the same numbers. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { productsOfTables } from '../../src/training/tables.ts';

const test = suite('products of tables');

const normal = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    randomNormal(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
    'float64',
  );
const ids = placeholder([4, 5], 'int32');
const batch = Int32Array.from({ length: 20 }, (_, i) => (i * i) % 6);
const productsOf = (y: Tensor): number[] =>
  ancestors([y])
    .filter(({ op }) => op?.name === 'matmul')
    .map(({ shape }) => shape.reduce((a, b) => a * b, 1));

for (const transposeB of [false, true]) {
  test(`the value has the same bits, gradients are the same${transposeB ? ', transposed' : ''}`, () => {
    const [table, w, b] = [normal([6, 3], 1), normal(transposeB ? [7, 3] : [3, 7], 2), normal([7], 3)];
    const rows = o.reshape(o.embedding(table, ids), [20, 3]);
    const y = o.tanh(o.add(o.reshape(o.matmul(rows, w, { transposeB }), [4, 5, 7]), b));
    const [moved] = productsOfTables([y]);
    assert.equal([productsOf(y), productsOf(moved!)], [[140], [42]]);
    const results = (from: Tensor): Float64Array[] => {
      const outputs = [from, ...grad(o.sum(o.square(from)), [table, w, b])];
      const plan = compile(outputs, [ids], { backend: reference });
      const made = plan.runSync([batch]) as Float64Array[];
      plan.dispose();
      return made;
    };
    const [before, after] = [results(y), results(moved!)];
    assert.equal(after[0], before[0]);
    before.forEach((values, i) => {
      values.forEach((value, j) => {
        assert.ok(Math.abs(value - after[i]![j]!) < 1e-12, `gradient ${i} differs at ${j}`);
      });
    });
  });
}

test('what does not pay, or is no product of rows, stays as it is', () => {
  const [large, small] = [normal([11, 3], 1), normal([6, 3], 2)];
  const square = normal([3, 3], 4);
  const kept = [
    o.matmul(o.embedding(large, ids), square),
    o.matmul(o.tanh(o.embedding(small, ids)), square),
    o.matmul(o.embedding(small, ids), normal([4, 3, 2], 5)),
    o.add(o.embedding(small, ids), normal([3], 6)),
    o.matmul(o.gather(small, placeholder([20], 'int32'), 1), normal([20, 2], 7)),
  ];
  assert.equal(productsOfTables(kept), kept);
});

test.run();
