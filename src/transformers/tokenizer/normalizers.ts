/**
 * The normalizers of `tokenizer.json`, on texts that know where their characters came from. Invariant: a step that is not known is an error
 * that names it; none is left out. Source: Hugging Face's tokenizers (`normalizers/`).
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { type AlignedText, matches } from './aligned.ts';
import { Charsmap } from './charsmap.ts';
import { isObject, type Json } from './json.ts';
import { patternOf } from './pattern.ts';
import { normalizeForm } from './unicode-forms.ts';

export type Normalizer = (text: AlignedText) => AlignedText;

const whitespace = /^\p{White_Space}$/u;
const control = /^\p{C}$/u;
const unassigned = /^\p{Cn}$/u;

type Make = (step: Json, name: string) => Normalizer;

/** By the `type` of the step. */
export const normalizers: Readonly<Record<string, Make>> = {
  Sequence: ({ normalizers }, name) => {
    if (!Array.isArray(normalizers)) throw failure(name, 'has a sequence of normalizers without a list');
    const steps = normalizers.map((step: unknown) => normalizerOf(step, name));
    return (text) => steps.reduce((value, step) => step(value), text);
  },
  BertNormalizer: bert,
  NFC: () => (text) => normalizeForm(text, 'NFC'),
  NFD: () => (text) => normalizeForm(text, 'NFD'),
  NFKC: () => (text) => normalizeForm(text, 'NFKC'),
  NFKD: () => (text) => normalizeForm(text, 'NFKD'),
  Lowercase: () => lowercase,
  StripAccents: () => (text) => without(text, /^\p{M}$/u),
  Strip:
    ({ strip_left: left, strip_right: right }) =>
    (text) => {
      let [start, end] = [0, text.length];
      if (left !== false) while (start < end && whitespace.test(text.chars[start]!)) start++;
      if (right !== false) while (end > start && whitespace.test(text.chars[end - 1]!)) end--;
      return text.slice(start, end);
    },
  Prepend: ({ prepend }, name) => {
    if (typeof prepend !== 'string') throw failure(name, 'prepends something that is no text', { prepend });
    return (text) => text.prepend(prepend);
  },
  Replace: ({ pattern, content }, name) => {
    const regex = patternOf(pattern, name);
    if (typeof content !== 'string') throw failure(name, 'replaces by something that is no text', { content });
    return (text) => text.replace(matches(text, regex), content);
  },
  Precompiled: ({ precompiled_charsmap: map }, name) => {
    if (map === null || map === undefined || map === '') return (text) => text;
    const charsmap = new Charsmap(map, name);
    return (text) => charsmap.normalize(text);
  },
  Nmt: () => nmt,
};

/** @throws PathgradError for a step that is not known, with the nearest name */
export function normalizerOf(step: unknown, name: string): Normalizer {
  if (step === null || step === undefined) return (text) => text;
  const type = isObject(step) ? String(step['type']) : typeof step;
  if (isObject(step) && Object.hasOwn(normalizers, type)) return normalizers[type]!(step, name);
  throw failure(
    name,
    `has the normalizer '${type}', which is not supported`,
    {},
    didYouMean(type, Object.keys(normalizers)),
  );
}

function bert(step: Json): Normalizer {
  const lower = step['lowercase'] !== false;
  const strip = typeof step['strip_accents'] === 'boolean' ? step['strip_accents'] : lower;
  return (given) => {
    let text = given;
    if (step['clean_text'] !== false) {
      text = text.map((char) => {
        if (char === '\t' || char === '\n' || char === '\r') return ' ';
        if (char === '\0' || char === '\ufffd' || (control.test(char) && !unassigned.test(char))) return '';
        return whitespace.test(char) ? ' ' : char;
      });
    }
    if (step['handle_chinese_chars'] !== false) text = text.map((char) => (isChinese(char) ? ` ${char} ` : char));
    if (strip) text = without(normalizeForm(text, 'NFD'), /^\p{Mn}$/u);
    return lower ? lowercase(text) : text;
  };
}

/** The ideographs that BERT takes for words of their own. */
function isChinese(char: string): boolean {
  const code = char.codePointAt(0)!;
  if (code < 0x3400) return false;
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    code <= 0x4dbf ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b73f) ||
    (code >= 0x2b740 && code <= 0x2b81f) ||
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

/** Each character for itself: no final sigma. */
const lowercase: Normalizer = (text) => text.map((char) => char.toLowerCase());

function without(text: AlignedText, what: RegExp): AlignedText {
  return text.map((char) => (what.test(char) ? '' : char));
}

const nmtSpace = /^[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]$/;
const nmt: Normalizer = (text) =>
  text.map((char) => {
    if (nmtSpace.test(char)) return ' ';
    const code = char.codePointAt(0)!;
    const gone = (code > 0 && code < 0x20) || code === 0x7f || code === 0x8f || code === 0x9f;
    return gone ? '' : char;
  });
