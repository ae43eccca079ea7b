/** TextVectorization: texts to ids, counts or tf-idf. Source: `text_vectorization.py` of Keras 3.15 on TensorFlow's string ops. */

import { failure } from '../../tensor/errors.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import type { Options } from '../layers/options.ts';
import { type HostClass, lookupOf } from './lookup.ts';
import type { HostArray } from './values.ts';

const punctuation = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;

/** ASCII letters alone are lowered, as `tf.strings.lower` does without an encoding. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function standardizer(o: Options): (text: string) => string {
  const name = o.raw('standardize');
  if (name === undefined) return (text) => text;
  const steps = ['lower_and_strip_punctuation', 'lower', 'strip_punctuation'] as const;
  if (!steps.some((step) => step === name)) refuse(o, 'standardize');
  const [low, strip] = [name !== 'strip_punctuation', name !== 'lower'];
  return (text) => {
    const lowered = low ? lower(text) : text;
    return strip ? lowered.replace(punctuation, '') : lowered;
  };
}

function splitter(o: Options): ((text: string) => string[]) | null {
  const name = o.raw('split');
  if (name === undefined) return null;
  if (name === 'character') return (text) => [...text];
  if (name !== 'whitespace') refuse(o, 'split');
  return (text) => text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
}

function refuse(o: Options, key: string): never {
  const hint = `vectorize the texts yourself, or give the layer's TypeScript: loadModel(file, { layers: … }) cannot take texts`;
  throw failure(o.subject, `option '${key}' is Python code, which is never run`, {}, hint);
}

/** Runs of `n` words for each n, those of one length together, as `tf.strings.ngrams` orders them. */
function ngrams(words: readonly string[], lengths: readonly number[] | null): readonly string[] {
  if (!lengths) return words;
  return lengths.flatMap((n) =>
    Array.from({ length: Math.max(0, words.length - n + 1) }, (_, i) => words.slice(i, i + n).join(' ')),
  );
}

/** Words in an n-gram, at most: what they are joined to grows with the square. */
const LONGEST = 32;

export const textVectorization: HostClass = {
  classes: ['TextVectorization'],
  create: (o, files) => {
    const [standardize, split] = [standardizer(o), splitter(o)];
    const given = o.raw('ngrams');
    const most = typeof given === 'number' ? given : null;
    const wanted = given === undefined ? [1] : o.integers('ngrams');
    if (wanted.length > LONGEST || !wanted.every((n) => n >= 1 && n <= LONGEST)) {
      throw o.wrong('ngrams', given, `integers from 1 to ${LONGEST}`);
    }
    const lengths =
      most === null ? (given === undefined ? null : wanted) : Array.from({ length: most }, (_, i) => i + 1);
    const length = o.raw('output_sequence_length') === undefined ? null : o.count('output_sequence_length');
    checkSize(o.subject, [length ?? 0], TABLE_LIMIT);
    o.expect('ragged', false, 'false: ragged tensors are not supported');
    const ids = (o.raw('output_mode') ?? 'int') === 'int';
    const { idOf, encode, shape, result, words } = lookupOf(o, files, true, '', '[UNK]');
    const cut = (text: string): readonly string[] => {
      const clean = standardize(text);
      return ngrams(split ? split(clean) : [clean], lengths);
    };
    return {
      shape: (input) => shape([input[0] ?? null, length]),
      result,
      lookup: { ...words, split: cut },
      call: ([x]) => {
        if (x!.kind !== 'string') throw failure(o.subject, 'it splits texts, and gets numbers', { shape: x!.shape });
        const texts = x!.values as readonly string[];
        const found = texts.map((text) => cut(text).map(idOf));
        const longest = found.reduce((most, row) => Math.max(most, row.length), 0);
        const width = length ?? longest;
        const pad = ids ? 0 : -1;
        const kept = ids ? width : longest;
        const rows = found.flatMap((row) => Array.from({ length: kept }, (_, i) => row[i] ?? pad));
        const array: HostArray = { shape: [texts.length, kept], values: rows, kind: 'int' };
        return encode(array);
      },
    };
  },
};
