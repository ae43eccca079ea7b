/** Grad-CAM and those like it: which layer they choose, what size and name their maps have, and what they refuse. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GradCamPlusPlus, GuidedGradCam, LayerGradCam, NoiseTunnel } from '../../src/attribution/methods/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { relu } from '../../src/ops/activations.ts';
import { conv2d } from '../../src/ops/conv.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape, transpose } from '../../src/ops/movement.ts';
import { mean, sum } from '../../src/ops/reduce.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadNet, netSamples } from '../support/method-golden.ts';
import { rejects } from './closed-forms.ts';
import { floatInput, tinyModel } from './tiny-models.ts';

const test = suite('activation maps');
const random = (shape: number[], seed: number): Tensor =>
  tensor(
    randomNormal(
      shape.reduce((a, b) => a * b),
      seed,
    ),
    shape,
  );
const [filters, head] = [random([3, 3, 2, 4], 1), random([4, 3], 2)];
/** A convolution, a relu, the mean over places, and a product; `order` puts the convolution's axes elsewhere and back. */
const net = (shape: number[], first = false): CallableModel =>
  tinyModel({
    inputs: [floatInput('picture', ...shape)],
    layers: [
      ['conv', 'Conv2D'],
      ['flat', 'Dense'],
    ],
    forward: (call, [x]) => {
      const maps = call('conv', [x!], (v) => {
        const y = relu(conv2d(first ? transpose(v, [0, 2, 3, 1]) : v, filters));
        return first ? transpose(y, [0, 3, 1, 2]) : y;
      });
      return call('flat', [maps], (y) => matmul(mean(y, { axes: first ? [2, 3] : [1, 2] }), head));
    },
  });
const X = random([2, 6, 8, 2], 3);

test('the last convolution is chosen, and its map has the size of the picture', async () => {
  const explained = await new LayerGradCam(net([6, 8, 2])).explain(X, { target: 1 });
  assert.equal(explained.attributions[0]!.shape, [2, 6, 8, 1]);
  assert.equal(explained.names, ['conv']);
  assert.is(explained.meta.params.layer, 0);
  assert.is(explained.meta.params['interpolation'], 'bilinear');
  assert.is(explained.deltas, null);
  const own = await new LayerGradCam(net([6, 8, 2]), { interpolation: null }).explain(X, { target: 1 });
  assert.equal(own.attributions[0]!.shape, [2, 4, 6, 1]);
});

test('of the golden nets it is conv2 and conv3', async () => {
  for (const [name, layer] of [
    ['cnn', 'conv2'],
    ['residual', 'conv3'],
    ['text', 'conv'],
  ] as const) {
    const explainer = new LayerGradCam(await loadNet(name, 'float32'));
    const { inputs, targets } = netSamples(name, 'float32');
    assert.equal((await explainer.explain(inputs, { target: targets })).names, [layer]);
  }
});

test('a mean over places and a product: the map adds up to what the channels give the score', async () => {
  const { attributions, predictions } = await new LayerGradCam(net([6, 8, 2]), { interpolation: null }).explain(X, {
    target: 2,
  });
  const width = attributions[0]!.size / 2;
  for (let row = 0; row < 2; row++) {
    const map = Float64Array.from(attributions[0]!.data.slice(row * width, (row + 1) * width));
    const total = map.reduce((a, b) => a + b);
    // d score / d value = head / places: each place's share of the mean, over as many places again.
    assert.ok(Math.abs(total - predictions.data[row * 3 + 2]!) < 1e-12);
  }
});

test('channels elsewhere than last', async () => {
  const turned = tensor(
    Float64Array.from({ length: X.size }, (_, at) => {
      const [n, c, h, w] = [Math.floor(at / 96), Math.floor(at / 48) % 2, Math.floor(at / 8) % 6, at % 8];
      return X.data[((n * 6 + h) * 8 + w) * 2 + c]!;
    }),
    [2, 2, 6, 8],
  );
  for (const method of [LayerGradCam, GradCamPlusPlus, GuidedGradCam]) {
    const last = await new method(net([6, 8, 2])).explain(X, { target: 0 });
    const first = await new method(net([2, 6, 8], true), { channelAxis: 1 }).explain(turned, { target: 0 });
    const [a, b] = [last.attributions[0]!, first.attributions[0]!];
    const channels = a.shape[3]!;
    assert.equal(b.shape, [2, channels, 6, 8]);
    a.data.forEach((value, at) => {
      const [n, h, w, c] = [
        Math.floor(at / (48 * channels)),
        Math.floor(at / (8 * channels)) % 6,
        Math.floor(at / channels) % 8,
        at % channels,
      ];
      assert.ok(Math.abs(value - b.data[((n * channels + c) * 6 + h) * 8 + w]!) < 1e-13);
    });
  }
});

test('guided maps are of the input, by its name; noise goes around them too', async () => {
  const guided = new GuidedGradCam(net([6, 8, 2]));
  const explained = await guided.explain(X, { target: 1 });
  assert.equal(explained.attributions[0]!.shape, [2, 6, 8, 2]);
  assert.equal(explained.names, ['picture']);
  const still = await new NoiseTunnel(guided, { stdevs: 0, nSamples: 3 }).explain(X, { target: 1 });
  assert.equal(still.names, ['picture']);
  still.attributions[0]!.data.forEach((value, i) => {
    assert.ok(Math.abs(value - explained.attributions[0]!.data[i]!) < 1e-13);
  });
});

test('several targets at once, a sample alone, and chunks of one row are the same', async () => {
  for (const method of [LayerGradCam, GradCamPlusPlus, GuidedGradCam]) {
    const explainer = new method(net([6, 8, 2]));
    const every = await explainer.explain(X, { target: 'all' });
    const one = await explainer.explain(X, { target: 2 });
    assert.equal(every[2]!.attributions[0]!.data, one.attributions[0]!.data);
    const small = new method(net([6, 8, 2]), { internalBatchSize: 1 });
    assert.equal((await small.explain(X, { target: 2 })).attributions[0]!.data, one.attributions[0]!.data);
    const alone = await explainer.explain(tensor(X.data.slice(96), [1, 6, 8, 2]), { target: 2 });
    assert.equal(one.attributions[0]!.data.slice(alone.attributions[0]!.size), alone.attributions[0]!.data);
  }
});

const refuses = (name: string, make: () => Promise<unknown>, text: string): void => {
  test(`refused: ${name}`, () => rejects(Promise.resolve().then(make), text));
};
const flat = tinyModel({
  inputs: [floatInput('x', 4)],
  layers: [['dense', 'Dense']],
  forward: (call, [x]) => call('dense', [x!], (v) => sum(v, { axes: 1 })),
});
refuses(
  'a model without a convolution, with the layers that there are',
  async () => new LayerGradCam(flat),
  'LayerGradCam: the model has no convolution (layers [dense (Dense)])',
);
refuses(
  'a plain function',
  async () => new GradCamPlusPlus((x: Tensor) => sum(x, { axes: 1 })),
  'GradCamPlusPlus: a plain function has no layers',
);
const unknown = tinyModel({
  inputs: [{ name: 'x', shape: [null, null, null, null], dtype: 'float64' }],
  layers: [['conv', 'Conv2D']],
  forward: (call, [x]) =>
    sum(
      call('conv', [x!], (v) => conv2d(v, filters)),
      { axes: [1, 2, 3] },
    ),
});
refuses(
  'a model that does not say how many channels it takes',
  async () => new LayerGradCam(unknown),
  'LayerGradCam: the last convolution cannot be found: the model does not say what it takes (tried [[2,64,64,64]])',
);
refuses(
  'a layer without places',
  () => new LayerGradCam(net([6, 8, 2]), { layer: 'flat' }).explain(X, { target: 1 }),
  "LayerGradCam: the layer 'flat' has no places to attribute to (shape [2,3])",
);
refuses(
  'a layer that there is not',
  async () => new LayerGradCam(net([6, 8, 2]), { layer: 'konv' }),
  "did you mean 'conv'?",
);
refuses(
  'an interpolation that there is not',
  async () => new LayerGradCam(net([6, 8, 2]), { interpolation: 'cubic' as never }),
  "LayerGradCam: unknown interpolation 'cubic'",
);
refuses(
  'a guided map of the layer itself',
  async () => new GuidedGradCam(net([6, 8, 2]), { interpolation: null as never }),
  'GuidedGradCam: the map must have the size of the picture',
);
refuses(
  'baselines',
  () => new LayerGradCam(net([6, 8, 2])).explain(X, { target: 1, baselines: 0 }),
  'LayerGradCam takes none',
);
const rows = tinyModel({
  inputs: [floatInput('x', 96)],
  layers: [['conv', 'Conv2D']],
  forward: (call, [x]) =>
    sum(
      call('conv', [x!], (v) => relu(conv2d(reshape(v, [-1, 6, 8, 2]), filters))),
      { axes: [1, 2, 3] },
    ),
});
refuses(
  'an input that is no picture',
  () => new LayerGradCam(rows).explain(reshape2(X)),
  'LayerGradCam: no input has as many axes as the layer (inputs [[2,96]], layer [4,6])',
);

function reshape2(t: Tensor): Tensor {
  return tensor(t.data, [2, 96]);
}

test.run();
