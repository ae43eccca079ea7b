/**
 * transformers' own values on PyTorch, in float64, for a head or two of each encoder: outputs to 1e-5, gradients at the embeddings and captum's
 * integrated gradients to 1e-4 of the largest. All heads and variants: test/slow/transformers.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareCase, goldenEncoder, type HeadName, notYet } from '../support/transformer-golden.ts';

const test = suite('transformers: golden values');

/** The heads of each encoder are spread over these, so that every head comes up. */
const quick: Readonly<Record<string, readonly HeadName[]>> = {
  bert: ['token'],
  distilbert: ['multi'],
  roberta: ['question'],
  'xlm-roberta': ['regression'],
  camembert: ['masked'],
  electra: ['single'],
  albert: ['single'],
  mpnet: ['base'],
  'deberta-v3': ['masked'],
  'deberta-v2': ['single'],
  modernbert: ['single', 'masked'],
};

for (const [name, heads] of Object.entries(quick)) {
  const golden = goldenEncoder(name);
  if (notYet.includes(golden.family)) continue;
  for (const found of golden.cases.filter(({ head }) => heads.includes(head))) {
    test(`${name}, ${found.head}`, async () => {
      const off = await compareCase(golden, found);
      assert.ok(off.outputs <= 1e-5, `outputs off by ${off.outputs}`);
      assert.ok(off.gradient <= 1e-4, `gradients off by ${off.gradient}`);
      assert.ok(off.attributions <= 1e-4, `attributions off by ${off.attributions}`);
    });
  }
}

test.run();
