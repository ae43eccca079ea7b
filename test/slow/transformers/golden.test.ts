/**
 * transformers' own values on PyTorch for every encoder and head, in float64 and float32: outputs to 1e-5, gradients at the embeddings and
 * captum's integrated gradients to 1e-4 of the largest. Then files of two bytes a value and in shards, which hold the same weights.
 */
import { readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareCase, goldenEncoder, notYet } from '../../support/transformer-golden.ts';

const test = suite('transformers: all golden values');
const folder = new URL('../../golden/transformers/encoders/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace('.json.gz', ''));

test('every encoder is there, and none is left out', () => {
  assert.ok(names.length >= 19, `${names.length} files`);
  assert.equal(notYet, []);
});

for (const name of names) {
  const golden = goldenEncoder(name);
  if (notYet.includes(golden.family)) continue;
  for (const found of golden.cases) {
    for (const dtype of ['float64', 'float32'] as const) {
      test(`${name}, ${found.head}, ${dtype}`, async () => {
        const off = await compareCase(golden, found, dtype);
        if (process.env['FIGURES']) console.log(`row: ${name}, ${found.head}, ${dtype}: ${JSON.stringify(off)}`);
        assert.ok(off.outputs <= 1e-5, `outputs off by ${off.outputs}`);
        assert.ok(off.gradient <= 1e-4, `gradients off by ${off.gradient}`);
        assert.ok(off.attributions <= 1e-4, `attributions off by ${off.attributions}`);
      });
    }
  }
}

test.run();
