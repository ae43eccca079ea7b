/**
 * Layers that map texts and ids to numbers by a table or a hash: StringLookup, IntegerLookup, Hashing, HashedCrossing.
 * Source: `index_lookup.py`, `hashing.py` and `hashed_crossing.py` of Keras 3.15.
 */
import type { Lookup } from '../../model/definition.ts';
import { failure } from '../../tensor/errors.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import type { Options } from '../layers/options.ts';
import { bucketOf, fingerprint64, fingerprintCat } from './hash.ts';
import { encodedShape, encodeIds, type HostArray, type Scalar } from './values.ts';

/** What a layer's file keeps beside config and weights. */
export interface HostFiles {
  readonly vocabulary: readonly string[] | null;
  /** Inverse document frequencies, for `tf_idf`. */
  readonly frequencies: ArrayLike<number> | null;
}

export interface HostRun {
  readonly call: (inputs: readonly HostArray[]) => HostArray;
  /** The shape of the result from that of the (first) input, with null for what is not known. */
  readonly shape: (input: readonly (number | null)[]) => readonly (number | null)[];
  readonly result: 'int' | 'float';
  /** The layer takes a list of inputs; by default exactly one. */
  readonly many?: true;
  /** Its words; left out by layers that know none. */
  readonly lookup?: Omit<Lookup, 'layer'>;
}

export interface HostClass {
  readonly classes: readonly string[];
  readonly create: (options: Options, files: HostFiles) => HostRun;
}

interface Table extends Pick<HostRun, 'shape' | 'result'> {
  readonly words: Omit<Lookup, 'layer' | 'split'>;
  readonly idOf: (value: Scalar) => number;
  readonly encode: (ids: HostArray) => HostArray;
}

/** The table of an index lookup. Masked values have id 0 where ids are asked for, and count as nothing (-1) elsewhere. */
export function lookupOf(o: Options, files: HostFiles, strings: boolean, mask: Scalar | null, unknown: Scalar): Table {
  const mode = outputMode(o);
  o.expect('sparse', false, 'false: sparse tensors are not supported');
  o.expect('invert', false, 'false: a tensor holds no texts');
  o.ignore('vocabulary_size', 'vocabulary_dtype', 'has_input_vocabulary', 'encoding', 'ragged', 'idf_weights');
  const unknowns = o.number('num_oov_indices', 1);
  if (!Number.isInteger(unknowns) || unknowns < 0 || unknowns > TABLE_LIMIT) {
    throw o.wrong('num_oov_indices', unknowns, `an integer from 0 to ${TABLE_LIMIT}`);
  }
  const given = o.raw('vocabulary');
  const stored = Array.isArray(given) ? (given as readonly Scalar[]) : files.vocabulary;
  if (!stored || stored.length === 0) {
    const hint =
      'save the model as .keras, which keeps the vocabulary of an adapted layer, or give vocabulary=[…] to the layer';
    throw failure(o.subject, 'the file holds no vocabulary', {}, hint);
  }
  const first = mask !== null && mode === 'int' ? 1 : 0;
  const start = first + unknowns;
  const words = strings ? stored : stored.map(Number);
  const special = [...new Array<Scalar | null>(first).fill(mask), ...new Array<Scalar>(unknowns).fill(unknown)];
  const hasSpecial = special.every((value, i) => words[i] === value) && words.length > special.length;
  const tokens = hasSpecial ? words.slice(special.length) : words;
  const table = new Map(tokens.map((word, i) => [word, i + start]));
  const salt = saltOf(o);
  const hashed = o.raw('oov_method') === 'farmhash';
  const outside = (value: Scalar): number => {
    if (unknowns === 0) throw failure(o.subject, `'${value}' is not in the vocabulary, and num_oov_indices is 0`);
    if (unknowns === 1) return first;
    if (strings || hashed) return first + bucketOf(String(value), unknowns, salt);
    return first + ((((value as number) % unknowns) + unknowns) % unknowns);
  };
  const size = start + tokens.length;
  const limit = o.raw('max_tokens') === undefined ? null : o.count('max_tokens');
  const depth = o.flag('pad_to_max_tokens', false) && limit !== null ? limit : size;
  return {
    ...resultOf(o, depth, mode),
    words: {
      tokens: [...special.map((token) => token ?? ''), ...tokens],
      unknown: [first, start],
      mode: mode as Lookup['mode'],
    },
    idOf: (value) => (value === mask ? (mode === 'int' ? 0 : -1) : (table.get(value) ?? outside(value))),
    encode: (ids) => (mode === 'int' ? ids : encoded(o, ids, depth, mode, frequencies(o, files, start, hasSpecial))),
  };
}

function resultOf(o: Options, depth: number, mode: string): Pick<HostRun, 'shape' | 'result'> {
  if (mode !== 'int') checkSize(o.subject, [depth], TABLE_LIMIT);
  return { shape: (input) => encodedShape(input, depth, mode), result: mode === 'int' ? 'int' : 'float' };
}

/** Early files say `binary` for `multi_hot` and `tf-idf` for `tf_idf`. */
function outputMode(o: Options): string {
  const mode = o.raw('output_mode') ?? 'int';
  if (mode === 'binary') return 'multi_hot';
  if (mode === 'tf-idf') return 'tf_idf';
  return o.choice('output_mode', ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'], 'int');
}

function encoded(o: Options, ids: HostArray, depth: number, mode: string, idf: readonly number[]): HostArray {
  if (mode !== 'tf_idf') return encodeIds(ids, depth, mode);
  if (idf.length === 0) throw failure(o.subject, 'the file holds no idf_weights');
  const counts = encodeIds(ids, depth, 'count');
  return { ...counts, values: counts.values.map((count, i) => (count as number) * (idf[i % depth] ?? 0)) };
}

/** Given weights lack those of unknown words, for which Keras takes the mean. */
function frequencies(o: Options, files: HostFiles, start: number, complete: boolean): number[] {
  if (files.frequencies) return Array.from(files.frequencies);
  const given = o.raw('idf_weights');
  if (!Array.isArray(given)) return [];
  const weights = given.map(Number);
  const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
  return complete ? weights : [...new Array<number>(start).fill(mean), ...weights];
}

function saltOf(o: Options): readonly [bigint, bigint] | null {
  const salt = o.raw('salt');
  if (salt === undefined) return null;
  const pair = Array.isArray(salt) ? salt : [salt, salt];
  if (pair.length !== 2 || !pair.every(Number.isInteger)) throw o.wrong('salt', salt, 'an integer or two of them');
  return [BigInt.asUintN(64, BigInt(pair[0] as number)), BigInt.asUintN(64, BigInt(pair[1] as number))];
}

export const indexLookup: HostClass = {
  classes: ['StringLookup', 'IntegerLookup'],
  create: (o, files) => {
    const strings = o.className === 'StringLookup';
    const value = (key: string, fallback: Scalar | null): Scalar | null =>
      (o.raw(key) as Scalar | undefined) ?? fallback;
    const unknown = value('oov_token', strings ? '[UNK]' : -1)!;
    const { idOf, encode, shape, result, words } = lookupOf(o, files, strings, value('mask_token', null), unknown);
    return {
      shape,
      result,
      lookup: { ...words, split: null },
      call: ([x]) => encode({ shape: x!.shape, values: x!.values.map(idOf), kind: 'int' }),
    };
  },
};

export const hashing: HostClass = {
  classes: ['Hashing'],
  create: (o) => {
    const bins = o.count('num_bins');
    const masked = o.raw('mask_value') as Scalar | undefined;
    const mode = outputMode(o);
    o.expect('sparse', false, 'false: sparse tensors are not supported');
    const salt = saltOf(o);
    // Bin 0 is the mask's, where there is one.
    const reserved = masked !== undefined && bins > 1 ? 1 : 0;
    const binOf = (value: Scalar): number => {
      if (reserved === 1 && value === masked) return 0;
      return reserved + bucketOf(String(typeof value === 'number' ? Math.trunc(value) : value), bins - reserved, salt);
    };
    return {
      ...resultOf(o, bins, mode),
      call: ([x]) => {
        const ids: HostArray = { shape: x!.shape, values: x!.values.map(binOf), kind: 'int' };
        return mode === 'int' ? ids : encodeIds(ids, bins, mode);
      },
    };
  },
};

const crossKey = 0xdecafcaffen;
const encoder = new TextEncoder();

/** The hash of several features together. */
export const hashedCrossing: HostClass = {
  classes: ['HashedCrossing'],
  create: (o) => {
    const [bins, mode] = [o.count('num_bins'), outputMode(o)];
    o.expect('sparse', false, 'false: sparse tensors are not supported');
    const feature = (value: Scalar): bigint => {
      if (typeof value === 'string') return fingerprint64(encoder.encode(value));
      if (!Number.isInteger(value)) throw failure(o.subject, 'it crosses texts and whole numbers', { value });
      return BigInt.asUintN(64, BigInt(value));
    };
    return {
      ...resultOf(o, bins, mode),
      many: true,
      call: (inputs) => {
        const values = inputs[0]!.values.map((_, i) => {
          const hash = inputs.reduce((sofar, x) => fingerprintCat(sofar, feature(x.values[i]!)), crossKey);
          return Number(hash % BigInt(bins));
        });
        const ids: HostArray = { shape: inputs[0]!.shape, values, kind: 'int' };
        return mode === 'int' ? ids : encodeIds(ids, bins, mode);
      },
    };
  },
};
