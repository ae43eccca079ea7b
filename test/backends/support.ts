/** Compares a backend with the float64 reference: the same graph in both precisions, on the same random numbers. */
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { compile } from '../../src/graph/compile.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import { grad } from '../../src/graph/grad.ts';
import type { Example, Op } from '../../src/graph/op.ts';
import { randomUniform } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';

/** The largest difference between `got` and `wanted`, relative to the largest finite number wanted (at least `floor`). */
export function relativeError(got: TypedArray, wanted: TypedArray, floor = 1e-30): number {
  let [largest, error] = [floor, 0];
  wanted.forEach((value, i) => {
    const other = got[i]!;
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    if (Object.is(value, other) || value === other) return;
    error = Math.max(error, Number.isFinite(value) && Number.isFinite(other) ? Math.abs(value - other) : Infinity);
  });
  return error / largest;
}

const lift = (x: Tensor): Tensor =>
  x.dtype === 'float32' ? tensor(Float64Array.from(x.data), x.shape) : tensor(x.data, x.shape);

/** Uniform in [-0.5, 0.5). */
export function random(shape: readonly number[], seed = 1): Tensor {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => next() - 0.5),
    shape,
  );
}

/** A small network's gradient, with weights as constants. */
export function network(seed: number): { x: Tensor; y: Tensor } {
  const x = placeholder([2, 8, 8, 2]);
  const [w, v] = [random([3, 3, 2, 4], seed), random([64, 3], seed + 1)];
  const h = o.maxPool(o.relu(o.conv2d(x, w, { padding: 'same' })));
  const y = o.softmax(o.matmul(o.reshape(h, [2, 64]), v));
  return { x, y: grad(o.sum(o.square(y)), [x])[0]! };
}

/** Runs `f` on placeholders fed with `inputs`; or on the inputs as constants, which a backend may lay out beforehand. */
export function run(
  f: (xs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  backend?: Backend,
  constants = 0,
): TypedArray {
  const xs = inputs.map((x, i) => (constants & (1 << i) ? x : placeholder(x.shape, x.dtype)));
  const fed = xs.flatMap((x, i) => (x === inputs[i] ? [] : [i]));
  const plan = compile(
    [f(xs)],
    fed.map((i) => xs[i]!),
    backend ? { backend } : {},
  );
  const [result] = plan.runSync(fed.map((i) => inputs[i]!.data));
  plan.dispose();
  return result!;
}

/** Checks `f` on a backend in float32 against the reference in float64. */
export function agrees(
  backend: Backend,
  what: string,
  f: (xs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  bound = 1e-5,
  constants = 0,
): void {
  const wanted = run(f, inputs.map(lift));
  const got = run(f, inputs, backend, constants);
  assert.is(got.length, wanted.length, what);
  const error = relativeError(got, wanted);
  assert.ok(error <= bound, `${what}: ${error.toExponential(2)} from the float64 reference`);
}

/** An example's inputs in float32, and the op as a function; a cast to float64 becomes one to int32. */
export function exampleOf(op: Op, example: Example, seed = 1): { f: (xs: Tensor[]) => Tensor; inputs: Tensor[] } {
  const attrs = op.name === 'cast' && example.attrs['dtype'] === 'float64' ? { dtype: 'int32' } : example.attrs;
  const f = (xs: Tensor[]): Tensor => new Tensor(op, xs, attrs, op.shape(xs, attrs), null);
  return { f, inputs: exampleInputs(example, 'float32', seed) };
}
