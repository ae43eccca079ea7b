/**
 * What is put in and taken out as one: single elements, pixels with all their channels, patches, or groups of one's own. A feature's
 * attribution is the sum over its elements.
 * Invariant: an element is in one feature or in none; features of a sample are numbered from 0 without gaps, over all judged inputs.
 */
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { sameShape } from '../../../tensor/shape.ts';
import { toTensor } from '../../frame/arrays.ts';
import type { ArrayInput } from '../../frame/types.ts';
import { broadcastCells, type JudgedInput } from './judged.ts';

/**
 * `elements`: every number by itself (what the explanation shares among several stays together); `positions`: all but the last axis, as
 * pixels with their channels and time steps; `{ patch }`: squares of a picture `[N, height, width, channels]`, of that many pixels a side;
 * or arrays of numbers of groups, like X or one row of it, where -1 is in no group.
 */
export type Groups =
  | 'elements'
  | 'positions'
  | { readonly patch: number | readonly [number, number] }
  | ArrayInput
  | readonly ArrayInput[];

export interface Features {
  /** How many features each sample has. */
  readonly counts: Int32Array;
  /** Per judged input the feature of each element, -1 for none: one row for all samples, or one for each. */
  readonly of: readonly Int32Array[];
  readonly perSample: boolean;
}

/** The features of sample `sample` in judged input `i`: one number per element. */
export function featuresIn({ of, counts, perSample }: Features, i: number, sample: number): Int32Array {
  const own = of[i]!;
  const width = own.length / counts.length;
  return perSample ? own.subarray(sample * width, (sample + 1) * width) : own;
}

/** @throws PathgradError for groups that do not fit the inputs, or that tear apart what shares an attribution */
export function makeFeatures(inputs: readonly JudgedInput[], groups: Groups | undefined, samples: number): Features {
  const raw = inputs.map((input, i) => idsOf(input, groups, i, inputs.length));
  const perSample = raw.some(({ rows }) => rows > 1);
  const counts = new Int32Array(samples);
  const of = raw.map(({ ids, rows }, i) => {
    const { width } = inputs[i]!;
    const out = new Int32Array(perSample ? samples * width : width);
    const passes = perSample ? samples : 1;
    for (let sample = 0; sample < passes; sample++) {
      const numbers = new Map<number, number>();
      const from = rows > 1 ? sample * width : 0;
      for (let e = 0; e < width; e++) {
        const id = ids[from + e]!;
        if (id >= 0 && !numbers.has(id)) numbers.set(id, counts[sample]! + numbers.size);
        out[sample * width + e] = id < 0 ? -1 : numbers.get(id)!;
      }
      counts[sample]! += numbers.size;
    }
    return out;
  });
  if (!perSample) counts.fill(counts[0]!);
  const empty = counts.indexOf(0);
  if (empty >= 0)
    throw failure('groups', 'leave a sample without any feature', { sample: empty }, 'number its features from 0 up');
  return { counts, of, perSample };
}

interface Ids {
  readonly ids: Int32Array;
  readonly rows: number;
}

function idsOf(input: JudgedInput, groups: Groups | undefined, i: number, count: number): Ids {
  const { cells, x } = input;
  if (groups === undefined || groups === 'elements') return { ids: cells, rows: 1 };
  const found = chosen(input, groups, i, count);
  const { width } = input;
  // One number that several elements share cannot be taken out in part.
  for (let row = 0; row < found.rows; row++) {
    const first = new Map<number, number>();
    for (let e = 0; e < width; e++) {
      const id = found.ids[row * width + e]!;
      const before = first.get(cells[e]!) ?? id;
      if (before !== id) {
        const problem = 'put elements that share one attribution into different groups';
        throw failure('groups', problem, { X: x.shape, element: e }, "leave groups out, or use 'positions'");
      }
      first.set(cells[e]!, id);
    }
  }
  return found;
}

function chosen({ x, width }: JudgedInput, groups: Groups, i: number, count: number): Ids {
  const row = x.shape.slice(1);
  if (groups === 'positions') {
    const inner = row.length > 1 ? row.at(-1)! : 1;
    return { ids: Int32Array.from({ length: width }, (_, e) => Math.floor(e / inner)), rows: 1 };
  }
  if (typeof groups === 'string') {
    throw failure('groups', `unknown kind '${groups}'`, {}, didYouMean(groups, ['elements', 'positions']));
  }
  if (typeof groups === 'object' && groups !== null && 'patch' in groups) return patches(x.shape, groups.patch);
  const own =
    count > 1
      ? Array.isArray(groups)
        ? groups[i]
        : undefined
      : Array.isArray(groups) && isListOfOne(groups)
        ? groups[0]
        : groups;
  if (own === undefined) {
    const hint = "give a list of arrays, one per input, or 'elements' or 'positions'";
    throw failure('groups', `needs one array for each of ${count} inputs`, {}, hint);
  }
  const t = toTensor('groups', own as ArrayInput, 'int32', 'int32');
  const rows = t.shape[0]!;
  const fitting = rows === 1 || rows === x.shape[0];
  const inner = t.shape.slice(1);
  if (fitting && sameShape(inner, row)) return { ids: Int32Array.from(t.data), rows };
  if (
    fitting &&
    inner.length > 0 &&
    inner.length <= row.length &&
    inner.every((d, axis) => d === row[axis] || d === 1)
  ) {
    const cells = broadcastCells(inner, row);
    const size = t.size / rows;
    return {
      ids: Int32Array.from(
        { length: rows * width },
        (_, at) => t.data[Math.floor(at / width) * size + cells[at % width]!]!,
      ),
      rows,
    };
  }
  throw failure(
    'groups',
    'need the shape of X, or of one row of it',
    { got: t.shape, X: x.shape },
    'one row for all samples is [row]',
  );
}

const isListOfOne = (list: readonly unknown[]): boolean =>
  list.length === 1 && typeof list[0] === 'object' && !Array.isArray(list[0]);

function patches(shape: readonly number[], patch: number | readonly [number, number]): Ids {
  if (shape.length !== 4) {
    const hint = "for other inputs give groups by number, or 'positions'";
    throw failure('groups', 'patches are cut out of pictures [N, height, width, channels]', { X: shape }, hint);
  }
  const [, height, width, channels] = shape as [number, number, number, number];
  const sides: readonly unknown[] = Array.isArray(patch) ? patch : [patch, patch];
  if (sides.length !== 2 || !sides.every((side) => Number.isInteger(side) && (side as number) >= 1)) {
    throw failure(
      'groups',
      'a patch has whole numbers of pixels as sides',
      { patch },
      '{ patch: 4 } or { patch: [4, 8] }',
    );
  }
  const [h, w] = sides as [number, number];
  const across = Math.ceil(width / w);
  const ids = Int32Array.from({ length: height * width * channels }, (_, e) => {
    const pixel = Math.floor(e / channels);
    return Math.floor(pixel / width / h) * across + Math.floor((pixel % width) / w);
  });
  return { ids, rows: 1 };
}

/** The attribution of each feature of a sample. */
export function attributionsOf(inputs: readonly JudgedInput[], features: Features, sample: number): Float64Array {
  const out = new Float64Array(features.counts[sample]!);
  inputs.forEach(({ attributions, width }, i) => {
    const own = featuresIn(features, i, sample);
    for (let e = 0; e < width; e++) if (own[e]! >= 0) out[own[e]!]! += attributions[sample * width + e]!;
  });
  return out;
}

/** Features from the most to the least relevant; among equals the first comes first. */
export function ranked(attributions: Float64Array, absolute: boolean): Int32Array {
  const size = (f: number): number => (absolute ? Math.abs(attributions[f]!) : attributions[f]!);
  const order = Array.from({ length: attributions.length }, (_, f) => f);
  return Int32Array.from(order.sort((a, b) => size(b) - size(a) || a - b));
}
