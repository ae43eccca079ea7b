/** What a backward pass of training takes a shorter way to (src/training/rules.ts, `summed` of ops) is what the ops' own vjps give. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform as generator } from '../../src/graph/random.ts';
import { dropout, greater, max, maxPool, min, mul, relu, sum, where } from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { trainingRules } from '../../src/training/rules.ts';

const test = suite('training: rules of the backward pass');
const next = generator(11);
/** Numbers with ties among them, zeros and negative ones. */
const some = (shape: readonly number[]): Float64Array =>
  Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.round(8 * next() - 5) / 4);
const seed = tensor(Int32Array.of(5, -7), [2], 'int32');

const functions: Record<string, (x: Tensor) => Tensor> = {
  'a maximum': (x) => max(x, { axes: 1 }),
  'a minimum over the first axis': (x) => min(x, { axes: 0 }),
  'a maximum over neighbours, behind a relu': (x) => max(relu(x), { axes: [1, 2] }),
  'a maximum over axes apart': (x) => max(x, { axes: [0, 2] }),
  'a maximum whose axes stay': (x) => max(x, { axes: 1, keepDims: true }),
  'a maximum behind dropout': (x) => max(dropout(x, seed, { rate: 0.4, stream: 1 }), { axes: 1 }),
  'a maximum behind dropout behind a relu': (x) => max(dropout(relu(x), seed, { rate: 0.4, stream: 2 }), { axes: 1 }),
  'two uses of what was dropped': (x) => {
    const y = dropout(relu(x), seed, { rate: 0.5, stream: 3 });
    return mul(max(y, { axes: 1 }), sum(y, { axes: 1 }));
  },
};

for (const [name, f] of Object.entries(functions)) {
  test(`${name}: the gradient, and its sums`, async () => {
    const shape = [5, 6, 37];
    const x = placeholder(shape, 'float64');
    const y = f(x);
    const gy = tensor(some(y.shape), y.shape, 'float64');
    const sums = (rules: string): Tensor[] => {
      const [g] = grad(y, [x], gy, { rules: trainingRules(rules) });
      return [g!, sum(g!, { axes: [0, 1] }), sum(g!, { axes: [1, 2] }), sum(g!, { axes: [0, 1, 2] })];
    };
    const values = some(shape);
    const run = (outputs: Tensor[]) => compile(outputs, [x], { backend: reference }).run([values]);
    const [expected, got] = [await run(sums('none')), await run(sums('wasm'))];
    expected.forEach((array, at) => {
      array.forEach((value, i) => {
        assert.ok(Math.abs(got[at]![i]! - value) < 1e-12, `result ${at}, element ${i}: ${got[at]![i]} for ${value}`);
      });
    });
    assert.ok(expected[0]!.some((value) => value !== 0));
  });
}

test('a bias in front of a max pool: its gradient is summed over windows, not over what they cover', async () => {
  const shape = [3, 7, 8, 5];
  for (const pads of [undefined, 'same'] as const) {
    const x = placeholder(shape, 'float64');
    const y = maxPool(relu(x), { window: [2, 3], padding: pads ?? 'valid' });
    const gy = tensor(some(y.shape), y.shape, 'float64');
    const [g] = grad(y, [x], gy);
    const long = sum(where(greater(placeholder(shape, 'float64'), -1e9), g!, 0), { axes: [0, 1, 2] });
    const hidden = long.inputs[0]!.inputs[0]!.inputs[0]!;
    const plan = compile([sum(g!, { axes: [0, 1, 2] }), long], [x, hidden], { backend: reference });
    const values = some(shape);
    const [short, whole] = await plan.run([values, values]);
    short!.forEach((value, i) => {
      assert.ok(Math.abs(value - whole![i]!) < 1e-12, `${value} for ${whole![i]}`);
    });
  }
});

test('dropout: a share of `rate` is zero, the rest larger, the same bits on wasm, and the gradient drops the same', async () => {
  const shape = [50, 333];
  const x = placeholder(shape);
  const y = dropout(x, seed, { rate: 0.3, stream: 4 });
  const [g] = grad(y, [x]);
  const ones = new Float32Array(50 * 333).fill(1);
  const [one, gradient] = await compile([y, g!], [x], { backend: reference }).run([ones]);
  const [other] = await compile([y], [x], { backend: wasmBackend }).run([ones]);
  const zeros = one!.filter((value) => value === 0).length;
  const deviation = Math.sqrt(one!.length * 0.3 * 0.7);
  assert.ok(Math.abs(zeros - 0.3 * one!.length) < 4 * deviation, `${zeros} of ${one!.length}`);
  assert.ok(one!.every((value) => value === 0 || value === Math.fround(1 / 0.7)));
  assert.equal(other, one);
  assert.equal(gradient, one);
});

test.run();
