/** What metrics refuse, and in which words. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients, NoiseTunnel, Saliency } from '../../../src/attribution/methods/index.ts';
import {
  completeness,
  comprehensiveness,
  deletion,
  type Explained,
  faithfulnessCorrelation,
  infidelity,
  insertion,
  maxSensitivity,
  mprt,
  road,
  sparseness,
} from '../../../src/attribution/metrics/index.ts';
import { matmul, mean, sub, sum, tanh } from '../../../src/ops/index.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { loadNet, netSamples } from '../../support/method-golden.ts';
import { gradientTimesInput } from '../../support/simple-explainers.ts';
import { rejects } from '../closed-forms.ts';
import { f64, floatInput, tinyModel } from '../tiny-models.ts';

const test = suite('metrics: bad input');

const x = f64([
  [1, 2, 3],
  [4, 5, 6],
]);
const f = (t: Tensor): Tensor => matmul(t, f64([[1], [2], [3]]));
const given: Explained = { attributions: [x], X: [x], forwardKwargs: {}, baselines: [], target: null };
const picture = tensor(
  new Float64Array(2 * 4 * 4 * 1).map((_, i) => i),
  [2, 4, 4, 1],
);
const onPicture = (t: Tensor): Tensor => sum(t, { axes: [1, 2, 3] });
const ofPicture: Explained = { ...given, X: [picture], attributions: [picture] };

test('attributions of another shape than the input, such as those of a layer', async () => {
  const layer = {
    ...given,
    attributions: [
      f64([
        [1, 2],
        [3, 4],
      ]),
    ],
  };
  for (const work of [deletion(f, layer), infidelity(f, layer), completeness(f, layer)]) {
    await rejects(
      work,
      'explanation: its attributions have another shape than the inputs (attributions [[2,2]], X [[2,3]])',
    );
  }
  const cnn = await loadNet('cnn', 'float64');
  const { inputs, targets } = netSamples('cnn', 'float64');
  const explanation = await new IntegratedGradients(cnn, { layer: 'conv2', nSteps: 3 }).explain(inputs[0]!, {
    target: targets,
  });
  await rejects(deletion(cnn, explanation), 'its attributions have another shape than the inputs');
  await rejects(road(cnn, explanation), 'its attributions have another shape than the inputs');
});

test('one sample missing', async () => {
  await rejects(deletion(f, { ...given, attributions: [f64([[1, 2, 3]])] }), 'another shape than the inputs');
  const three = { ...given, target: tensor(Int32Array.of(1, 0, 1)) };
  await rejects(deletion(f, three), 'target: needs one entry per sample');
});

test('attributions that fit several inputs', async () => {
  const two = { ...given, X: [x, x], baselines: [] };
  const g = (a: Tensor, b: Tensor): Tensor => f(sub(a, b));
  await rejects(deletion(g, two), 'its attributions fit several inputs');
  await rejects(deletion(g, two, { input: 2 }), 'input: there is no input 2');
});

test('budgets of 0', async () => {
  await rejects(
    infidelity(f, given, { perturbations: 0 }),
    'perturbations: must be a whole number, at least 1 (got 0)',
  );
  await rejects(deletion(f, given, { steps: 0 }), 'steps: must be a whole number, at least 1');
  await rejects(deletion(f, given, { featuresPerStep: 0.5 }), 'featuresPerStep: must be a whole number');
  await rejects(deletion(f, given, { steps: 2, featuresPerStep: 1 }), 'featuresPerStep is set already');
  await rejects(faithfulnessCorrelation(f, given, { runs: 0 }), 'runs: must be a whole number, at least 1');
  await rejects(faithfulnessCorrelation(f, given, { runs: 1 }), 'a correlation needs two runs or more');
  await rejects(deletion(f, given, { internalBatchSize: 0 }), 'internalBatchSize: must be a whole number');
  const explainer = gradientTimesInput(await loadNet('mlp', 'float64'));
  await rejects(maxSensitivity(explainer, x, { perturbations: 0 }), 'perturbations: must be a whole number');
});

test('shares, percentages and spreads out of range', async () => {
  await rejects(
    comprehensiveness(f, given, { shares: [0.1, 1.5] }),
    'shares: shares of the tokens lie above 0 and at most at 1 (got 1.5)',
  );
  await rejects(comprehensiveness(f, given, { shares: [] }), 'shares: is a list of at least one number');
  await rejects(
    road(onPicture, ofPicture, { percentages: [0] }),
    'percentages: percentages lie above 0 and at most at 100 (got 0)',
  );
  await rejects(road(onPicture, ofPicture, { percentages: [50, 100] }), 'of 100 leave nothing to paint from');
  await rejects(road(onPicture, ofPicture, { noise: -1 }), 'noise: must be 0 or a positive number');
  await rejects(infidelity(f, given, { share: 0 }), 'share: lies above 0 and at most at 1 (got 0)');
  await rejects(infidelity(f, given, { noise: Number.NaN }), 'noise: must be a positive number');
  await rejects(infidelity(f, given, { noise: 1, share: 0.5 }), 'noise, share and perturb exclude each other');
  await rejects(
    maxSensitivity(gradientTimesInput(await loadNet('mlp', 'float64')), x, { radius: 0 }),
    'radius: must be a positive number',
  );
});

test('subsets of all features, or of features that there are not', async () => {
  await rejects(
    faithfulnessCorrelation(f, given, { subsetSize: 3 }),
    'subsetSize: must be smaller than the number of features',
  );
  await rejects(faithfulnessCorrelation(f, given, { subsets: () => [0, 3] }), 'subsets: there is no feature 3');
});

test('baselines that do not fit', async () => {
  await rejects(deletion(f, given, { baselines: f64([[1, 2]]) }), 'baseline: needs the shape of X, or one row of it');
  await rejects(
    deletion(f, given, { baselines: { space: 'layer', value: 0 } }),
    'baselines: are in the space of a layer',
  );
  await rejects(deletion(f, given, { baselines: { kind: 'noise', count: 3 } }), 'a metric takes one baseline');
  const several = { ...given, baselines: [tensor(new Float64Array(12), [2, 2, 3])] };
  await rejects(deletion(f, several), 'its baselines are several, or not those of the inputs');
});

test('groups that do not fit, that tear apart a shared attribution, or leave nothing', async () => {
  await rejects(deletion(f, given, { groups: f64([[0, 1]]) }), 'groups: need the shape of X, or of one row of it');
  await rejects(deletion(f, given, { groups: f64([[0, 0.5, 1]]) }), 'groups: must hold integers');
  await rejects(
    deletion(f, given, { groups: tensor(Int32Array.of(-1, -1, -1), [1, 3]) }),
    'leave a sample without any feature',
  );
  await rejects(deletion(f, given, { groups: { patch: 2 } }), 'patches are cut out of pictures');
  await rejects(deletion(onPicture, ofPicture, { groups: { patch: 0 } }), 'whole numbers of pixels as sides');
  await rejects(deletion(f, given, { groups: 'pixels' as 'elements' }), "groups: unknown kind 'pixels'");
  const wide = tensor(
    new Float64Array(2 * 2 * 2 * 3).map((_, i) => i),
    [2, 2, 2, 3],
  );
  const map = tensor(
    new Float64Array(8).map((_, i) => i),
    [2, 2, 2],
  );
  const torn = tensor(
    Int32Array.from({ length: 12 }, (_, i) => i % 3),
    [1, 2, 2, 3],
  );
  const shared = { ...given, X: [wide], attributions: [map] };
  await rejects(
    deletion(onPicture, shared, { groups: torn }),
    'put elements that share one attribution into different groups',
  );
});

test('words that there are not', async () => {
  await rejects(deletion(f, given, { order: 'first' as 'most' }), "order: unknown value 'first'");
  await rejects(road(onPicture, ofPicture, { order: 'mots' as 'most' }), "did you mean 'most'?");
  await rejects(
    infidelity(f, given, { attributions: 'slopes' as 'gradients' }),
    "attributions: unknown value 'slopes'",
  );
  await rejects(insertion(f, given, { step: 3 } as object), "insertion: unknown option 'step'");
  await rejects(sparseness(given, { group: 'elements' } as object), "sparseness: unknown option 'group'");
  const mlp = await loadNet('mlp', 'float64');
  await rejects(
    mprt(mlp, gradientTimesInput, x, { similarity: 'kendall' as 'pearson' }),
    "similarity: unknown value 'kendall'",
  );
  await rejects(mprt(mlp, gradientTimesInput, x, { order: 'bottom' as 'cascading' }), "order: unknown value 'bottom'");
  await rejects(maxSensitivity(gradientTimesInput(mlp), x, { norm: 3 as 2 }), 'norm: unknown value');
});

test('metrics of inputs that they do not take', async () => {
  await rejects(road(f, given), 'road: paints pictures [N, height, width, channels]');
  const text = await loadNet('text', 'float64');
  const { inputs, targets } = netSamples('text', 'float64');
  const explainer = new IntegratedGradients(text, { layer: 'embedding', nSteps: 2 });
  await rejects(
    maxSensitivity(explainer, inputs[0]!, { explain: { target: targets } }),
    'maxSensitivity: perturbs numbers, and the inputs are integers',
  );
  const explanation = await explainer.explain(inputs[0]!, { target: targets, baselines: 0 });
  await rejects(infidelity(text, explanation, { noise: 0.1 }), 'noise: makes no sense for integers');
  await rejects(
    infidelity(text, explanation, { attributions: 'gradients' }),
    'gradients need a number for every element',
  );
  await rejects(deletion(text, explanation, { baselines: 20 }), 'token id 20 is outside the vocabulary');
  await rejects(
    comprehensiveness(text, { ...explanation, baselines: inputs }),
    'explanation: a sample equals its baseline: nothing can be removed (sample 0)',
  );
});

test('a model that mixes samples, or whose single output names no class', async () => {
  const mixing = (t: Tensor): Tensor => sub(f(t), mean(t, { axes: 0, keepDims: true }));
  await rejects(deletion(mixing as typeof f, given), 'mixes samples');
  await rejects(
    road((t: Tensor) => onPicture(t), ofPicture),
    'road: cannot tell the classes of a single output',
  );
});

test('MPRT of what has no weights, or of layers that there are not', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs, targets } = netSamples('mlp', 'float64');
  const explain = { target: targets };
  await rejects(
    mprt(mlp, gradientTimesInput, inputs[0]!, { explain, layers: ['dense3'] }),
    "layers: there is no layer 'dense3' with weights",
  );
  const bare = tinyModel({ inputs: [floatInput('x', 6)], forward: (_, [t]) => tanh(t!) });
  await rejects(mprt(bare, gradientTimesInput, inputs[0]!, { explain }), 'model: its weights cannot be replaced');
  await rejects(
    mprt(mlp, gradientTimesInput, inputs[0]!, { explain, similarity: 'ssim' }),
    'similarity: ssim compares pictures',
  );
});

test('what is no explanation, no explainer and no factory', async () => {
  const none = undefined as unknown as Explained;
  const list = [given, given] as unknown as Explained;
  const judges = { deletion, insertion, comprehensiveness, completeness, infidelity, faithfulnessCorrelation, road };
  for (const judge of Object.values(judges)) {
    await rejects(judge(f, list), 'explanation: is a list (length 2)');
    await rejects(judge(f, none), 'explanation: a metric needs an explanation with its attributions and X');
  }
  await rejects(sparseness(none), 'explanation: a metric needs an explanation');
  await rejects(sparseness(list), 'give one of it at a time');
  const mlp = await loadNet('mlp', 'float64');
  const { inputs, targets } = netSamples('mlp', 'float64');
  const [X, explain] = [inputs[0]!, { target: targets }];
  const bad = (value: unknown): never => value as never;
  await rejects(maxSensitivity(bad(mlp), X), 'maxSensitivity: needs an explainer, which has a method explain');
  await rejects(mprt(mlp, bad(gradientTimesInput(mlp)), X), 'mprt: needs a function that makes an explainer');
  await rejects(mprt(mlp, bad(Saliency), X), 'makes an explainer of a model (got a class)');
  await rejects(
    mprt(mlp, () => bad(undefined), X, { explain }),
    'which has a method explain (got undefined)',
  );
  await rejects(
    mprt(
      mlp,
      bad(async () => new Saliency(mlp)),
      X,
      { explain },
    ),
    '(got a promise)',
  );
});

test('MPRT with a factory that makes a method of the model and not of the copy', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs, targets } = netSamples('mlp', 'float64');
  const explain = { target: targets };
  const problem = 'mprt: the explainer is one of the model itself, whose weights stay as they are';
  await rejects(
    mprt(mlp, () => new Saliency(mlp), inputs[0]!, { explain }),
    problem,
  );
  await rejects(
    mprt(mlp, () => new NoiseTunnel(new Saliency(mlp)), inputs[0]!, { explain }),
    problem,
  );
});

test('sets of targets, of which a metric would have to choose one', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64');
  for (const target of ['all', { classes: [0, 1] }, { top: 2 }]) {
    const explain = { target: target as never };
    await rejects(
      maxSensitivity(new Saliency(mlp), inputs[0]!, { explain }),
      'maxSensitivity: compares explanations of',
    );
    await rejects(
      mprt(mlp, (m) => new Saliency(m), inputs[0]!, { explain }),
      'mprt: compares explanations of one target',
    );
  }
});

test('seeds that are none, and null where a number belongs', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64');
  for (const seed of [-1, Number.NaN, 'x', 1.5, null] as unknown as number[]) {
    const work = {
      infidelity: infidelity(f, given, { seed }),
      faithfulnessCorrelation: faithfulnessCorrelation(f, given, { seed }),
      road: road(onPicture, ofPicture, { seed }),
      maxSensitivity: maxSensitivity(new Saliency(mlp), inputs[0]!, { seed }),
      mprt: mprt(mlp, (m) => new Saliency(m), inputs[0]!, { seed }),
    };
    for (const [name, promise] of Object.entries(work)) {
      await rejects(promise, `${name}: seed is a whole number from 0 to 2^32 - 1`);
    }
  }
  const none = null as unknown as number;
  await rejects(deletion(f, given, { steps: none }), 'steps: must be a whole number');
  await rejects(deletion(f, given, { featuresPerStep: none }), 'featuresPerStep: must be a whole number');
  await rejects(infidelity(f, given, { perturbations: none }), 'perturbations: must be a whole number');
  await rejects(infidelity(f, given, { share: none }), 'share: lies above 0 and at most at 1');
  await rejects(infidelity(f, given, { noise: none }), 'noise: must be a positive number');
  await rejects(faithfulnessCorrelation(f, given, { runs: none }), 'runs: must be a whole number');
  await rejects(faithfulnessCorrelation(f, given, { subsetSize: none }), 'subsetSize: must be a whole number');
  await rejects(road(onPicture, ofPicture, { noise: none }), 'noise: must be 0 or a positive number');
  await rejects(maxSensitivity(new Saliency(mlp), inputs[0]!, { radius: none }), 'radius: must be a positive number');
});

test('max-sensitivity with a radius and perturbations of one’s own', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64');
  const both = { radius: 0.1, perturb: (): void => undefined };
  await rejects(maxSensitivity(new Saliency(mlp), inputs[0]!, both), 'radius and perturb exclude each other');
});

test('booleans that are none', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64');
  const no = 'no' as never;
  const random = { layers: ['logits'] };
  const wrong: readonly (readonly [name: string, work: Promise<unknown>])[] = [
    ['absolute', deletion(f, given, { absolute: no })],
    ['absolute', insertion(f, given, { absolute: 0 as never })],
    ['normalize', infidelity(f, given, { normalize: no })],
    ['absolute', mprt(mlp, (m) => new Saliency(m), inputs[0]!, { ...random, absolute: no })],
    [
      'ignoreSharedZeros',
      mprt(mlp, (m) => new Saliency(m), inputs[0]!, { ...random, ignoreSharedZeros: null as never }),
    ],
  ];
  for (const [name, work] of wrong) await rejects(work, `${name}: must be true or false`);
});

test('options that would change nothing', async () => {
  const mlp = await loadNet('mlp', 'float64');
  const { inputs } = netSamples('mlp', 'float64');
  const [perturb, weights] = [(): void => undefined, (): number[] => []];
  const subsets = (): number[] => [0];
  const silent: readonly (readonly [name: string, work: Promise<unknown>])[] = [
    ['seed', infidelity(f, given, { perturb, seed: 1 })],
    ['groups', infidelity(f, given, { noise: 1, groups: 'positions' })],
    ['features', infidelity(f, given, { perturb, features: 'present' })],
    ['seed', faithfulnessCorrelation(f, given, { subsets, seed: 0 })],
    ['subsetSize', faithfulnessCorrelation(f, given, { subsets, subsetSize: 1 })],
    ['seed', road(onPicture, ofPicture, { noise: 0, seed: 3 })],
    ['seed', maxSensitivity(new Saliency(mlp), inputs[0]!, { perturb, seed: 3 })],
    ['seed', mprt(mlp, (m) => new Saliency(m), inputs[0]!, { weights, seed: 3 })],
  ];
  for (const [name, work] of silent) await rejects(work, `: ${name} has no say: `);
});

test('sparseness changes no input, so that it takes a layer', async () => {
  const a = f64([
    [0, 3],
    [1, 1],
  ]);
  const { values } = await sparseness({ ...given, attributions: [a] });
  assert.equal(Array.from(values), [0.5, 0]);
  await rejects(sparseness({ ...given, attributions: [a] }, { baselines: 0 }), 'the attributions are those of a layer');
  await rejects(sparseness({ ...given, attributions: [a, a] }), 'its attributions have another shape than the inputs');
});

test.run();
