/** docs/layers.md is what its script makes of the layer code, and names every layer that the zoo by real Keras contains. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { layersDoc } from '../../scripts/layers-doc.ts';
import { readZoo } from '../support/zoo.ts';

const test = suite('docs/layers.md');
const page = readFileSync(new URL('../../docs/layers.md', import.meta.url), 'utf8');

test('is up to date', () => {
  assert.is(page, layersDoc(), 'stale: node --import tsx scripts/layers-doc.ts writes it');
});

/** Supported, but in no file of the zoo; each with the test that covers it. */
const elsewhere: Readonly<Record<string, string>> = {
  InputLayer: 'every model',
  ContrastLimitedAdaptiveHistogramEqualization: 'test/keras/layers/clahe.test.ts',
};

test('every layer of Keras 3 that it calls supported is compared with Keras', () => {
  const folder = new URL('../golden/zoo/', import.meta.url);
  const records = readdirSync(folder).filter((file) => file.endsWith('.json.gz'));
  const compared = new Set(records.flatMap((file) => readZoo(readFileSync(new URL(file, folder))).classes));
  const signals = String(gunzipSync(readFileSync(new URL('../golden/spectrograms.json.gz', import.meta.url))));
  for (const [, name] of signals.matchAll(/"class_name":"(\w+)"/g)) compared.add(name!);
  const rows = [...page.matchAll(/^\| (\w+) \| yes \|/gm)].map((match) => match[1]!);
  assert.ok(rows.length > 200, `${rows.length} rows`);
  const random = /^Random/; // identities at inference, by the dozen
  const missing = [...new Set(rows)].filter(
    (name) => !compared.has(name) && !random.test(name) && !Object.hasOwn(elsewhere, name),
  );
  assert.equal(missing, []);
});

test.run();
