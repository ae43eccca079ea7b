/** What makes no sense at every option of every method: a PathgradError or finite numbers, never another error and never NaN. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as all from '../../../src/attribution/methods/index.ts';
import { methods, NeuronAttribution, NoiseTunnel, Saliency } from '../../../src/attribution/methods/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
import { sum } from '../../../src/ops/reduce.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { rejects } from '../closed-forms.ts';
import {
  mlp,
  optionNames,
  picture,
  pictureModel,
  shown,
  table,
  text,
  textModel,
  thrownAt,
  unknownName,
  words,
  wrongAnswer,
} from '../senseless.ts';

const test = suite('methods: senseless options');

type Options = Readonly<Record<string, unknown>>;
interface Explaining {
  explain(X: unknown, options: unknown): Promise<unknown>;
}
interface Case {
  readonly X: unknown;
  /** What the method needs, and what keeps it quick. */
  readonly base: Options;
  readonly make: (options: Options) => Explaining;
}

const quick: Readonly<Record<string, Options>> = {
  IntegratedGradients: { nSteps: 2 },
  GuidedIG: { nSteps: 2 },
  IDGI: { nSteps: 2 },
  BlurIG: { nSteps: 2, maxSigma: 2 },
  XRAI: {
    nSteps: 2,
    minPixels: 1,
    segments: [
      [0, 0, 1, 1],
      [0, 0, 1, 1],
      [2, 2, 2, 2],
      [2, 2, 2, 2],
    ],
  },
  DiscretizedIG: { nSteps: 3, words },
  SequentialIG: { nSteps: 2 },
  IntegratedHessians: { nSteps: 2 },
  LayerConductance: { nSteps: 2, layer: 'h' },
  InternalInfluence: { nSteps: 2, layer: 'h' },
  Lime: { nSamples: 20 },
};
const pictures = ['BlurIG', 'XRAI', 'LayerGradCam', 'GradCamPlusPlus', 'GuidedGradCam'];

function caseOf(name: string): Case {
  const [model, X] = pictures.includes(name)
    ? [pictureModel, picture]
    : name === 'DiscretizedIG'
      ? [textModel, text]
      : [mlp(), table];
  const base = quick[name] ?? {};
  if (name === 'NoiseTunnel')
    return { X, base, make: (options) => new NoiseTunnel(new Saliency(model), options) as never };
  const Method = new Map<string, unknown>(Object.entries(all)).get(name) as new (
    model: CallableModel,
    options: Options,
  ) => Explaining;
  return { X, base, make: (options) => new Method(model, options) };
}
const cases = new Map(methods.map(({ name }) => [name, caseOf(name)]));
cases.set('NeuronAttribution', {
  X: table,
  base: { neuronLayer: 'h', make: (m: CallableModel) => new Saliency(m) },
  make: (options) => new NeuronAttribution(mlp(), options as never),
});

const found: string[] = [];
async function ask(label: string, work: () => unknown): Promise<void> {
  const wrong = await wrongAnswer(work);
  if (wrong !== null) found.push(`${label}: ${wrong}`);
}

for (const [name, { X, base, make }] of cases) {
  test(`${name}: its own options`, async () => {
    found.length = 0;
    const options = await optionNames(() => make({ ...base, [unknownName]: 1 }));
    for (const option of options) {
      for (const value of thrownAt(option)) {
        if (option === 'segments' && value === undefined) continue; // Felzenszwalb's take seconds
        await ask(`${option}: ${shown(value)}`, async () => {
          const explainer = make({ ...base, [option]: value });
          return explainer.explain(X, { target: 0 });
        });
      }
    }
    assert.equal(found, []);
  });

  test(`${name}: options of explain`, async () => {
    found.length = 0;
    const explainer = make(base);
    const options = await optionNames(() => explainer.explain(X, { target: 0, [unknownName]: 1 }));
    for (const option of options) {
      for (const value of thrownAt(option)) {
        await ask(`explain ${option}: ${shown(value)}`, () => explainer.explain(X, { target: 0, [option]: value }));
      }
    }
    assert.equal(found, []);
  });
}

const groupsOf = (features: unknown): Promise<unknown> =>
  new all.FeatureAblation(mlp()).explain(table, { target: 0, features: features as never });

test('group numbers beyond int32 wrapped to others in silence', async () => {
  for (const [id, text] of [
    [2 ** 31, 'features: int32 cannot hold 2147483648 at [0,0]'],
    [2 ** 32 + 1, 'features: int32 cannot hold 4294967297 at [0,0]'],
    [1e12, 'features: int32 cannot hold 1000000000000 at [0,0]'],
    [0.5, 'features: must hold integers, has 0.5 at [0,0]'],
    [Number.NaN, 'features: has NaN at [0,0]'],
  ] as const) {
    await rejects(groupsOf({ mask: [[id, 0, 1, 1]] }), text);
  }
  // The largest and the least that there are, which is in no group as every negative number is.
  await groupsOf({ mask: [[2 ** 31 - 1, 0, 1, -(2 ** 31)]] });
});

test('integers beyond int32 wrapped to others wherever they are read, and floats beyond float32 to infinity', async () => {
  const saliency = new Saliency(mlp());
  await rejects(saliency.explain(table, { target: 2 ** 32 }), 'target: targets are integers (got 4294967296)');
  await rejects(saliency.explain(table, { target: { classes: [2 ** 32] } }), 'target: targets are integers');
  const xrai = new all.XRAI(pictureModel, { minPixels: 1, segments: Array(4).fill(Array(4).fill(2 ** 32)) });
  await rejects(xrai.explain(picture, { target: 0 }), 'segments: int32 cannot hold 4294967296 at [0,0]');
  const single = new Saliency((x: Tensor) => sum(x, { axes: [1] }));
  await rejects(single.explain([[1, 1e300]]), 'X: has Infinity at [0,1]');
});

test('groups that are none, or hold nothing', async () => {
  await rejects(groupsOf({ groups: null }), 'features: groups are lists of features by name (got null)');
  await rejects(groupsOf({ groups: { a: [] } }), "features 'a': the group holds no feature");
  await rejects(groupsOf({ groups: { a: { x: [] } } }), "features 'a': the group holds no feature");
  await rejects(groupsOf({ groups: { a: { x: 5 } } }), "features 'a': its places in 'x' are no list (got 5)");
  await rejects(groupsOf({ axes: '1' }), 'features: axes are a number or a list of numbers (got 1)');
});

test('a method that must have a layer says so when it is made', () => {
  for (const Method of [all.LayerConductance, all.InternalInfluence]) {
    for (const options of [{}, { layer: null }]) assert.throws(() => new Method(mlp(), options), /needs a layer/);
  }
  assert.throws(() => new all.DiscretizedIG(textModel), /needs to know the vectors of the words/);
});

test('NeuronAttribution explained another model than the one that it handed over', async () => {
  const other = new NeuronAttribution(mlp(), { neuronLayer: 'h', make: () => new Saliency(mlp()) });
  await rejects(other.explain(table, { target: 0 }), 'make: its explainer is one of another model');
  const wrapped = { neuronLayer: 'h', make: (m: CallableModel) => new Saliency({ ...m, name: 'mine' }) };
  await new NeuronAttribution(mlp(), wrapped).explain(table, { target: 0 });
});

test.run();
