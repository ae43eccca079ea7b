/** A folder of a transformer that says whether a text begins with W3 or W9, and texts to learn it from. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTransformer, saveTransformer } from '../../src/transformers/index.ts';
import { makeFiles, small } from '../transformers/support.ts';

/** A transformer so small that it learns in a moment which word comes first. */
export async function tinyMood(folder: string): Promise<string> {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 35 }, (_, i) => `W${i}`)];
  const made = await makeFiles(small);
  const config = { ...(made.config as object), dropout: 0, attention_dropout: 0, seq_classif_dropout: 0 };
  const vocab = new TextEncoder().encode(words.join('\n'));
  const options = { head: { labels: ['bad', 'good'] } };
  const model = await loadTransformer({ ...made, config, tokenizerConfig: { do_lower_case: false }, vocab }, options);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(await saveTransformer(model))) writeFileSync(join(folder, file), bytes);
  return folder;
}
/** 24 rows of a table: text, mood. */
export function reviews(): string {
  const rows = Array.from(
    { length: 24 },
    (_, i) => `W${i % 2 ? 3 : 9} W${(i * 7) % 30} W${(i * 5) % 30},${i % 2 ? 'good' : 'bad'}`,
  );
  return `text,mood\n${rows.join('\n')}\n`;
}
