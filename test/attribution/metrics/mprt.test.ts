/** MPRT: which layers it goes through, what it compares, and that the model it is given stays as it is. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Saliency } from '../../../src/attribution/methods/index.ts';
import { type Explaining, mprt } from '../../../src/attribution/metrics/index.ts';
import { drawnWeights } from '../../../src/attribution/metrics/shared/stages.ts';
import type { CallableModel, ModelWeight } from '../../../src/graph/callable.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { loadNet, type NetName, netNames, netSamples, tokenNets } from '../../support/method-golden.ts';
import { gradientTimesInput, unrelated } from '../../support/simple-explainers.ts';
import { rejects } from '../closed-forms.ts';

const test = suite('mprt');

const layerOf = (net: NetName): string | null => (tokenNets.has(net) ? 'embedding' : null);

for (const net of netNames) {
  test(`${net}: what does not look at the model has 1, and the model is not changed`, async () => {
    const model = await loadNet(net, 'float64');
    const { inputs, targets } = netSamples(net, 'float64');
    const before = Array.from(((await model.predict(inputs)) as Tensor).data);
    const constant = unrelated(gradientTimesInput(model, layerOf(net)), 'constant');
    const explain = { target: targets };
    const one = await mprt(model, () => constant, inputs, { explain });
    assert.ok(one.stages.every(({ values }) => values.every((v) => v === 1)));
    const other = await mprt(model, (m) => gradientTimesInput(m, layerOf(net)), inputs, { explain });
    assert.ok(other.stages.at(-1)!.values.some((v) => v < 0.99));
    assert.ok(other.values.every((v) => v >= -1 && v <= 1));
    assert.equal(Array.from(((await model.predict(inputs)) as Tensor).data), before);
  });
}

test('layers go from the last to the first as the model calls them, cascading or alone', async () => {
  const model = await loadNet('residual', 'float64');
  const { inputs, targets } = netSamples('residual', 'float64');
  const asked: string[][] = [];
  const make = (m: CallableModel): Explaining => {
    asked.push([]);
    return gradientTimesInput(m);
  };
  const weights = ({ layer, tensor: { data } }: ModelWeight): ArrayLike<number> => {
    const last = asked.at(-1)!;
    if (!last.includes(layer)) last.push(layer);
    return data;
  };
  const explain = { target: targets };
  const cascading = await mprt(model, make, inputs, { explain, weights });
  const order = ['logits', 'conv3', 'norm2', 'conv2', 'norm1', 'conv1'];
  assert.equal(
    cascading.stages.map(({ layer }) => layer),
    order,
  );
  assert.equal(
    asked.slice(0, -1).map((layers) => new Set(layers)),
    order.map((_, i) => new Set(order.slice(0, i + 1))),
  );
  // The same weights give the same explanation.
  assert.ok(cascading.stages.every(({ values }) => values.every((v) => v === 1)));
  asked.length = 0;
  await mprt(model, make, inputs, { explain, weights, order: 'independent', layers: ['conv3', 'conv1'] });
  assert.equal(asked.slice(0, -1), [['conv3'], ['conv1']]);
});

test('random weights have the scale of those that they replace, and statistics keep their values', () => {
  const data = Float64Array.from({ length: 4000 }, (_, i) => 3 + Math.sin(i));
  const weight = { layer: 'a', name: 'kernel', tensor: tensor(data), trainable: true };
  const drawn = drawnWeights(0)(weight) as Float64Array;
  const mean = drawn.reduce((sum, v) => sum + v, 0) / drawn.length;
  const spread = Math.sqrt(drawn.reduce((sum, v) => sum + (v - mean) ** 2, 0) / drawn.length);
  assert.ok(Math.abs(mean - 3) < 0.05 && Math.abs(spread - Math.SQRT1_2) < 0.05, `${mean} ${spread}`);
  assert.equal(drawnWeights(0)(weight), drawn);
  assert.not.equal(drawnWeights(1)(weight), drawn);
  assert.not.equal(drawnWeights(0)({ ...weight, layer: 'b' }), drawn);
  const shuffled = drawnWeights(0)({ ...weight, trainable: false }) as Float64Array;
  assert.not.equal(shuffled, data);
  assert.equal(shuffled.slice().sort(), data.slice().sort());
});

test('shared zeros, and features that equal a baseline, are left out', async () => {
  const model = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64', [0]);
  const before = [0, 0, 0, 0, 1, 2];
  const after = [0, 0, 0, 0, 2, 1];
  let calls = 0;
  const fixed = (): Explaining => ({
    explain: async () => {
      const row = calls++ === 0 ? before : after;
      return { attributions: [tensor([row], undefined, 'float64')], X: inputs, target: null };
    },
  });
  const layers = ['logits'];
  const run = async (options: object): Promise<number> => {
    calls = 0;
    return (await mprt(model, fixed, inputs, { layers, ...options })).values[0]!;
  };
  const apart = await run({});
  assert.ok(Math.abs(apart + 1) < 1e-12, `${apart}`);
  const withZeros = await run({ ignoreSharedZeros: false });
  assert.ok(withZeros > 0.9, `${withZeros}`);
  const x = Array.from(inputs[0]!.data);
  const base = tensor([x.map((v, i) => (i === 4 ? v : v - 1))], undefined, 'float64');
  const without = await run({ ignoreSharedZeros: false, baselines: base });
  assert.ok(Math.abs(without - 1) < 1e-12, `${without}`); // 0, 0, 0, 0, 2 and 0, 0, 0, 0, 1
});

test('pictures are compared by SSIM, over their channels together', async () => {
  const model = await loadNet('cnn', 'float64');
  const { inputs, targets } = netSamples('cnn', 'float64');
  const make = (m: CallableModel): Explaining => new Saliency(m);
  const explain = { target: targets };
  const { values } = await mprt(model, make, inputs, { explain, similarity: 'ssim' });
  assert.ok(
    values.every((v) => v > -1 && v < 0.9),
    `${values}`,
  );
  await rejects(
    mprt(model, make, inputs, { explain, similarity: 'ssim', baselines: 0 }),
    'baselines: SSIM compares whole pictures',
  );
});

test('progress counts explanations, and an aborted signal stops them', async () => {
  const model = await loadNet('mlp', 'float64');
  const { inputs, targets } = netSamples('mlp', 'float64');
  const seen: number[] = [];
  const explain = { target: targets };
  await mprt(model, gradientTimesInput, inputs, { explain, onProgress: ({ done }) => void seen.push(done) });
  assert.equal(seen, [5, 10, 15, 20]);
  const stop = new AbortController();
  const onProgress = (): void => stop.abort(new Error('enough'));
  await rejects(mprt(model, gradientTimesInput, inputs, { explain, onProgress, signal: stop.signal }), 'enough');
});

test.run();
