/** What was found by using training as a newcomer would, and by breaking it: a test by the name of each fault. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PathgradError } from '../../src/tensor/errors.ts';
import { ones, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import {
  type Callback,
  csvLogger,
  earlyStopping,
  input,
  type LayerFunction,
  layers,
  model,
  modelLayer,
  sequential,
  sgd,
  Trainer,
  trainableWeights,
  writeWhole,
} from '../../src/training/index.ts';

const test = suite('misuse');
const X = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(i * i)]);
const Y = X.map(([a, b]) => (a! > 0 ? 0 : b! > 0 ? 1 : 2));
const net = () =>
  sequential([layers.dense({ units: 4, activation: 'relu' }), layers.dense({ units: 3, activation: 'softmax' })], {
    inputShape: [2],
    seed: 1,
  });
const options = { loss: 'sparse_categorical_crossentropy', optimizer: 'adam', seed: 4 } as const;
const trained = () => new Trainer(net(), options);
const bits = (trainer: Trainer): number[] => trainer.weights().flatMap(({ value }) => [...value.data]);

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

test('evaluate took labels of classes that there are not, and gave a loss', async () => {
  await refused(() => trained().evaluate(X, [9, ...Y.slice(1)]), /row 0: there are classes 0 to 2 \(label 9\)/);
  await refused(() => trained().evaluate(X, [-1, ...Y.slice(1)]), /label -1/);
});

test('evaluate and predict said nothing of the sample and layer of an unknown id', async () => {
  const words = sequential([layers.embedding({ inputDim: 3, outputDim: 1 }), layers.flatten()], {
    ...({ inputShape: [2], inputDtype: 'int32' } as const),
  });
  const trainer = new Trainer(words, { loss: 'mse', optimizer: 'sgd' });
  const ids = [
    [0, 1],
    [2, 7],
  ];
  await refused(() => trainer.evaluate(ids, ids), /layer 'embedding'.*7.*sample 1/);
  await refused(() => trainer.predict(ids), /layer 'embedding'.*7.*sample 1/);
});

test('evaluate, and so val_loss, left out activity regularizers', async () => {
  const y = X.map(() => [0]);
  const lossOf = async (activityRegularizer: { className: string; l2: number } | null): Promise<number> => {
    const one = sequential([layers.dense({ units: 1, activityRegularizer })], { inputShape: [2], seed: 3 });
    return (await new Trainer(one, { loss: 'mse', optimizer: 'sgd' }).evaluate(X, y))['loss']!;
  };
  // Of one output and labels of 0, the penalty per sample is l2 times the mean squared error.
  const plain = await lossOf(null);
  const penalized = await lossOf({ className: 'L2', l2: 0.25 });
  assert.ok(Math.abs(penalized - 1.25 * plain) < 1e-6, `${penalized} of ${plain}`);
});

test('the moving average took the place of the best weights of an early stop', async () => {
  const kept: number[][] = [];
  const losses: number[] = [];
  const watch: Callback = {
    onEpochEnd(_, logs, trainer) {
      losses.push(logs['val_loss']!);
      kept.push(bits(trainer));
    },
  };
  const optimizer = sgd({ learningRate: 2, useEma: true, emaMomentum: 0.9 });
  const trainer = new Trainer(net(), { ...options, optimizer });
  const callbacks = [watch, earlyStopping({ patience: 5, restoreBestWeights: true })];
  await trainer.fit(X, Y, { epochs: 6, batchSize: 4, validationSplit: 0.4, callbacks });
  assert.equal(bits(trainer), kept[losses.indexOf(Math.min(...losses))]);
});

test('an epoch that was undone stayed in the history, the count and the callbacks of a checkpoint', async () => {
  const fails = (epoch: number): Callback => ({
    onEpochEnd(now) {
      if (now === epoch) throw new Error('boom');
    },
  });
  const stopping = () => earlyStopping({ monitor: 'loss', patience: 50, restoreBestWeights: true });
  const whole = trained();
  const { history } = await whole.fit(X, Y, { epochs: 4, batchSize: 5, callbacks: [stopping()] });
  const broken = trained();
  const callbacks = [stopping(), fails(2)];
  try {
    await broken.fit(X, Y, { epochs: 4, batchSize: 5, callbacks });
    assert.unreachable('the callback throws');
  } catch (error) {
    assert.is((error as Error).message, 'boom');
  }
  const resumed = await Trainer.resume(net(), broken.checkpoint(), options);
  const gone = await resumed.fit(X, Y, { epochs: 4, batchSize: 5, callbacks: [stopping()] });
  assert.equal(gone.history, history);
  assert.equal(bits(resumed), bits(whole));
});

test('a damaged checkpoint was gone on from', async () => {
  const trainer = trained();
  await trainer.fit(X, Y);
  const bytes = trainer.checkpoint();
  for (const at of [bytes.length - 2, bytes.length >> 1, 40]) {
    const damaged = bytes.slice();
    damaged[at]! ^= 16;
    await refused(() => Trainer.resume(net(), damaged, options), /^checkpoint: /);
  }
  await refused(() => Trainer.resume(net(), bytes.slice(0, 30), options), /^checkpoint: is no safetensors file/);
  await refused(() => Trainer.resume(net(), 'run.ckpt' as never, options), /^checkpoint: is given as bytes/);
});

test('dispose in the middle of a fit began it anew in silence, and after a resume kept the count', async () => {
  const trainer = trained();
  const dispose: Callback = { onBatchEnd: () => trainer.dispose() };
  await refused(() => trainer.fit(X, Y, { callbacks: [dispose] }), /it cannot be disposed of/);
  await trainer.fit(X, Y, { epochs: 2 });
  const resumed = await Trainer.resume(net(), trainer.checkpoint(), options);
  resumed.learningRate = 0.5;
  resumed.dispose();
  assert.is(resumed.learningRate, 0.001);
  const { epochs } = await resumed.fit(X, Y, { epochs: 2 });
  assert.equal(epochs, [0, 1]);
  assert.equal(bits(resumed), bits(trainer));
});

test('layers inside a frozen model were trained by the Keras that read the file', () => {
  const inner = sequential([layers.dense({ units: 2 }), layers.batchNormalization()], {
    inputShape: [2],
    name: 'base',
  });
  const x = input({ shape: [2] });
  const outer = model({ inputs: x, outputs: layers.dense({ units: 1 })(modelLayer(inner, { trainable: false })(x)) });
  const config = JSON.stringify(outer.getLayer('base').config);
  assert.is(config.match(/"trainable":true/g)?.length ?? 0, 0, config);
  const paths = trainableWeights(outer).flatMap(({ path, trainable }) => (trainable ? [path] : []));
  assert.ok(paths.length === 2 && paths.every((path) => !path.startsWith('base/')), `${paths}`);
});

test('models were written that Keras cannot read', async () => {
  const { lstm, dense, conv2d } = layers;
  const states = lstm({ units: 2, returnState: true });
  await refused(() => sequential([states, dense({ units: 1 })], { inputShape: [3, 2] }), /LSTM gives 3 tensors/);
  await refused(() => conv2d({ filters: 1, kernelSize: 3, strides: 2, dilationRate: 2 }), /cannot both be above 1/);
  await refused(() => input({ shape: [2], dtype: 'float16' as never }), /no dtype 'float16'[\s\S]*float32/);
});

test('what Keras users type was refused without a word of what to do', async () => {
  const { dense, dropout, multiHeadAttention, flatten } = layers;
  const x = input({ shape: [4, 8] });
  await refused(() => multiHeadAttention({ numHeads: 2, keyDim: 4 })(x, x as never), /is an object[\s\S]*value/);
  await refused(() => dropout(0.5 as never), /\{ rate: …, name: … \}/);
  await refused(() => sequential([x as never, dense({ units: 1 })]), /number 0 is a tensor[\s\S]*inputShape/);
  await refused(() => sequential([net() as never]), /number 0 is a model[\s\S]*modelLayer/);
  await refused(() => sequential([flatten as never]), /number 0 is a function/);
  const twice = dense({ units: 2 });
  await refused(() => sequential([twice, twice], { inputShape: [2] }), /same Dense stands at 0 and 1/);
  const fit = (more: object) => () => trained().fit(X, Y, more);
  await refused(fit({ validationData: [X, Y] }), /validationData: is an object[\s\S]*\{ x, y \}/);
  await refused(() => trained().fit(() => [[X, Y]] as never), /batch 0 of the data: .*is an object[\s\S]*\{ x, y \}/);
});

test('a callback that nothing calls was taken', async () => {
  const fit = (callback: unknown) => () => trained().fit(X, Y, { callbacks: [callback as Callback] });
  await refused(fit(earlyStopping), /callbacks\[0\]: is a function[\s\S]*call it/);
  await refused(fit({ on_epoch_end() {} }), /nothing calls 'on_epoch_end'[\s\S]*onEpochEnd/);
  await refused(fit({ onEpochEnd: 3 }), /onEpochEnd is a function/);
  await refused(fit(null), /is no object/);
});

test('what is no number was refused without input and row, and null was a TypeError', async () => {
  const labels = ['a', ...Y.slice(1)] as never;
  await refused(() => trained().fit(X, labels), /labels of 'dense_1', row 0: values must be numbers/);
  await refused(
    () =>
      trained().fit(
        [
          [0, 1],
          ['b' as never, 2],
        ],
        [0, 1],
      ),
    /input 'input_layer', row 1: values must/,
  );
  await refused(() => trained().fit(X, null as never), /there are no labels/);
  await refused(() => trained().fit(null as never, Y), /is not an array of numbers/);
  await refused(() => new Trainer(undefined as never, options), /takes a model or a function/);
  await refused(() => new Trainer(net(), undefined as never), /needs an optimizer/);
  const bad = { x: X, y: [9, ...Y.slice(1)] };
  await refused(() => trained().fit(X, Y, { validationData: bad }), /^validationData: .*row 0/);
});

test('numbers beside texts were not looked at: NaN was called a matter of the learning rate', async () => {
  const word = input({ shape: [1], dtype: 'string', name: 'word' });
  const size = input({ shape: [1], name: 'size' });
  const found = layers.stringLookup({ vocabulary: ['a', 'b'], outputMode: 'one_hot' })(word);
  const y = layers.dense({ units: 1 })(layers.concatenate()([found, size]));
  const trainer = new Trainer(model({ inputs: [word, size], outputs: y }), { loss: 'mse', optimizer: 'sgd' });
  const x = { word: [['a'], ['b']], size: [[1], [Number.NaN]] };
  await refused(() => trainer.fit(x as never, [0, 1]), /input 'size': row 1 holds NaN/);
});

test('of several outputs, the one with the wrong label was not named', async () => {
  const x = input({ shape: [2] });
  const heads = ['one', 'two'].map((name) => layers.dense({ units: 3, activation: 'softmax', name })(x));
  const trainer = new Trainer(model({ inputs: x, outputs: heads }), {
    ...({ loss: [options.loss, options.loss], optimizer: 'sgd' } as const),
  });
  await refused(() => trainer.fit(X, [Y, [...Y.slice(1), 3]]), /labels of 'two': .*row 11/);
});

test('setWeights wrote some before it found another that did not fit', async () => {
  const trainer = trained();
  await trainer.fit(X, Y);
  const before = bits(trainer);
  const values = new Map<string, Tensor>([
    ['dense/bias', ones([4])],
    ['dense/kernel', tensor([1, 2])],
  ]);
  await refused(() => trainer.setWeights(values), /'dense\/kernel' has another size/);
  assert.equal(bits(trainer), before);
});

test('a weight of terabytes was a RangeError', async () => {
  await refused(
    () => sequential([layers.dense({ units: 1e9 })], { inputShape: [1000] }),
    /'kernel': has too many numbers/,
  );
});

test('a size that weights have and the input leaves open was an error in sizes that nobody gave', async () => {
  const built = (shape: readonly (number | null)[], layer: LayerFunction): unknown => {
    const x = input({ shape });
    return model({ inputs: x, outputs: layer(x) });
  };
  const open = /layer '\w+' \(\w+\): has weights whose size an input leaves open\nhint: give the sizes/;
  await refused(() => built([null], layers.dense({ units: 2 })), open);
  await refused(() => built([4, 4, null], layers.conv2d({ filters: 2, kernelSize: 3 })), open);
  await refused(() => built([3, null], layers.lstm({ units: 2 })), open);
  await refused(() => built([null], layers.batchNormalization()), open);
  await refused(() => sequential([layers.flatten(), layers.dense({ units: 2 })], { inputShape: [null, 3] }), open);
  assert.ok(built([null, 3], layers.lstm({ units: 2 })));
});

test('add()(x) on one tensor wrote a model that Keras refuses', async () => {
  const x = input({ shape: [3] });
  for (const layer of [layers.add(), layers.concatenate(), layers.dot({ axes: 1 }), layers.attention()])
    await refused(() => layer(x), /is called on one tensor: it takes a list\nhint: layer\(\[x, y\]\)/);
});

test('a negative penalty was trained with, and arguments of another kind were written', async () => {
  const dense = (more: object) => () => layers.dense({ units: 2, ...more });
  await refused(dense({ kernelRegularizer: { className: 'L2', l2: -1 } }), /L2, l2 is a number from 0 up/);
  await refused(dense({ kernelInitializer: { className: 'RandomNormal', stddev: -1 } }), /stddev is a number from 0/);
  await refused(dense({ kernelConstraint: { className: 'MaxNorm', maxValue: 'a' } }), /maxValue is a number/);
  await refused(dense({ biasRegularizer: { className: 'L1', l1: Number.NaN } }), /l1 is a number/);
  // Spelled otherwise it is still Keras's class.
  const net = sequential([layers.dense({ units: 2, kernelConstraint: 'maxnorm' })], { inputShape: [2] });
  assert.match(JSON.stringify(net.layers[0]!.config), /"class_name":"MaxNorm"/);
});

test('a metric that stood there twice was called weighted', async () => {
  const fit = (metrics: string[]) => () => new Trainer(net(), { ...options, metrics }).fit(X, Y);
  await refused(fit(['accuracy', 'accuracy']), /'accuracy' stands there twice/);
  const both = new Trainer(net(), { ...options, metrics: ['accuracy'], weightedMetrics: ['accuracy'] });
  assert.equal(Object.keys(await both.evaluate(X, Y)), ['loss', 'accuracy', 'weighted_accuracy']);
});

test('a weight for a class that there is not was passed over', async () => {
  const fit = (classWeight: object) => () => trained().fit(X, Y, { classWeight: classWeight as never });
  await refused(fit({ 7: 2 }), /classWeight names class 7, which there is not\nhint: classes are 0 to 2/);
  await refused(fit([1, 1, 1, 1]), /names class 3/);
  await fit({ 2: 0.5 })();
  const yes = sequential([layers.dense({ units: 1, activation: 'sigmoid' })], { inputShape: [2] });
  const one = new Trainer(yes, { loss: 'binary_crossentropy', optimizer: 'sgd' });
  await refused(
    () =>
      one.fit(
        X,
        Y.map((c) => Math.min(c, 1)),
        { classWeight: { 2: 3 } },
      ),
    /classes are 0 to 1/,
  );
});

test('a batch larger than the data was taken', async () => {
  await refused(() => trained().fit(X, Y, { batchSize: 13 }), /batch is larger than the data[\s\S]*at most 12/);
  await refused(() => trained().fit(X, Y, { batchSize: 12, validationSplit: 0.5 }), /larger than the data/);
  await trained().fit(X, Y);
});

test('evaluate took arrays alone', async () => {
  const trainer = new Trainer(net(), { ...options, metrics: ['accuracy'] });
  const halves = [
    { x: X.slice(0, 5), y: Y.slice(0, 5) },
    { x: X.slice(5), y: Y.slice(5) },
  ];
  const whole = await trainer.evaluate(X, Y);
  for (const data of [
    halves,
    () => halves,
    (async function* () {
      yield* halves;
    })(),
  ]) {
    const found = await trainer.evaluate(data);
    for (const name of ['loss', 'accuracy']) assert.ok(Math.abs(found[name]! - whole[name]!) < 1e-6, name);
  }
  await refused(() => trainer.evaluate([{ x: X, y: [9, ...Y.slice(1)] }]), /batch 0 of the data.*row 0/);
  await refused(() => trainer.evaluate(() => []), /gave no batch/);
  await refused(() => trainer.evaluate(halves, { batchSize: 3 }), /batchSize is for arrays/);
});

test('csvLogger left out its header where a training began later', async () => {
  const lines: string[] = [];
  const log = csvLogger((line) => void lines.push(line));
  await trained().fit(X, Y, { epochs: 4, initialEpoch: 3, callbacks: [log] });
  assert.is(lines[0], 'epoch,loss\n');
  assert.is(lines.length, 2);
});

test('writeWhole wrote a text, and undefined was an error of Node', async () => {
  await refused(() => writeWhole('never.keras', 'abc' as never), /writes bytes/);
  await refused(() => writeWhole('never.keras', undefined as never), /await saveModel/);
  await refused(() => writeWhole(undefined as never, new Uint8Array(1)), /the path is a text/);
});

test('setWeights told of a size of what is no tensor, and of weights that are not trained before training began', async () => {
  const trainer = trained();
  const value = { data: new Float32Array(4), shape: [4] };
  await refused(() => trainer.setWeights(new Map([['dense/bias', value as never]])), /is no tensor/);
  await refused(() => trainer.setWeights(new Map([['dense/bias', ones([4])]])), /before training has begun/);
});

test.run();
