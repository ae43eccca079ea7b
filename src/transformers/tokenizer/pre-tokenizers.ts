/**
 * The pre-tokenizers of `tokenizer.json`: from a normalized text to the pieces that the model cuts on. Invariant: a step that is not known
 * is an error that names it. Source: Hugging Face's tokenizers (`pre_tokenizers/`).
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { type AlignedText, matches } from './aligned.ts';
import { isObject, type Json } from './json.ts';
import { patternOf } from './pattern.ts';

export type PreTokenizer = (pieces: readonly AlignedText[]) => readonly AlignedText[];

const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
type Behavior = (typeof behaviors)[number];

/** ASCII punctuation counts `$`, `+` and the like, which Unicode calls symbols. */
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;
const whitespace = /\p{White_Space}/gu;
const numeric = /\p{N}/gu;
const gpt2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const words =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;

type Make = (step: Json, name: string) => PreTokenizer;

/** By the `type` of the step. */
export const preTokenizers: Readonly<Record<string, Make>> = {
  Sequence: ({ pretokenizers }, name) => {
    if (!Array.isArray(pretokenizers)) throw failure(name, 'has a sequence of pre-tokenizers without a list');
    const steps = pretokenizers.map((step: unknown) => preTokenizerOf(step, name));
    return (pieces) => steps.reduce((value, step) => step(value), pieces);
  },
  BertPreTokenizer: () => (pieces) => cut(cut(pieces, whitespace, 'Removed'), punctuation, 'Isolated'),
  Whitespace: () => (pieces) => cut(pieces, words, 'Removed', true),
  WhitespaceSplit: () => (pieces) => cut(pieces, whitespace, 'Removed'),
  Punctuation: ({ behavior = 'Isolated' }, name) => {
    const how = behaviorOf(behavior, name);
    return (pieces) => cut(pieces, punctuation, how);
  },
  Digits:
    ({ individual_digits: single }) =>
    (pieces) =>
      cut(pieces, numeric, single === true ? 'Isolated' : 'Contiguous'),
  Split: ({ pattern, behavior, invert }, name) => {
    const [regex, how] = [patternOf(pattern, name), behaviorOf(behavior, name)];
    return (pieces) => cut(pieces, regex, how, invert === true);
  },
  ByteLevel:
    ({ add_prefix_space: prefix, use_regex: split }) =>
    (given) => {
      const spaced = prefix === false ? given : given.map((text) => (text.chars[0] === ' ' ? text : text.prepend(' ')));
      const pieces = split === false ? spaced : cut(spaced, gpt2, 'Isolated');
      return pieces.map((piece) => piece.map(byteChars));
    },
  Metaspace: metaspace,
};

/** @throws PathgradError for a step that is not known, with the nearest name */
export function preTokenizerOf(step: unknown, name: string): PreTokenizer {
  if (step === null || step === undefined) return (pieces) => pieces;
  const type = isObject(step) ? String(step['type']) : typeof step;
  if (isObject(step) && Object.hasOwn(preTokenizers, type)) return preTokenizers[type]!(step, name);
  const hint = didYouMean(type, Object.keys(preTokenizers));
  throw failure(name, `has the pre-tokenizer '${type}', which is not supported`, {}, hint);
}

function metaspace(step: Json, name: string): PreTokenizer {
  const { replacement = '▁', split = true } = step;
  const scheme = step['prepend_scheme'] ?? (step['add_prefix_space'] === false ? 'never' : 'always');
  if (typeof replacement !== 'string' || [...replacement].length !== 1) {
    throw failure(name, 'marks spaces by something other than one character', { replacement });
  }
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never') {
    throw failure(name, 'has an unknown prepend_scheme', { prepend_scheme: scheme }, 'always, first or never');
  }
  const mark = patternOf({ String: replacement }, name);
  return (pieces) => {
    const marked = pieces.map((piece) => {
      const text = piece.replace(matches(piece, / /gu), replacement);
      const wanted = scheme === 'always' || (scheme === 'first' && text.from[0] === 0);
      return wanted && text.chars[0] !== replacement ? text.prepend(replacement) : text;
    });
    return split === false ? marked : cut(marked, mark, 'MergedWithNext');
  };
}

function behaviorOf(value: unknown, name: string): Behavior {
  const text = String(value);
  const found = behaviors.find((behavior) => behavior.toLowerCase() === text.toLowerCase().replaceAll('_', ''));
  if (found) return found;
  throw failure(name, `splits in an unknown way, '${text}'`, {}, didYouMean(text, behaviors));
}

/** @param invert what the pattern does not find is what is found */
function cut(pieces: readonly AlignedText[], pattern: RegExp, behavior: Behavior, invert = false): AlignedText[] {
  return pieces.flatMap((piece) =>
    rangesOf(piece, pattern, behavior, invert).map(([start, end]) => piece.slice(start, end)),
  );
}

type Range = [start: number, end: number, match: boolean];

function rangesOf(piece: AlignedText, pattern: RegExp, behavior: Behavior, invert: boolean): Range[] {
  const all: Range[] = [];
  let done = 0;
  for (const [start, end] of matches(piece, pattern)) {
    if (done < start) all.push([done, start, invert]);
    all.push([start, end, !invert]);
    done = end;
  }
  if (done < piece.length) all.push([done, piece.length, invert]);
  if (behavior === 'Removed') return all.filter(([, , match]) => !match);
  if (behavior === 'Isolated') return all;
  if (behavior === 'Contiguous') return merged(all, (range, before) => range[2] === before[2]);
  if (behavior === 'MergedWithPrevious') return merged(all, (range, before) => range[2] && !before[2]);
  return merged(all, (range, before) => !range[2] && before[2]);
}

/** @param joins whether a range joins the one before */
function merged(ranges: readonly Range[], joins: (range: Range, before: Range) => boolean): Range[] {
  const out: Range[] = [];
  let before: Range | null = null;
  for (const range of ranges) {
    const last = out.at(-1);
    if (last && before && joins(range, before)) last[1] = range[1];
    else out.push([...range]);
    before = range;
  }
  return out;
}

/** GPT-2's characters for bytes: those that print stand for themselves, the rest follow from 256 up. */
const byteTable: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(prints ? byte : next++);
  });
})();

const encoder = new TextEncoder();
const byteChars = (char: string): string => Array.from(encoder.encode(char), (byte) => byteTable[byte]!).join('');
