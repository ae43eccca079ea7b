/** `Trainer`: what fit does with data, callbacks, aborts, checkpoints and faults. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { add, matmul, mul, sqrt, sub, sum } from '../../src/ops/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { Batcher } from '../../src/training/batcher.ts';
import {
  adam,
  type Callback,
  earlyStopping,
  input,
  layers,
  learningRateScheduler,
  model,
  modelCheckpoint,
  reduceOnPlateau,
  sequential,
  sgd,
  Trainer,
  type TrainerOptions,
} from '../../src/training/index.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('trainer');
const ROWS = 50;
const x = { data: Float32Array.from({ length: ROWS * 3 }, (_, i) => Math.sin(i * i * 1.3)), shape: [ROWS, 3] };
const labels = Int32Array.from({ length: ROWS }, (_, i) => Number(x.data[3 * i]! > 0) + Number(x.data[3 * i + 1]! > 0));

const build = (rate = 0.2) =>
  sequential(
    [
      layers.dense({ units: 8, activation: 'tanh' }),
      layers.batchNormalization(),
      layers.dropout({ rate }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
    { inputShape: [3], seed: 3 },
  );
const options: TrainerOptions = {
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  metrics: ['accuracy'],
  seed: 5,
};
const made = new Map<string, Trainer>();
const trainer = (changes: Partial<TrainerOptions> = {}): Trainer => {
  const one = new Trainer(build(), { ...options, ...changes });
  made.set(`${made.size}`, one);
  return one;
};
const bits = (one: Trainer) => one.weights().map(({ value }) => [...value.data]);

test.after.each(() => {
  for (const one of made.values()) one.dispose();
  made.clear();
});

test('learns, reports as Keras does, and gives a model with what was learnt', async () => {
  const one = trainer({ optimizer: adam({ learningRate: 0.05 }) });
  const { history, epochs } = await one.fit(x, labels, { epochs: 30, batchSize: 8, validationSplit: 0.2 });
  assert.equal(Object.keys(history).sort(), ['accuracy', 'loss', 'val_accuracy', 'val_loss']);
  assert.equal(epochs.length, 30);
  assert.ok(history['accuracy']!.at(-1)! > 0.75, `accuracy ${history['accuracy']!.at(-1)}`);
  const logs = await one.evaluate(x, labels);
  const learnt = await one.model();
  const predicted = await learnt.predictAll(x);
  const own = (await one.predict(x))[0]!.data;
  assert.ok(
    predicted[0]!.data.every((value, i) => Math.abs(value - own[i]!) < 1e-6),
    'constants are folded there',
  );
  const right = labels.filter((label, i) => {
    const row = [...predicted[0]!.data.slice(3 * i, 3 * i + 3)];
    return row.indexOf(Math.max(...row)) === label;
  });
  assert.ok(Math.abs(logs['accuracy']! - right.length / ROWS) < 1e-6);
});

test('the same seed gives the same bits, another seed others; the model that was given stays as it is', async () => {
  const given = build();
  const before = JSON.stringify(given.layers.map((layer) => layer.weights.map((weight) => [...weight.tensor.data])));
  const [a, b, c] = [5, 5, 6].map((seed) => new Trainer(given, { ...options, seed }));
  for (const one of [a!, b!, c!]) await one.fit(x, labels, { epochs: 2 });
  assert.equal(bits(a!), bits(b!));
  assert.not.equal(bits(a!), bits(c!));
  assert.is(
    JSON.stringify(given.layers.map((layer) => layer.weights.map((weight) => [...weight.tensor.data]))),
    before,
  );
  for (const one of [a!, b!, c!]) one.dispose();
});

test('validation rows are the last ones, and a last smaller batch counts by its rows', async () => {
  const one = new Trainer(build(0), { ...options, optimizer: sgd({ learningRate: 0 }) });
  const { history } = await one.fit(x, labels, { batchSize: 16, validationSplit: 0.3, shuffle: false });
  const tail = { data: x.data.slice(35 * 3), shape: [15, 3] };
  // A rate of 0 moves the statistics of the batch normalization alone.
  const { loss } = await one.evaluate(tail, labels.slice(35));
  assert.ok(Math.abs(history['val_loss']![0]! - loss!) < 1e-6);
  assert.is(one.step, 3);
  one.dispose();
});

test('class weights are sample weights by class, and a weight of 0 leaves a row out', async () => {
  const run = async (more: object) => {
    const one = trainer();
    await one.fit(x, labels, { epochs: 2, shuffle: false, ...more });
    return bits(one);
  };
  const byRow = Float32Array.from(labels, (label) => [1, 0, 2.5][label]!);
  const weighted = await run({ classWeight: { 1: 0, 2: 2.5 } });
  assert.equal(weighted, await run({ sampleWeight: byRow }));
  assert.not.equal(weighted, await run({}));
});

test('data sets: batches from a list, a generator made anew, an async one', async () => {
  const list = [0, 20].map((from) => ({
    x: { data: x.data.slice(from * 3, (from + 20) * 3), shape: [20, 3] },
    y: labels.slice(from, from + 20),
  }));
  const sources = [
    list,
    () => list.values(),
    () => ({
      [Symbol.asyncIterator]: async function* () {
        yield* list;
      },
    }),
  ];
  const results: unknown[] = [];
  for (const source of sources) {
    const one = trainer();
    const { history } = await one.fit(source as typeof list, { epochs: 2 });
    results.push([history, bits(one)]);
  }
  assert.equal(results[0], results[1]);
  assert.equal(results[0], results[2]);
  await rejects(() => trainer().fit(list.values(), { epochs: 2 }), /gave no batch in epoch 1/);
});

test('several outputs: a loss each, weights of losses, names in the history', async () => {
  const start = input({ shape: [3] });
  const hidden = layers.dense({ units: 4, activation: 'relu' })(start);
  const heads = [
    layers.dense({ units: 3, name: 'topic', activation: 'softmax' })(hidden),
    layers.dense({ units: 1, name: 'stars' })(hidden),
  ];
  const two = model({ inputs: start, outputs: heads as never, seed: 1 } as never);
  const one = new Trainer(two, {
    loss: { topic: 'sparse_categorical_crossentropy', stars: 'mse' },
    lossWeights: { stars: 0.5 },
    optimizer: 'sgd',
    metrics: { topic: ['accuracy'], stars: ['mae'] },
  });
  const stars = Float32Array.from({ length: ROWS }, (_, i) => Math.cos(i));
  const { history } = await one.fit(x, { topic: labels, stars }, { epochs: 1 });
  assert.equal(Object.keys(history).sort(), ['loss', 'stars_loss', 'stars_mae', 'topic_accuracy', 'topic_loss']);
  const [loss, topic, star] = ['loss', 'topic_loss', 'stars_loss'].map((name) => history[name]![0]!);
  assert.ok(Math.abs(loss! - topic! - 0.5 * star!) < 1e-5);
  await rejects(() => one.fit(x, { topic: labels, star: stars } as never), /no output 'star'/);
  one.dispose();
});

test('any function of tensors is trained', async () => {
  const w = tensor([[0], [0], [0]]);
  const target = [1, -2, 0.5];
  const y = Float32Array.from({ length: ROWS }, (_, i) => target.reduce((s, t, k) => s + t * x.data[3 * i + k]!, 0));
  const one = new Trainer(
    {
      inputs: [{ name: 'x', shape: [null, 3], dtype: 'float32' }],
      parameters: { w },
      apply: ([rows]) => matmul(rows!, w),
    },
    { loss: 'mse', optimizer: sgd({ learningRate: 0.3 }) },
  );
  await one.fit(x, { data: y, shape: [ROWS, 1] }, { epochs: 60 });
  const [learnt] = one.weights();
  assert.ok(
    target.every((t, k) => Math.abs(t - learnt!.value.data[k]!) < 0.02),
    String(learnt!.value.data),
  );
  one.dispose();
});

for (const at of [1, 2, 4]) {
  test(`interrupted in epoch ${at} and resumed: the bits of an uninterrupted run`, async () => {
    const callbacks = (keep: (bytes: Uint8Array) => void): Callback[] => [
      reduceOnPlateau({ monitor: 'loss', patience: 1, minDelta: 0.5, factor: 0.5 }),
      earlyStopping({ monitor: 'val_loss', patience: 2, minDelta: 1, restoreBestWeights: true, startFromEpoch: 2 }),
      modelCheckpoint({ save: (_, one) => keep(one.checkpoint()) }),
    ];
    const settings = { epochs: 6, batchSize: 16, validationSplit: 0.2 };
    const whole = trainer({ optimizer: adam({ learningRate: 0.01 }) });
    const expected = await whole.fit(x, labels, { ...settings, callbacks: callbacks(() => undefined) });

    let kept: Uint8Array | null = null;
    const stop = new AbortController();
    const first = trainer({ optimizer: adam({ learningRate: 0.01 }) });
    const abort: Callback = {
      onBatchEnd(batch, _, one) {
        if (one.epoch === at && batch === 1) stop.abort(new Error('enough'));
      },
    };
    const keep = (bytes: Uint8Array): void => {
      kept = bytes;
    };
    const some = [...callbacks(keep), abort];
    await rejects(() => first.fit(x, labels, { ...settings, callbacks: some, signal: stop.signal }), /enough/);
    assert.is(first.epoch, at, 'whole epochs only');
    const again = await Trainer.resume(build(), kept!, { ...options, optimizer: adam({ learningRate: 0.01 }) });
    assert.equal(bits(again), bits(first), 'an abort leaves the weights of the last whole epoch');
    const found = await again.fit(x, labels, { ...settings, callbacks: callbacks(() => undefined) });
    assert.equal(found, expected);
    assert.equal(bits(again), bits(whole));
    again.dispose();
  });
}

test('a checkpoint of another model, optimizer or seed, and bytes that are none, are refused', async () => {
  const one = trainer();
  assert.throws(() => one.checkpoint(), /nothing to keep yet/);
  await one.fit(x, labels);
  const bytes = one.checkpoint();
  const other = sequential([layers.dense({ units: 3 })], { inputShape: [3] });
  await rejects(() => Trainer.resume(other, bytes, options), /checkpoint/);
  await rejects(() => Trainer.resume(build(), bytes, { ...options, optimizer: 'sgd' }), /another optimizer/);
  await rejects(() => Trainer.resume(build(), bytes, { ...options, seed: 1 }), /another seed/);
  await rejects(() => Trainer.resume(build(), bytes.subarray(0, 100), options), /safetensors|header/);
});

test('callbacks: early stopping, plateaus and schedules of the rate', async () => {
  const stopped = trainer();
  const early = earlyStopping({ monitor: 'loss', minDelta: 100, patience: 2 });
  assert.equal((await stopped.fit(x, labels, { epochs: 9, callbacks: [early] })).epochs, [0, 1, 2]);
  const plateau = trainer({ optimizer: sgd({ learningRate: 0.1 }) });
  const lower = reduceOnPlateau({ monitor: 'loss', minDelta: 100, patience: 1, factor: 0.5, minLearningRate: 0.03 });
  const { history } = await plateau.fit(x, labels, { epochs: 5, callbacks: [lower] });
  assert.equal(
    history['learning_rate']!.map((rate) => Math.round(rate * 1e4) / 1e4),
    [0.1, 0.1, 0.05, 0.03, 0.03],
  );
  const rates: number[] = [];
  const schedule = learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2));
  const scheduled = trainer({ optimizer: sgd({ learningRate: 0.4 }) });
  const seen: Callback = { onEpochEnd: (_, __, one) => void rates.push(one.learningRate) };
  await scheduled.fit(x, labels, { epochs: 3, callbacks: [schedule, seen] });
  assert.equal(rates, [0.4, 0.2, 0.1]);
  await rejects(() => trainer().fit(x, labels, { callbacks: [earlyStopping()] }), /no 'val_loss' in the logs/);
});

test('what cannot be trained on is named: input, row, label, shape, option', async () => {
  const fit =
    (given: unknown, y: unknown, more: object = {}) =>
    () =>
      trainer().fit(given as never, y as never, more);
  const holed = x.data.slice();
  holed[3 * 7 + 1] = Number.NaN;
  await rejects(fit({ data: holed, shape: [ROWS, 3] }, labels), /input '.*row 7 holds NaN/);
  await rejects(fit(x, labels.with(9, 3)), /9/);
  await rejects(
    fit(
      x,
      Float32Array.from(labels, (v, i) => (i === 4 ? 0.5 : v)),
    ),
    /row 4 is no class number/,
  );
  await rejects(fit(x, labels.slice(1)), /are 49 rows, the inputs are 50/);
  await rejects(fit({ data: new Float32Array(0), shape: [0, 3] }, new Int32Array(0)), /empty/);
  await rejects(fit({ data: x.data, shape: [75, 2] }, labels), /wrong shape/);
  await rejects(fit(x, undefined), /no labels/);
  await rejects(fit(x, labels, { batchsize: 3 }), /unknown option 'batchsize'[\s\S]*batchSize/);
  await rejects(fit(x, labels, { batchSize: 0 }), /batchSize/);
  await rejects(fit(x, labels, { validationSplit: 0.999 }), /validationSplit leaves nothing/);
  await rejects(fit(x, labels, { sampleWeight: new Float32Array(3) }), /sample weights/);
  await rejects(fit(x, labels, { batchSize: 64 }), /larger than the data[\s\S]*at most 50/);
  await fit(x, labels, { batchSize: 50 })();
  assert.throws(() => new Trainer(sequential([layers.flatten()], { inputShape: [3] }), options), /no weight to train/);
  assert.throws(() => trainer({ loss: 'mze' }), /unknown loss 'mze'/);
  assert.throws(() => trainer({ seed: 0.5 }), /seed/);
});

test('a loss that becomes NaN names step and layer, changes nothing, and says what to try', async () => {
  const one = trainer({ optimizer: sgd({ learningRate: 1e30 }), backend: reference });
  await rejects(
    () => one.fit(x, labels, { epochs: 3 }),
    /the loss became NaN in step \d+: (layer|an update before)[\s\S]*hint: a smaller learning rate/,
  );
  assert.is(one.step, 0);
  assert.is(one.epoch, 0);
  const log = new Trainer(
    {
      inputs: [{ name: 'x', shape: [null, 3], dtype: 'float32' }],
      parameters: { w: tensor([2]) },
      apply: ([rows]) =>
        sum(sub(mul(rows!, tensor([1e38])), mul(rows!, mul(tensor([3e38]), 4))), { axes: [1], keepDims: true }),
    },
    { loss: 'mse', optimizer: 'sgd' },
  );
  await rejects(() => log.fit(x, { data: new Float32Array(ROWS), shape: [ROWS, 1] }), /in step 0/);
  log.dispose();
});

test('a gradient that becomes NaN or infinite under a finite loss names step and layer, and changes nothing', async () => {
  // Zeros go through, and on the way back 1e25 times 1e25 is too much.
  const built = sequential(
    ['first', 'second', 'third', 'last'].map((name) => layers.dense({ units: 1, name, kernelInitializer: 'ones' })),
    { inputShape: [1] },
  );
  const steep = await built.withWeights(({ layer, name, tensor: { data } }) =>
    name === 'kernel' && /second|third/.test(layer) ? Float32Array.from(data, () => 1e25) : null,
  );
  const [zero, one] = [0, 1].map((v) => ({ data: new Float32Array(4).fill(v), shape: [4, 1] }));
  const deep = new Trainer(steep, { loss: 'mse', optimizer: sgd({ learningRate: 1e-3, clipvalue: 1 }) });
  const before = bits(deep);
  await rejects(
    () => deep.fit(zero!, one!),
    /gradient became infinite or NaN in step 0, while the loss is 1: layer 'second' is the first on the way back/,
  );
  assert.equal([deep.step, bits(deep)], [0, before]);
  deep.dispose();
  // Step by step, without an epoch to go back to: the weights are those of before.
  for (const backend of [reference, undefined]) {
    const root: Trainer = new Trainer(
      {
        inputs: [{ name: 'x', shape: [null, 1], dtype: 'float32' }],
        parameters: { scale: tensor([1]), shift: tensor([0.5]) },
        apply: ([rows]): Tensor => {
          const [scale, shift] = root.trainable.weights.map((weight) => weight.tensor);
          return add(sqrt(mul(rows!, scale!)), shift!);
        },
      },
      { loss: 'mse', optimizer: 'adam', ...(backend && { backend }) },
    );
    await root.fit(one!, one!);
    const held = bits(root);
    const rows = root.evaluator.read({ x: zero!, y: one! });
    const batcher = new Batcher(root.trainable, rows);
    await rejects(
      () => root.runStep(batcher.spec(4), batcher.batch(null, 0, 4)),
      /in step 1, while the loss is 0\.\d+: it is that of weight 'scale'[\s\S]*hint: a function without a derivative/,
    );
    assert.equal([root.step, bits(root)], [1, held]);
    root.dispose();
  }
});

test('recomputing what lies between layers takes less memory and gives the same bits', async () => {
  const deep = () =>
    sequential(
      [
        ...Array.from({ length: 16 }, (_, i) => [
          layers.dense({ units: 32, activation: 'tanh', name: `hidden_${i}` }),
          layers.dropout({ rate: 0.1 }),
        ]).flat(),
        layers.batchNormalization(),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
      { inputShape: [3], seed: 2 },
    );
  const runs: { weights: unknown; bytes: number }[] = [];
  for (const recompute of [undefined, 6, ['hidden_5', 'hidden_10']]) {
    const one = new Trainer(deep(), { ...options, ...(recompute && { recompute }) });
    await one.fit(x, labels, { epochs: 3, batchSize: 50 });
    runs.push({ weights: bits(one), bytes: one.stats!.bytes });
    one.dispose();
  }
  const [all, six, named] = runs;
  assert.equal(six!.weights, all!.weights);
  assert.equal(named!.weights, all!.weights);
  assert.ok(six!.bytes < 0.75 * all!.bytes, `${six!.bytes} of ${all!.bytes}`);
  const wrong = trainer({ recompute: ['hiden'] });
  await rejects(() => wrong.fit(x, labels), /no layer 'hiden'/);
});

test('a second fit at the same time is refused', async () => {
  const one = trainer();
  const running = one.fit(x, labels, { epochs: 2 });
  await rejects(() => one.fit(x, labels), /is training already/);
  await running;
});

test.run();
