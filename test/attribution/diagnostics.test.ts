/** Each warning fires on the case it is for, says what to do, and stays silent on a sound explanation. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { relativeDelta } from '../../src/attribution/frame/explanation/completeness.ts';
import {
  type ExplainOptions,
  type Explanation,
  IntegratedGradients,
  predictedClass,
  sumOver,
  sumTokens,
} from '../../src/attribution/index.ts';
import { mul, sub } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { sigmoid, tanh } from '../../src/ops/unary.ts';
import { said } from '../support/warnings.ts';
import type { Model } from './closed-forms.ts';
import { f64 } from './tiny-models.ts';

const test = suite('diagnostics');
const W = f64([
  [1, -0.5],
  [0.2, 0.7],
]);
const classifier: Model = (x) => softmax(matmul(tanh(x), W));
const logits: Model = (x) => matmul(x, W);
const X = f64([[0.5, 1]]);
const explain = (f: Model, options: ExplainOptions = {}, nSteps = 50): Promise<Explanation> =>
  new IntegratedGradients(f, { nSteps }).explain(X, options);
const text = async (explanation: Promise<Explanation>): Promise<string> => said(await explanation);

test('a sound explanation has no warnings', async () => {
  const explanation = await explain(classifier, { target: 0 });
  assert.equal(explanation.warnings, []);
  assert.is(explanation.diagnostics.outputs, 'distribution');
  assert.ok(explanation.completeness[0]!.ok);
  assert.is(explanation.nSteps, 50);
  assert.is(explanation.meta.path!.pass, 'path-linear');
});

test('logits are recognised; the option output explains probabilities instead', async () => {
  assert.match(await text(explain(logits, { target: 0 })), 'if they are logits, output: (y) => softmax(y)');
  const ig = new IntegratedGradients(logits, { output: (y) => softmax(y) });
  const explanation = await ig.explain(X, { target: 0 });
  assert.equal(explanation.warnings, []);
  assert.ok(Math.abs(explanation.predictions.data[0]! + explanation.predictions.data[1]! - 1) < 1e-12);
});

test('a baseline at which the model is certain', async () => {
  const biased: Model = (x) => softmax(sub(matmul(x, W), f64([0, 5])));
  assert.match(
    await text(explain(biased, { target: 0 })),
    'the model is not neutral at the baseline (entropy 6 % of the maximum)',
  );
});

test('too few steps: completeness over the limit, with the size and the advice', async () => {
  const steep: Model = (x) => sigmoid(mul(sub(matmul(x, f64([[1], [1]])), 0.7), 400));
  const explanation = await explain(steep, { target: 1 }, 20);
  assert.match(
    said(explanation),
    /attributions miss the change of the score by up to [\d.]+ % \(sample 0; limit 5\.00 %\): raise nSteps or use nSteps: 'auto'/,
  );
  assert.not.ok(explanation.completeness[0]!.ok);
  assert.is(explanation.relativeDeltas.item(), explanation.completeness[0]!.relative);
});

test('a probability without a target, and an argmax of one score', async () => {
  const probability: Model = (x) => sigmoid(matmul(x, f64([[1], [1]])));
  assert.match(await text(explain(probability)), 'no target for a probability');
  const ig = new IntegratedGradients(probability, { targetFn: predictedClass });
  const explanation = await ig.explain(X);
  assert.equal(explanation.target!.toArray(), [0]);
  assert.match(said(explanation), 'the target function saw one score per sample');
});

test('the relative delta falls back to the size of the score where it hardly changes', () => {
  assert.is(relativeDelta(0.1, { start: 1, end: 3 }), 0.05);
  assert.is(relativeDelta(0, { start: 2, end: 2 }), 0);
  assert.ok(Math.abs(relativeDelta(1e-6, { start: 2, end: 2 }) - 1e-6 / 2e-4) < 1e-12);
  assert.is(relativeDelta(1, { start: 0, end: 0 }), Number.POSITIVE_INFINITY);
});

test('sums over axes keep the total', () => {
  const a = f64([
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [-1, 1],
      [0, 2],
      [10, -3],
    ],
  ]);
  assert.equal(sumTokens(a).toArray(), [
    [3, 7, 11],
    [0, 2, 7],
  ]);
  assert.equal(sumOver(a, [1, 2]).toArray(), [21, 9]);
  assert.equal(sumOver(a, 0).toArray(), [
    [0, 3],
    [3, 6],
    [15, 3],
  ]);
  assert.throws(() => sumOver(a, 3), 'sumOver: axis 3 is out of range for rank 3');
});

test.run();
