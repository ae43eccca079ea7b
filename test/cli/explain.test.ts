/** `pathgrad explain` and `predict` on the example models, through the same door as the program: output, files, colours. */
import { readFileSync, writeFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation } from '../../src/attribution/index.ts';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: explain and predict');
const folder = temporaryFolder();
const imdb = [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt')];
const mnist = example('mnist-cnn.h5');

interface Json {
  readonly items: readonly {
    readonly tokens: readonly string[];
    readonly scores: readonly number[];
    readonly target: { readonly label: string; readonly index: number };
    readonly completeness: { readonly delta: number; readonly attributionSum: number };
  }[];
  readonly explanation: object;
}

test('a text: prediction, baseline, completeness, tokens, and the numbers as JSON', async () => {
  const json = folder.path('text.json');
  const { code, out, err } = await runCli([
    'explain',
    ...imdb,
    '--full',
    '--text',
    'An excellent whodunnit!',
    '--labels',
    'neg,pos',
    '--json',
    json,
  ]);
  assert.is(code, 0, err);
  assert.match(out, /^imdb_cnn: 1 text of 100 tokens, explained at layer 1 \(embedding\) \(gausslegendre, 50 steps\)/);
  assert.match(out, /1\. An excellent whodunnit!\n {3}prediction +pos \d\d(\.\d)? %, neg/);
  assert.match(out, /explained +pos \(predicted\)/);
  assert.match(out, /baseline +padding \(token 0\): 5\d(\.\d)? % pos, entropy 0\.69\d nats/);
  assert.match(
    out,
    /complete +(99|100)\.\d\d %: attributions sum to \+0\.\d+, the score changes by \+0\.\d+ \(50 steps\)/,
  );
  assert.match(out, /tokens +<start>\S* an\S* excellent\[\+\+\+\] whodunnit\n/);
  assert.match(err, /note: 1 word is not in the vocabulary, so the model cannot see which: whodunnit\n/);
  assert.match(err, /wrote .*text\.json\n$/);
  const content = JSON.parse(readFileSync(json, 'utf8')) as Json;
  assert.equal(content.items[0]!.tokens, ['<start>', 'an', 'excellent', 'whodunnit']);
  assert.equal(content.items[0]!.target, { label: 'pos', index: 1, isPredicted: true });
  const explanation = Explanation.fromJSON(content.explanation);
  assert.equal([explanation.meta.params.nSteps, explanation.attributions[0]!.shape], [50, [1, 100, 50]]);
  const { attributionSum } = content.items[0]!.completeness;
  const shown = content.items[0]!.scores.reduce((sum, score) => sum + score, 0);
  assert.ok(Math.abs(shown - attributionSum) < 1e-6, 'padding has no attribution, so the shown tokens sum to all');
});

test('colours on a terminal that has them, none elsewhere; --quiet leaves results alone', async () => {
  const argv = ['explain', ...imdb, '--text', 'A superb film', '--steps', '10', '--quiet'];
  const plain = await runCli(argv);
  const colored = await runCli(argv, { outIsTty: true, env: { TERM: 'xterm-256color', COLORTERM: 'truecolor' } });
  const refused = await runCli(argv, { outIsTty: true, env: { TERM: 'xterm-256color', NO_COLOR: '1' } });
  assert.ok(!plain.out.includes('\x1b['));
  assert.match(colored.out.replaceAll('\x1b', 'ESC'), /ESC\[48;2;\d+;\d+;\d+;38;2;\d+;\d+;\d+msuperbESC\[0m/);
  assert.is(refused.out, plain.out);
  assert.is(plain.err, '');
});

test('the same tokens as ids, and as a text, are explained alike', async () => {
  const text = await runCli(['explain', ...imdb, '--text', 'the and', '--steps', '5']);
  const ids = await runCli(['explain', ...imdb, '--tokens', '1,3,4', '--steps', '5']);
  assert.is(ids.out.replace('tokens 1,3,4', 'the and'), text.out);
});

test('targets by name and number, a baseline of another token, steps auto', async () => {
  const common = ['explain', ...imdb, '--text', 'A superb film', '--labels', 'neg,pos'];
  const named = await runCli([...common, '--target', 'neg', '--baseline', '2', '--steps', 'auto']);
  assert.match(named.out, /explained +neg\n/);
  assert.match(named.out, /baseline +token 2: /);
  const numbered = await runCli([...common, '--target', '0', '--baseline', '2', '--steps', 'auto']);
  assert.is(named.out, numbered.out);
  const atLayer = await runCli([...common, '--baseline', 'layer:0', '--steps', '20']);
  assert.match(atLayer.out, /baseline +0 at the layer: /);
});

test('pictures: PNG, report and text; a picture of another size is resampled, and it is said', async () => {
  const [png, html] = [folder.path('digits.png'), folder.path('digits.html')];
  const images = [3, 7].map((digit) => example(`digits/${digit}.png`));
  const { code, out, err } = await runCli([
    'explain',
    mnist,
    '--image',
    ...images,
    '--steps',
    '10',
    '--png',
    png,
    '--html',
    html,
  ]);
  assert.is(code, 0, err);
  assert.match(out, /mnist_cnn: 2 pictures of 784 values, explained at the input/);
  assert.match(out, /1\. 3\.png\n {3}prediction +class 3/);
  const picture = decode(readFileSync(png));
  assert.ok(picture.width > 500 && picture.height > 250, `${picture.width} x ${picture.height}`);
  const page = readFileSync(html, 'utf8');
  assert.match(page, /^<!doctype html>/i);
  assert.match(page, /data:image\/png;base64,/);
  assert.not.match(page, /<script/);
  const large = await runCli(['explain', mnist, '--image', png, '--steps', '5']);
  assert.match(large.err, /note: \S+digits\.png: colours turned into grey/);
  assert.match(large.err, /note: \S+digits\.png: resampled from \d+ x \d+ to 28 x 28, which changes its proportions/);
});

test('rows of an IDX file and of a .npy file are the same pictures', async () => {
  const pixels = [3, 7].flatMap((digit) => [...decode(readFileSync(example(`digits/${digit}.png`))).data]);
  const idx = folder.path('digits.idx');
  writeFileSync(idx, Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, ...pixels]));
  const npyFile = folder.path('digits.npy');
  writeFileSync(
    npyFile,
    npy(
      '<f4',
      '(2, 28, 28, 1)',
      Float32Array.from(pixels, (value) => value / 255),
    ),
  );
  const pictures = await runCli(['predict', mnist, '--image', example('digits/7.png'), '--top', '10']);
  const rows = await runCli(['predict', mnist, '--idx', idx, '--index', '1', '--top', '10']);
  const floats = await runCli(['predict', mnist, '--npy', npyFile, '--index', '1', '--top', '10']);
  const scores = (run: { out: string }): string => run.out.slice(run.out.indexOf('class'));
  assert.is(scores(rows), scores(pictures));
  assert.is(scores(floats), scores(pictures));
  assert.match(rows.out, /^digits\.idx \[1\] {2}class 7 /);
  const inverted = await runCli(['predict', mnist, '--image', example('digits/7.png'), '--invert', '--top', '10']);
  assert.not.equal(scores(inverted), scores(pictures));
});

test('predict prints one line per text', async () => {
  const { out } = await runCli([
    'predict',
    ...imdb,
    '--text-file',
    example('sentences.txt'),
    '--index',
    '1,0',
    '--labels',
    'neg,pos',
  ]);
  const lines = out.trimEnd().split('\n');
  assert.is(lines.length, 2);
  assert.match(lines[0]!, /^What a waste of time.*neg 99/);
  assert.match(lines[1]!, /^A wonderful film.*pos 99 %, neg 1 %$/);
});

test('inspect lists layers, shapes and parameters', async () => {
  const { code, out } = await runCli(['inspect', example('mnist-cnn.h5')]);
  assert.is(code, 0);
  assert.match(out, /functional model 'mnist_cnn', hdf5, written by Keras 3/);
  assert.match(out, /Conv2D/);
  assert.match(out, /This model can be run and explained/);
});

test('help and version', async () => {
  assert.match((await runCli(['--help'])).out, /Usage: pathgrad COMMAND MODEL/);
  assert.match((await runCli(['explain', '--help'])).out, /--word-index FILE/);
  assert.match((await runCli(['help', 'predict'])).out, /Usage: pathgrad predict/);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.is((await runCli(['--version'])).out, `pathgrad ${version}\n`);
});

test.run();
