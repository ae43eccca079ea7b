/**
 * Metrics do not depend on padding: a text has the same numbers alone and padded beside a longer one, since what a mask hides and what equals
 * the baseline is no feature.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InputXGradient, IntegratedGradients } from '../../../src/attribution/methods/index.ts';
import {
  completeness,
  comprehensiveness,
  deletion,
  type Explained,
  faithfulnessCorrelation,
  infidelity,
  insertion,
  type MetricResult,
  maxSensitivity,
  mprt,
  sparseness,
  sufficiency,
} from '../../../src/attribution/metrics/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
import { expandDims, mul, sum, tanh } from '../../../src/ops/index.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { exampleModels } from '../../support/example-inputs.ts';
import { rejects } from '../closed-forms.ts';

const test = suite('metrics: padding');

type Model = Parameters<typeof deletion>[0];
type Judge = (model: Model, explanation: Explained) => Promise<MetricResult>;

const judges: { readonly [name: string]: Judge } = {
  deletion,
  insertion,
  comprehensiveness,
  sufficiency,
  faithfulnessCorrelation: (model, explanation) => faithfulnessCorrelation(model, explanation, { runs: 10 }),
  infidelity: (model, explanation) => infidelity(model, explanation, { perturbations: 10 }),
  completeness,
  sparseness: (_, explanation) => sparseness(explanation),
};

const same = (alone: number, padded: number, what: string, bound: number): void => {
  assert.ok(Number.isFinite(alone), `${what}: ${alone}`);
  assert.ok(Math.abs(alone - padded) <= bound * Math.max(1, Math.abs(alone)), `${what}: ${alone} and ${padded}`);
};

// A masked model of floats: hidden positions hold numbers, and never reach the score.
const masked = (x: Tensor, { attention_mask }: { attention_mask: Tensor }): Tensor =>
  tanh(sum(mul(mul(tanh(x), x), expandDims(mul(attention_mask, 0.2), -1)), { axes: [1, 2] }));
const floats = (values: readonly number[], shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(values), shape);
const short = [1, -2, 0.5, 2, 1.5, -1];
const long = Array.from({ length: 15 }, (_, i) => Math.sin(3 * i) + 0.3);
const ofFloats = {
  alone: { x: floats(short, [1, 2, 3]), mask: floats([1, 1], [1, 2]) },
  padded: {
    x: floats([...short, ...Array.from({ length: 9 }, () => 7), ...long], [2, 5, 3]),
    mask: floats([1, 1, 0, 0, 0, 1, 1, 1, 1, 1], [2, 5]),
  },
};

test('numbers behind a mask: every metric is that of the sample alone', async () => {
  const found: number[][] = [];
  for (const { x, mask } of [ofFloats.alone, ofFloats.padded]) {
    const explain = { forwardKwargs: { attention_mask: mask } };
    const explainer = new IntegratedGradients(masked, { nSteps: 5 });
    const explanation = await explainer.explain(x, explain);
    const values: number[] = [];
    for (const judge of Object.values(judges)) values.push((await judge(masked, explanation)).values[0]!);
    values.push((await infidelity(masked, explanation, { noise: 0.2, perturbations: 5 })).values[0]!);
    values.push((await maxSensitivity(explainer, x, { explain, perturbations: 3 })).values[0]!);
    values.push((await deletion(masked, explanation, { groups: 'positions' })).values[0]!);
    found.push(values);
  }
  const names = [...Object.keys(judges), 'infidelity of noise', 'maxSensitivity', 'deletion of positions'];
  names.forEach((name, i) => {
    same(found[0]![i]!, found[1]![i]!, name, 1e-12);
  });
});

test("features: 'all' counts the padding, as other packages do", async () => {
  const { x, mask } = ofFloats.padded;
  const explanation = await new IntegratedGradients(masked).explain(x, { forwardKwargs: { attention_mask: mask } });
  const [some, every] = [await sparseness(explanation), await sparseness(explanation, { features: 'all' })];
  assert.ok(every.values[0]! > some.values[0]! + 0.2, `${every.values} and ${some.values}`);
  assert.is(every.values[1], some.values[1]);
  await rejects(sparseness(explanation, { features: 'every' as 'all' }), "features: unknown value 'every'");
  await rejects(deletion(masked, explanation, { features: 'every' as 'all' }), "features: unknown value 'every'");
});

const examples = await exampleModels(2);

test('imdb-distilbert: a text alone and beside a longer one', async () => {
  const { model, X, layer, baselines } = examples.find(({ name }) => name === 'imdb-distilbert')!;
  const words = Array.from(X.data.slice(0, 12));
  const padding = [0, 0, 0, 0, 0, 0];
  const ids = (values: readonly number[], rows: number): Tensor =>
    tensor(Int32Array.from(values), [rows, values.length / rows]);
  const seen = (values: readonly number[], rows: number): Tensor =>
    ids(
      values.map((id) => (id === 0 ? 0 : 1)),
      rows,
    );
  const make = (one: CallableModel): InputXGradient<CallableModel> => new InputXGradient(one, { layer });
  const found: number[][] = [];
  for (const [values, rows] of [
    [words, 1],
    [[...words, ...padding, ...words, ...words.slice(2, 8)], 2],
  ] as const) {
    const [x, attention_mask] = [ids(values, rows), seen(values, rows)];
    const explain = { target: 1, forwardKwargs: { attention_mask } };
    const own = await make(model).explain(x, explain);
    const ig = await new IntegratedGradients(model, { layer, nSteps: 2 }).explain(x, { ...explain, baselines });
    const judged: number[] = [];
    for (const explanation of [own, ig]) {
      for (const judge of Object.values(judges)) judged.push((await judge(model, explanation)).values[0]!);
    }
    judged.push((await mprt(model, make, x, { explain, layers: ['classifier'] })).values[0]!);
    found.push(judged);
  }
  const names = ['InputXGradient', 'IntegratedGradients'].flatMap((m) => Object.keys(judges).map((j) => `${j} ${m}`));
  [...names, 'mprt'].forEach((name, i) => {
    same(found[0]![i]!, found[1]![i]!, name, 1e-4);
  });
});

test('imdb-cnn: of a text of five words in a hundred places, five are features', async () => {
  const { model, layer, baselines, X } = examples.find(({ name }) => name === 'imdb-cnn')!;
  const ids = X.data
    .slice(0, 100)
    .filter((id) => id !== 0)
    .slice(0, 5);
  const x = tensor(
    Int32Array.from({ length: 100 }, (_, i) => (i < 95 ? 0 : ids[i - 95]!)),
    [1, 100],
  );
  const explanation = await new IntegratedGradients(model, { layer, nSteps: 3 }).explain(x, { baselines, target: 1 });
  const { data, shape } = explanation.attributions[0]!;
  const words = Float64Array.from({ length: 5 }, (_, i) =>
    Array.from(data.slice((95 + i) * shape[2]!, (96 + i) * shape[2]!)).reduce((all, v) => all + v, 0),
  );
  const five: Explained = {
    attributions: [tensor(words, [1, 5])],
    X: [tensor(Int32Array.from(ids), [1, 5])],
    forwardKwargs: {},
    baselines: [],
    target: null,
  };
  const [found, wanted] = [await sparseness(explanation), await sparseness(five, { features: 'all' })];
  same(wanted.values[0]!, found.values[0]!, 'sparseness', 1e-9);
  const { curve } = await deletion(model, explanation);
  assert.is(curve.shares.length, 6);
  assert.is(new Set(curve.scores).size, 6);
});

test.run();
