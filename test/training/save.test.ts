/**
 * What was trained as files: our reader gives the trainer's predictions; the optimizer's state is that of the steps that were made.
 * Keras 3.15.1 training on from such files was tried by hand: docs/training.md has the figures.
 */
import { strFromU8, unzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  adam,
  cosineDecay,
  input,
  layers,
  linearWarmup,
  model,
  precision,
  saveModel,
  scheduleOf,
  sequential,
  sgd,
  Trainer,
  warmUp,
} from '../../src/training/index.ts';

const test = suite('training: saving');
const x = { data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(1.3 * i)), shape: [20, 3] };
const y = Int32Array.from({ length: 20 }, (_, i) => Number(x.data[3 * i]! > 0));
const net = () =>
  sequential(
    [
      layers.dense({ units: 4, activation: 'tanh' }),
      layers.batchNormalization(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
    { inputShape: [3], seed: 1 },
  );
const settings = { loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] } as const;

for (const format of ['keras', 'h5'] as const) {
  test(`${format}: what is read predicts what the trainer does`, async () => {
    const trainer = new Trainer(net(), { ...settings, optimizer: adam({ learningRate: 0.05 }) });
    await trainer.fit(x, y, { epochs: 3, batchSize: 5 });
    const read = await loadModel(await trainer.save(format));
    const [got, wanted] = [(await read.predict(x)) as Tensor, (await trainer.predict(x))[0]!];
    const off = Array.from(wanted.data, Number).reduce((most, v, i) => Math.max(most, Math.abs(v - got.data[i]!)), 0);
    assert.ok(off < 1e-6, `off by ${off}`);
    const trained = new Trainer(read, { ...settings, optimizer: sgd() });
    assert.ok(Math.abs((await trained.evaluate(x, y)).loss! - (await trainer.evaluate(x, y)).loss!) < 1e-6);
    trainer.dispose();
    trained.dispose();
  });
}

test("the optimizer's state is that of the steps: momentum of SGD is the sum of its moves", async () => {
  const model = net();
  const trainer = new Trainer(model, { ...settings, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) });
  const fresh = trainer.optimizerState();
  assert.is(fresh.iterations, 0);
  assert.ok([...fresh.slots[0]!.values.values()].every((values) => Array.from(values).every((v) => v === 0)));
  await trainer.fit(x, y, { batchSize: 20 });
  const { iterations, slots } = trainer.optimizerState();
  assert.is(iterations, 1);
  const trained = trainer.weights().filter(({ trainable }) => trainable);
  assert.equal(
    [...slots[0]!.values.keys()],
    trained.map(({ path }) => path),
  );
  const given = new Map(
    model.layers.flatMap(({ path, weights }) => weights.map((w) => [`${path}/${w.name}`, w.tensor])),
  );
  for (const { path, value } of trained) {
    const momentum = slots[0]!.values.get(path)!;
    value.data.forEach((v, i) => {
      assert.ok(Math.abs(v - given.get(path)!.data[i]! - momentum[i]!) < 1e-6, path);
    });
  }
  trainer.learningRate = 0.01;
  assert.is(trainer.optimizerState().learningRate, 0.01);
  trainer.dispose();
});

interface Told {
  readonly class_name: string;
  readonly config: object;
}
interface Compiled {
  readonly loss: Readonly<Record<string, Told>>;
  readonly loss_weights: object;
  readonly metrics: readonly Told[];
  readonly weighted_metrics: Readonly<Record<string, readonly Told[]>>;
  readonly optimizer: { readonly config: { readonly learning_rate: never } };
}

/** `compile_config` of a file. */
function compiledOf(bytes: Uint8Array): Compiled | undefined {
  return JSON.parse(strFromU8(unzipSync(bytes)['config.json']!)).compile_config;
}

test('what compile is told of several outputs is in the file: Keras 3.15.1 gave its evaluate and its next epoch by it', async () => {
  const point = input({ shape: [3] });
  const hidden = layers.dense({ units: 4 })(point);
  const outputs = [
    layers.dense({ units: 3, activation: 'softmax', name: 'kind' })(hidden),
    layers.dense({ units: 1, name: 'size' })(hidden),
    layers.dense({ units: 1, name: 'unasked' })(hidden),
  ];
  const trainer = new Trainer(model({ inputs: point, outputs }), {
    loss: { kind: 'sparse_categorical_crossentropy', size: 'mse' },
    lossWeights: { size: 0.5 },
    metrics: { kind: ['accuracy'] },
    weightedMetrics: { size: ['mae'] },
    optimizer: 'adam',
  });
  const size = Float32Array.from({ length: 20 }, (_, i) => Math.cos(i));
  await trainer.fit(x, { kind: y, size }, { batchSize: 10 });
  const told = compiledOf(await trainer.save('keras'));
  const { loss, loss_weights: weights, metrics, weighted_metrics: weighted } = told!;
  assert.equal(
    Object.entries(loss).map(([name, one]) => [name, one.class_name]),
    [
      ['kind', 'SparseCategoricalCrossentropy'],
      ['size', 'MeanSquaredError'],
    ],
  );
  assert.equal(weights, { kind: 1, size: 0.5 });
  assert.equal(metrics, { kind: ['accuracy'] });
  assert.is(weighted['size']![0]!.class_name, 'MeanAbsoluteError');
  trainer.dispose();
});

test('options of metrics were left out of the file', async () => {
  const metrics = [precision({ thresholds: 0.3 })];
  const yes = sequential([layers.dense({ units: 1, activation: 'sigmoid' })], { inputShape: [3] });
  const trainer = new Trainer(yes, { loss: 'binary_crossentropy', optimizer: 'sgd', metrics });
  await trainer.fit(x, y);
  const [found] = compiledOf(await trainer.save('keras'))!.metrics;
  assert.equal(found!.config, metrics[0]!.config);
  trainer.dispose();
});

test('a warm-up before half a cosine is the schedule that Keras has for it, with rates that are floats there', async () => {
  const decay = cosineDecay({ initialLearningRate: 1, decaySteps: 30 });
  const rate = warmUp({ initialLearningRate: 1, warmupSteps: 5, decay });
  const trainer = new Trainer(net(), { ...settings, optimizer: sgd({ learningRate: rate }) });
  await trainer.fit(x, y);
  const bytes = await trainer.save('keras');
  const own = compiledOf(bytes)!.optimizer.config.learning_rate;
  const same = scheduleOf(own);
  assert.is(same.name, 'CosineDecay');
  for (const step of [0, 1, 4, 5, 6, 20, 35, 50]) assert.ok(Math.abs(same.at(step) - rate.at(step)) < 1e-12, `${step}`);
  // A whole number would be an int32 tensor in Keras, whose products with floats are errors.
  assert.match(strFromU8(unzipSync(bytes)['config.json']!), /"initial_learning_rate":0\.0,.*"warmup_target":1\.0/);
  trainer.dispose();
});

test('a schedule that Keras has not was written into files that it cannot read', async () => {
  const learningRate = linearWarmup({ learningRate: 0.1, warmupSteps: 2, trainingSteps: 9 });
  const trainer = new Trainer(net(), { ...settings, optimizer: sgd({ learningRate }) });
  await trainer.fit(x, y);
  for (const format of ['keras', 'h5'] as const) {
    try {
      await trainer.save(format);
      assert.unreachable('refused');
    } catch (error) {
      assert.match((error as Error).message, /Keras has no schedule with such a warm-up[\s\S]*compile: false/);
    }
  }
  assert.is(compiledOf(await trainer.save('keras', { compile: false })), undefined);
  assert.match(JSON.stringify(compiledOf(await trainer.save('keras', { customObjects: true }))), /WarmUp/);
  trainer.dispose();
});

test('names that Keras on TensorFlow cannot take were written in silence', async () => {
  const wrong = (name: string, inner: string) =>
    sequential([layers.dense({ units: 1, name: inner })], { inputShape: [3], name });
  for (const [name, inner, told] of [
    ['m', 'my layer', /'my layer'.*cannot take this name/],
    ['m', 'a\\b', /cannot take this name/],
    ['_m', 'd', /the model's name '_m'/],
    ['m\u00e9', 'd', /the model's name/],
  ] as const) {
    try {
      await saveModel(wrong(name, inner), { format: 'keras' });
      assert.unreachable(`refused: ${name}, ${inner}`);
    } catch (error) {
      assert.match((error as Error).message, told);
    }
    assert.ok(await saveModel(wrong(name, inner), { format: 'safetensors' }));
  }
  assert.ok(await saveModel(wrong('m.a>b', '_-d'), { format: 'keras' }));
});

test.run();
