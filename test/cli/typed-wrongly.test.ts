/**
 * Commands that were typed wrongly: each ends with 2 and names the flag, before anything is computed, in words that someone without the library can
 * follow. Named after the faults that were found.
 */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../src/cli/commands/index.ts';
import { parseFlags } from '../../src/cli/flags/flags.ts';
import { inFlags } from '../../src/cli/flags/in-flags.ts';
import { failure, nearestNames } from '../../src/tensor/errors.ts';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: typed wrongly');
const folder = temporaryFolder();
const mnist = [example('mnist-cnn.h5'), '--image', example('digits/7.png')];
const imdb = [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt'), '--text', 'A superb film'];
const { groups } = commands.find(({ name }) => name === 'explain')!;
const parse = (...argv: string[]) => parseFlags(['m.h5', ...argv], groups, 'explain');

async function refused(argv: readonly string[], pattern: RegExp): Promise<void> {
  const { code, out, err } = await runCli(['explain', ...argv]);
  assert.match(err, pattern);
  assert.is(code, 2, err);
  assert.is(out, '');
}

test('a flag took another flag as its value: --json -q wrote a file named -q', () => {
  const values = groups.flatMap(({ flags }) => flags).filter(({ value }) => value);
  for (const { name } of values) {
    for (const next of ['-q', '-h', '-qh', '--quiet', '-x'])
      assert.throws(
        () => parse(`--${name}`, next),
        new RegExp(`--${name}: needs a value: --${name} `),
        `${name} ${next}`,
      );
    for (const given of ['-', '-1', '-.5', '-1,-2', '- and so on', '-great: said nobody'])
      assert.is(parse(`--${name}`, given).text(name), given, `${name} ${given}`);
    assert.is(parse(`--${name}=-q`).text(name), '-q');
  }
});

test('numbers that methods refuse ended with 1 and spoke of options', async () => {
  const of = (name: string, ...flags: string[]): string[] => [...mnist, '--explainer', name, ...flags];
  await refused(of('occlusion', '--window', '40,40,1'), /--window: the window is larger than the row.*28,28,1\n/s);
  await refused(of('occlusion', '--window', '4'), /--window: .*\nhint: an extent per axis, for example 4,4,1\n/s);
  await refused([...mnist, '--baseline', '1e39'], /--baseline: '1e39' is not known/);
  await refused(of('occlusion', '--window', '4,4'), /--window: needs one extent per axis of a row/);
  await refused(of('occlusion', '--window', '4,4,1', '--stride', '5,5,1'), /--stride: a stride beyond the window/);
  await refused(of('kernel-shap', '--samples', '5'), /--samples: .*\nhint: raise --samples \(224 and more\)\n/s);
  await refused(of('integrated-hessians', '--layer', 'nowhere'), /--layer: .*there is no layer 'nowhere'/);
  await refused(of('layer-grad-cam', '--layer', 'hidden'), /--layer: the layer 'hidden' has no places .*--layer NAME/s);
  await refused(of('blur-ig', '--layer', 'conv_1'), /--layer: BlurIG: .*\nhint: leave --layer out/s);
  await refused([...mnist, '--output', 'nix'], /--output: the model has no output 'nix'/);
  await refused([...imdb, '--explainer', 'kernel-shap', '--baseline', 'noise'], /--baseline: 'noise' makes no sense/);
  for (const token of ['-4', '999999', '1.5']) await refused([...imdb, '--baseline', token], /--baseline: .*token/);
});

test('padding is a token that the model knows', async () => {
  assert.is((await runCli(['explain', ...imdb, '--baseline', '0', '--steps', '2', '-q'])).code, 0);
});

test('numbers out of all bounds were refused after the model was read, if at all', async () => {
  const of = (name: string, ...flags: string[]): string[] => ['no-such.h5', '--explainer', name, ...flags];
  await refused(
    of('kernel-shap', '--samples', '10000000000'),
    /--samples: .* from 1 to 1000000000 \(got 10000000000\)/,
  );
  await refused(
    of('noise-tunnel', '--seed', '4294967296'),
    /--seed: '4294967296' is not a whole number from 0 to 4294967295/,
  );
  await refused(of('guided-ig', '--steps', '9999999'), /--steps: must be a whole number of points .*1000000/);
  await refused(of('xrai', '--steps', '9999999'), /--steps: .*\nhint: .*--steps auto of IntegratedGradients/);
  await refused(['no-such.h5', '--steps', 'auto', '--method', 'riemann_left'], /--steps: 'auto' .*leave --method out/s);
  await refused(['no-such.h5', '--steps', 'auto', '--compat', 'alibi'], /--steps: alibi .*leave --compat out/s);
});

test('a baseline in a file that does not fit is no flag that was typed wrongly', async () => {
  writeFileSync(folder.path('two.npy'), npy('<f8', '(2,)', Float64Array.of(0, 1)));
  const { code, err } = await runCli(['explain', ...mnist, '--baseline', folder.path('two.npy')]);
  assert.is(code, 1);
  assert.match(err, /two\.npy: as a baseline needs the shape of X/);
});

test('compare gives the reason of a method in flags, too', async () => {
  const { out } = await runCli([
    ...['compare', ...mnist, '--explainers', 'saliency,layer-grad-cam', '--metrics', 'none', '--layer', 'hidden'],
  ]);
  assert.match(out, /--layer: the layer 'hidden' has no places[\s\S]*--layer NAME/);
});

test('an error about an option is told in the words of the flag only where the flag was given', () => {
  const args = parse('--layer', 'hidden', '--samples', '5');
  const told = (error: unknown): string => (inFlags(error, args) as Error).message;
  assert.is(told(failure('KernelShap', 'nSamples must be less')), '--samples: must be less');
  assert.is(told(failure("layer 'hidden'", 'is not used')), "--layer: 'hidden': is not used");
  assert.is(told(failure('nSteps', 'is odd', {}, 'leave nSteps out')), 'nSteps: is odd\nhint: leave --steps out');
  assert.is(told(failure('mine.h5', 'the layer is broken')), 'mine.h5: the layer is broken');
  const other = new Error('nSamples');
  assert.is(inFlags(other, args), other);
});

test('--png of a layer was refused after all was computed and printed, and no file was written', async () => {
  const before = folder.files();
  const files = ['--png', folder.path('a.png'), '--json', folder.path('a.json')];
  await refused([...mnist, '--layer', 'hidden', ...files], /--png: draws attributions of pixels/);
  await refused([...mnist, '--layer', 'conv_2', ...files], /--png: draws attributions of pixels/);
  assert.equal(folder.files(), before);
  // The layer of the input is as large as the picture, and so are the maps of Grad-CAM.
  for (const [name, layer] of [
    ['saliency', 'image'],
    ['layer-grad-cam', 'conv_2'],
  ] as const) {
    const run = await runCli(['explain', ...mnist, '--explainer', name, '--layer', layer, ...files, '-q']);
    assert.equal([run.code, run.err], [0, ''], name);
    assert.is(readFileSync(folder.path('a.png')).subarray(1, 4).toString(), 'PNG');
  }
});

test('methods of pictures spoke of a layer to someone who gave texts', async () => {
  for (const name of ['blur-ig', 'xrai'])
    await refused([...imdb, '--explainer', name], /--explainer: \w+ is for pictures, and these are texts/);
  await refused([...mnist, '--explainer', 'discretized-ig'], /--explainer: .* is for texts, and these are pictures/);
});

test('unknown words were listed twice, and 15%% was quoted as 15%', async () => {
  const of = (...flags: string[]): string[] => ['no-such.h5', ...flags];
  const { err } = await runCli(['explain', ...of('--explainer', 'lrp', '--rule', 'foo')]);
  assert.is(err.match(/epsilon-plus-flat/g)!.length, 1, err);
  await refused(of('--explainer', 'noise-tunnel', '--stdev', '15%%'), /--stdev: '15%%' is not a number from 0/);
});

test('an output that is one of the inputs was overwritten without a word', async () => {
  const copies = ['m.h5', 'pictures/7.png', 'vocab.txt'] as const;
  mkdirSync(folder.path('pictures'), { recursive: true });
  const [model, picture, vocabulary] = copies.map((name) => folder.path(name)) as [string, string, string];
  copyFileSync(example('mnist-cnn.h5'), model);
  copyFileSync(example('digits/7.png'), picture);
  copyFileSync(example('imdb-vocab.txt'), vocabulary);
  symlinkSync(model, folder.path('link.html'));
  const pictures = folder.path('pictures');
  const before = copies.map((name) => readFileSync(folder.path(name)));
  const wrong: readonly (readonly [command: string, argv: readonly string[], message: RegExp])[] = [
    [
      'explain',
      [model, '--image', picture, '--json', model],
      /--json: '.*m\.h5' is read as the model, and would be overwritten/,
    ],
    ['explain', [model, '--image', picture, '--html', folder.path('link.html')], /--html: .* is read as the model/],
    ['explain', [model, '--image', pictures, '--png', picture], /--png: '.*7\.png' is read as --image/],
    ['explain', [model, '--input', `x=${picture}`, '--svg', picture], /--svg: '.*7\.png' is read as --input/],
    [
      'predict',
      [...imdb.slice(0, 1), '--vocab', vocabulary, '--text', 'A', '--json', vocabulary],
      /--json: .* is read as --vocab/,
    ],
    ['compare', [model, '--image', picture, '--table', picture], /--table: .* is read as --image/],
  ];
  for (const [command, argv, message] of wrong) {
    const { code, err } = await runCli([command, ...argv]);
    assert.match(err, message);
    assert.is(code, 2, err);
  }
  assert.equal(
    copies.map((name) => readFileSync(folder.path(name))),
    before,
  );
});

test('U2: a file of examples/ that help names, where there is no such folder', async () => {
  const before = process.cwd();
  process.chdir(folder.path('.'));
  try {
    for (const argv of [
      ['inspect', 'examples/mnist-cnn.h5'],
      ['explain', ...mnist.slice(0, 1), '--image', 'examples/digits/7.png'],
    ]) {
      const { code, err } = await runCli(argv);
      assert.match(err, /hint: examples\/ is a folder of pathgrad's repository: git clone it/);
      assert.is(code, 1);
    }
  } finally {
    process.chdir(before);
  }
});

test('a blank --text was explained, or ended with 1 and named no flag: no flag takes spaces alone', async () => {
  for (const { name: command, groups: own } of commands) {
    for (const { name, value, blank } of own.flatMap(({ flags }) => flags)) {
      if (!value) continue;
      const argv = ['m.h5', `--${name}`, '  '];
      if (blank) assert.is(parseFlags(argv, own, command).text(name), '  ');
      else assert.throws(() => parseFlags(argv, own, command), new RegExp(`^--${name}: is blank: --${name} `), command);
    }
  }
  assert.is(parse('--separator', '\t').text('separator'), '\t');
  await refused([...imdb.slice(0, 3), '--text', '  '], /--text: is blank/);
  await refused([...imdb.slice(0, 3), '--text', '?!'], /--text: '\?!' has no words\nhint: give a sentence/);
  const bert = [example('imdb-distilbert'), '--text'];
  await refused([...bert, '[SEP]'], /--text: has no words/);
});

test('flags of texts and pictures did nothing beside inputs of another kind', async () => {
  const wine = [example('wine-mlp.keras'), '--csv', example('wine.csv'), '--label', 'cultivar'];
  await refused([...mnist, '--padding', 'zzz'], /--padding: is for texts, and there are none\nhint: leave it out/);
  await refused([...mnist, '--length', '5'], /--length: is for texts/);
  await refused([...wine, '--pixels', '0..255'], /--pixels: is for pictures, and there are none/);
  await refused([...wine, '--invert'], /--invert: is for pictures/);
  await refused([...wine, '--index', '-1'], /--index: there is no row -1\nhint: rows count from 0/);
});

test('columns that were typed wrongly ended with 1 and named no flag', async () => {
  const wine = [example('wine-mlp.keras'), '--csv', example('wine.csv')];
  await refused(
    [...wine, '--label', 'cultivr'],
    /--label: .*wine\.csv has no column 'cultivr'\nhint: did you mean 'cult/,
  );
  await refused([...wine, '--drop', 'alcohl'], /--drop: .* has no column 'alcohl'\nhint: did you mean 'alcohol'/);
  await refused([...wine, '--columns', 'ash,hu'], /--columns: .* has no column 'hu'/);
});

test('an unknown explainer listed 28 names without the nearest; so did metrics, commands of jobs and schedules', async () => {
  await refused(
    [...mnist, '--explainer', 'shapp'],
    /--explainer: .*\nhint: did you mean 'DeepLiftShap' or .*\? All 28 methods: pathgrad methods\n/,
  );
  const metric = await runCli(['compare', ...mnist, '--metrics', 'faith']);
  assert.match(metric.err, /--metrics: .*\nhint: did you mean 'faithfulness-correlation'\? .*pathgrad methods/);
  assert.is(metric.code, 2);
  const verb = await runCli(['job', 'stats', 'folder']);
  assert.match(verb.err, /job stats: is not a command\nhint: did you mean 'status'\?/);
});

test('an unknown model file spoke of HDF5 and .keras alone', async () => {
  writeFileSync(folder.path('notes.md'), '# notes\n\nno model\n');
  const { code, err } = await runCli(['inspect', folder.path('notes.md')]);
  assert.is(code, 1);
  assert.match(err, /notes\.md: is no model that pathgrad reads: plain text \('# notes'\)/);
  for (const read of ['.h5', '.keras', '.onnx', 'model.json of TensorFlow.js', '.safetensors'])
    assert.ok(err.includes(read), `${read}: ${err}`);
});

test('the right answer of a row was a number beside names of classes', async () => {
  const wine = [example('wine-mlp.keras'), '--csv', example('wine.csv'), '--label', 'cultivar', '--index', '0'];
  const plain = await runCli(['explain', ...wine, '--steps', '4']);
  assert.match(plain.out, /prediction +class 0 .*\n +labelled +class 0\n +explained +class 0/);
  const named = await runCli(['explain', ...wine, '--steps', '4', '--labels', 'Barolo,Grignolino,Barbera']);
  assert.match(named.out, /labelled +Barolo\n +explained +Barolo/);
});

test('-q printed what was written, and notes', async () => {
  const run = await runCli(['explain', ...mnist, '--steps', '2', '-q', '--json', folder.path('q.json')]);
  assert.equal([run.code, run.err], [0, '']);
});

test('a flag of another command named none near, with a list that was cut', async () => {
  const hint = async (...argv: string[]): Promise<string> => {
    const { code, err } = await runCli(argv);
    assert.is(code, 2, err);
    return err.split('\nhint: ')[1]!.trim();
  };
  const help = (name: string): string => `See: pathgrad ${name} --help`;
  assert.is(await hint('job', 'run', 'm.h5', '--csv', 'x.csv'), `here it is --input FILE. ${help('job')}`);
  assert.is(await hint('job', 'run', 'm.h5', '--image', 'x'), `here it is --input FILE. ${help('job')}`);
  assert.is(await hint('job', 'run', 'm.h5', '--svg', 'x'), `here it is --output FOLDER. ${help('job')}`);
  assert.is(
    await hint('predict', 'm.h5', '--html', 'x'),
    `it is one of pathgrad explain, compare, job. ${help('predict')}`,
  );
  assert.is(await hint('explain', 'm.h5', '--zzzz'), 'see: pathgrad explain --help');
});

test('abbreviations led to no name: --explainer intgrads', async () => {
  await refused([...mnist, '--explainer', 'intgrads'], /\nhint: did you mean 'IntegratedGradients'/);
  await refused([...mnist, '--explainer', 'expgrads'], /\nhint: did you mean 'ExpectedGradients'\?/);
  assert.equal(nearestNames('intgrads', ['Saliency', 'IntegratedGradients', 'DeepLift']), ['IntegratedGradients']);
  // Three letters are short for nearly anything, and what begins otherwise is no abbreviation.
  assert.equal(nearestNames('igs', ['IntegratedGradients']), []);
  assert.equal(nearestNames('tgrads', ['IntegratedGradientsX']), []);
});

test('train: refusals came behind the opening lines, and one in words of the library', async () => {
  const wine = [example('wine-mlp.keras'), '--csv', example('wine.csv'), '--label', 'cultivar', '--epochs', '1'];
  for (const [flags, pattern] of [
    [['--metrics', 'accuracy,accuracy'], /^pathgrad: --metrics: names 'accuracy' twice\nhint: once is enough\n$/],
    [['--metrics', 'mae, mae'], /^pathgrad: --metrics: names 'mae' twice/],
    [['--class-weight', '7=2'], /^pathgrad: --class-weight: '7=2' is no class with its weight/],
    [['--class-weight', '0=2,0=3'], /^pathgrad: --class-weight: weighs '0' twice/],
  ] as const) {
    const run = await runCli(['train', ...wine, ...flags, '--out', folder.path('never.keras')]);
    assert.match(run.err, pattern);
    assert.equal([run.code, run.out], [2, '']);
  }
  const judged = await runCli(['evaluate', ...wine.slice(0, 5), '--metrics', 'accuracy,accuracy']);
  assert.match(judged.err, /--metrics: names 'accuracy' twice/);
  assert.is(judged.code, 2);
});

test('a cut file for an input by name was of a kind that is not known', async () => {
  for (const [name, kind] of [
    ['x.npy', 'an .npy file'],
    ['x.npz', 'an .npz file'],
    ['x.png', 'a picture that is read'],
    ['x.wav', 'a WAV file'],
    ['x.parquet', 'a Parquet file'],
    ['x.foo', 'a file that is read'],
  ] as const) {
    writeFileSync(folder.path(name), 'x');
    const { code, err } = await runCli([
      'explain',
      example('wine-mlp.keras'),
      '--input',
      `measurements=${folder.path(name)}`,
    ]);
    assert.ok(err.includes(`${name}: is not ${kind}: plain text ('x') (bytes 1)\nhint: `), err);
    assert.is(code, 1);
  }
});

test('a question mark was followed by a semicolon', async () => {
  const { err } = await runCli(['expain']);
  assert.match(err, /did you mean 'explain'\? pathgrad --help lists/);
  const other = await runCli(['zzzz']);
  assert.match(other.err, /methods; pathgrad --help lists/);
});

test.run();
