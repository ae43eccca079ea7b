/**
 * Tokens that are found in a text before anything else is done to it: `[MASK]`, `<s>` and what was added to a vocabulary. Of several that
 * start at one place the longest counts. Source: `AddedVocabulary` of Hugging Face's tokenizers.
 */
import { AlignedText } from './aligned.ts';
import { isObject } from './json.ts';
import type { Normalizer } from './normalizers.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Sought in the normalized text rather than in the original. */
  readonly normalized: boolean;
  readonly singleWord: boolean;
  /** Takes the whitespace before it, or behind it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

/** A stretch of text, and the token that it is, or null. */
export interface Section {
  readonly text: AlignedText;
  readonly token: AddedToken | null;
}

interface Node {
  readonly next: Map<string, Node>;
  token: AddedToken | null;
}

/** @param list `added_tokens`, which `checkTokenizer` has seen */
export function readAddedTokens(list: unknown): AddedToken[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((token) => {
    const special = token['special'] === true;
    const on = (key: string): boolean => token[key] === true;
    return {
      ...{ id: token['id'] as number, content: token['content'] as string, special },
      normalized: typeof token['normalized'] === 'boolean' ? token['normalized'] : !special,
      ...{ singleWord: on('single_word'), lstrip: on('lstrip'), rstrip: on('rstrip') },
    };
  });
}

/** Sections of a text: first the tokens of the original, then, in what is left and normalized, those of the normalized text. */
export function sectioner(tokens: readonly AddedToken[], normalize: Normalizer): (text: AlignedText) => Section[] {
  const plain = trieOf(tokens.filter(({ normalized }) => !normalized));
  const normalized = trieOf(
    tokens.filter((token) => token.normalized),
    normalize,
  );
  return (text) =>
    split(text, plain).flatMap((section) => (section.token ? [section] : split(normalize(section.text), normalized)));
}

function trieOf(tokens: readonly AddedToken[], normalize: Normalizer = (text) => text): Node {
  const root: Node = { next: new Map(), token: null };
  for (const token of tokens) {
    let node = root;
    for (const char of normalize(AlignedText.of(token.content)).chars) {
      const next = node.next.get(char) ?? { next: new Map(), token: null };
      node.next.set(char, next);
      node = next;
    }
    if (node !== root) node.token = token;
  }
  return root;
}

const word = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const space = /^\p{White_Space}$/u;

function split(text: AlignedText, root: Node): Section[] {
  const { chars, length } = text;
  const sections: Section[] = [];
  const put = (start: number, end: number, token: AddedToken | null): void => {
    if (start < end) sections.push({ text: text.slice(start, end), token });
  };
  const is = (pattern: RegExp, at: number): boolean => at >= 0 && at < length && pattern.test(chars[at]!);
  let done = 0;
  for (let at = 0; root.next.size > 0 && at < length; ) {
    const found = longest(chars, at, root);
    if (!found) {
      at++;
      continue;
    }
    let [start, end] = [at, found.end];
    at = end;
    if (found.token.singleWord && (is(word, start - 1) || is(word, end))) continue;
    if (found.token.lstrip) while (start > done && is(space, start - 1)) start--;
    if (found.token.rstrip) while (is(space, end)) end++;
    put(done, start, null);
    put(start, end, found.token);
    done = end;
    at = Math.max(at, end);
  }
  put(done, length, null);
  return sections;
}

function longest(chars: readonly string[], at: number, root: Node): { token: AddedToken; end: number } | null {
  let found: { token: AddedToken; end: number } | null = null;
  let node: Node | undefined = root;
  for (let i = at; i < chars.length; i++) {
    node = node.next.get(chars[i]!);
    if (!node) break;
    if (node.token) found = { token: node.token, end: i + 1 };
  }
  return found;
}
