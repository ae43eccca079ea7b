/**
 * From the tokens of texts to the rows that a model takes: cut to a length, framed by special tokens, padded. Invariant: special tokens are
 * never cut, and a token's offset stays with it.
 */
import { failure } from '../../tensor/errors.ts';
import type { Template } from './template.ts';

/** UTF-16 indices of the text that was given: from, and up to. */
export type Offset = readonly [start: number, end: number];

export interface TextToken {
  readonly id: number;
  readonly token: string;
  readonly offset: Offset | null;
  /** Of which piece of its text, counted from 0: the tokenizer's own notion of a word. */
  readonly word: number | null;
  /** With the spaces around it that an added token takes. */
  readonly spelled?: string;
}

export interface RowToken extends TextToken {
  readonly type: number;
  /** 0 for tokens of the first text or the only one, 1 for those of the second; null for what stands around them. */
  readonly sequence: 0 | 1 | null;
}

/** Which text of a pair loses tokens: the longer one token by token, the first, or the second. */
export type Truncation = 'longest' | 'first' | 'second';

export interface Cut {
  /** The side of the text that is lost. */
  readonly side: 'left' | 'right';
  readonly truncation: Truncation;
  readonly maxLength: number;
}

/** One text or a pair with what stands around it, at most `maxLength` tokens. @throws where the text that may be cut is too short for that */
export function rowOf(
  texts: readonly (readonly TextToken[])[],
  template: Template,
  cut: Cut,
): { tokens: RowToken[]; full: number } {
  const items = texts.length > 1 ? template.pair : template.single;
  const around = items.filter((item) => 'id' in item).length;
  const lengths = texts.map(({ length }) => length);
  const full = around + lengths.reduce((a, b) => a + b, 0);
  const kept = full <= cut.maxLength ? lengths : cutLengths(lengths, cut.maxLength - around, cut.truncation);
  const parts = texts.map((tokens, i) => {
    const count = kept[i]!;
    const some = cut.side === 'right' ? tokens.slice(0, count) : tokens.slice(tokens.length - count);
    return template.trim ? some.map((token, at) => trimmed(token, at, template.trim!.prefixed)) : some;
  });
  const tokens = items.flatMap((item): RowToken[] => {
    if ('id' in item) return [{ ...item, offset: null, word: null, sequence: null }];
    const { sequence, type } = item;
    // Tokens of a prompt are of no text.
    return (parts[sequence] ?? []).map((token) => ({ ...token, type, sequence: token.offset ? sequence : null }));
  });
  return { tokens, full };
}

/** @param room for tokens of texts */
function cutLengths(lengths: readonly number[], room: number, truncation: Truncation): number[] {
  const [first, second] = lengths as [number, number | undefined];
  if (second === undefined) return [room];
  if (truncation === 'longest') {
    const [short, long] = [Math.min(first, second), Math.max(first, second)];
    // The longer one shrinks to the length of the shorter one, then both.
    let pair = short > room ? [short, short] : [short, Math.max(short, Math.min(long, room - short))];
    if (pair[0]! + pair[1]! > room) pair = [Math.floor(room / 2), Math.floor(room / 2) + (room % 2)];
    return first > second ? pair.reverse() : pair;
  }
  const which = truncation === 'first' ? 0 : 1;
  const left = room - lengths[1 - which]!;
  if (left < 1) {
    const details = { tokens: lengths, room };
    throw failure(
      'encode',
      `cutting the ${truncation} text of a pair alone leaves nothing of it`,
      details,
      "truncation: 'longest'",
    );
  }
  return which === 0 ? [left, second] : [first, left];
}

/** `Ġ` and other spaces are no part of the word: offsets leave them out, but for the one that the tokenizer put before the text itself. */
function trimmed(token: TextToken, at: number, prefixed: boolean): TextToken {
  if (!token.offset) return token;
  let [start, end] = token.offset;
  const chars = [...(token.spelled ?? token.token)];
  const solid = (char: string): boolean => char !== 'Ġ' && !/^\p{White_Space}$/u.test(char);
  const first = chars.findIndex(solid);
  const last = chars.findLastIndex(solid);
  const leading = first < 0 ? chars.length : first;
  const trailing = chars.length - 1 - last;
  const ownPrefix = prefixed && (at === 0 || start === 0);
  if (!ownPrefix) start = Math.min(start + leading, end);
  if (trailing > 0 && end >= trailing) end = Math.max(end - trailing, start);
  return { ...token, offset: [start, end] };
}
