/** What makes no sense at every option of every method: a PathgradError or finite numbers, never another error and never NaN. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as all from '../../../src/attribution/methods/index.ts';
import { methods, NeuronAttribution, NoiseTunnel, Saliency } from '../../../src/attribution/methods/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
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
  XRAI: { nSteps: 2, minPixels: 1 },
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

test.run();
