/** The tokenizers of `test/golden/transformers/tokenizers.json.gz`, and what Hugging Face makes of texts with them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { TextTokenizer, type Truncation } from '../../src/transformers/index.ts';

export interface TokenizerRow {
  readonly texts: readonly string[];
  readonly ids: readonly number[];
  readonly types: readonly number[];
  readonly offsets: readonly (readonly [number, number] | null)[];
  readonly words: readonly (number | null)[];
  readonly sequences: readonly (number | null)[];
  readonly maxLength?: number;
  readonly truncation?: Truncation;
}

export interface GoldenTokenizer {
  readonly name: string;
  readonly json: Record<string, unknown>;
  readonly tokenizer: TextTokenizer;
  readonly special: Readonly<Record<string, number>>;
  readonly rows: readonly TokenizerRow[];
  /** The single texts, as they are. */
  readonly texts: readonly string[];
}

interface Stored {
  readonly charsmaps: readonly string[];
  readonly tokenizers: Record<
    string,
    {
      json: Record<string, unknown>;
      config: Record<string, string>;
      special: Record<string, number>;
      rows: TokenizerRow[];
    }
  >;
}

export function tokenizersOfHuggingFace(): GoldenTokenizer[] {
  const file = new URL('../golden/transformers/tokenizers.json.gz', import.meta.url);
  const { charsmaps, tokenizers } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Stored;
  /** Character maps back in their places: they are stored once. */
  const filled = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(filled);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const shared = key === 'precompiled_charsmap' && typeof item === 'string' && item.startsWith('@');
        return [key, shared ? charsmaps[Number(item.slice(1))] : key === 'vocab' ? item : filled(item)];
      }),
    );
  };
  return Object.entries(tokenizers).map(([name, { json, config, special, rows }]) => {
    const full = filled(json) as Record<string, unknown>;
    const tokenizer = new TextTokenizer(full, { name }, config);
    const texts = rows.flatMap((row) => (row.texts.length === 1 && row.maxLength === undefined ? row.texts : []));
    return { name, json: full, tokenizer, special, rows, texts };
  });
}
