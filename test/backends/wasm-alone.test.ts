/** A sample gives the same bits alone as among others where samples lie behind the axis that is worked along: its sum took another order alone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { logSoftmax, matmul, mean, slice, softmax, sum, transpose } from '../../src/ops/index.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('wasm: samples alone and among others');
const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float32Array.from(randomNormal(sizeOf(shape), seed)), shape);

function computed(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const place = placeholder(x.shape, 'float32');
  const y = f(place);
  const plan = compile([y], [place], { backend: wasmBackend });
  const [data] = plan.runSync([x.data]);
  const kept = tensor(Float32Array.from(data!), y.shape);
  plan.dispose();
  return kept;
}

/** Shapes, with the axis of the samples in front of them and in the result. */
const cases: Readonly<
  Record<string, readonly [f: (x: Tensor) => Tensor, shape: readonly number[], axis: number, out: number]>
> = {
  'mean over axis 0 of [3, N, 1]': [(x) => mean(x, { axes: 0 }), [3, 17, 1], 1, 0],
  'sum over axis 0 of [300, N]': [(x) => sum(x, { axes: 0 }), [300, 17], 1, 0],
  'sum over axes 0 and 2 of [300, N, 40]': [(x) => sum(x, { axes: [0, 2] }), [300, 5, 40], 1, 0],
  'softmax along axis 0 of [50, N]': [(x) => softmax(x, 0), [50, 17], 1, 1],
  'logSoftmax along axis 1 of [2, 50, N]': [(x) => logSoftmax(x, 1), [2, 50, 5], 2, 2],
  'a product with columns [20, 100] [100, N]': [(x) => matmul(random([20, 100], 1), x), [100, 17], 1, 1],
  'a product with rows, turned': [(x) => matmul(transpose(x, [1, 0]), random([100, 20], 1)), [100, 17], 1, 0],
};

for (const [name, [f, shape, axis, out]] of Object.entries(cases)) {
  test(name, () => {
    const x = random(shape, 3);
    const among = computed(f, x);
    for (let n = 0; n < shape[axis]!; n++) {
      const alone = computed(
        f,
        computed((all) => slice(all, { [axis]: [n, n + 1] }), x),
      );
      const wanted = computed((all) => slice(all, { [out]: [n, n + 1] }), among);
      assert.equal([...alone.data], [...wanted.data], `sample ${n}`);
    }
  });
}

test.run();
