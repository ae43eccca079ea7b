/**
 * NFC, NFD, NFKC and NFKD as changes of characters. The engine's own `normalize` says what comes out of a stretch of text; here it is told
 * which characters it came from. A stretch is a character with the marks behind it (and jamo that join a syllable): no rule of Unicode
 * reaches farther. Source: UAX #15; how changes are counted follows unicode-normalization-alignments.
 */
import type { AlignedText, Change } from './aligned.ts';

export type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Marks, and the vowels and finals of Hangul, join the character before them; halfwidth kana marks do so once they are decomposed. */
const joins = /^[\p{M}\u1160-\u11ff\uff9e\uff9f]$/u;
const plain = /^[\0-\x7f]$/;
/** Marks behind one character beyond which a stretch is cut, so that sorting them stays cheap. */
const STRETCH = 256;

export function normalizeForm(text: AlignedText, form: Form): AlignedText {
  return text.transform(changesOf(text, form));
}

function* changesOf({ chars }: AlignedText, form: Form): Iterable<Change> {
  for (let start = 0; start < chars.length; ) {
    let end = start + 1;
    while (end < chars.length && end - start < STRETCH && joins.test(chars[end]!)) end++;
    if (end === start + 1 && plain.test(chars[start]!)) yield [chars[start]!, 0];
    else yield* stretch(chars.slice(start, end), form);
    start = end;
  }
}

function stretch(chars: readonly string[], form: Form): Change[] {
  const whole = chars.join('');
  const apart: Form = form.includes('K') ? 'NFKD' : 'NFD';
  const pool: Change[] = chars.flatMap((char) =>
    [...char.normalize(apart)].map((c, i): Change => [c, i === 0 ? 0 : 1]),
  );
  const sorted = [...whole.normalize(apart)].map((char): Change => take(pool, char));
  if (form === apart) return sorted;
  const composed = [...whole.normalize(form)];
  const left = [...sorted];
  return composed.map((char): Change => {
    const parts = [...char.normalize('NFD')].map((part) => take(left, part));
    return [char, parts.reduce((sum, [, change]) => sum + change, 1 - parts.length)];
  });
}

function take(pool: Change[], char: string): Change {
  const at = pool.findIndex(([c]) => c === char);
  return at < 0 ? [char, 1] : pool.splice(at, 1)[0]!;
}
