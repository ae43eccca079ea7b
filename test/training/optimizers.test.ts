/**
 * Optimizers and schedules: some of them beside real Keras (all of them in test/slow/training), weights that do not decay, names and
 * configs, what is refused.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import {
  adam,
  adamw,
  cosineDecayRestarts,
  ftrl,
  linearWarmup,
  lion,
  optimizerOf,
  piecewiseConstantDecay,
  polynomialDecay,
  rmsprop,
  scheduleOf,
  sgd,
} from '../../src/training/index.ts';
import { apart, golden, type OptimizerGolden, trained } from '../golden/training/golden.ts';

const test = suite('training: optimizers');
const data = golden<OptimizerGolden>('optimizers.json.gz');

for (const [dtype, tolerance] of [
  ['float64', 1e-10],
  ['float32', 1e-5],
] as const) {
  test(`the plain ones are Keras's after 1 and 10 steps in ${dtype}`, () => {
    for (const { name, after } of data[dtype].constant.slice(0, 11)) {
      // What goes through float32 in Keras, even in float64: Nadam's 0.96, and what sums of squares begin with.
      const begin = ['Adagrad', 'Ftrl'].includes(name) ? { initial_accumulator_value: Math.fround(0.1) } : {};
      const allowed = name === 'Nadam' ? Math.max(tolerance, 2e-8) : tolerance;
      const got = trained(optimizerOf({ class_name: name, config: begin }), dtype, [1, 10]);
      for (const step of [1, 10]) {
        for (const [i, wanted] of after[String(step)]!.weights.entries()) {
          const off = apart(got.get(step)!.weights[i]!, wanted);
          assert.ok(off <= allowed, `${name} step ${step}, weight ${i}: ${off}`);
        }
      }
    }
  });
}

test('accumulation: nothing changes until the last of the steps, and the mean of gradients counts', () => {
  const every = trained(sgd({ gradientAccumulationSteps: 3 }), 'float64', [2, 3]);
  const start = trained(sgd({ learningRate: 0 }), 'float64', [1]).get(1)!.weights[0]!;
  assert.equal(every.get(2)!.weights[0], start);
  assert.not.equal(every.get(3)!.weights[0], start);
  assert.ok(every.get(3)!.slots[0]!['gradient_accumulator']!.every((value) => value === 0));
});

test('weights whose path says so do not decay', () => {
  const plain = trained(adamw({ weightDecay: 0 }), 'float64', [1]).get(1)!.weights;
  for (const excludeFromWeightDecay of [['bias'], [/\/bia/g]]) {
    const got = trained(adamw({ weightDecay: 0.5, excludeFromWeightDecay }), 'float64', [1]).get(1)!.weights;
    assert.not.equal(got[0], plain[0]);
    assert.equal(got[1], plain[1]);
  }
});

test('a gradient that is infinite makes all of them NaN when they are clipped together, as in Keras', () => {
  const gradients = [tensor([Number.POSITIVE_INFINITY, 1]), tensor([3])];
  const clipped = sgd({ globalClipnorm: 1 }).clip!(gradients, [], {});
  for (const values of compile([...clipped], []).runSync([])) assert.ok(values.every(Number.isNaN));
  const zero = sgd({ clipnorm: 1 }).clip!([tensor([0, 0])], [], {});
  assert.equal([...compile([...zero], []).runSync([])[0]!], [0, 0]);
});

test('schedules: warm-up and fall as in transformers, rates by steps, restarts', () => {
  const warm = linearWarmup({ learningRate: 1e-3, warmupSteps: 4, trainingSteps: 10 });
  // get_linear_schedule_with_warmup: step / 4, then (10 - step) / 6.
  const wanted = [0, 1, 2, 3, 4, 5, 7, 10, 12].map(
    (step) => (step < 4 ? step / 4 : Math.max(0, (10 - step) / 6)) * 1e-3,
  );
  assert.ok(
    apart(
      [0, 1, 2, 3, 4, 5, 7, 10, 12].map((step) => warm.at(step)),
      wanted,
    ) < 1e-14,
  );
  assert.equal(
    scheduleOf(JSON.parse(JSON.stringify({ class_name: warm.name, config: warm.config }))).config,
    warm.config,
  );
  const parts = piecewiseConstantDecay({ boundaries: [2, 4], values: [3, 2, 1] });
  assert.equal(
    [0, 2, 3, 4, 5].map((step) => parts.at(step)),
    [3, 3, 2, 2, 1],
  );
  const restarts = cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 10 });
  for (const step of [0, 10, 30, 70]) assert.is(restarts.at(step), 1, `step ${step}`);
  const inside = adam({
    learningRate: polynomialDecay({ initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0 }),
  });
  assert.is(inside.numbers(5)['learningRate'], 0.05);
  assert.is(inside.numbers(5, 0.3)['learningRate'], 0.3);
  const again = optimizerOf({ class_name: 'Adam', config: inside.config });
  assert.equal(again.config, inside.config);
  assert.is(again.numbers(5)['learningRate'], 0.05);
});

test('configs of Keras 2, tf.keras and transformers', () => {
  const old = optimizerOf({
    class_name: 'SGD',
    config: { name: 'SGD', learning_rate: 0.1, decay: 0.5, momentum: 0.0 },
  });
  assert.ok(Math.abs(old.numbers(2)['learningRate']! - 0.05) < 1e-15);
  const two = {
    jit_compile: true,
    is_legacy_optimizer: false,
    learning_rate: 0.002,
    use_ema: true,
    adaptive_epsilon: false,
  };
  assert.is(optimizerOf({ class_name: 'Adam', config: two }).numbers(0)['emaBegins'], 1);
  const hugging = {
    name: 'AdamWeightDecay',
    learning_rate: 1e-4,
    decay: 0,
    beta_1: 0.9,
    weight_decay_rate: 0.01,
    epsilon: 1e-8,
  };
  assert.is(optimizerOf({ class_name: 'AdamWeightDecay', config: hugging }).config['weight_decay'], 0.01);
});

test('what is refused, by name', () => {
  assert.throws(() => optimizerOf('adamm'), /unknown optimizer 'adamm'\nhint: did you mean/);
  assert.throws(() => optimizerOf('Muon'), /Muon is not supported: it treats matrices/);
  assert.throws(
    () => adam({ learningRat: 1 } as never),
    /unknown option 'learningRat'\nhint: did you mean 'learningRate'/,
  );
  assert.throws(() => adam({ learningRate: -1 }), /Adam: learningRate is a number from 0/);
  assert.throws(() => adam({ beta1: 1 }), /beta1 is a number from 0 below 1/);
  // A text has an `at`, as schedules do.
  assert.throws(() => adam({ learningRate: '0.1' as never }), /learningRate is a number/);
  assert.throws(() => sgd({ clipnorm: 1, clipvalue: 1 }), /clipnorm and clipvalue cannot both be given/);
  assert.throws(() => sgd({ nesterov: 'yes' as never }), /nesterov: must be true or false/);
  assert.throws(() => sgd({ gradientAccumulationSteps: 1 }), /gradientAccumulationSteps is a whole number from 2/);
  assert.throws(() => lion({ beta1: 0 }), /beta1 is a number above 0/);
  assert.throws(() => rmsprop({ semantics: 'keras4' as never }), /semantics is one of/);
  assert.throws(() => ftrl({ l1RegularizationStrength: -1 }), /from 0/);
  assert.throws(() => adamw({ weightDecay: null }), /weightDecay is a number/);
  assert.throws(
    () => optimizerOf({ class_name: 'Adam', config: { loss_scale_factor: 2 } }),
    /unknown option 'lossScaleFactor'/,
  );
  assert.throws(
    () => optimizerOf({ class_name: 'Adam', config: { learning_rate: 'fast' } }),
    /learningRate is a number/,
  );
  assert.throws(() => scheduleOf({ class_name: 'CosineDecy', config: {} }), /did you mean 'CosineDecay'/);
  assert.throws(() => polynomialDecay({ initialLearningRate: 1, decaySteps: 0 }), /decaySteps is a number above 0/);
  assert.throws(
    () => piecewiseConstantDecay({ boundaries: [4, 2], values: [1, 2, 3] }),
    /boundaries\[1\] is a whole number above 4/,
  );
  assert.throws(
    () => linearWarmup({ learningRate: 1, warmupSteps: 9, trainingSteps: 9 }),
    /the warm-up takes all steps/,
  );
  let nested: unknown = { class_name: 'CosineDecay', config: { initial_learning_rate: 1, decay_steps: 1 } };
  for (let i = 0; i < 100; i++) {
    const config = { initial_learning_rate: 1, warmup_steps: 1, decay_schedule_fn: nested };
    nested = { class_name: 'WarmUp', config };
  }
  assert.throws(() => scheduleOf(nested as never), /more than eight deep/);
});

test.run();
