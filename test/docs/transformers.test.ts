/** docs/transformers.md says what the code says: each encoder is read or has a reason, and each class that it calls unsupported is refused by name. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { list, transformersPage } from '../../scripts/transformers-doc.ts';
import { otherEncoders, otherHeads } from '../../scripts/transformers-reasons.ts';
import { readConfig } from '../../src/transformers/config/config.ts';
import { architectures } from '../../src/transformers/encoders/index.ts';
import { headClasses } from '../../src/transformers/heads/index.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { writeSafetensors } from '../support/safetensors.ts';
import { arraysOf, goldenEncoder } from '../support/transformer-golden.ts';

const test = suite('docs/transformers.md');

test('the page is that of the code', () => {
  const page = readFileSync(new URL('../../docs/transformers.md', import.meta.url), 'utf8');
  assert.is(
    page,
    transformersPage(),
    'docs/transformers.md is stale: node --import tsx scripts/transformers-doc.ts writes it',
  );
});

test('an encoder is supported, or is refused by the config and has a reason', () => {
  for (const type of Object.keys(list.encoders)) {
    const isKnown = (architectures as readonly string[]).includes(type);
    assert.is(Object.hasOwn(otherEncoders, type), !isKnown, type);
    if (isKnown) continue;
    assert.throws(
      () => readConfig({ model_type: type, vocab_size: 10 }, 'config.json'),
      /architecture that is not supported/,
    );
  }
  for (const type of Object.keys(otherEncoders)) assert.ok(Object.hasOwn(list.encoders, type), type);
});

test('every class of a supported encoder is read, or refused by its name', async () => {
  let refusals = 0;
  for (const type of architectures) {
    const golden = goldenEncoder(type === 'deberta-v2' ? 'deberta-v3' : type);
    const base = golden.cases.find(({ head }) => head === 'base')!;
    const weights = writeSafetensors(arraysOf(base, golden.prefix));
    for (const [ending, name] of Object.entries(list.encoders[type]!.classes)) {
      // Some classes do for two purposes.
      if (ending === 'Model' || headClasses.some((known) => name.endsWith(known))) continue;
      assert.ok(Object.hasOwn(otherHeads, ending), `${name} has no reason`);
      const config = { ...base.config, architectures: [name] };
      const error = await loadTransformer({ config, weights }).catch((e: Error) => e.message);
      assert.match(String(error), new RegExp(`not supported \\(architecture '?${name}`), `${name}: ${error}`);
      refusals++;
    }
  }
  assert.ok(refusals >= 15, `${refusals} classes`);
});

test.run();
