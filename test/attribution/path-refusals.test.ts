/**
 * What was taken without a word, or advised where it does not exist: texts as pictures, options without effect, null for a number, remedies that
 * a method lacks.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeWarning, type Explanation, IntegratedGradients } from '../../src/attribution/index.ts';
import {
  BlurIG,
  DiscretizedIG,
  GuidedIG,
  IDGI,
  IntegratedHessians,
  InternalInfluence,
  KernelShap,
  LayerConductance,
  LRP,
  NeuronAttribution,
  NoiseTunnel,
  Saliency,
  SequentialIG,
  XRAI,
} from '../../src/attribution/methods/index.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadNet, netSamples } from '../support/method-golden.ts';
import { col, type Model, rejects } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite('what path methods refuse and advise');
const normal = (shape: readonly number[], seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(randomNormal(size, seed), shape, 'float64');
};
const E = normal([9, 3], 7);
const H = normal([12, 1], 8);
const tokens = tensor(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 4]);
const text = tinyModel({
  inputs: [{ name: 'tokens', shape: [null, 4], dtype: 'int32' }],
  layers: [
    ['embedding', 'Embedding'],
    ['heads', 'Reshape'],
  ],
  forward: (call, [ids]) => {
    const vectors = call('embedding', [ids!], (t) => o.gather(E, t));
    const heads = call('heads', [vectors], (x) => o.reshape(x, [x.shape[0]!, 2, 2, 3]));
    return o.tanh(o.matmul(o.reshape(heads, [heads.shape[0]!, 12]), H));
  },
});
const picture: Model = (x) => o.sum(x, { axes: [1, 2, 3] });
const table: Model = (x) => o.tanh(o.sum(x, { axes: [1], keepDims: true }));
const X = normal([2, 3], 1);

test('XRAI took the words of a text for the rows of a picture', async () => {
  const at = (layer: string): Promise<unknown> => new XRAI(text, { layer, nSteps: 2, minPixels: 1 }).explain(tokens);
  await rejects(
    at('embedding'),
    "XRAI: the layer 'embedding' gives no pictures, which the method needs (shape [2,4,3], inputs [[2,4]])\nhint: use IntegratedGradients there, or a layer whose tensor is [N, H, W, C] of a picture; grey: true if inputs are [N, H, W]",
  );
  await rejects(at('heads'), "XRAI: the layer 'heads' gives no pictures, which the method needs");
  await rejects(new XRAI(table).explain(X), 'XRAI: needs pictures, [N, H, W, C] (got [2,3])');
});

test('tables over time were taken for grey pictures', async () => {
  const series: Model = (x) => o.tanh(o.sum(x, { axes: [1, 2] }));
  const steps = normal([2, 5, 3], 9);
  const say = '(got [2,5,3])\nhint: say grey: true if these are pictures [N, H, W]; use IntegratedGradients';
  await rejects(new XRAI(series).explain(steps), `XRAI: needs pictures, [N, H, W, C] ${say} for anything else`);
  await rejects(new BlurIG(series).explain(steps), `BlurIG: needs pictures, [N, H, W, C] ${say} or GuidedIG`);
  const options = { grey: true, nSteps: 2 } as const;
  const { attributions } = await new XRAI(series, { ...options, minPixels: 1 }).explain(steps);
  assert.equal(attributions[0]!.shape, [2, 5, 3]);
  assert.equal((await new BlurIG(series, options).explain(steps)).attributions[0]!.shape, [2, 5, 3]);
  await rejects(
    Promise.resolve().then(() => new XRAI(series, { grey: 'yes' as never })),
    'grey: must be true or false',
  );
});

test('XRAI took the vectors of ids [N, texts, tokens] for a picture', async () => {
  const ids = tensor(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [1, 2, 4]);
  const texts = tinyModel({
    inputs: [{ name: 'ids', shape: [null, 2, 4], dtype: 'int32' }],
    layers: [['embedding', 'Embedding']],
    forward: (call, [x]) => {
      const vectors = call('embedding', [x!], (t) => o.gather(E, t));
      return o.sum(o.tanh(vectors), { axes: [1, 2, 3] });
    },
  });
  await rejects(
    new XRAI(texts, { layer: 'embedding', nSteps: 2, minPixels: 1 }).explain(ids),
    "XRAI: the layer 'embedding' gives no pictures, which the method needs (shape [1,2,4,3], inputs [[1,2,4]])",
  );
});

test('the warning of IntegratedHessians advised steps where softplus is what is missing', async () => {
  const f: Model = (x) => o.relu(o.sub(o.add(col(x, 0), col(x, 1)), 1));
  const explain = async (softplus: number | null): Promise<string> => {
    const { warnings } = await new IntegratedHessians(f, { nSteps: 100, softplus }).explain(f64([[2, 2]]));
    return warnings.map((warning) => describeWarning(warning)).join();
  };
  for (const softplus of [null, 0.5]) {
    const said = await explain(softplus);
    assert.ok(said.endsWith('raise softplus, which stands for relu, and nSteps with it'), said);
  }
  assert.is(await explain(20), '');
});

test("nSteps: 'auto' was advised to methods that refuse it", async () => {
  const steep: Model = (x) => o.sigmoid(o.mul(o.sub(o.sum(x, { axes: [1], keepDims: true }), 0.7), 400));
  const advice = async (explaining: Promise<Explanation>): Promise<string> => {
    const { warnings } = await explaining;
    const found = warnings.find(({ code }) => code === 'incomplete');
    return found ? describeWarning(found).split('): ')[1]! : 'nothing';
  };
  const x = f64([[1, 1]]);
  assert.is(await advice(new GuidedIG(steep, { nSteps: 5 }).explain(x)), 'raise nSteps');
  assert.is(
    await advice(new IntegratedGradients(steep, { nSteps: 5 }).explain(x)),
    "raise nSteps or use nSteps: 'auto'",
  );
  const method = 'riemann_left';
  assert.is(await advice(new IntegratedGradients(steep, { nSteps: 5, method }).explain(x)), 'raise nSteps');
  const inside = tinyModel({
    inputs: [floatInput('x', 2)],
    layers: [['all', 'Activation']],
    forward: (call, [t]) => call('all', [t!], steep),
  });
  assert.is(await advice(new LayerConductance(inside, { layer: 'all', nSteps: 5 }).explain(x)), 'raise nSteps');
});

const blur = normal([1, 4, 4, 1], 2);
const ended = (neuronInputs: unknown): unknown =>
  new NeuronAttribution(text, {
    neuronLayer: 'heads',
    neuronInputs: neuronInputs as boolean,
    make: (m) => new Saliency(m),
  });
const constructors: readonly (readonly [name: string, make: () => unknown, text: string])[] = [
  [
    'XRAI that orders all segments, with a share of the area',
    () => new XRAI(picture, { algorithm: 'fast', areaThreshold: 0.5 }),
    "areaThreshold: has no say under algorithm: 'fast'",
  ],
  ['a word for whether Saliency has signs', () => new Saliency(table, { abs: 'no' as never }), 'abs: must be true or'],
  ['a number for the side of a neuron', () => ended(1), 'neuronInputs: must be true or false (got 1)'],
  [
    'bounds of pixels of LRP in a layer',
    () => new LRP(text, { rule: 'epsilon-gamma-box', low: -1, layer: 'heads' }),
    'low: low and high have no say: a layer has no first convolution\nhint: leave low and high out',
  ],
  ...([null, '5'] as const).flatMap((nSteps) =>
    [GuidedIG, IDGI, BlurIG, XRAI, DiscretizedIG, SequentialIG, IntegratedHessians, InternalInfluence].map((Class) => {
      const make = (): unknown =>
        new Class(text as never, { nSteps, layer: Class === BlurIG ? null : 'heads' } as never);
      return [`${nSteps} for the steps of ${Class.name}`, make, 'nSteps: must be'] as const;
    }),
  ),
  ...(['fraction', 'maxDistance'] as const).map(
    (name) => [`null for ${name}`, () => new GuidedIG(table, { [name]: null }), `${name}: must be a share`] as const,
  ),
  ['null for the draws of NoiseTunnel', () => new NoiseTunnel(new Saliency(table), { nSamples: null as never }), ''],
  ['null for the draws of KernelShap', () => new KernelShap(table, { nSamples: null as never }), ''],
];
for (const [name, make, said] of constructors) {
  test(`taken without a word: ${name}`, () => {
    let message = 'nothing was thrown';
    try {
      make();
    } catch (error) {
      assert.is((error as Error).name, 'PathgradError');
      message = (error as Error).message;
    }
    assert.ok(message !== 'nothing was thrown' && message.startsWith(said), message);
  });
}

test('a tolerance without effect was taken by methods that promise no sum', async () => {
  assert.throws(
    () => new Saliency(table, { relTol: 0.1 }),
    /relTol: has no say: attributions of Saliency need not add up to anything\nhint: leave it out/,
  );
  const words = { layer: 'embedding', relTol: 0.1 };
  assert.throws(() => new SequentialIG(text, words), /relTol: has no say: attributions of SequentialIG/);
  assert.ok(new GuidedIG(table, { relTol: 0.1 }));
  // The tolerance is that of the automatic number of points, which noise does not take away.
  const auto = new IntegratedGradients(table, { nSteps: 'auto', relTol: 1e-9 });
  const { nSteps } = await new NoiseTunnel(auto, { nSamples: 2 }).explain(X);
  const loose = new IntegratedGradients(table, { nSteps: 'auto', relTol: 0.5 });
  assert.ok(nSteps > (await new NoiseTunnel(loose, { nSamples: 2 }).explain(X)).nSteps);
});

test('attributeToLayerInputs without a layer was taken by every method', async () => {
  for (const Class of [IntegratedGradients, Saliency, IDGI]) {
    const explain = (attributeToLayerInputs: unknown): Promise<unknown> =>
      new Class(table).explain(X, { attributeToLayerInputs } as never);
    await rejects(explain(true), 'attributeToLayerInputs: there is no layer\nhint: set the option layer');
    await rejects(explain('no'), 'attributeToLayerInputs: must be true or false');
    await explain(false);
  }
});

test('bounds of pixels of LRP where no convolution comes first', async () => {
  const { inputs, targets } = netSamples('mlp', 'float32');
  const mlp = await loadNet('mlp', 'float32');
  const options = { target: targets };
  const bounded = new LRP(mlp, { rule: 'epsilon-gamma-box', high: 2 });
  await rejects(bounded.explain(inputs[0]!, options), 'low: low and high have no say: no convolution comes first');
  await new LRP(mlp, { rule: 'epsilon-gamma-box' }).explain(inputs[0]!, options);
  const cnn = await loadNet('cnn', 'float32');
  const pictures = netSamples('cnn', 'float32');
  await new LRP(cnn, { rule: 'epsilon-gamma-box', low: -3, high: 3 }).explain(pictures.inputs[0]!, {
    target: pictures.targets,
  });
});

test('DiscretizedIG took special tokens that are no words, and spoke of words to a picture', async () => {
  for (const beyond of [9, -1]) {
    const options = { layer: 'embedding', words: E, nSteps: 3, specialTokens: [2, beyond] };
    await rejects(
      new DiscretizedIG(text, options).explain(tokens),
      `specialTokens: has a number that is no word (got ${beyond}, words 9)`,
    );
  }
  await rejects(
    new DiscretizedIG(picture, { words: E }).explain(blur),
    'DiscretizedIG: is for texts: it needs vectors of words',
  );
  assert.throws(() => new DiscretizedIG(picture), 'for what is no text use GuidedIG');
});

test("IntegratedHessians took pairs: 'words' for tables without words", async () => {
  const explain = new IntegratedHessians(table, { pairs: 'words', nSteps: 2 }).explain(X);
  await rejects(explain, "pairs: 'words' sums over the last axis, and there is none to sum over (got [[2,3]])");
});

test('what stays at the baseline in a layer decides which words a guided path moves', async () => {
  const score = (x: Tensor): Tensor => o.tanh(o.mul(o.sum(o.mul(x, x), { axes: [1, 2] }), 0.1));
  const words = (count: number): ReturnType<typeof tinyModel> =>
    tinyModel({
      inputs: [floatInput('x', count, 3)],
      layers: [['embedding', 'Dense']],
      forward: (call, [x]) => score(call('embedding', [x!], (t) => o.mul(t, 2))),
    });
  const few = normal([1, 3, 3], 4);
  const padded = tensor(
    Float64Array.from({ length: 18 }, (_, i) => few.data[i] ?? 0),
    [1, 6, 3],
  );
  for (const make of [
    (m: ReturnType<typeof words>) => new GuidedIG(m, { layer: 'embedding', nSteps: 9, maxDistance: 0.4 }),
    (m: ReturnType<typeof words>) => new IDGI(m, { layer: 'embedding', nSteps: 9, maxDistance: 0.4, path: 'guided' }),
  ]) {
    const [alone, among] = [await make(words(3)).explain(few), await make(words(6)).explain(padded)];
    assert.equal(among.attributions[0]!.data.slice(0, 9), alone.attributions[0]!.data);
    assert.ok(among.attributions[0]!.data.slice(9).every((value) => value === 0));
  }
});

test.run();
