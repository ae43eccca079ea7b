/** Path-linear integrated gradients equal brute force, find the frontier by themselves, and say what they saved. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { affineRegion } from '../../src/graph/affine.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { quadratureMethods } from '../../src/quadrature/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('path-linear');
const random = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    randomNormal(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
    'float64',
  );
type Model = (...xs: Tensor[]) => Tensor;

const w1 = random([4, 6], 1);
const w2 = random([6, 3], 2);
const text = random([3, 4, 5], 3);
const filters = random([2, 2, 1, 4], 4);
const more = random([2, 2, 4, 3], 5);
const norm = { mean: random([6], 6), variance: o.exp(random([6], 7)), gamma: random([6], 8), beta: random([6], 9) };
const flat = (x: Tensor): Tensor => o.reshape(x, [x.shape[0]!, -1]);

/** Name, model, inputs, and the op at the frontier that is to be found. */
const models: readonly (readonly [string, Model, readonly Tensor[], string])[] = [
  ['a multilayer perceptron', (x) => o.softmax(o.dense(o.tanh(o.dense(x, w1)), w2)), [random([5, 4])], 'matmul'],
  ['nothing affine at the start', (x) => o.dense(o.tanh(x), w1), [random([5, 4])], 'input'],
  ['affine throughout', (x) => o.dense(o.dense(x, w1), w2), [random([5, 4])], 'matmul'],
  [
    'batch normalization and dropout',
    (x) => o.softmax(o.relu(o.batchNorm(o.dense(x, w1), norm))),
    [random([5, 4])],
    'add',
  ],
  [
    'a text CNN with shared ties',
    (x) => o.max(o.relu(o.add(o.conv1d(x, text), 0.1)), { axes: 1 }),
    [random([3, 9, 4])],
    'add',
  ],
  [
    'an image CNN with a pool',
    (x) => o.softmax(flat(o.maxPool(o.relu(o.conv2d(x, filters, { padding: 'same' }))))),
    [random([2, 6, 6, 1])],
    'conv',
  ],
  [
    'a pool with overlap and padding',
    (x) => flat(o.maxPool(o.conv2d(x, filters), { window: 3, stride: 2, padding: 'same' })),
    [random([2, 7, 6, 1])],
    'conv',
  ],
  [
    'two convolutions',
    (x) => flat(o.tanh(o.conv2d(o.relu(o.conv2d(x, filters)), more))),
    [random([2, 5, 5, 1])],
    'conv',
  ],
  [
    'a skip connection',
    (x) => o.add(o.sum(o.mul(x, x), { axes: 1, keepDims: true }), o.dense(o.tanh(o.dense(x, w1)), w2)),
    [random([5, 4])],
    'matmul',
  ],
  [
    'two inputs that meet',
    (x, y) => o.softmax(o.dense(o.relu(o.add(o.dense(x, w1), y)), w2)),
    [random([5, 4]), random([5, 6], 4)],
    'add',
  ],
  [
    'two inputs that multiply',
    (x, y) => o.sum(o.mul(o.dense(x, w1), y), { axes: 1 }),
    [random([5, 4]), random([5, 6], 4)],
    'matmul',
  ],
];

function close(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void {
  const scale = Array.from(want).reduce((top, v) => Math.max(top, Math.abs(v)), 1e-300);
  for (let i = 0; i < want.length; i++) {
    assert.ok(Math.abs(got[i]! - want[i]!) <= tolerance * scale, `element ${i}: ${got[i]}, expected ${want[i]}`);
  }
}

for (const [name, model, inputs, frontier] of models) {
  test(`${name}: equal to brute force under every rule`, async () => {
    const wide = model(...inputs).rank === 2 && model(...inputs).shape[1]! > 1;
    for (const method of quadratureMethods) {
      const run = (strategy: 'brute' | 'path-linear', internalBatchSize: number) =>
        new IntegratedGradients(model, { method, nSteps: 7, strategy, internalBatchSize }).explain(inputs, {
          baselines: inputs.map(() => 0.3),
          ...(wide && { target: 1 }),
        });
      const brute = await run('brute', 100);
      for (const batch of [1, 3, 100]) {
        const linear = await run('path-linear', batch);
        for (const [i, a] of linear.attributions.entries()) close(a.data, brute.attributions[i]!.data, 1e-11);
        assert.ok(
          linear.meta.path!.frontier.some((node) => node.startsWith(frontier)),
          linear.meta.path!.frontier.join(),
        );
      }
    }
  });
}

/** A float32 picture of one grey, which max pools see as ties, seen from a baseline that is none. */
const grey = tensor(new Float32Array(2 * 64).fill(0.37), [2, 8, 8, 1]);
const noise = tensor(Float32Array.from(random([2, 8, 8, 1], 11).data), [2, 8, 8, 1]);
const single = (t: Tensor): Tensor => tensor(Float32Array.from(t.data), t.shape);
const wide = single(random([3, 3, 4, 8], 12));
const pooled: readonly (readonly [string, Model])[] = [
  ['a pool', (x) => flat(o.maxPool(o.conv2d(x, single(filters))))],
  ['a relu and a pool', (x) => flat(o.maxPool(o.relu(o.conv2d(x, single(filters)))))],
  [
    'a pool, then products',
    (x) => flat(o.tanh(o.conv2d(o.maxPool(o.relu(o.conv2d(x, single(filters)))), single(more)))),
  ],
  ['a pool, then products at its kinks', (x) => flat(o.conv2d(o.maxPool(o.relu(o.conv2d(x, single(filters)))), wide))],
  ['a maximum of all', (x) => o.max(o.conv2d(x, single(filters)), { axes: [1, 2] })],
];
for (const [name, model] of pooled) {
  test(`equal values at an end of the path are equal on it, float32: ${name}`, async () => {
    for (const [X, baselines] of [
      [grey, noise],
      [noise, grey],
      [grey, 0],
    ] as const) {
      for (const method of ['riemann_left', 'riemann_right', 'riemann_trapezoid'] as const) {
        // Few steps: an end then counts for much.
        const run = (strategy: 'brute' | 'path-linear', internalBatchSize: number, nSteps: number) =>
          new IntegratedGradients(model, { method, nSteps, strategy, internalBatchSize }).explain(X, {
            baselines,
            target: 1,
          });
        for (const nSteps of [2, 15]) {
          const brute = await run('brute', 100, nSteps);
          for (const batch of [1, 5, 100]) {
            const linear = await run('path-linear', batch, nSteps);
            close(linear.attributions[0]!.data, brute.attributions[0]!.data, 2e-6);
          }
        }
      }
    }
  });
}

test('auto steps, layers and baselines of several rows give what brute force gives', async () => {
  const model: Model = (x) => o.softmax(o.dense(o.tanh(o.dense(x, w1)), w2));
  const X = random([4, 4], 11);
  for (const options of [{ nSteps: 'auto' as const }, { nSteps: 20 }]) {
    const [brute, linear] = await Promise.all(
      (['brute', 'path-linear'] as const).map((strategy) =>
        new IntegratedGradients(model, { ...options, strategy }).explain(X, {
          target: [0, 1, 2, 1],
          baselines: random([4, 4], 12),
        }),
      ),
    );
    close(linear!.attributions[0]!.data, brute!.attributions[0]!.data, options.nSteps === 'auto' ? 1e-2 : 1e-11);
  }
});

test('an infinite gradient at a feature that does not move is of no concern, to either strategy', async () => {
  const X = tensor([[4, 0]], undefined, 'float64');
  for (const strategy of ['brute', 'path-linear'] as const) {
    const ig = new IntegratedGradients((x: Tensor) => o.sum(o.sqrt(x), { axes: 1 }), { strategy });
    const { attributions, diagnostics } = await ig.explain(X, { baselines: tensor([[1, 0]], undefined, 'float64') });
    assert.is(diagnostics.firstNonFinite, null, strategy);
    assert.ok(Math.abs(attributions[0]!.data[0]! - 1) < 1e-12 && attributions[0]!.data[1] === 0, strategy);
  }
});

test('what was saved is reported', async () => {
  const model: Model = (x) => o.sum(o.tanh(o.dense(x, w1)), { axes: 1 });
  const explain = (strategy: 'brute' | 'path-linear') =>
    new IntegratedGradients(model, { strategy }).explain(random([2, 4]));
  const { path } = (await explain('path-linear')).meta;
  assert.is(path!.pass, 'path-linear');
  assert.ok(path!.flopsRemoved > 0.3 && path!.flopsRemoved < 1, `${path!.flopsRemoved}`);
  assert.is((await explain('brute')).meta.path!.flopsRemoved, 0);
  assert.throws(
    () => new IntegratedGradients(model, { strategy: 'linear' as 'brute' }),
    /unknown strategy 'linear'.*\nhint: /s,
  );
});

test('the region stops where widening costs more than it saves', () => {
  const x = placeholder([8, 28, 28, 1]);
  const narrow = o.conv2d(x, tensor(new Float32Array(64), [1, 1, 1, 64]));
  assert.equal(affineRegion(o.sum(o.tanh(narrow)), [x]).frontier, [x]);
  const deep = o.conv2d(x, tensor(new Float32Array(25 * 64), [5, 5, 1, 64]));
  assert.equal(affineRegion(o.sum(o.tanh(deep)), [x]).frontier, [deep]);
  const constant = affineRegion(o.sum(o.mul(placeholder([8]), 2)), [x]);
  assert.equal([constant.frontier, constant.flops], [[], 0]);
});

test('products of two moving tensors and comparisons end the region', () => {
  const x = placeholder([3, 4]);
  assert.equal(affineRegion(o.sum(o.mul(x, x)), [x]).frontier, [x]);
  const half = o.mul(x, 0.5);
  const gate = o.where(o.greater(half, 0), half, 0);
  assert.equal(affineRegion(o.sum(gate), [x]).frontier, [half]);
  const double = o.mul(o.sub(x, 1), tensor([1, 2, 3, 4]));
  assert.equal(affineRegion(o.sum(o.exp(double)), [x]).frontier, [double]);
});

test('random perceptrons of any depth, float64', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 9 }),
      async (widths, rows, batch) => {
        const weights = widths.slice(1).map((width, i) => random([widths[i]!, width], i + 20));
        const activations = [o.relu, o.tanh, o.sigmoid];
        const model: Model = (x) =>
          o.sum(
            weights.reduce((h, w, i) => activations[i % 3]!(o.dense(h, w)), x),
            { axes: 1 },
          );
        const X = random([rows, widths[0]!], 31);
        const run = (strategy: 'brute' | 'path-linear') =>
          new IntegratedGradients(model, { nSteps: 5, strategy, internalBatchSize: batch }).explain(X);
        close((await run('path-linear')).attributions[0]!.data, (await run('brute')).attributions[0]!.data, 1e-11);
      },
    ),
    { seed: 5, numRuns: 40 },
  );
});

test.run();
