/** `pathgrad inspect --verify`: what it prints and how it ends, for values that agree, that differ, and that do not fit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { readZoo } from '../support/zoo.ts';

const test = suite('inspect --verify');
const folder = temporaryFolder();
const zoo = (file: string): Uint8Array => readFileSync(new URL(`../golden/zoo/${file}`, import.meta.url));

const model = folder.path('vectors.keras');
writeFileSync(model, gunzipSync(zoo('keras3-vectors.keras.gz')));
const { inputs, cases, madeWith } = readZoo(zoo('keras3-vectors.json.gz'));
const outputs = cases.map(({ output }) => output);

function reference(name: string, values: object): string {
  writeFileSync(folder.path(name), JSON.stringify(values));
  return folder.path(name);
}

test('values that agree: every item is listed, code 0', async () => {
  const { code, out } = await runCli([
    'inspect',
    model,
    '--verify',
    reference('good.json', { madeWith, inputs, outputs }),
  ]);
  assert.is(code, 0);
  assert.match(out, /Compared with .*good.json \(2 samples, made with keras 3\.15\.1/);
  assert.match(out, /output activation\s+largest error \S+, allowed 1e-5 {2}ok/);
  assert.match(out, /All values agree\.\n$/);
});

test('values that differ are marked, and the code is 1', async () => {
  const swapped = [outputs[1], outputs[0], ...outputs.slice(2)];
  const { code, out, err } = await runCli([
    'inspect',
    model,
    '--verify',
    reference('bad.json', { inputs, outputs: swapped }),
  ]);
  assert.is(code, 1);
  assert.match(out, /output activation_1\s+largest error \S+, allowed 1e-5 {2}DIFFERS/);
  assert.match(err, /2 of \d+ comparisons differ from .*bad.json/);
});

test('another shape, and a file without values', async () => {
  const other = outputs.find(({ shape }) => shape.join() !== outputs[0]!.shape.join());
  const shapes = await runCli(['inspect', model, '--verify', reference('other.json', { inputs, outputs: [other] })]);
  assert.is(shapes.code, 1);
  assert.match(
    shapes.err,
    /output activation has another shape than in the reference \(reference \[.*\], got \[2,6\]\)/,
  );
  const none = await runCli(['inspect', model, '--verify', model]);
  assert.is(none.code, 1);
  assert.match(none.err, /vectors.keras: holds no reference values/);
  const missing = await runCli(['inspect', model, '--verify', folder.path('none.json')]);
  assert.match(missing.err, /none.json: does not exist/);
});

test.run();
