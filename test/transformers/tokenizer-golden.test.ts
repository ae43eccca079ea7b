/** Ids, token types, offsets and word ids of Hugging Face's fast tokenizers, exactly, for the pipeline of each family and hard texts. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenizersOfHuggingFace } from './golden-tokenizers.ts';

const test = suite('transformers: tokenizers of Hugging Face');

for (const { name, tokenizer, special, rows } of tokenizersOfHuggingFace()) {
  test(`${name}: ${rows.length} rows`, () => {
    for (const row of rows) {
      const [first, second] = row.texts as [string, string | undefined];
      const { maxLength, truncation } = row;
      const options = { ...(maxLength ? { maxLength } : {}), ...(truncation ? { truncation } : {}) };
      const got = tokenizer.encode([second === undefined ? first : [first, second]], options);
      const at = JSON.stringify({ ...options, texts: row.texts });
      assert.equal([...got.input_ids.data], row.ids, `ids of ${at}: ${got.tokens[0]}`);
      assert.equal([...got.token_type_ids.data], row.types, `types of ${at}`);
      assert.equal(got.offsets[0], row.offsets, `offsets of ${at}: ${got.tokens[0]}`);
      assert.equal(got.wordIds[0], row.words, `words of ${at}`);
      assert.equal(got.sequences[0], row.sequences, `sequences of ${at}`);
    }
    const { padId: pad, clsId: cls, sepId: sep, maskId: mask, unkId: unk } = tokenizer;
    for (const [key, id] of Object.entries({ pad, cls, sep, mask, unk })) assert.is(id, special[`${key}_token`], key);
  });
}

test.run();
