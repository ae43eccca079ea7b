/** Scales of columns go into constant weights: same function and gradients to rounding, fewer steps, and never where others read what lies between. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference as plain } from '../../src/backends/reference/index.ts';
import { hasSimd, wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { conv2d, depthwiseConv, relu, sum } from '../../src/ops/index.ts';
import { batchNorm } from '../../src/ops/normalization.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('columns');
/** `reference` folds nothing: it is what others are held to. */
const reference = { ...plain, folds: true };

const next = randomUniform(3);
const random = (shape: number[], low = -1, high = 1): Tensor =>
  tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => low + (high - low) * next()),
    shape,
  );
const norm = (x: Tensor, c: number): Tensor =>
  batchNorm(x, { mean: random([c]), variance: random([c], 0.5, 2), gamma: random([c], 0.5, 2), beta: random([c]) });

const nets: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'behind a convolution': (x) => norm(conv2d(x, random([3, 3, 4, 6])), 6),
  'behind a convolution with a bias': (x) => norm(add(conv2d(x, random([3, 3, 4, 6])), random([6])), 6),
  'behind a depthwise convolution of two filters': (x) => norm(depthwiseConv(x, random([3, 3, 4, 2])), 8),
  'behind groups, with a stride': (x) =>
    norm(conv2d(x, random([3, 3, 2, 6]), { groups: 2, stride: 2, padding: 'same' }), 6),
  'in front, behind a relu (pre-activation)': (x) => conv2d(relu(norm(x, 4)), random([1, 1, 4, 5])),
  'between a convolution and a shortcut': (x) => {
    const y = conv2d(x, random([1, 1, 4, 4]));
    return add(norm(y, 4), relu(y));
  },
  'on both sides of a relu and a sum': (x) =>
    norm(conv2d(add(relu(norm(conv2d(x, random([1, 1, 4, 4])), 4)), x), random([2, 2, 4, 3])), 3),
};

for (const [name, net] of Object.entries(nets)) {
  test(`batch normalization ${name}: values and gradients`, () => {
    const x = placeholder([2, 6, 5, 4], 'float64');
    const y = net(x);
    const gradients = grad(sum(mul(y, y)), [x]);
    const outputs = [y, ...gradients];
    const data = random([2, 6, 5, 4]);
    const run = (fed: readonly Tensor[]) =>
      compile(outputs, [x, ...fed], { backend: reference }).runSync([
        data.constant!,
        ...fed.map((one) => one.constant!),
      ]);
    // What is fed is not known when the plan is made, so that nothing can go into it.
    const constants = [...allOf(outputs)].filter((one) => one.constant && one.size > 1);
    const [found, wanted] = [run([]), run(constants)];
    for (const [i, array] of wanted.entries()) {
      const most = Math.max(...array.map(Math.abs));
      for (const [j, v] of array.entries()) assert.ok(Math.abs(v - found[i]![j]!) <= 1e-13 * most, `${i} at ${j}`);
    }
  });
}

function allOf(outputs: readonly Tensor[]): Set<Tensor> {
  const all = new Set(outputs);
  for (const one of all) for (const input of one.inputs) all.add(input);
  return all;
}

test('a convolution, its normalization and a relu are one step on wasm', () => {
  if (!hasSimd()) return;
  const f32 = (t: Tensor): Tensor => tensor(Float32Array.from(t.constant!), t.shape);
  const x = placeholder([1, 6, 5, 4]);
  const [w, mean, variance] = [random([3, 3, 4, 6]), random([6]), random([6], 0.5, 2)].map(f32) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const y = relu(batchNorm(conv2d(x, w), { mean, variance }));
  const plan = compile([y], [x], { backend: wasmBackend });
  assert.is(plan.stats.steps, 1);
  plan.dispose();
});

test('a scaled result that others read stays as it is', () => {
  const x = placeholder([1, 4, 4, 4], 'float64');
  const y = conv2d(x, random([1, 1, 4, 4]));
  const plan = compile([y, mul(y, random([4]))], [x], { backend: reference });
  assert.is(plan.stats.steps, 2);
});

test.run();
