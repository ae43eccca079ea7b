/** `target: 'all'`, `{ classes }` and `{ top }`: an explanation per target, each with the bits of the one explained alone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brutePass, type Explanation } from '../../src/attribution/index.ts';
import { InputXGradient, IntegratedGradients, Saliency } from '../../src/attribution/methods/index.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('several targets at once');
const random = (shape: readonly number[], seed: number, dtype: 'float32' | 'float64' = 'float32'): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(randomNormal(size, seed), shape, dtype);
};
const filters = random([3, 3, 1, 4], 1);
const head = random([16, 20], 2);
/** A convolution, a pool and twenty classes: more than one plan takes. */
const picture = (x: Tensor): Tensor => {
  const pooled = o.maxPool(o.relu(o.conv2d(x, filters)), { window: [2, 2] });
  return o.softmax(o.matmul(o.reshape(pooled, [x.shape[0]!, -1]), head));
};
const X = random([3, 6, 6, 1], 3);

function same(one: Explanation<Tensor | null>, other: Explanation<Tensor | null>): void {
  assert.equal(one.attributions[0]!.data, other.attributions[0]!.data);
  assert.equal(one.deltas?.data, other.deltas?.data);
  assert.equal(one.target!.data, other.target!.data);
  assert.equal(one.completeness, other.completeness);
  assert.equal(one.warnings, other.warnings);
}

for (const [name, explainer] of [
  ['path-linear', new IntegratedGradients(picture, { nSteps: 7 })],
  ['brute', new IntegratedGradients(picture, { nSteps: 7, strategy: 'brute' })],
  ['adaptive', new IntegratedGradients(picture, { nSteps: 'auto' })],
  ["a pass of one's own", new IntegratedGradients(picture, { strategy: { name: 'own', prepare: brutePass.prepare } })],
  ['a baseline of three', new IntegratedGradients(picture, { nSteps: 4 })],
  ['saliency', new Saliency(picture)],
  ['input x gradient', new InputXGradient(picture)],
] as const) {
  test(`${name}: all classes have the bits of one by one`, async () => {
    const several = { baselines: { kind: 'noise', count: 3, seed: 1 } as const };
    const options = name === 'a baseline of three' ? several : {};
    const all = await explainer.explain(X, { ...options, target: 'all' });
    assert.is(all.length, 20);
    for (const k of [0, 7, 16, 19]) same(all[k]!, await explainer.explain(X, { ...options, target: k }));
  });
}

test('listed classes, and the top ones of each sample in order', async () => {
  const explainer = new IntegratedGradients(picture, { nSteps: 5 });
  const listed = await explainer.explain(X, { target: { classes: [4, 2, 4] } });
  assert.equal(
    listed.map(({ target }) => [...target!.data]),
    [
      [4, 4, 4],
      [2, 2, 2],
      [4, 4, 4],
    ],
  );
  const top = await explainer.explain(X, { target: { top: 2 } });
  const { predictions } = top[0]!;
  for (let row = 0; row < 3; row++) {
    const scores = Array.from(predictions.data.subarray(row * 20, (row + 1) * 20));
    const order = scores.map((_, k) => k).sort((a, b) => scores[b]! - scores[a]!);
    assert.equal(
      top.map(({ target }) => target!.data[row]),
      order.slice(0, 2),
    );
  }
  same(top[1]!, await explainer.explain(X, { target: top[1]!.target! }));
});

test('both labels of a scalar output, tuples of an output of several axes', async () => {
  const scalar = new IntegratedGradients((x: Tensor) => o.sigmoid(o.sum(x, { axes: 1 })));
  const [no, yes] = await scalar.explain([[0.5, -2]], { target: 'all' });
  assert.equal(
    Array.from(no!.attributions[0]!.data),
    Array.from(yes!.attributions[0]!.data, (v) => -v),
  );
  const grid = new IntegratedGradients((x: Tensor) => o.reshape(o.mul(x, x), [x.shape[0]!, 2, 2]));
  const cells = await grid.explain([[1, 2, 3, 4]], {
    target: {
      classes: [
        [0, 1],
        [1, 0],
      ],
    },
  }); // prettier-ignore
  assert.equal(
    cells.map(({ attributions }) => Array.from(attributions[0]!.data, Math.round)),
    [
      [0, 4, 0, 0],
      [0, 0, 9, 0],
    ],
  );
});

test('sets that the output does not have', async () => {
  const explainer = new IntegratedGradients(picture);
  const fails = async (target: never, pattern: RegExp): Promise<void> => {
    const error = await explainer.explain(X, { target }).then(
      () => null,
      (e: Error) => e,
    );
    assert.match(error?.message ?? 'nothing thrown', pattern);
  };
  await fails({ top: 0 } as never, /top is a number of classes from 1 to 20/);
  await fails({ top: 21 } as never, /top is a number of classes from 1 to 20/);
  await fails({ classes: [] } as never, /classes needs a list/);
  await fails({ classes: [20] } as never, /out of range/);
  await fails({ clases: [1] } as never, /no set of targets.*clases/);
  await fails({} as never, /no set of targets/);
  await fails({ top: 1, classes: [0] } as never, /both classes and top/);
  await fails('al' as never, /cannot be read.*al/);
  const grid = new IntegratedGradients((x: Tensor) => o.reshape(x, [x.shape[0]!, 2, 2]));
  const error = await grid.explain([[1, 2, 3, 4]], { target: 'all' }).catch((e: Error) => e);
  assert.match(String(error), /several axes/);
});

test('options of explain that are none', async () => {
  const explainer = new IntegratedGradients(picture);
  const fails = async (options: never, pattern: RegExp): Promise<void> => {
    const error = await explainer.explain(X, options).catch((e: Error) => e);
    assert.is((error as Error).name, 'PathgradError');
    assert.match((error as Error).message, pattern);
  };
  await fails(null as never, /options are an object/);
  await fails({ target: 0, signal: {} } as never, /no AbortSignal/);
  await fails({ target: 0, onProgress: 3 } as never, /must be a function/);
});

test('a score at the baseline that is not finite is told as such', async () => {
  const f = (x: Tensor): Tensor => o.log(o.sum(x, { axes: 1 }));
  const { warnings } = await new IntegratedGradients(f).explain([[1, 2]]);
  assert.ok(warnings.some(({ code }) => code === 'baseline-score-not-finite' || code === 'gradient-not-finite'));
  assert.not.ok(warnings.some(({ code }) => code === 'incomplete'));
});

test('saliency and input x gradient take no baseline and promise no sum', async () => {
  const f = (x: Tensor): Tensor => o.sum(o.mul(o.mul(x, x), x), { axes: 1 });
  const saliency = await new Saliency(f).explain([[1, -2]]);
  assert.equal([...saliency.attributions[0]!.data], [3, 12]);
  assert.equal(
    [saliency.deltas, saliency.relativeDeltas, saliency.completeness, saliency.baselines, saliency.meta.path],
    [null, null, [], [], null],
  );
  const signed = await new Saliency((x: Tensor) => o.neg(f(x)), { abs: false }).explain([[1, -2]]);
  assert.equal([...signed.attributions[0]!.data], [-3, -12]);
  const product = await new InputXGradient(f).explain([[1, -2]]);
  assert.equal([...product.attributions[0]!.data], [3, -24]);
  const error = await new Saliency(f).explain([[1, -2]], { baselines: 0 }).catch((e: Error) => e);
  assert.match(String(error), /Saliency takes none/);
});

test.run();
