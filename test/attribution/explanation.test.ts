/** The result object: alibi's fields in alibi's order, and a JSON round trip that keeps dtypes, shapes and odd numbers. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation, IntegratedGradients, predictedClass, version } from '../../src/attribution/index.ts';
import { mul } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { cast } from '../../src/ops/unary.ts';
import { Tensor, tensor } from '../../src/tensor/tensor.ts';
import { f64 } from './tiny-models.ts';

const test = suite('explanation');
const W = tensor([
  [1, -0.5],
  [0.2, 0.7],
]);
const f = (x: Tensor, { on }: { on: Tensor }): Tensor => softmax(matmul(mul(x, cast(on, 'float32')), W));

async function example(): Promise<Explanation> {
  const ig = new IntegratedGradients(f, { targetFn: predictedClass, nSteps: 7, internalBatchSize: 3 });
  const on = { data: Uint8Array.of(1, 1, 1, 0), shape: [2, 2] };
  const baselines = { kind: 'noise', count: 2, seed: 5 } as const;
  return ig.explain(
    [
      [0.1, -0],
      [3, 4],
    ],
    { forwardKwargs: { on }, baselines },
  );
}

test("meta and data have alibi's fields in alibi's order", async () => {
  const explanation = await example();
  assert.equal(Object.keys(explanation.meta), ['name', 'type', 'explanations', 'params', 'version', 'path']);
  assert.equal(Object.keys(explanation.meta.params).slice(0, 5), [
    'targetFn',
    'method',
    'nSteps',
    'internalBatchSize',
    'layer',
  ]);
  assert.equal(explanation.meta.params, {
    targetFn: 'predictedClass',
    method: 'gausslegendre',
    nSteps: 7,
    internalBatchSize: 3,
    layer: 'unspecified',
    compat: null,
  });
  const keys = ['attributions', 'X', 'forwardKwargs', 'baselines', 'predictions', 'deltas', 'target'];
  assert.equal(Object.keys(explanation.data), keys);
  assert.equal(
    explanation.attributions.map(({ dtype, shape }) => [dtype, shape]),
    [['float64', [2, 2]]],
  );
  assert.equal([explanation.deltas.dtype, explanation.deltas.shape], ['float64', [2]]);
  assert.equal([explanation.predictions.dtype, explanation.target!.dtype], ['float32', 'int32']);
});

/** A tensor as plain values that `assert.equal` compares. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return { dtype: value.dtype, shape: value.shape, data: Array.from(value.data) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

test('a round trip through JSON changes nothing, from text and from an object', async () => {
  const explanation = await example();
  const text = JSON.stringify(explanation);
  for (const back of [Explanation.fromJSON(text), Explanation.fromJSON(JSON.parse(text))]) {
    assert.ok(back instanceof Explanation);
    assert.equal(plain(back), plain(explanation));
    assert.ok(Object.is(back.X[0]!.data[1], -0));
    assert.is(JSON.stringify(back), text);
  }
});

test('infinities and NaN survive in tensors and outside', async () => {
  const explanation = await example();
  const odd = new Explanation(
    explanation.meta,
    { ...explanation.data, deltas: f64([Number.NaN, Number.NEGATIVE_INFINITY]) },
    { ...explanation.extra, completeness: [{ ...explanation.completeness[0]!, relative: Number.POSITIVE_INFINITY }] },
  );
  const back = Explanation.fromJSON(JSON.stringify(odd));
  assert.equal(Array.from(back.deltas.data), [Number.NaN, Number.NEGATIVE_INFINITY]);
  assert.is(back.completeness[0]!.relative, Number.POSITIVE_INFINITY);
});

test('JSON that is no explanation is refused, and what is wrong is named', async () => {
  const good = JSON.parse(JSON.stringify(await example()));
  const refuses = (change: (json: typeof good) => void, message: string): void => {
    const bad = structuredClone(good);
    change(bad);
    assert.throws(
      () => Explanation.fromJSON(bad),
      (error: Error) => error.message.includes(message),
    );
  };
  refuses((json) => delete json.data.deltas, 'Explanation.fromJSON: data has no deltas');
  refuses((json) => (json.data.deltas.shape = [3]), 'data.deltas is no tensor');
  refuses(
    (json) => (json.data.deltas.data[0] = 'cat'),
    'data.deltas holds something other than a number (at 0, got cat)',
  );
  refuses((json) => (json.data.predictions = [1]), 'data.predictions must be a tensor');
  refuses((json) => (json.meta = []), 'meta is no object');
  assert.throws(() => Explanation.fromJSON('[]'), 'the explanation is no object');
});

test('the version is that of the package', () => {
  const { version: published } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.is(version, published);
});

test.run();
