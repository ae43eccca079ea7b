/** Bad input on the command line: each gives its error, the right exit code, and leaves no file behind. */
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interrupted } from '../../src/cli/print/terminal.ts';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: errors');
const folder = temporaryFolder();
const imdb = [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt'), '--text', 'A superb film'];
const digit = ['--image', example('digits/7.png')];
const mnist = example('mnist-cnn.h5');
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(folder.path(name), content);
  return folder.path(name);
};
const empty = file('empty.h5', '');
const cut = file('cut.h5', readFileSync(mnist).subarray(0, 100_000));
const page = file('page.h5', '<!DOCTYPE html><html></html>');
const wrong = file('two.npy', npy('<f8', '(2,)', Float64Array.of(0, 1)));
const notNumbers = file('nan.npy', npy('<f8', '(28, 28, 1)', new Float64Array(784).fill(Number.NaN)));
const before = folder.files();

const cases: readonly (readonly [name: string, code: 1 | 2, pattern: RegExp, argv: readonly string[]])[] = [
  ['no command', 2, /command: is missing/, []],
  ['a misspelt command', 2, /explian: is not a command\nhint: did you mean 'explain'\?/, ['explian', 'm.h5']],
  ['a model without a command', 2, /a command comes first: pathgrad inspect m\.h5/, ['m.h5']],
  ['no model', 2, /MODEL: is missing/, ['explain', '--text', 'a']],
  ['no input', 2, /input: is missing\nhint: give one of --text/, ['explain', mnist]],
  ['two kinds of input', 2, /is of several kinds: --text, --image/, ['explain', ...imdb, ...digit]],
  ['a text without a vocabulary', 2, /--text: needs a vocabulary/, ['explain', imdb[0]!, '--text', 'a']],
  ['an argument too many', 2, /film: is one argument too many/, ['explain', imdb[0]!, '--text', 'a', 'film']],
  ['a missing model', 1, /nothere\.h5: no such file/, ['explain', 'nothere.h5', ...digit]],
  ['an empty model', 1, /empty\.h5: .*empty/, ['explain', empty, ...digit]],
  ['a truncated model', 1, /cut\.h5/, ['explain', cut, ...digit]],
  ['a web page for a model', 1, /page\.h5: /, ['explain', page, ...digit]],
  [
    'tokens outside the vocabulary',
    2,
    /token id 10000 is outside[\s\S]*'embedding' knows the ids 0 to 9999/,
    ['explain', imdb[0]!, '--tokens', '10000'],
  ],
  ['tokens for a model of pictures', 2, /mnist_cnn reads no tokens/, ['explain', mnist, '--tokens', '1']],
  [
    'a picture for a model of texts',
    1,
    /a picture does not fit[\s\S]*it reads tokens/,
    ['explain', imdb[0]!, ...digit],
  ],
  ['rows of a wrong shape', 1, /two\.npy: rows do not have the shape/, ['explain', mnist, '--npy', wrong]],
  [
    'a target out of range',
    2,
    /'10' is no class of this model\nhint: classes go from 0 to 9/,
    ['explain', mnist, ...digit, '--target', '10'],
  ],
  [
    'a target that is no label',
    2,
    /'pso' is no class[\s\S]*did you mean 'pos'/,
    ['explain', ...imdb, '--labels', 'neg,pos', '--target', 'pso'],
  ],
  ['too few labels', 2, /--labels: gives 1 names for 10 classes/, ['explain', mnist, ...digit, '--labels', 'a']],
  ['no step', 2, /--steps: must be at least 1/, ['explain', mnist, ...digit, '--steps', '0']],
  [
    'one step of Riemann',
    2,
    /--steps: riemann_left needs at least 2/,
    ['explain', mnist, ...digit, '--steps', '1', '--method', 'riemann_left'],
  ],
  ['1e9 steps', 2, /--steps: at most 1000000 points/, ['explain', mnist, ...digit, '--steps', '1000000000']],
  [
    'half a step',
    2,
    /--steps: '1\.5' is not a whole number, or 'auto'/,
    ['explain', mnist, ...digit, '--steps', '1.5'],
  ],
  ['an unknown method', 2, /did you mean 'riemann_middle'/, ['explain', mnist, ...digit, '--method', 'riemann_midle']],
  [
    'an unknown layer',
    2,
    /there is no layer 'embeding'\nhint: did you mean 'embedding'/,
    ['explain', ...imdb, '--layer', 'embeding'],
  ],
  [
    'an unknown baseline',
    2,
    /'zerso' is not known\nhint: did you mean 'zeros'/,
    ['explain', mnist, ...digit, '--baseline', 'zerso'],
  ],
  [
    'a baseline of the wrong shape',
    1,
    /two\.npy: as a baseline needs the shape of X, or one row of it \(got \[2\]/,
    ['explain', mnist, ...digit, '--baseline', wrong],
  ],
  ['a baseline with NaN', 1, /baseline.*NaN/i, ['explain', mnist, ...digit, '--baseline', notNumbers]],
  ['padding as the baseline of a picture', 2, /'pad' is for texts/, ['explain', mnist, ...digit, '--baseline', 'pad']],
  [
    'a row that is not there',
    1,
    /sentences\.txt: has no text 99/,
    ['predict', imdb[0]!, imdb[1]!, imdb[2]!, '--text-file', example('sentences.txt'), '--index', '99'],
  ],
  ['pictures of a text', 2, /--png: draws pictures/, ['explain', ...imdb, '--png', folder.path('x.png')]],
  [
    'an output in no folder',
    1,
    /x\.html: cannot be written: its folder does not exist/,
    ['explain', mnist, ...digit, '--html', folder.path('no/x.html')],
  ],
  [
    'two outputs in one file',
    2,
    /is to be written twice/,
    ['explain', mnist, ...digit, '--html', folder.path('x'), '--json', folder.path('x')],
  ],
];

for (const [name, code, pattern, argv] of cases) {
  test(name, async () => {
    const outputs =
      argv.includes('--json') || argv.includes('--png') || argv.includes('--html') || argv[0] !== 'explain';
    const run = await runCli(outputs ? argv : [...argv, '--json', folder.path('out.json')]);
    assert.match(run.err, pattern);
    assert.is(run.code, code, run.err);
    assert.match(run.err, /^pathgrad: |\npathgrad: /);
    assert.not.match(run.err, /\n {4}at /, 'no stack');
    assert.equal(folder.files(), before, 'no file is left behind');
  });
}

test('--debug shows where the error arose', async () => {
  assert.match((await runCli(['explain', 'nothere.h5', '--debug', ...digit])).err, /\n {4}at /);
});

test('Ctrl-C ends with code 130 and writes nothing', async () => {
  const stop = new AbortController();
  let drawn = '';
  const run = await runCli(['explain', mnist, ...digit, '--steps', '200000', '--json', folder.path('out.json')], {
    signal: stop.signal,
    errIsTty: true,
    err: (text) => {
      drawn += text;
      if (text.includes('explaining')) stop.abort(new Interrupted('interrupted'));
    },
  });
  assert.is(run.code, 130);
  assert.match(drawn, /explaining [█░]+ +\d+ %[\s\S]*interrupted: nothing was written\n$/);
  assert.equal(folder.files(), before);
});

test.run();
