/**
 * docs/corpus.md holds what the corpus tests count. A test compares its part with what it counted; with WRITE_DOCS=1 it writes it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';

const file = new URL('../../docs/corpus.md', import.meta.url);

/** @param part the name in the markers around the part; @param lines its Markdown */
export function checkCorpusDoc(part: string, lines: readonly string[]): void {
  const text = readFileSync(file, 'utf8');
  const [start, end] = [`<!-- ${part} -->\n`, `<!-- /${part} -->`];
  const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
  assert.ok(from >= start.length && to >= from, `docs/corpus.md has no part ${part}`);
  const wanted = `\n${lines.join('\n')}\n\n`;
  if (process.env['WRITE_DOCS'] === '1') {
    writeFileSync(file, text.slice(0, from) + wanted + text.slice(to));
    return;
  }
  assert.is(
    text.slice(from, to),
    wanted,
    'docs/corpus.md is stale: WRITE_DOCS=1 npm test -- shared/keras-golden writes it',
  );
}
