/** Flags that only some methods have: each does something where it is taken, and is refused by name where it would do nothing. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { methods } from '../../src/attribution/methods/index.ts';
import { parseFlags } from '../../src/cli/flags/flags.ts';
import { ownFlags, ownFlagsOf, ownOptions } from '../../src/cli/flags/own-flags.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { example, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: own flags');
const folder = temporaryFolder();
const mnist = [example('mnist-cnn.h5'), '--image', example('digits/7.png')];
const out = folder.path('numbers.json');

/** The explanation's JSON, without the settings that it carries. */
async function numbers(...argv: readonly string[]): Promise<string> {
  const run = await runCli(['explain', ...mnist, ...argv, '--json', out, '--full', '--quiet']);
  assert.is(run.code, 0, run.err);
  const { explanation } = JSON.parse(readFileSync(out, 'utf8')) as { explanation: { data: { attributions: unknown } } };
  const { attributions } = explanation.data;
  assert.ok(attributions);
  return JSON.stringify(attributions);
}

const drawing: readonly (readonly [name: string, samples: string])[] = [
  ['gradient-shap', '5'],
  ['expected-gradients', '5'],
  ['noise-tunnel', '3'],
  ['shapley-value-sampling', '1'],
  ['kernel-shap', '1000'],
  ['lime', '5'],
];

for (const [name, samples] of drawing) {
  test(`--seed changes what ${name} draws, and the same seed gives the same numbers`, async () => {
    const run = (seed: string) => numbers('--explainer', name, '--samples', samples, '--seed', seed);
    const five = await run('5');
    assert.is.not(await run('6'), five);
    if (samples !== '1000' && samples !== '1') assert.is(await run('5'), five);
  });
}

const effects: readonly (readonly [name: string, flags: readonly string[], others: readonly string[]])[] = [
  ['noise-tunnel', ['--samples', '2'], ['--samples', '3']],
  ['noise-tunnel', ['--stdev', '15%', '--samples', '2'], ['--stdev', '0.5', '--samples', '2']],
  ['gradient-shap', ['--stdev', '0'], ['--stdev', '0.2']],
  ['occlusion', ['--window', '14,14,1', '--stride', '14'], ['--window', '14,14,1', '--stride', '7']],
  ['lrp', ['--rule', 'epsilon'], ['--rule', 'z-plus']],
  ['guided-ig', ['--steps', '2'], ['--steps', '4']],
];

for (const [name, some, others] of effects) {
  test(`${name}: ${some.join(' ')} is not ${others.join(' ')}`, async () => {
    const flags = name === 'occlusion' ? [some, ['--window', '14,14,1', '--stride', '7,7,1']] : [some, others];
    const [first, second] = [
      await numbers('--explainer', name, ...flags[0]!),
      await numbers('--explainer', name, ...flags[1]!),
    ];
    assert.is.not(first, second);
  });
}

test('the table and the classes agree: each method takes the options of its flags', async () => {
  const values: Readonly<Record<string, string>> = {
    ...{ steps: '3', samples: '4000', seed: '7', stdev: '10%', window: '4,4,1', stride: '2,2,1' },
    ...{ rule: 'gamma', softplus: 'none' },
  };
  assert.equal(ownFlags.map(({ name }) => name).sort(), Object.keys(values).sort());
  const model = await loadModel(example('mnist-cnn.h5'));
  for (const row of methods) {
    const flags = ownFlagsOf(row);
    const argv = flags.flatMap((flag) => [`--${flag}`, values[flag]!]);
    const options = ownOptions(parseFlags(argv, [{ title: '', flags: ownFlags }], 'explain'), row);
    assert.is(Object.keys(options).length, flags.length, row.name);
    const needed = {
      ...(row.layer === true && { layer: 1 }),
      ...(row.name === 'DiscretizedIG' && { words: [[0], [1]] }),
    };
    const { params } = row.make(model, Object.assign(needed, options)).meta;
    for (const [option, value] of Object.entries(options)) {
      const shown = option === 'stdevs' ? JSON.stringify(value) : value;
      assert.equal(params[option], shown, `${row.name} ${option}`);
    }
  }
});

const refused: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /--seed: IntegratedGradients has no such setting[\s\S]*NoiseTunnel[\s\S]*noise baselines/,
    ['--baseline', 'zeros', '--seed', '5'],
  ],
  [/--seed: Saliency has no such setting/, ['--explainer', 'saliency', '--seed', '5']],
  [/--samples: Saliency has no such setting[\s\S]*GradientShap/, ['--explainer', 'saliency', '--samples', '5']],
  [/--stdev: LRP has no such setting[\s\S]*NoiseTunnel, GradientShap/, ['--explainer', 'lrp', '--stdev', '1']],
  [/--window: IntegratedGradients has no such setting\nhint: leave it out: it is of Occlusion/, ['--window', '3']],
  [/--stride: needs --window/, ['--explainer', 'occlusion', '--stride', '3']],
  [/--rule: Saliency has no such setting[\s\S]*LRP/, ['--explainer', 'saliency', '--rule', 'gamma']],
  [/--rule: 'gama' is not known\nhint: did you mean 'gamma'/, ['--explainer', 'lrp', '--rule', 'gama']],
  [/--softplus: Saliency has no such setting/, ['--explainer', 'saliency', '--softplus', '5']],
  [/--samples: '0' is not a whole number from 1/, ['--explainer', 'kernel-shap', '--samples', '0']],
  [/--steps: 'auto' is of IntegratedGradients/, ['--explainer', 'guided-ig', '--steps', 'auto']],
];

for (const [pattern, argv] of refused) {
  test(`explain ${argv.join(' ')}: exit code 2`, async () => {
    const run = await runCli(['explain', ...mnist, ...argv]);
    assert.is(run.code, 2, run.err);
    assert.match(run.err, pattern);
  });
}

test('compare: flags go to the methods that have them, and are refused where none has', async () => {
  const argv = ['compare', ...mnist, '--metrics', 'none', '--quiet', '--explainers'];
  const none = await runCli([...argv, 'saliency,lrp', '--samples', '5']);
  assert.is(none.code, 2, none.err);
  assert.match(none.err, /--samples: none of these methods has such a setting/);
  const some = await runCli([...argv, 'saliency,noise-tunnel', '--samples', '2', '--seed', '4', '--json', out]);
  assert.is(some.code, 0, some.err);
  assert.match(readFileSync(out, 'utf8'), /"nSamples":2,"seed":4/);
});

test('--layer that is none is a mistake in typing, in compare before any method runs', async () => {
  for (const command of ['explain', 'compare']) {
    const run = await runCli([command, ...mnist, '--layer', 'nope']);
    assert.is(run.code, 2, run.err);
    assert.match(run.err, /--layer: .*no layer 'nope'/);
    assert.is(run.out, '');
  }
});

test('names that others use lead to ours, and the list of names is never cut', async () => {
  const suggested = async (name: string) => (await runCli(['explain', ...mnist, '--explainer', name])).err;
  for (const [name, wanted] of [
    ['ig', "did you mean 'IntegratedGradients'?"],
    ['gradcam', "did you mean 'LayerGradCam'?"],
    ['grad-cam++', "did you mean 'GradCamPlusPlus'?"],
    ['SmoothGrad', "did you mean 'NoiseTunnel'?"],
    ['shap', "did you mean 'DeepLiftShap' or 'GradientShap' or 'ShapleyValueSampling' or 'KernelShap'?"],
    ['deepshap', "did you mean 'DeepLiftShap'?"],
    ['DeepExplainer', "did you mean 'DeepLiftShap'?"],
    ['kernel_explainer', "did you mean 'KernelShap'?"],
    ['hessians', "did you mean 'IntegratedHessians'?"],
    ['salincy', "did you mean 'Saliency'?"],
  ] as const)
    assert.ok((await suggested(name)).includes(wanted), `${name}: ${await suggested(name)}`);
  const all = await suggested('unheard-of');
  for (const { name } of methods) assert.ok(all.includes(name), name);
});

test('token ids and a method that looks at a layer: what moves is the embedding, without a flag for it', async () => {
  const ids = ['explain', example('imdb-cnn.h5'), '--tokens', '1,14,22,16', '--quiet'];
  for (const name of ['guided-grad-cam', 'layer-conductance', 'internal-influence']) {
    const run = await runCli([...ids, '--explainer', name, '--layer', 'conv']);
    assert.is(run.code, 0, run.err);
    // Marks of tokens are explained where tokens are shown: numbers of the layer have none.
    assert.is(/\[\+\]: /.test(run.out), name === 'guided-grad-cam', run.out);
  }
});

test.run();
