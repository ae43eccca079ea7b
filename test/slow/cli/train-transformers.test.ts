/** `pathgrad train` on folders of transformers: the head alone, a new head, and a training that was interrupted. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interrupted } from '../../../src/cli/print/terminal.ts';
import { loadTransformer } from '../../../src/transformers/index.ts';
import { type Run, runCli, temporaryFolder } from '../../support/cli.ts';
import { reviews, tinyMood } from '../../support/tiny-mood.ts';

const test = suite('cli: train transformers');
const { path } = temporaryFolder();
const write = (name: string, content: string): string => {
  writeFileSync(path(name), content);
  return path(name);
};
const train = (...argv: string[]): Promise<Run> => runCli(['train', ...argv]);
const refused = async (argv: readonly string[], code: number, told: RegExp): Promise<void> => {
  const found = await runCli(argv);
  assert.match(found.err, told);
  assert.is(found.code, code, found.err);
};

test('of a transformer the head alone, a new head, and one that was interrupted', async () => {
  const model = await tinyMood(path('base'));
  const csv = write('reviews.csv', reviews());
  const flags = ['--csv', csv, '--label', 'mood', '--learning-rate', '0.01'];
  const head = await train(model, ...flags, '--epochs', '1', '--train-only', 'head', '--out', path('head'));
  assert.is(head.code, 0, head.err);
  const [before, after] = await Promise.all([loadTransformer(model), loadTransformer(path('head'))]);
  const changed = after.weights.filter(({ tensor }, i) =>
    tensor.data.some((v, k) => v !== before.weights[i]!.tensor.data[k]),
  );
  assert.ok(changed.length > 0 && changed.every(({ layer }) => !layer.startsWith('distilbert/')));
  await refused(
    ['train', model, ...flags, '--train-only', 'heda', '--out', path('no')],
    2,
    /--train-only: there is no layer 'heda'/,
  );
  const fresh = write('three.csv', 'text,mood\nW3 W4,low\nW5 W6,middle\nW7 W8,high\n');
  const three = ['--csv', fresh, '--label', 'mood', '--new-head', '--labels', 'low,middle,high', '--epochs', '1'];
  const made = await train(model, ...three, '--out', path('three'));
  assert.is(made.code, 0, made.err);
  const { id2label } = JSON.parse(readFileSync(path('three/config.json'), 'utf8'));
  assert.equal(Object.values(id2label), ['low', 'middle', 'high']);
  await refused(['train', model, ...flags.slice(0, 4), '--new-head', '--out', path('no')], 2, /--labels: is needed/);

  const all = [model, ...flags, '--epochs', '3', '--seed', '2'];
  await train(...all, '--out', path('whole'));
  const stop = new AbortController();
  const out = (text: string): void => {
    if (text.startsWith('epoch 2/')) stop.abort(new Interrupted('interrupted'));
  };
  const cut = ['train', ...all, '--checkpoint', path('run.ckpt'), '--out', path('cut')];
  const interrupted = await runCli(cut, { out, signal: stop.signal });
  assert.is(interrupted.code, 130);
  const resumed = await train(...all, '--resume', path('run.ckpt'), '--out', path('again'));
  assert.is(resumed.code, 0, resumed.err);
  for (const file of readdirSync(path('whole')))
    assert.equal(readFileSync(path(`again/${file}`)), readFileSync(path(`whole/${file}`)), file);
});

test.run();
