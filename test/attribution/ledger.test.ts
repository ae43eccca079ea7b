/**
 * The ledger of alibi's quirks, row by row (Q1-Q12; the rest is in ledger-input.test.ts): what is right by default, what
 * `compat: 'alibi'` reproduces where the numbers differ, and that nothing fails where alibi does.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { relu } from '../../src/ops/activations.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/movement.ts';
import { sum } from '../../src/ops/reduce.ts';
import { concat } from '../../src/ops/slicing.ts';
import { sigmoid } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { said } from '../support/warnings.ts';
import { affine, explainOne, type Model, rejects, values } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite("alibi's quirks");
const total = (x: Tensor): Tensor => sum(x, { axes: [1], keepDims: true });
const logistic: Model = (x) => sigmoid(affine(x, [1, 2], 0));

test('Q1 the trapezoid rule attributes a linear model in full; alibi takes 1/n away', async () => {
  const linear: Model = (x) => affine(x, [2, -3, 0.5], 0);
  const method = 'riemann_trapezoid';
  const right = await explainOne(linear, [1, 2, 4], { method, n: 4 });
  assert.equal(values(right.attributions[0]!), [2, -6, 2]);
  const alibi = await explainOne(linear, [1, 2, 4], { method, n: 4, compat: 'alibi' });
  assert.equal(values(alibi.attributions[0]!), [1.5, -4.5, 1.5]);
  assert.is(alibi.deltas.item(), 0.5);
});

test('Q2 deltas of a scalar classifier are about 0; alibi reports twice the change of score', async () => {
  for (const target of [1, 0]) {
    const right = await explainOne(logistic, [0.5, 0.4], { target });
    assert.ok(Math.abs(right.deltas.item()) < 1e-15);
    const alibi = await explainOne(logistic, [0.5, 0.4], { target, compat: 'alibi' });
    const sum = alibi.completeness[0]!.attributionSum;
    assert.ok(Math.abs(alibi.deltas.item() - 2 * sum) < 1e-15 && Math.abs(sum) > 0.25);
  }
});

test('Q3 deltas of outputs [N] are per sample; alibi adds up all samples', async () => {
  const f: Model = (x) => reshape(logistic(x), [-1]);
  const X = f64([
    [0.5, 0.4],
    [-1, 2],
    [0.3, 0.1],
  ]);
  const right = await new IntegratedGradients(f).explain(X, { target: [1, 0, 1] });
  assert.ok(right.deltas.data.every((d) => Math.abs(d) < 1e-15));
  const alibi = await new IntegratedGradients(f, { compat: 'alibi' }).explain(X, { target: [1, 0, 1] });
  const changes = Array.from(right.predictions.data, (p) => p - 0.5);
  const all = changes.reduce((a, b) => a + b);
  const expected = [1, -1, 1].map((s, i) => s * changes[i]! + s * all);
  expected.forEach((d, i) => {
    assert.ok(Math.abs(alibi.deltas.data[i]! - d) < 1e-14);
  });
});

const skip: CallableModel = tinyModel({
  inputs: [floatInput('x', 2), floatInput('u', 2)],
  layers: [['h', 'Dense']],
  forward: (call, [x, u]) =>
    total(
      add(
        mul(
          x!,
          call('h', [x!], (v) => mul(v, 3)),
        ),
        mul(x!, u!),
      ),
    ),
});

test('Q4 what bypasses the layer sees the real inputs, or zeros in alibi', async () => {
  const X = [
    f64([
      [1, 2],
      [1, 2],
    ]),
    f64([
      [1, 1],
      [0, 5],
    ]),
  ];
  const right = await new IntegratedGradients(skip, { layer: 'h' }).explain(X);
  assert.equal(values(right.attributions[0]!), [3, 12, 3, 12]);
  assert.match(said(right), 'part of the prediction bypasses the layer');
  assert.ok(right.completeness.every(({ delta, ok }) => ok && Math.abs(delta) < 1e-12));
  const alibi = await new IntegratedGradients(skip, { layer: 'h', compat: 'alibi' }).explain(X);
  assert.equal(values(alibi.attributions[0]!), [0, 0, 0, 0]);
  assert.equal(values(alibi.deltas), [-18, -25]);
});

test('Q5 an explanation that fails leaves the model as it was', async () => {
  const before = skip.apply([f64([[1, 2]]), f64([[1, 1]])]);
  const ig = new IntegratedGradients(skip, { layer: 'h' });
  const controller = new AbortController();
  const X = [f64([[1, 2]]), f64([[1, 1]])];
  const onProgress = (): void => controller.abort(new Error('enough'));
  await rejects(ig.explain(X, { signal: controller.signal, onProgress }), 'enough');
  const after = skip.apply([f64([[1, 2]]), f64([[1, 1]])]);
  assert.equal(after.map(String), before.map(String));
  assert.equal(values((await ig.explain(X)).attributions[0]!), [3, 12]);
});

test('Q6 after resetPredictor the layer is that of the new model', async () => {
  const model = (w: number): CallableModel =>
    tinyModel({
      inputs: [floatInput('x', 1)],
      layers: [['h', 'Dense']],
      forward: (call, [x]) =>
        mul(
          call('h', [x!], (v) => mul(v, w)),
          2,
        ),
    });
  for (const layer of ['h', 0, () => 'h'] as const) {
    const ig = new IntegratedGradients(model(3), { layer });
    assert.equal(values((await ig.explain([[1]])).attributions[0]!), [6]);
    ig.resetPredictor(model(5));
    assert.equal(values((await ig.explain([[1]])).attributions[0]!), [10]);
  }
});

test('Q7 layers without parameters and with several inputs can be attributed to by their inputs', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 2), floatInput('u', 2)],
    layers: [
      ['act', 'Activation'],
      ['cat', 'Concatenate'],
    ],
    forward: (call, [x, u]) => {
      const a = call('act', [x!], (v) => relu(v));
      return total(call('cat', [a, u!], (v, w) => concat([v, w], 1)));
    },
  });
  const X = [f64([[1, 2]]), f64([[3, 4]])];
  const at = async (layer: string): Promise<number[][]> => {
    const ig = new IntegratedGradients(model, { layer });
    return (await ig.explain(X, { attributeToLayerInputs: true })).attributions.map(values);
  };
  assert.equal(await at('act'), [[1, 2]]);
  assert.equal(await at('cat'), [
    [1, 2],
    [3, 4],
  ]);
});

test('Q8 an input that is not used gets zeros and is named', async () => {
  const f = (x: Tensor, _unused: Tensor): Tensor => total(x);
  const ig = new IntegratedGradients(f);
  const explanation = await ig.explain({ used: f64([[1, 2]]), spare: f64([[3]]) });
  assert.equal(explanation.attributions.map(values), [[1, 2], [0]]);
  assert.equal(explanation.diagnostics.disconnected, ['spare']);
  assert.match(said(explanation), "'spare' gets zeros");
});

test('Q9 several inputs with forward kwargs and no target, and a list of one', async () => {
  const two = (x: Tensor, u: Tensor, { w }: { w: Tensor }): Tensor => total(mul(w, add(x, u)));
  const both = await new IntegratedGradients(two).explain([f64([[1, 2]]), f64([[3, 4]])], {
    forwardKwargs: { w: [[2, 1]] },
  });
  assert.equal(both.attributions.map(values), [
    [2, 2],
    [6, 4],
  ]);
  const one = (x: Tensor, { w }: { w: Tensor }): Tensor => total(mul(w, x));
  const list = await new IntegratedGradients(one).explain([f64([[1, 2]])], { forwardKwargs: { w: [[2, 1]] } });
  assert.equal(list.attributions.map(values), [[2, 2]]);
});

test("Q10 the caller's baselines are not changed", async () => {
  const baselines = [null, 0.5, f64([[1, 1]])] as const;
  const copy = [...baselines];
  const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => total(mul(a, mul(b, c)));
  await new IntegratedGradients(f).explain([f64([[1, 2]]), f64([[1, 2]]), f64([[3, 4]])], { baselines });
  baselines.forEach((baseline, i) => {
    assert.is(baseline, copy[i]);
  });
  assert.equal((baselines[2] as Tensor).toArray(), [[1, 1]]);
});

const rank3: Model = (x) => reshape(matmul(x, f64([[1, 2, 3, 4, 5, 6]])), [-1, 2, 3]);

test('Q11 a target that names one of two axes is refused for any number of samples; alibi sums the row for some', async () => {
  for (const rows of [1, 2, 3]) {
    const X = tensor(new Float64Array(rows).fill(1), [rows, 1]);
    await rejects(
      new IntegratedGradients(rank3).explain(X, { target: 1 }),
      'target: this output needs a tuple of 2 indices per sample (output [N,2,3], got ' +
        `[${rows}])\nhint: e.g. [[0, 0], …]`,
    );
  }
  const three = tensor(new Float64Array(3).fill(1), [3, 1]);
  const alibi = await new IntegratedGradients(rank3, { compat: 'alibi' }).explain(three, { target: [0, 1, 0] });
  assert.equal(values(alibi.attributions[0]!), [6, 15, 6]);
});

test('Q12 an output [N, T, 1] is indexed like any of rank 3; without a target alibi sums it', async () => {
  const f: Model = (x) => reshape(matmul(x, f64([[1, 2, 3]])), [-1, 3, 1]);
  const X = f64([[2]]);
  await rejects(new IntegratedGradients(f).explain(X), 'target: the model has several outputs per sample');
  const right = await new IntegratedGradients(f).explain(X, { target: [[2, 0]] });
  assert.equal(values(right.attributions[0]!), [6]);
  const alibi = await new IntegratedGradients(f, { compat: 'alibi' }).explain(X);
  assert.equal(values(alibi.attributions[0]!), [12]);
});

test.run();
