/** Ids, token types, offsets and word ids of Hugging Face's fast tokenizers, exactly, for the pipeline of each family and hostile texts. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TextTokenizer, type Truncation } from '../../src/transformers/index.ts';

interface Row {
  readonly texts: readonly string[];
  readonly ids: readonly number[];
  readonly types: readonly number[];
  readonly offsets: readonly (readonly [number, number] | null)[];
  readonly words: readonly (number | null)[];
  readonly sequences: readonly (number | null)[];
  readonly maxLength?: number;
  readonly truncation?: Truncation;
}

interface Golden {
  readonly charsmaps: readonly string[];
  readonly tokenizers: Record<
    string,
    { json: Record<string, unknown>; config: Record<string, string>; special: Record<string, number>; rows: Row[] }
  >;
}

const test = suite('transformers: tokenizers of Hugging Face');
const file = new URL('../golden/transformers/tokenizers.json.gz', import.meta.url);
const golden = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Golden;

/** The maps back in their places. */
function filled(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(filled);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const shared = key === 'precompiled_charsmap' && typeof item === 'string' && item.startsWith('@');
      return [key, shared ? golden.charsmaps[Number(item.slice(1))] : key === 'vocab' ? item : filled(item)];
    }),
  );
}

for (const [name, { json, config, special, rows }] of Object.entries(golden.tokenizers)) {
  test(`${name}: ${rows.length} rows`, () => {
    const tokenizer = new TextTokenizer(filled(json), { positions: 512, name }, config);
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
    const ids = { pad: tokenizer.padId, cls: tokenizer.clsId, sep: tokenizer.sepId, mask: tokenizer.maskId, unk: tokenizer.unkId };
    for (const [key, id] of Object.entries(ids)) assert.is(id, special[`${key}_token`], key);
  });
}

test.run();
