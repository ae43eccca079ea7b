/**
 * Layers that are random in training: shares, means and variances of what they draw, masks that are one for all steps or all places, equal bits
 * for equal seeds on every backend, and refusals by name.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { ones, placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { createTrainingContext } from '../../src/training/index.ts';
import { modelFrom, type NamedWeights } from '../support/keras-models.ts';

const test = suite('random layers in training');

type Layer = { class_name: string; config: object };
const layer = (class_name: string, config: object = {}): Layer => ({ class_name, config: { name: 'l', ...config } });

function sequential(shape: readonly number[], layers: readonly Layer[], version = '3.15.1'): object {
  const input =
    version[0] === '3'
      ? { batch_shape: [null, ...shape], name: 'in' }
      : { batch_input_shape: [null, ...shape], name: 'in' };
  const all = [{ class_name: 'InputLayer', config: { ...input, dtype: 'float32' } }, ...layers];
  return {
    class_name: 'Sequential',
    config: { name: 's', layers: all },
    keras_version: version,
    backend: 'tensorflow',
  };
}

interface Made {
  readonly weights?: NamedWeights;
  readonly seed?: readonly [number, number];
  readonly backend?: Backend;
  readonly version?: string;
}

/** The outputs on `x`, in training with a seed. */
function trained(
  layers: readonly Layer[],
  x: Tensor,
  { weights, seed = [1, 0], backend = reference, version }: Made = {},
) {
  const model = modelFrom(sequential(x.shape.slice(1), layers, version), weights ?? {});
  const [fed, seeds] = [placeholder(x.shape), placeholder([2], 'int32')];
  const training = createTrainingContext(seeds);
  const plan = compile(model.apply([fed], { training }), [seeds, fed], { backend });
  const [y] = plan.runSync([Int32Array.from(seed), x.data]);
  plan.dispose();
  return { y: y as Float32Array, draws: training.draws };
}

const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const variance = (v: ArrayLike<number>): number => mean(Array.from(v, (a) => a * a)) - mean(v) ** 2;
const n = 10_000;
const sample = ones([n, 4]);

test('Dropout keeps a share of 1 - rate, scaled by its inverse', () => {
  const { y } = trained([layer('Dropout', { rate: 0.3, seed: 7 })], sample);
  assert.equal([...new Set(y)].sort(), [0, Math.fround(1 / 0.7)]);
  const kept = mean(Array.from(y, (v) => Number(v !== 0)));
  assert.ok(Math.abs(kept - 0.7) < 5 * Math.sqrt((0.3 * 0.7) / y.length), `kept ${kept}`);
});

test('Dropout of rate 0 changes nothing, of rate 1 leaves nothing, and neither draws', () => {
  const none = trained([layer('Dropout', { rate: 0 })], sample);
  const all = trained([layer('Dropout', { rate: 1 })], sample);
  assert.equal([none.draws, all.draws], [0, 0]);
  assert.ok(none.y.every((v) => v === 1) && all.y.every((v) => v === 0));
});

test('noise_shape draws once for all places of an axis of 1, and a wrong one is refused', () => {
  const x = ones([50, 6, 4]);
  const { y } = trained([layer('Dropout', { rate: 0.5, noise_shape: [null, 1, 4] })], x);
  for (let i = 0; i < 50; i++)
    for (let t = 1; t < 6; t++)
      assert.equal(y.subarray((i * 6 + t) * 4, (i * 6 + t + 1) * 4), y.subarray(i * 24, i * 24 + 4));
  assert.ok(new Set(y).size === 2);
  assert.throws(() => trained([layer('Dropout', { rate: 0.5, noise_shape: [2, 1, 4] })], x), /noise_shape/);
});

for (const [name, shape, axis] of [
  ['SpatialDropout1D', [40, 5, 3], 2],
  ['SpatialDropout2D', [40, 3, 4, 3], 3],
  ['SpatialDropout3D', [40, 2, 2, 3, 3], 4],
  ['SpatialDropout2D', [40, 3, 4, 3], 1],
] as const) {
  test(`${name} drops whole channels on axis ${axis}`, () => {
    const format = axis === 1 ? { data_format: 'channels_first' } : {};
    const { y } = trained([layer(name, { rate: 0.4, ...format })], ones(shape));
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const seen = new Map<string, Set<number>>();
    const perSample = y.length / shape[0];
    y.forEach((v, i) => {
      const key = `${Math.floor(i / perSample)} ${Math.floor(i / inner) % shape[axis]!}`;
      seen.set(key, (seen.get(key) ?? new Set()).add(v));
    });
    assert.ok([...seen.values()].every((values) => values.size === 1));
    const kept = mean([...seen.values()].map((values) => Number(!values.has(0))));
    assert.ok(Math.abs(kept - 0.6) < 5 * Math.sqrt(0.24 / seen.size), `kept ${kept}`);
  });
}

test('AlphaDropout keeps mean and variance of standard normal units', () => {
  const x = trained([layer('GaussianNoise', { stddev: 1 })], ones([n, 4])).y.map((v) => v - 1);
  const { y } = trained([layer('AlphaDropout', { rate: 0.2 })], tensor(x, [n, 4]), { seed: [9, 9] });
  assert.ok(Math.abs(mean(y)) < 5 / Math.sqrt(y.length), `mean ${mean(y)}`);
  assert.ok(Math.abs(variance(y) - 1) < 0.05, `variance ${variance(y)}`);
});

test('GaussianDropout and GaussianNoise have the moments of their noise', () => {
  const dropped = trained([layer('GaussianDropout', { rate: 0.4 })], sample).y;
  assert.ok(Math.abs(mean(dropped) - 1) < 5 * Math.sqrt(0.4 / 0.6 / dropped.length));
  assert.ok(Math.abs(variance(dropped) - 0.4 / 0.6) < 0.02, `variance ${variance(dropped)}`);
  const noisy = trained([layer('GaussianNoise', { stddev: 0.25 })], sample).y;
  assert.ok(Math.abs(mean(noisy) - 1) < (5 * 0.25) / Math.sqrt(noisy.length));
  assert.ok(Math.abs(variance(noisy) - 0.0625) < 0.002, `variance ${variance(noisy)}`);
});

test('StochasticDepth keeps or drops whole samples', () => {
  const { y } = trained([layer('StochasticDepth', { drop_path_rate: 0.25 })], ones([2000, 3]));
  const first = y.filter((_, i) => i % 3 === 0);
  assert.ok(y.every((v, i) => v === first[Math.floor(i / 3)]));
  assert.ok(Math.abs(mean(Array.from(first, (v) => Number(v !== 0))) - 0.75) < 5 * Math.sqrt(0.1875 / 2000));
});

const numbers = (shape: readonly number[], value: (i: number) => number) => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});

/** A simple cell that adds up its inputs: masks of inputs and states can be read from what comes out. */
function summing(options: object, x: Tensor, made: Made = {}): Float32Array {
  const units = x.shape[2]!;
  const eye = numbers([units, units], (i) => Number(i % (units + 1) === 0));
  const weights = {
    l: [
      { name: 'kernel', ...eye },
      { name: 'recurrent_kernel', ...eye },
    ],
  };
  const config = { units, activation: 'linear', use_bias: false, return_sequences: true, ...options };
  return trained([layer('SimpleRNN', config)], x, { weights, ...made }).y;
}

test('recurrent dropout of inputs is one mask for all steps of a sample', () => {
  const y = summing({ dropout: 0.5 }, ones([100, 6, 5]));
  for (let i = 0; i < 100; i++)
    for (let t = 0; t < 6; t++) for (let u = 0; u < 5; u++) assert.is(y[(i * 6 + t) * 5 + u], y[i * 30 + u]! * (t + 1));
  const kept = mean(Array.from(y, (v) => Number(v !== 0)));
  assert.ok(Math.abs(kept - 0.5) < 5 * Math.sqrt(0.25 / 500), `kept ${kept}`);
});

test('recurrent dropout of states is one mask for all steps of a sample, apart from that of inputs', () => {
  const y = summing({ recurrent_dropout: 0.5 }, ones([100, 4, 5]));
  for (let i = 0; i < 100; i++)
    for (let u = 0; u < 5; u++) {
      const steps = [0, 1, 2, 3].map((t) => y[(i * 4 + t) * 5 + u]!);
      assert.ok(steps[1] === 1 ? steps.every((v) => v === 1) : steps.join() === '1,3,7,15', steps.join());
    }
});

for (const [name, gates] of [
  ['LSTM', 4],
  ['GRU', 3],
] as const) {
  const units = 3;
  const weights = {
    l: [
      { name: 'kernel', ...numbers([2, gates * units], (i) => Math.sin(i)) },
      { name: 'recurrent_kernel', ...numbers([units, gates * units], (i) => Math.cos(i)) },
      { name: 'bias', ...numbers(name === 'GRU' ? [2, gates * units] : [gates * units], (i) => 0.1 * i) },
    ],
  };
  const draws = (options: object, version?: string): number =>
    trained([layer(name, { units, ...options })], ones([2, 4, 2]), { weights, ...(version ? { version } : {}) }).draws;

  test(`${name}: how many masks there are, as in Keras`, () => {
    assert.is(draws({ dropout: 0.5 }), 1);
    assert.is(draws({ dropout: 0.5, implementation: 1 }), gates);
    assert.is(draws({ recurrent_dropout: 0.5 }), gates);
    assert.is(draws({ dropout: 0.5, recurrent_dropout: 0.5 }), 2 * gates);
    assert.is(draws({ dropout: 1 }), 0, 'a rate of 1 drops nothing');
  });

  test(`${name} with states dropped at a vanishing rate is the layer itself, backwards and with masks, too`, () => {
    for (const extra of [{}, { go_backwards: true, return_sequences: true }]) {
      const masking = { class_name: 'Masking', config: { name: 'm', mask_value: 0 } };
      const x = ones([3, 5, 2]);
      (x.data as Float32Array).set([0, 0, 0, 0], 6);
      const plain = trained([masking, layer(name, { units, ...extra })], x, { weights }).y;
      const rare = trained([masking, layer(name, { units, ...extra, recurrent_dropout: 1e-7 })], x, { weights }).y;
      for (const [i, v] of plain.entries()) assert.ok(Math.abs(v - rare[i]!) < 1e-5, `${v} and ${rare[i]}`);
    }
  });
}

test('tf_keras draws another mask of the inputs for each step where its fused kernel would do', () => {
  const weights = {
    l: [
      { name: 'kernel', ...numbers([1, 4], () => 1) },
      { name: 'recurrent_kernel', ...numbers([1, 4], () => 0) },
      { name: 'bias', ...numbers([4], () => 0) },
    ],
  };
  const options = {
    units: 1,
    dropout: 0.5,
    return_sequences: true,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
  };
  // Whether a step's input is kept shows in its output, whatever came before.
  const patterns = (version: string): number => {
    const { y } = trained([layer('LSTM', options)], ones([64, 2, 1]), { weights, version });
    return Array.from({ length: 64 }, (_, i) => Number(y[2 * i]! > 1e-3 !== y[2 * i + 1]! > y[2 * i]! * 0.9)).reduce(
      (a, b) => a + b,
      0,
    );
  };
  assert.is(patterns('3.15.1'), 0);
  assert.ok(patterns('2.21.0') > 10);
});

test('ConvLSTM2D draws a mask per gate, of inputs and of states', () => {
  const weights = {
    l: [
      { name: 'kernel', ...numbers([2, 2, 1, 8], (i) => Math.sin(i)) },
      { name: 'recurrent_kernel', ...numbers([2, 2, 2, 8], (i) => Math.cos(i)) },
      { name: 'bias', ...numbers([8], () => 0) },
    ],
  };
  const config = { filters: 2, kernel_size: [2, 2], dropout: 0.5, recurrent_dropout: 0.5 };
  assert.is(trained([layer('ConvLSTM2D', config)], ones([2, 3, 4, 4, 1]), { weights }).draws, 8);
});

/** Each sample of `shape` holds other numbers at each place. */
const pictures = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 12),
    shape,
  );

test('RandomFlip turns half of the pictures: in Keras 3 along both axes or none, in tf_keras along each by itself', () => {
  const kinds = (mode: string, version: string): number[] => {
    const { y } = trained([layer('RandomFlip', { mode })], pictures([400, 2, 3, 2]), { version });
    const counts = new Map<number, number>();
    // The first number of a picture tells which corner it was.
    for (let i = 0; i < 400; i++) counts.set(y[i * 12]!, (counts.get(y[i * 12]!) ?? 0) + 1);
    assert.ok([...counts.values()].every((count) => Math.abs(count / 400 - 1 / counts.size) < 0.12));
    return [...counts.keys()].sort((a, b) => a - b);
  };
  assert.equal(kinds('horizontal', '3.15.1'), [0, 4]);
  assert.equal(kinds('vertical', '2.21.0'), [0, 6]);
  assert.equal(kinds('horizontal_and_vertical', '3.15.1'), [0, 10]);
  assert.equal(kinds('horizontal_and_vertical', '2.21.0'), [0, 4, 6, 10]);
});

test('RandomBrightness shifts each picture by a share of the range, RandomContrast stretches it about its means', () => {
  const x = tensor(
    new Float32Array(300 * 4).fill(100).map((v, i) => v + (i % 4)),
    [300, 2, 2, 1],
  );
  const bright = trained([layer('RandomBrightness', { factor: [-0.1, 0.3] })], x).y;
  const shifts = Array.from({ length: 300 }, (_, i) => bright[4 * i]! - 100);
  assert.ok(bright.every((v, i) => Math.abs(v - 100 - (i % 4) - shifts[Math.floor(i / 4)]!) < 1e-3));
  assert.ok(Math.min(...shifts) >= -25.5 && Math.max(...shifts) <= 76.5);
  assert.ok(Math.abs(mean(shifts) - 25.5) < (5 * 102) / Math.sqrt(12 * 300));
  for (const [version, few] of [
    ['3.15.1', false],
    ['2.21.0', true],
  ] as const) {
    const { y } = trained([layer('RandomContrast', { factor: 0.5 })], x, { version });
    const factors = Array.from({ length: 300 }, (_, i) => y[4 * i + 1]! - y[4 * i]!);
    assert.is(new Set(factors.map((f) => f.toFixed(3))).size === 1, few);
    assert.ok(Math.min(...factors) >= 0.499 && Math.max(...factors) <= 1.501);
    assert.ok(Math.abs(mean(y) - 101.5) < 1e-3);
  }
});

test('the same seed gives the same bits on wasm and reference, another step or seed others', () => {
  const layers = [layer('Dropout', { rate: 0.3, name: 'a' }), layer('SpatialDropout1D', { rate: 0.5, name: 'b' })];
  const x = ones([32, 10, 6]);
  const first = trained(layers, x).y;
  assert.equal(trained(layers, x, { backend: wasmBackend }).y, first);
  assert.equal(trained(layers, x).y, first);
  assert.not.equal(trained(layers, x, { seed: [1, 1] }).y, first);
  assert.not.equal(trained(layers, x, { seed: [2, 0] }).y, first);
});

test('two layers of one class draw apart', () => {
  const both = trained(
    [layer('Dropout', { rate: 0.5, name: 'a' }), layer('Dropout', { rate: 0.5, name: 'b' })],
    sample,
  ).y;
  const kept = mean(Array.from(both, (v) => Number(v !== 0)));
  assert.ok(Math.abs(kept - 0.25) < 5 * Math.sqrt(0.1875 / both.length), `kept ${kept}`);
});

test('what is not implemented in training is refused by name, and runs at inference', () => {
  for (const name of ['RandomElasticTransform', 'MixUp', 'CutMix', 'RandomSaturation', 'RandAugment']) {
    assert.throws(() => trained([layer(name)], ones([2, 8, 8, 3])), new RegExp(`'l' \\(${name}\\).*not implemented`));
  }
});

test('RandomCrop cuts one place for the batch, every place at times, and draws once an axis', () => {
  const x = tensor(
    Float32Array.from({ length: 2 * 5 * 6 }, (_, i) => i),
    [2, 5, 6, 1],
  );
  for (const version of ['3.15.1', '2.15.0']) {
    const seen = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const { y, draws } = trained([layer('RandomCrop', { height: 4, width: 3 })], x, { seed: [i, 3], version });
      assert.is(draws, 2);
      const [first] = y;
      seen.add(first!);
      const wanted = [0, 30].flatMap((by) =>
        [0, 1, 2, 3].flatMap((row) => [0, 1, 2].map((column) => first! + by + 6 * row + column)),
      );
      assert.equal([...y], wanted);
    }
    assert.equal(
      [...seen].sort((a, b) => a - b),
      [0, 1, 2, 3, 6, 7, 8, 9],
    );
  }
  const crop = (height: number, width: number, version: string) =>
    trained([layer('RandomCrop', { height, width })], x, { version });
  assert.equal(crop(5, 6, '3.15.1').y, x.data);
  assert.throws(() => crop(5, 3, '3.15.1'), /RandomCrop has nothing to choose from/);
  assert.is(crop(5, 3, '2.15.0').y.length, 30);
  assert.is(crop(8, 8, '2.15.0').y.length, 128);
});

test('every layer of Keras that is random in training is implemented or refused by name, never passed through', () => {
  const x = ones([2, 8, 8, 3]);
  const factors = { factor: 0.2, height_factor: 0.2, width_factor: 0.2, seed: 1 };
  const names = [
    ...['RandomFlip', 'RandomCrop', 'RandomRotation', 'RandomZoom', 'RandomTranslation', 'RandomContrast', 'RandomHue'],
    ...['RandomBrightness', 'RandomShear', 'RandomSaturation', 'RandomSharpness', 'RandomGaussianBlur', 'RandomInvert'],
    ...['RandomPerspective', 'RandomColorJitter', 'RandomErasing', 'RandomGrayscale', 'RandomPosterization', 'MixUp'],
    ...['RandomColorDegeneration', 'RandomElasticTransform', 'CutMix', 'AugMix', 'RandAugment', 'Solarization'],
    ...['Equalization', 'RandomHeight', 'RandomWidth'],
  ];
  const outcomes = names.map((name) => {
    try {
      const config = name === 'RandomCrop' ? { height: 4, width: 4 } : factors;
      return trained([layer(name, config)], x).draws > 0 ? 'drawn' : `${name} passes through`;
    } catch (error) {
      return /what this layer does in training is not implemented/.test((error as Error).message)
        ? 'refused'
        : (error as Error).message;
    }
  });
  assert.equal([...new Set(outcomes)].sort(), ['drawn', 'refused']);
});

test.run();
