/** The score that a target names is the same for the input and for its baseline, on the page and the command line. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { targetScore } from '../../src/open/score.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { viewOf } from '../../src/web/worker/view/view.ts';
import { modelFrom } from '../support/keras-models.ts';

const test = suite('open: the score of a target');

test('of several scores the class, of one the score itself and what is left of it for label 0', () => {
  assert.is(targetScore([1, 2, 3], 2, false), 3);
  assert.is(targetScore([1, 2, 3], null, false), 1);
  assert.is(targetScore([0.25], null, true), 0.25);
  assert.is(targetScore([0.25], 1, true), 0.25);
  assert.is(targetScore([0.25], 0, true), 0.75);
  assert.is(targetScore([0.25], 0, false), -0.25);
});

for (const activation of ['sigmoid', 'linear'] as const) {
  test(`the page shows label 0 of one ${activation} score for the input and for the baseline alike`, async () => {
    const dense = { name: 'd', units: 1, activation, batch_input_shape: [null, 2] };
    const config = { name: 'm', layers: [{ class_name: 'Dense', config: dense }] };
    const weights = [
      { name: 'kernel', shape: [2, 1], data: [1, -2] },
      { name: 'bias', shape: [1], data: [0.5] },
    ];
    const model = modelFrom({ class_name: 'Sequential', config, keras_version: '2.15.0' }, { d: weights });
    const X = tensor(Float32Array.of(2, 0.25), [1, 2]);
    const part = { name: 'x', kind: 'table', features: ['a', 'b'], shown: ['2', '0.25'] } as const;
    const of = (y: number): number => (activation === 'sigmoid' ? 1 - 1 / (1 + Math.exp(-y)) : -y);
    for (const [target, wanted, baseline] of [
      [0, of(2), of(0.5)],
      [1, activation === 'sigmoid' ? 1 - of(2) : 2, activation === 'sigmoid' ? 1 - of(0.5) : 0.5],
    ] as const) {
      const explanation = await new IntegratedGradients(model).explain(X, { target });
      const { view } = await viewOf(explanation, {
        ...{ sample: { kind: 'numbers', title: 'x', inputs: [X], parts: [part], notices: [] } },
        ...{ classes: 1, baselineName: 'zeros', neuronsOf: null, pairs: false, backend: 'reference', milliseconds: 1 },
        ...{
          model,
          file: 'm.h5',
          explainer: { name: 'IntegratedGradients', says: '', sum: '', baselines: true, layer: null },
        },
        settings: {
          ...{ explainer: 'IntegratedGradients', place: null, layer: null, target, baseline: 'zeros', labels: [] },
          ...{ method: 'gausslegendre', steps: 50, backend: 'reference', output: 0, softmax: false },
        },
      });
      assert.ok(Math.abs(view.target.score - wanted) < 1e-6, `${view.target.score} and ${wanted}`);
      assert.ok(Math.abs(view.baseline!.score - baseline) < 1e-6, `${view.baseline!.score} and ${baseline}`);
      const sum = Array.from(explanation.attributions[0]!.data).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - (view.target.score - view.baseline!.score)) < 1e-4);
    }
  });
}

test.run();
