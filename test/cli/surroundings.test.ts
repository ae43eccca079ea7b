/** U11: full disks, closed pipes, devices, locales, files of another kind, and reports that did not say of what they are. */
import { EventEmitter } from 'node:events';
import { copyFileSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writer } from '../../src/cli/print/terminal.ts';
import { titleOf } from '../../src/open/model.ts';
import { example, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: surroundings (U11)');
const folder = temporaryFolder();
const mnist = [example('mnist-cnn.h5'), '--image', example('digits/7.png')];
const explain = ['explain', ...mnist, '--steps', '2'];

/** A stream that remembers, and fails when it is told to. */
class Sink extends EventEmitter {
  written: (Uint8Array | string)[] = [];
  write(content: Uint8Array | string): boolean {
    this.written.push(content);
    return true;
  }
}

test('U11: a closed pipe ends in silence, and takes nothing more', () => {
  const sink = new Sink();
  const failures: string[] = [];
  const write = writer(sink as never, ({ code }) => failures.push(code!));
  write('one');
  sink.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
  write('two');
  assert.equal([sink.written, failures], [['one'], []]);
});

test('U11: a full disk behind the output is told once', () => {
  const sink = new Sink();
  const failures: string[] = [];
  const write = writer(sink as never, ({ code }) => failures.push(code!));
  for (let i = 0; i < 2; i++) sink.emit('error', Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  write('more');
  assert.equal([sink.written, failures], [[], ['ENOSPC']]);
});

test('U11: /dev/full as an output is one line, and stays a device', async () => {
  if (!existsSync('/dev/full')) return; // not on this system
  const { code, err } = await runCli([...explain, '--json', '/dev/full', '-q']);
  assert.is(code, 1);
  assert.match(err, /^pathgrad: \/dev\/full: does not fit on the disk\nhint: .*\n$/);
  assert.ok(statSync('/dev/full').isCharacterDevice());
});

test('an output that is a link stays one, and what it leads to is written', async () => {
  writeFileSync(folder.path('real.json'), 'old');
  symlinkSync(folder.path('real.json'), folder.path('link.json'));
  assert.is((await runCli([...explain, '--json', folder.path('link.json'), '-q'])).code, 0);
  assert.ok(lstatSync(folder.path('link.json')).isSymbolicLink());
  assert.ok(JSON.parse(readFileSync(folder.path('real.json'), 'utf8')).items);
});

test('U6: - as an output is where results are printed, and nothing else goes there', async () => {
  const json = await runCli([...explain, '--json', '-']);
  assert.is(JSON.parse(json.out).items[0].target.label, 'class 7');
  const html = await runCli([...explain, '--html', '-']);
  assert.match(html.out, /^<!doctype html>[\s\S]*<\/html>\s*$/i);
  const png = await runCli([...explain, '--png', '-']);
  assert.equal([png.code, png.out.slice(1, 4), png.out.slice(-8, -4)], [0, 'PNG', 'IEND']);
  const said = await runCli(['predict', ...mnist, '--json', '-']);
  assert.is(JSON.parse(said.out).items[0].prediction.length, 10);
  const csv = await runCli(['compare', ...mnist, '--explainers', 'saliency', '--metrics', 'none', '--table', '-']);
  assert.match(csv.out, /^method,measure,better,mean,sd,n,reason\r\nSaliency,/);
  for (const run of [json, html, png, said, csv]) assert.not.match(run.err, /wrote/);
});

test('- cannot be two outputs, and a picture is nothing for a terminal', async () => {
  const twice = await runCli([...explain, '--json', '-', '--html', '-']);
  assert.equal([twice.code, /is to be written twice/.test(twice.err)], [2, true]);
  const shown = await runCli([...explain, '--png', '-'], { outIsTty: true });
  assert.equal([shown.code, /--png: a picture is nothing for a terminal/.test(shown.err)], [2, true]);
});

test('U11: no lines, bars and arrows under LANG=C', async () => {
  const inspect = ['inspect', example('mnist-cnn.h5')];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what this is about
  const beyond = /[^\x00-\x7f]/;
  for (const env of [{ LANG: 'C' }, { LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, { LC_CTYPE: 'en_US.ISO-8859-1' }]) {
    const { out } = await runCli(inspect, { env });
    assert.not.match(out, beyond);
    assert.match(out, /-{20}/);
  }
  for (const env of [{}, { LANG: 'C.UTF-8' }, { LC_ALL: '', LANG: 'en_US.utf8' }, { LANG: 'C', LC_ALL: 'de_DE.UTF-8' }])
    assert.match((await runCli(inspect, { env })).out, /─{20}/);
  const methods = ['--explainers', 'saliency,deep-lift', '--metrics', 'sparseness', '--batch', '5'];
  const compared = await runCli(['compare', ...mnist, ...methods], { env: { LANG: 'C' } });
  assert.not.match(compared.out, beyond);
  // What files and users say is theirs.
  const text = ['--vocab', example('imdb-vocab.txt'), '--text', 'très bon', '--steps', '2'];
  const told = await runCli(['explain', example('imdb-cnn.h5'), ...text], { env: { LANG: 'C' } });
  assert.match(told.out, /très bon/);
});

test('U11: a picture that is called .h5 is called a picture', async () => {
  copyFileSync(example('digits/7.png'), folder.path('digit.h5'));
  const { code, err } = await runCli(['inspect', folder.path('digit.h5')]);
  assert.equal([code, /digit\.h5: is no model that pathgrad reads: a PNG file/.test(err)], [1, true]);
});

test('what the system refuses about a file is a line that names the file', async () => {
  const { code, err } = await runCli([
    'predict',
    `${example('mnist-cnn.h5')}/inside`,
    '--image',
    example('digits/7.png'),
  ]);
  assert.is(code, 1);
  assert.match(err, /^pathgrad: [^\n]*mnist-cnn\.h5\/inside: [^\n]*\n(hint: [^\n]*\n)?$/);
  assert.not.match(err, /foresaw/);
});

test('U11: reports were titled "What moved sequential_1"', async () => {
  const title = async (...flags: string[]): Promise<string> =>
    /<title>(.*?)<\/title>/.exec((await runCli([...explain, ...flags, '--html', '-'])).out)![1]!;
  assert.is(await title(), 'What moved class 7 in mnist_cnn');
  assert.is(await title('--top', '2'), 'What moved 2 targets in mnist_cnn');
  const of = (name: string, path: string): string => titleOf({ name } as never, path);
  assert.equal([of('sequential_1', 'a/wine.h5'), of('model', 'wine.keras')], ['wine.h5', 'wine.keras']);
  assert.is(of('mnist_cnn', 'a/b.h5'), 'mnist_cnn');
});

test.run();
