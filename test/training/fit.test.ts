/** Fit: what it reports, weighs, refuses and leaves behind. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { add, matmul } from '../../src/ops/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import {
  adam,
  type Callback,
  type DataBatch,
  earlyStopping,
  input,
  layers,
  learningRateScheduler,
  model,
  reduceOnPlateau,
  sequential,
  sgd,
  Trainer,
} from '../../src/training/index.ts';

const test = suite('fit');
const ROWS = 60;
const x = { data: Float32Array.from({ length: ROWS * 3 }, (_, i) => Math.sin(1.3 * i)), shape: [ROWS, 3] };
const classes = Int32Array.from({ length: ROWS }, (_, i) => Number(x.data[3 * i]! + x.data[3 * i + 1]! > 0));
const net = (dropout = 0.2, seed = 1) =>
  sequential(
    [
      layers.dense({ units: 8, activation: 'tanh' }),
      layers.dropout({ rate: dropout }),
      layers.batchNormalization(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
    { inputShape: [3], seed },
  );
const settings = { loss: 'sparse_categorical_crossentropy', optimizer: 'adam', metrics: ['accuracy'] } as const;
const numbers = (trainer: Trainer): number[] => trainer.weights().flatMap(({ value }) => [...value.data]);

async function refused(work: () => Promise<unknown> | unknown, message: RegExp): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, PathgradError);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`refused with ${message}`);
}

test('learns, says how well, and gives a model back; the model that it was given stays as it was', async () => {
  const given = net();
  const before = [...given.getLayer('dense').weights[0]!.tensor.data];
  const trainer = new Trainer(given, { ...settings, optimizer: adam({ learningRate: 0.02 }) });
  const { history } = await trainer.fit(x, classes, { epochs: 30, batchSize: 16, validationSplit: 0.2 });
  assert.ok(history['loss']!.at(-1)! < 0.5 * history['loss']![0]!, `${history['loss']}`);
  assert.equal(Object.keys(history).sort(), ['accuracy', 'loss', 'val_accuracy', 'val_loss']);
  const { accuracy } = await trainer.evaluate(x, classes);
  assert.ok(accuracy! > 0.9, `${accuracy}`);
  const trained = await trainer.model();
  const y = (await trained.predict(x)) as Tensor;
  const own = (await trainer.predict(x))[0]!;
  // A loaded model folds the normalization into its neighbours.
  y.data.forEach((value, i) => {
    assert.ok(Math.abs(value - own.data[i]!) < 1e-6);
  });
  assert.equal([...given.getLayer('dense').weights[0]!.tensor.data], before);
  assert.not.equal([...trained.getLayer('dense').weights[0]!.tensor.data], before);
  trainer.dispose();
});

test('equal seeds give equal bits, others do not', async () => {
  const run = async (seed: number): Promise<number[]> => {
    const trainer = new Trainer(net(), { ...settings, seed });
    await trainer.fit(x, classes, { epochs: 2, batchSize: 16 });
    return numbers(trainer);
  };
  const one = await run(3);
  assert.equal(one, await run(3));
  assert.not.equal(one, await run(4));
});

test('what is resumed from a checkpoint has the bits of what was never interrupted', async () => {
  const callbacks = (): Callback[] => [reduceOnPlateau({ monitor: 'loss', patience: 1, factor: 0.5, minDelta: 1 })];
  const whole = new Trainer(net(), settings);
  const all = await whole.fit(x, classes, { epochs: 6, batchSize: 16, callbacks: callbacks() });
  let kept: Uint8Array | null = null;
  const stop: Callback = {
    last: true,
    onEpochEnd(epoch, _, trainer) {
      if (epoch !== 2) return;
      kept = trainer.checkpoint();
      trainer.stop();
    },
  };
  const first = new Trainer(net(), settings);
  await first.fit(x, classes, { epochs: 6, batchSize: 16, callbacks: [...callbacks(), stop] });
  const second = await Trainer.resume(net(), kept!, settings);
  const rest = await second.fit(x, classes, { epochs: 6, batchSize: 16, callbacks: callbacks() });
  assert.equal(numbers(second), numbers(whole));
  assert.equal(rest.history, all.history);
});

test('an abort leaves the weights of the last whole epoch', async () => {
  const two = new Trainer(net(), settings);
  await two.fit(x, classes, { epochs: 2, batchSize: 16 });
  const controller = new AbortController();
  const trainer = new Trainer(net(), settings);
  const abort: Callback = {
    onBatchEnd(batch) {
      if (trainer.epoch === 2 && batch === 1) controller.abort(new Error('enough'));
    },
  };
  const fit = trainer.fit(x, classes, { epochs: 5, batchSize: 16, callbacks: [abort], signal: controller.signal });
  await fit.then(
    () => assert.unreachable('it was aborted'),
    (error: Error) => assert.is(error.message, 'enough'),
  );
  assert.equal(numbers(trainer), numbers(two));
});

test('early stopping ends a training that gets no better, and puts the best weights back', async () => {
  const trainer = new Trainer(net(0), { ...settings, optimizer: sgd({ learningRate: 0.1 }) });
  let best: number[] = [];
  const look: Callback = {
    onEpochEnd(epoch, logs, it) {
      if (epoch > 2) logs['loss'] = 100;
      if (epoch === 2) best = numbers(it);
    },
  };
  const stopping = earlyStopping({ monitor: 'loss', patience: 2, restoreBestWeights: true });
  const { epochs } = await trainer.fit(x, classes, { epochs: 20, callbacks: [look, stopping] });
  assert.equal(epochs, [0, 1, 2, 3, 4]);
  assert.equal(numbers(trainer), best);
});

test('a scheduler of the rate is heeded', async () => {
  const trainer = new Trainer(net(0), { ...settings, optimizer: sgd({ learningRate: 1 }) });
  const before = numbers(trainer).slice(0, 24);
  await trainer.fit(x, classes, { epochs: 2, callbacks: [learningRateScheduler(() => 0)] });
  assert.equal(numbers(trainer).slice(0, 24), before);
});

test('data sets of batches, once per epoch, train as the arrays do', async () => {
  const arrays = new Trainer(net(), settings);
  await arrays.fit(x, classes, { epochs: 2, batchSize: 20, shuffle: false });
  async function* batches(): AsyncGenerator<DataBatch> {
    for (let from = 0; from < ROWS; from += 20)
      yield {
        x: { data: x.data.slice(3 * from, 3 * from + 60), shape: [20, 3] },
        y: classes.slice(from, from + 20),
      };
  }
  const streamed = new Trainer(net(), settings);
  await streamed.fit(batches, { epochs: 2 });
  assert.equal(numbers(streamed), numbers(arrays));
});

test('weights of classes are weights of samples, and a weight of 0 leaves a row out', async () => {
  const options = { epochs: 2, batchSize: 20, shuffle: false };
  const one = new Trainer(net(0), settings);
  await one.fit(x, classes, { ...options, classWeight: { 0: 1, 1: 3 } });
  const other = new Trainer(net(0), settings);
  await other.fit(x, classes, { ...options, sampleWeight: Float32Array.from(classes, (c) => (c === 1 ? 3 : 1)) });
  assert.equal(numbers(one), numbers(other));
});

test('several outputs: a loss each, weighed', async () => {
  const a = input({ shape: [3], name: 'a' });
  const hidden = layers.dense({ units: 4, activation: 'tanh' })(a);
  const outputs = [
    layers.dense({ units: 1, name: 'value' })(hidden),
    layers.dense({ units: 2, activation: 'softmax', name: 'kind' })(hidden),
  ];
  const trainer = new Trainer(model({ inputs: a, outputs }), {
    loss: { value: 'mse', kind: 'sparse_categorical_crossentropy' },
    lossWeights: { value: 0, kind: 2 },
    optimizer: 'sgd',
  });
  const before = trainer.weights().find(({ path }) => path === 'value/kernel')!.value.data;
  const y = { value: Float32Array.from(classes), kind: classes };
  const { history } = await trainer.fit(x, y, { epochs: 2 });
  assert.equal(Object.keys(history).sort(), ['kind_loss', 'loss', 'value_loss']);
  assert.ok(Math.abs(history['loss']![0]! - 2 * history['kind_loss']![0]!) < 1e-5);
  assert.equal([...trainer.weights().find(({ path }) => path === 'value/kernel')!.value.data], [...before]);
});

test('a function of tensors is trained: a line through points', async () => {
  const parameters = { slope: tensor([[0]], undefined, 'float64'), offset: tensor([0], undefined, 'float64') };
  const trainer = new Trainer(
    {
      inputs: [{ name: 'x', shape: [null, 1], dtype: 'float64' }],
      parameters,
      apply: ([points]) => add(matmul(points!, parameters.slope), parameters.offset),
    },
    { loss: 'mse', optimizer: sgd({ learningRate: 0.3 }) },
  );
  const data = Float64Array.from({ length: 20 }, (_, i) => i / 10 - 1);
  await trainer.fit({ data, shape: [20, 1] }, { data: data.map((v) => 3 * v - 1), shape: [20, 1] }, { epochs: 200 });
  const [slope, offset] = trainer.weights().map(({ value }) => value.data[0]!);
  assert.ok(Math.abs(slope! - 3) < 1e-6 && Math.abs(offset! + 1) < 1e-6, `${slope} ${offset}`);
});

test('regularizers add to the loss, constraints hold after every step', async () => {
  const free = layers.dense({ units: 2, kernelRegularizer: { className: 'L2', l2: 0.5 }, kernelConstraint: 'non_neg' });
  const built = sequential([free], { inputShape: [3] });
  const trainer = new Trainer(built, { loss: 'mse', optimizer: sgd({ learningRate: 0.1 }) });
  const kernel = built.getLayer('dense').weights[0]!.tensor;
  const y = { data: new Float32Array(ROWS * 2), shape: [ROWS, 2] };
  const logs = await trainer.evaluate(x, y);
  const plain = new Trainer(sequential([layers.dense({ units: 2 })], { inputShape: [3] }), {
    loss: 'mse',
    optimizer: 'sgd',
  });
  const squares = [...kernel.data].reduce((total, v) => total + v * v, 0);
  const expected = (await plain.evaluate(x, y))['loss']! + 0.5 * squares;
  assert.ok(Math.abs(logs['loss']! - expected) < 1e-5, `${logs['loss']} and ${expected}`);
  await trainer.fit(x, y, { epochs: 1 });
  assert.ok(trainer.weights()[0]!.value.data.every((v) => v >= 0));
});

test('a loss that becomes NaN names step and layer, changes nothing, and says what to try', async () => {
  const built = sequential([layers.dense({ units: 4, name: 'huge' }), layers.dense({ units: 2, name: 'last' })], {
    inputShape: [3],
  });
  const grown = await built.withWeights(({ layer, tensor: t }) => (layer === 'huge' ? t.data.map(() => 3e38) : null));
  const trainer = new Trainer(grown, { loss: 'mse', optimizer: 'adam' });
  const y = { data: new Float32Array(ROWS * 2), shape: [ROWS, 2] };
  const large = { ...x, data: x.data.map((v) => 10 * v) };
  const before = numbers(trainer);
  await refused(() => trainer.fit(large, y), /(Infinity|NaN) in step 0: layer 'huge'[\s\S]*smaller learning rate/);
  assert.equal(numbers(trainer), before);
});

test('what does not fit is refused by name', async () => {
  const trainer = new Trainer(net(), settings);
  const bad = { ...x, data: x.data.map((v, i) => (i === 7 ? Number.NaN : v)) };
  await refused(
    () =>
      trainer.fit(
        x,
        classes.map((c, i) => (i === 5 ? 2 : c)),
      ),
    /row 5/,
  );
  await refused(() => trainer.fit(bad, classes), /row 2/);
  await refused(() => trainer.fit(x, classes.slice(1)), /59|60/);
  await refused(() => trainer.fit({ data: new Float32Array(0), shape: [0, 3] }, new Int32Array(0)), /empty|no rows|0/);
  await refused(() => trainer.fit(x, classes, { epoch: 3 } as never), /unknown option 'epoch'/);
  await refused(() => trainer.fit(x, classes, { epochs: 0 }), /epochs/);
  await refused(() => new Trainer(net(), { ...settings, optimizer: 'adm' }), /'adm'[\s\S]*adam/i);
  await refused(() => new Trainer(net(), { ...settings, loss: 'mze' }), /'mze'/);
  await refused(() => new Trainer(sequential([layers.flatten()], { inputShape: [3] }), settings), /no weight to train/);
  const frozen = sequential([layers.dense({ units: 2, trainable: false })], { inputShape: [3] });
  await refused(() => new Trainer(frozen, settings), /no weight to train[\s\S]*frozen/);
  await refused(() => Trainer.resume(net(), new Uint8Array(10), settings), /checkpoint|safetensors|header/i);
});

test('gradients are accumulated over batches where the optimizer says so', async () => {
  const options = { epochs: 3, shuffle: false } as const;
  const plainNet = sequential([layers.dense({ units: 2, activation: 'softmax' })], { inputShape: [3] });
  const [one, three] = [
    new Trainer(plainNet, { ...settings, optimizer: sgd({ learningRate: 0.1 }) }),
    new Trainer(plainNet, { ...settings, optimizer: sgd({ learningRate: 0.1, gradientAccumulationSteps: 3 }) }),
  ];
  await one.fit(x, classes, { ...options, batchSize: 60 });
  await three.fit(x, classes, { ...options, batchSize: 20 });
  numbers(one).forEach((value, i) => {
    assert.ok(Math.abs(value - numbers(three)[i]!) < 1e-6);
  });
});

test('epochs of a millisecond each let timers run: a signal that comes from one is heard', async () => {
  const trainer = new Trainer(net(), { ...settings, seed: 1 });
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('heard')), 50);
  const fit = trainer.fit(x, classes, { epochs: 3000, batchSize: ROWS, signal: stop.signal });
  await fit.then(
    () => assert.unreachable('all epochs ran'),
    (error: Error) => assert.is(error.message, 'heard'),
  );
  assert.ok(trainer.epoch < 3000);
  trainer.dispose();
});

test.run();
