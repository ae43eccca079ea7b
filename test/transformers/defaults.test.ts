/** Folders that leave something out of the settings of a tokenizer: the ids that transformers' AutoTokenizer gives (make_settings.py). */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/transformers/config/config.ts';
import { loadTransformer, type TransformerFiles } from '../../src/transformers/index.ts';
import { loadTokenizer } from '../../src/transformers/load-tokenizer.ts';
import { rejects } from '../attribution/closed-forms.ts';
import { makeFiles, small } from './support.ts';

const test = suite('transformers: defaults of the class of a tokenizer');

interface Found {
  readonly config: Record<string, unknown>;
  readonly definition: Record<string, unknown> | string[];
  readonly settings: Record<string, unknown> | null;
  readonly special: Record<string, unknown> | null;
  readonly ids: readonly (readonly number[])[];
  readonly pair: { readonly ids: readonly number[]; readonly types: readonly number[] };
  readonly mask: number | null;
}
const golden = JSON.parse(readFileSync(new URL('../golden/transformers/settings.json', import.meta.url), 'utf8')) as {
  texts: string[];
  texts_of_pair: [string, string];
  cases: Record<string, Found>;
};

function filesOf({ definition, settings, special }: Found): TransformerFiles {
  const lines = Array.isArray(definition) ? new TextEncoder().encode(`${definition.join('\n')}\n`) : null;
  return {
    ...{ config: {}, weights: new Uint8Array(0) },
    ...(lines ? { vocab: lines } : { tokenizer: definition as Record<string, unknown> }),
    ...(settings && { tokenizerConfig: settings }),
    ...(special && { specialTokensMap: special }),
  };
}

for (const [name, found] of Object.entries(golden.cases)) {
  test(name, async () => {
    const config = readConfig({ vocab_size: 290, ...found.config }, 'config.json');
    const tokenizer = await loadTokenizer(filesOf(found), config, found.config['tokenizer_class']);
    golden.texts.forEach((text, i) => {
      assert.equal(Array.from(tokenizer!.encode(text).input_ids.data), found.ids[i], text);
    });
    const pair = tokenizer!.encode([golden.texts_of_pair]);
    assert.equal(Array.from(pair.input_ids.data), found.pair.ids);
    assert.equal(Array.from(pair.token_type_ids.data), found.pair.types);
    // Where nobody names it, a token that is called like BERT's is one.
    if (found.mask !== null) assert.is(tokenizer!.maskId, found.mask);
  });
}

test('a token that the settings name and no file has opens; who uses it is told by the model', async () => {
  const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 35 }, (_, i) => `w${i}`)];
  const files = { ...(await makeFiles(small)), vocab: new TextEncoder().encode(vocab.join('\n')) };
  const model = await loadTransformer({ ...files, tokenizerConfig: { mask_token: '<new>' } });
  assert.equal([...model.tokenizer!.namedIds], [40]);
  assert.is(model.tokenizer!.maskId, 40);
  await model.predict(model.tokenizer!.encode('w3 w4'));
  await rejects(model.predict(model.tokenizer!.encode('w3 <new>')), "input_ids has 40, which the model's table lacks");
  const longer = new TextEncoder().encode([...vocab, 'w35'].join('\n'));
  await rejects(loadTransformer({ ...files, vocab: longer }), 'has more tokens than the embedding of the model');
});

test.run();
