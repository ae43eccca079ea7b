/** The loss by a model's end is told in one place, for the command line and the page. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outputKind } from '../../src/attribution/frame/output-kind.ts';
import { usualLoss, usualLossOfScores } from '../../src/open/usual-loss.ts';
import { placeholder } from '../../src/tensor/tensor.ts';
import { layers, lossOf, sequential } from '../../src/training/index.ts';

const test = suite('the usual loss');

const kindOf = (units: number, activation: string | null) => {
  const net = sequential([layers.dense({ units, activation })], { inputShape: [3] });
  return outputKind(net.apply([placeholder([1, 3])])[0]!);
};

test('by the last op, and each is a loss that there is', () => {
  const cases = [
    [usualLoss(kindOf(1, 'sigmoid'), true), 'BinaryCrossentropy', false],
    [usualLoss(kindOf(1, null), true), 'MeanSquaredError', null],
    [usualLoss(kindOf(4, 'softmax'), false), 'SparseCategoricalCrossentropy', false],
    [usualLoss(kindOf(4, null), false), 'SparseCategoricalCrossentropy', true],
    [usualLossOfScores(kindOf(4, 'sigmoid'), true), 'BinaryCrossentropy', false],
    [usualLossOfScores(kindOf(4, 'softmax'), true), 'CategoricalCrossentropy', false],
    [usualLossOfScores(kindOf(4, null), true), 'BinaryCrossentropy', true],
    [usualLossOfScores(kindOf(4, null), false), 'MeanSquaredError', null],
  ] as const;
  for (const [found, name, logits] of cases) {
    const loss = lossOf(found!.loss, { truth: [1, 1], predicted: [1, 4] });
    assert.is(loss.name.replace(/_/g, '').toLowerCase(), name.toLowerCase());
    assert.is((loss.config as { from_logits?: boolean }).from_logits ?? null, logits);
    assert.ok(found!.why.length > 10);
  }
});

test('an end that says nothing is not guessed', () => {
  assert.is(usualLoss(kindOf(4, 'tanh'), false), null);
  assert.is(usualLossOfScores(kindOf(4, 'tanh'), true), null);
});

test.run();
