/** Pictures that are moved at random: with draws that are given the numbers of real Keras (test/golden/training/make_moved.py), and what is drawn. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { TrainingContext } from '../../src/graph/callable.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { trainedLayer } from '../../src/keras/training/index.ts';
import { mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { createTrainingContext } from '../../src/training/index.ts';
import { golden } from '../golden/training/golden.ts';
import { modelFrom } from '../support/keras-models.ts';

const test = suite('training: pictures that are moved');

interface Golden {
  readonly shape: readonly number[];
  readonly draws: readonly (readonly number[])[];
  readonly cases: readonly { readonly layer: string; readonly config: object; readonly y: readonly number[] }[];
}
const { shape, draws, cases } = golden<Golden>('moved.json.gz');
const images = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => ((i * 37) % 101) / 4);

function layerModel(layer: string, config: object, size: readonly number[], version = '3.15.1') {
  const key = version[0] === '3' ? 'batch_shape' : 'batch_input_shape';
  return modelFrom(
    {
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [
          { class_name: 'InputLayer', config: { [key]: [null, ...size], name: 'in', dtype: 'float32' } },
          { class_name: layer, config: { name: 'l', ...config } },
        ],
      },
      ...{ keras_version: version, backend: 'tensorflow' },
    },
    {},
  );
}

/** A context whose uniform draws are given, one list a call. */
function given(lists: readonly (readonly number[])[]): TrainingContext {
  let at = 0;
  const context: TrainingContext = {
    ...createTrainingContext(placeholder([2], 'int32')),
    uniform: (size) => tensor(Float32Array.from(lists[at++]!), size),
    layer: (use, call) => trainedLayer(context, use, call),
  };
  return context;
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]!)));

for (const version of ['3.15.1', '2.21.0'])
  for (const { layer, config, y } of cases.filter(({ layer }) => version[0] === '3' || layer !== 'RandomShear'))
    test(`${layer} ${JSON.stringify(config)} of Keras ${version[0]}`, () => {
      const x = placeholder(shape);
      const [out] = layerModel(layer, config, shape.slice(1), version).apply([x], { training: given(draws) });
      const both = JSON.stringify(config).includes('wrap');
      for (const backend of both ? [reference, wasmBackend] : [reference]) {
        const plan = compile([out!], [x], { backend });
        assert.ok(apart(plan.runSync([images])[0]!, y) < 2e-3, `${backend.name}: ${plan.runSync([images])[0]}`);
        plan.dispose();
      }
    });

test('pictures with their channels first are the same pictures', () => {
  const turned = (data: ArrayLike<number>): number[] =>
    [0, 1].flatMap((i) => [0, 1].flatMap((c) => Array.from({ length: 20 }, (_, p) => data[(i * 20 + p) * 2 + c]!)));
  const { layer, config, y } = cases[0]!;
  const x = placeholder([2, 2, 4, 5]);
  const first = layerModel(layer, { ...config, data_format: 'channels_first' }, [2, 4, 5]);
  const [out] = first.apply([x], { training: given(draws) });
  const plan = compile([out!], [x], { backend: reference });
  assert.ok(apart(plan.runSync([Float32Array.from(turned(images))])[0]!, turned(y)) < 2e-3);
});

/** In training, with a seed: outputs on `x`. */
function drawn(layer: string, config: object, x: Tensor, backend: Backend = wasmBackend, seed = [1, 0]): Float32Array {
  const [fed, seeds] = [placeholder(x.shape), placeholder([2], 'int32')];
  const training = createTrainingContext(seeds);
  const outputs = layerModel(layer, { ...config, fill_mode: 'constant', fill_value: -1 }, x.shape.slice(1)).apply(
    [fed],
    { training },
  );
  const plan = compile(outputs, [seeds, fed], { backend });
  const [y] = plan.runSync([Int32Array.from(seed), x.data]);
  plan.dispose();
  return y as Float32Array;
}

/** 400 pictures of one line each that rises by 1 from 100: what a place shows says where it came from. */
const lines = tensor(
  Float32Array.from({ length: 400 * 21 }, (_, i) => 100 + (i % 21)),
  [400, 1, 21, 1],
);

test('RandomTranslation draws each picture its own shift, evenly over the range', () => {
  const y = drawn('RandomTranslation', { height_factor: 0, width_factor: [-0.2, 0.4] }, lines);
  const shifts = Array.from({ length: 400 }, (_, i) => (110 - y[i * 21 + 10]!) / 21);
  assert.ok(Math.min(...shifts) > -0.2001 && Math.max(...shifts) < 0.4001);
  const mean = shifts.reduce((a, b) => a + b) / 400;
  assert.ok(Math.abs(mean - 0.1) < (5 * 0.6) / Math.sqrt(12 * 400), `mean ${mean}`);
  for (const edge of [-0.2, -0.05, 0.1, 0.25])
    assert.ok(Math.abs(shifts.filter((s) => s >= edge && s < edge + 0.15).length - 100) < 50);
  assert.is(new Set(shifts.map((s) => s.toFixed(4))).size > 300, true);
});

test('RandomZoom and RandomRotation leave the middle where it is, and draw their factor evenly', () => {
  const zoomed = drawn('RandomZoom', { height_factor: 0, width_factor: [-0.5, 0.1] }, lines);
  const factors = Array.from({ length: 400 }, (_, i) => zoomed[i * 21 + 11]! - 110);
  assert.ok(Array.from({ length: 400 }, (_, i) => Math.abs(zoomed[i * 21 + 10]! - 110)).every((by) => by < 1e-3));
  assert.ok(Math.min(...factors) > 0.499 && Math.max(...factors) < 1.101);
  assert.ok(Math.abs(factors.reduce((a, b) => a + b) / 400 - 0.8) < (5 * 0.6) / Math.sqrt(12 * 400));
  const square = tensor(
    Float32Array.from({ length: 400 * 25 }, (_, i) => 100 + (i % 5) + 10 * Math.floor((i % 25) / 5)),
    [400, 5, 5, 1],
  );
  const turned = drawn('RandomRotation', { factor: 0.25 }, square);
  const angles = Array.from({ length: 400 }, (_, i) => {
    // One step to the right went cos across and sin down.
    const by = turned[i * 25 + 13]! - turned[i * 25 + 12]!;
    return Math.asin(Math.min(1, Math.max(-1, by / Math.sqrt(101)))) - Math.asin(1 / Math.sqrt(101));
  });
  assert.ok(Array.from({ length: 400 }, (_, i) => Math.abs(turned[i * 25 + 12]! - 122)).every((by) => by < 1e-3));
  assert.ok(angles.some((a) => a > 1.2) && angles.some((a) => a < -1.2));
});

test('equal seeds give equal pictures on wasm and reference, other seeds others', () => {
  const x = tensor(images, shape);
  for (const layer of ['RandomRotation', 'RandomZoom', 'RandomTranslation', 'RandomShear']) {
    const config =
      layer === 'RandomRotation'
        ? { factor: 0.3 }
        : layer === 'RandomShear'
          ? { x_factor: 0.4, y_factor: 0.2 }
          : { height_factor: 0.3, width_factor: 0.3 };
    const y = drawn(layer, config, x);
    assert.ok(apart(drawn(layer, config, x, reference), y) < 1e-3, layer);
    assert.equal(drawn(layer, config, x), y);
    assert.not.equal(drawn(layer, config, x, wasmBackend, [1, 1]), y);
  }
});

test('the gradient by the pictures is exact', () => {
  const x = placeholder(shape);
  const weights = tensor(
    images.map((_, i) => Math.sin(i)),
    shape,
  );
  const [y] = layerModel('RandomRotation', { factor: 0.4 }, shape.slice(1)).apply([x], { training: given(draws) });
  const loss = sum(mul(y!, weights));
  const plan = compile([loss, ...grad(loss, [x])], [x], { backend: reference });
  const run = (data: Float32Array): ArrayLike<number>[] => plan.runSync([data]) as ArrayLike<number>[];
  const slope = Array.from(run(images)[1]!);
  // Linear in the pictures: a step of any size tells the slope.
  const way = images.map((_, i) => 50 * Math.cos(3 * i));
  const wanted = run(images.map((v, i) => v + way[i]!))[0]![0]! - run(images.map((v, i) => v - way[i]!))[0]![0]!;
  const found = 2 * way.reduce((total, v, i) => total + v * slope[i]!, 0);
  assert.ok(Math.abs(found) > 10 && Math.abs(wanted - found) < 1e-4 * Math.abs(wanted), `${wanted} and ${found}`);
});

test('factors and pictures that there cannot be are refused by name', () => {
  const x = tensor(images, shape);
  const wrong = (layer: string, config: object, message: RegExp, size = x): void => {
    assert.throws(() => drawn(layer, config, size), message);
  };
  wrong('RandomRotation', { factor: 'much' }, /'l' \(RandomRotation\).*factor/);
  wrong('RandomZoom', { height_factor: 1.5 }, /height_factor.*from -1 to 1/);
  wrong('RandomTranslation', { height_factor: 0.1 }, /width_factor/);
  wrong('RandomTranslation', { height_factor: 0.1, width_factor: [0.1] }, /a number or two/);
  wrong('RandomRotation', { factor: 0.1, interpolation: 'cubic' }, /interpolation/);
  wrong('RandomHeight', { factor: 0.1 }, /RandomHeight.*not implemented/);
});

test.run();
