/** `nSteps: 'auto'`: steep functions reach the tolerance with few points, flat ones stop early, the cap is kept and said. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explanation, IntegratedGradients } from '../../src/attribution/index.ts';
import { add, div, mul, sub } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { sum } from '../../src/ops/reduce.ts';
import { sigmoid, sqrt, square, tanh } from '../../src/ops/unary.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { said } from '../support/warnings.ts';
import type { Model } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite('automatic number of steps');
const steep =
  (slope: number, centre: number): Model =>
  (x) =>
    sigmoid(mul(sub(x, centre), slope));
const explain = (f: Model, x: Tensor, options = {}): Promise<Explanation> =>
  new IntegratedGradients(f, { nSteps: 'auto', relTol: 0.01, ...options }).explain(x);

test('a steep sigmoid that 50 fixed points miss', async () => {
  const fixed = await new IntegratedGradients(steep(400, 0.37)).explain(f64([[1]]));
  assert.ok(Math.abs(fixed.deltas.item()) > 0.1);
  const auto = await explain(steep(400, 0.37), f64([[1]]));
  assert.ok(Math.abs(auto.deltas.item()) < 0.01);
  assert.is(auto.completeness[0]!.converged, true);
  assert.ok(auto.nSteps > 50 && auto.nSteps < 600, `${auto.nSteps}`);
});

test('a smooth function needs one round, a LayerNorm spike a few', async () => {
  assert.is((await explain((x) => tanh(x), f64([[1]]))).nSteps, 15);
  const spike = await explain((x) => div(x, sqrt(add(square(x), 1e-5))), f64([[1]]));
  assert.ok(Math.abs(spike.attributions[0]!.item() - 0.999995000037) < 0.01);
});

test('each sample has its own number of points, whatever the batch size', async () => {
  const X = f64([[1], [0.1], [0.5], [2]]);
  const runs = await Promise.all(
    [1, 7, 100].map((internalBatchSize) => explain(steep(100, 0.4), X, { internalBatchSize })),
  );
  const steps = runs.map(({ completeness }) => completeness.map((c) => c.steps));
  assert.equal(steps[0], steps[1]);
  assert.equal(steps[0], steps[2]);
  assert.ok(new Set(steps[0]).size > 1);
  for (const run of runs) {
    assert.ok(run.completeness.every(({ ok }) => ok));
    run.attributions[0]!.data.forEach((v, i) => {
      assert.ok(Math.abs(v - runs[0]!.attributions[0]!.data[i]!) < 1e-12);
    });
  }
});

test('the cap holds, and a warning says what to do', async () => {
  const capped = await explain(steep(5000, 0.3712), f64([[1]]), { maxSteps: 30 });
  assert.ok(capped.nSteps <= 30);
  assert.is(capped.completeness[0]!.converged, false);
  assert.match(said(capped), 'raise maxSteps or relTol');
});

test('several features, several inputs and layers', async () => {
  const f = (a: Tensor, b: Tensor): Tensor => sigmoid(mul(sub(sum(mul(a, b), { axes: [1], keepDims: true }), 3), 20));
  const both = await new IntegratedGradients(f, { nSteps: 'auto', relTol: 0.001 }).explain([
    f64([[1, 2]]),
    f64([[3, 4]]),
  ]);
  assert.ok(Math.abs(both.deltas.item()) < 1e-3);
  assert.ok(Math.abs(both.attributions[0]!.data[0]! - both.attributions[1]!.data[0]!) < 1e-12);
  const model = tinyModel({
    inputs: [floatInput('x', 2)],
    layers: [['h', 'Dense']],
    forward: (call, [x]) =>
      sigmoid(
        mul(
          call('h', [x!], (v) => matmul(v, f64([[1], [2]]))),
          9,
        ),
      ),
  });
  const layer = await new IntegratedGradients(model, { layer: 'h', nSteps: 'auto' }).explain([[1, 2]]);
  assert.ok(layer.completeness[0]!.ok);
});

test('an input that equals its baseline is finished after one round', async () => {
  const still = await explain(steep(400, 0.37), f64([[0]]));
  assert.is(still.nSteps, 15);
  assert.is(still.attributions[0]!.item(), 0);
});

test.run();
