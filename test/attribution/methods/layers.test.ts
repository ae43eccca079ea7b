/** Methods that look at a layer while the inputs move, and any method for a neuron: closed forms, sums, errors. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  IntegratedGradients,
  InternalInfluence,
  LayerConductance,
  NeuronAttribution,
  Saliency,
} from '../../../src/attribution/methods/index.ts';
import type { Model } from '../../../src/model/model.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { loadNet, netSamples } from '../../support/method-golden.ts';

const test = suite('layers and neurons');
const sumOf = ({ data }: Tensor, row: number, rows: number): number =>
  Float64Array.from(data.subarray((row * data.length) / rows, ((row + 1) * data.length) / rows)).reduce(
    (a, b) => a + b,
  );
const close = (found: number, wanted: number, bound = 1e-6): void =>
  assert.ok(Math.abs(found - wanted) <= bound, `${found}, wanted ${wanted}`);
const failure = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return String(error);
  }
  return 'nothing thrown';
};

test('the conductance of a layer that everything passes adds up to the change of the score, at every layer', async () => {
  const model = await loadNet('mlp', 'float64');
  const { inputs, baselines, targets } = netSamples('mlp', 'float64');
  for (const layer of ['dense1', 'relu1', 'dense2', 'logits']) {
    const explainer = new LayerConductance(model, { layer, nSteps: 400 });
    const { deltas, completeness, warnings, names } = await explainer.explain(inputs, { baselines, target: targets });
    assert.equal(names, [layer]);
    for (const delta of deltas.data) close(delta, 0, 2e-3);
    assert.ok(completeness.every(({ ok }) => ok));
    assert.equal(
      warnings.filter(({ code }) => code === 'incomplete'),
      [],
    );
  }
});

test('conductance of a text model runs from the embedding, and differences come to the same with many points', async () => {
  const model = await loadNet('lstm', 'float64');
  const { inputs, baselines, targets } = netSamples('lstm', 'float64');
  const options = { layer: 'lstm', inputLayer: 'embedding', nSteps: 300 } as const;
  const [exact, captum] = [
    await new LayerConductance(model, options).explain(inputs, { baselines, target: targets }),
    await new LayerConductance(model, { ...options, nSteps: 4000, compat: 'captum' }).explain(inputs, {
      baselines,
      target: targets,
    }),
  ];
  const largest = Math.max(...exact.attributions[0]!.data.map(Math.abs));
  exact.attributions[0]!.data.forEach((v, i) => {
    close(captum.attributions[0]!.data[i]!, v, 2e-3 * largest);
  });
});

test('influence of the layer that is the output is the weight of the target', async () => {
  const model = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64');
  const { attributions, deltas } = await new InternalInfluence(model, { layer: 'logits' }).explain(inputs, {
    target: 2,
  });
  const { data } = attributions[0]!;
  data.forEach((v, i) => {
    close(v, i % 3 === 2 ? 1 : 0, 1e-12);
  });
  assert.is(deltas, null);
});

test('all targets at once have the bits of one by one', async () => {
  const model = await loadNet('cnn', 'float32');
  const { inputs } = netSamples('cnn', 'float32');
  for (const explainer of [
    new LayerConductance(model, { layer: 'conv2', nSteps: 5 }),
    new LayerConductance(model, { layer: 'conv2', nSteps: 5, compat: 'captum' }),
    new InternalInfluence(model, { layer: 'conv2', nSteps: 5 }),
  ]) {
    const all = await explainer.explain(inputs, { target: 'all' });
    assert.is(all.length, 4);
    for (const k of [0, 3]) {
      const one = await explainer.explain(inputs, { target: k });
      assert.equal(all[k]!.attributions[0]!.data, one.attributions[0]!.data);
    }
  }
});

test('a layer that part of the prediction bypasses is told', async () => {
  const model = await loadNet('table2', 'float64');
  const { inputs, targets } = netSamples('table2', 'float64');
  const { warnings } = await new LayerConductance(model, { layer: 'tanh1' }).explain(inputs, { target: targets });
  const incomplete = warnings.find(({ code }) => code === 'incomplete');
  assert.is((incomplete?.values as { raise?: string } | undefined)?.raise, 'layer');
});

test('a neuron: its own tensor is the output', async () => {
  const model = await loadNet('mlp', 'float64');
  const { inputs, baselines } = netSamples('mlp', 'float64');
  const make = (m: ConstructorParameters<typeof IntegratedGradients>[0]) =>
    new IntegratedGradients(m, { nSteps: 'auto', relTol: 1e-4, maxSteps: 20000 });
  const neuron = new NeuronAttribution(model, { neuronLayer: 'dense2', make });
  const found = await neuron.explain(inputs, { baselines, target: 5 });
  const value = (xs: readonly Tensor[]): Promise<Tensor> => activations(model, xs);
  const [end, start] = [await value(inputs), await value(baselines)];
  const rows = inputs[0]!.shape[0]!;
  for (let row = 0; row < rows; row++) {
    const change = end.data[row * 8 + 5]! - start.data[row * 8 + 5]!;
    close(sumOf(found.attributions[0]!, row, rows), change, 1e-3);
  }
  assert.is(found.meta.name, 'NeuronAttribution');
  assert.is(found.meta.params['of'], 'IntegratedGradients');
});

/** What the layer dense2 of the mlp gives, told by explaining it. */
async function activations(model: Model, xs: readonly Tensor[]): Promise<Tensor> {
  const neuron = new NeuronAttribution(model, { neuronLayer: 'dense2', make: (m) => new Saliency(m) });
  return (await neuron.explain(xs, { target: 0 })).predictions;
}

test('a layer that does not lie between what moves and the output is no all-zero map', async () => {
  const model = await loadNet('cnn', 'float32');
  const { inputs } = netSamples('cnn', 'float32');
  const behind = new LayerConductance(model, { layer: 'conv1', inputLayer: 'conv2' });
  assert.match(await failure(() => behind.explain(inputs, { target: 0 })), /conv1.*does not depend on layer 'conv2'/);
  const make = (m: ConstructorParameters<typeof IntegratedGradients>[0]) =>
    new IntegratedGradients(m, { layer: 'conv2' } as never);
  const early = new NeuronAttribution(model, { neuronLayer: 'conv1', make });
  assert.match(await failure(() => early.explain(inputs, { target: [[0, 0, 0]] })), /conv2/);
});

test('several neurons at once', async () => {
  const model = await loadNet('mlp', 'float32');
  const { inputs } = netSamples('mlp', 'float32');
  const neurons = new NeuronAttribution(model, { neuronLayer: 'dense2', make: (m) => new Saliency(m) });
  const found = await neurons.explain(inputs, { target: { classes: [1, 6] } });
  assert.equal(
    found.map(({ meta }) => meta.name),
    ['NeuronAttribution', 'NeuronAttribution'],
  );
  const one = await neurons.explain(inputs, { target: 6 });
  assert.equal(found[1]!.attributions[0]!.data, one.attributions[0]!.data);
});

test('what does not fit is refused by name', async () => {
  const model = await loadNet('mlp', 'float32');
  const { inputs } = netSamples('mlp', 'float32');
  assert.match(await failure(() => new LayerConductance(model, {}).explain(inputs, { target: 0 })), /needs a layer/);
  assert.match(await failure(() => new LayerConductance(model, { layer: 'dense3' })), /dense2|dense1/);
  assert.match(
    await failure(() => new LayerConductance(model, { layer: 'relu1', compat: 'alibi' as never })),
    /captum/,
  );
  assert.match(await failure(() => new InternalInfluence(model, { layer: 'relu1', nSteps: 0 })), /nSteps/);
  assert.match(
    await failure(() => new InternalInfluence(model, { layer: 'relu1', steps: 3 } as never)),
    /nSteps|steps/,
  );
  assert.match(await failure(() => new NeuronAttribution(model, { neuronLayer: 'relu1' } as never)), /make/);
  assert.match(await failure(() => new LayerConductance(model).explain(inputs, { target: 0 })), /needs a layer/);
  assert.match(await failure(() => new NeuronAttribution(model, undefined as never)), /make/);
  const nothing = { neuronLayer: 'relu1', make: () => ({}) } as never;
  assert.match(await failure(() => new NeuronAttribution(model, nothing)), /must return an explainer/);
  const text = await loadNet('text', 'float32');
  const ids = netSamples('text', 'float32').inputs;
  const hint = /inputLayer: 'embedding'/;
  assert.match(await failure(() => new LayerConductance(text, { layer: 'pool' }).explain(ids, { target: 0 })), /./);
  const error = await new LayerConductance(text, { layer: 'pool' }).explain(ids, { target: 0 }).catch((e: Error) => e);
  assert.match(String((error as { hint?: string }).hint ?? error), hint);
  const function_ = (x: Tensor): Tensor => x;
  assert.match(await failure(() => new InternalInfluence(function_, { layer: 'relu1' } as never)), /no layers/);
});

test.run();
