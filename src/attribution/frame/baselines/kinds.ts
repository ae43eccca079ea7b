/**
 * Baselines that are described rather than given: zeros, a constant, seeded noise, the point farthest from x, rows of a
 * data set, PAD tokens. Noise and data rows are drawn once and shared by all samples, so that the explanation of a sample
 * does not depend on which others are in its batch.
 */

import { drawSeed, randomNormal, randomUniform, shuffle, upTo } from '../../../graph/random.ts';
import { allocate, isFloat, type TypedArray } from '../../../tensor/dtype.ts';
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { checkSeed } from '../../../tensor/options.ts';
import { sameShape } from '../../../tensor/shape.ts';
import { full, type Tensor, tensor } from '../../../tensor/tensor.ts';
import { rowSize, toTensor } from '../arrays.ts';
import { checkFunction } from '../settings.ts';
import type { BaselineKind } from '../types.ts';

/** One or more baselines of one input; each has one row, or one per sample. */
export interface BaselineSource {
  readonly count: number;
  draw(index: number): Tensor;
}

type Kind<K extends BaselineKind['kind']> = Extract<BaselineKind, { kind: K }>;

const kinds: { readonly [K in BaselineKind['kind']]: (kind: Kind<K>, x: Tensor, subject: string) => BaselineSource } = {
  zeros: (_, x) => single(() => full(x.shape, 0, x.dtype)),
  constant: ({ value }, x, subject) => single(() => constantLike(value, x, subject)),
  noise: noiseSource,
  max: ({ low = 0, high = 1 }, x, subject) => {
    checkRange(subject, low, high);
    needsFloat(subject, 'max', x);
    return single(() => mapLike(x, (v) => (v - low >= high - v ? low : high)));
  },
  dataset: datasetSource,
  pad: ({ id = 0, keep = [] }, x, subject) => {
    const [pad, ...kept] = toTensor(subject, [numeric(id)].concat(keep), 'int32', 'int32').data;
    const stays = new Set(kept);
    return single(() => mapLike(x, (token) => (stays.has(token) ? token : pad!)));
  },
  drawn: ({ draw, count = 1 }, x, subject) => ({
    count: checkCount(subject, count),
    draw: (index) => {
      checkFunction('draw', draw ?? null);
      const drawn = toTensor(subject, draw(index, x), x.dtype, x.dtype);
      if (sameShape(drawn.shape, x.shape)) return drawn;
      throw failure(subject, 'needs the shape of X', { drawn: drawn.shape, X: x.shape });
    },
  }),
};

export function isBaselineKind(value: unknown): value is BaselineKind {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** @throws PathgradError for an unknown kind (with the nearest names) or arguments that make no sense */
export function kindSource(kind: BaselineKind, x: Tensor, subject: string): BaselineSource {
  const names = Object.keys(kinds);
  if (!names.includes(kind.kind)) {
    throw failure(subject, `unknown kind '${String(kind.kind)}'`, {}, didYouMean(String(kind.kind), names));
  }
  const make = kinds[kind.kind] as (kind: BaselineKind, x: Tensor, subject: string) => BaselineSource;
  return make(kind, x, subject);
}

/** What is no number is NaN, which is refused: null would be 0. */
const numeric = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

/** Every element `value`. */
export function constantLike(value: number, x: Tensor, subject: string): Tensor {
  const checked = toTensor(subject, [numeric(value)], x.dtype, x.dtype);
  return full(x.shape, checked.data[0]!, x.dtype);
}

export function single(make: () => Tensor): BaselineSource {
  return { count: 1, draw: make };
}

function mapLike(x: Tensor, f: (value: number) => number): Tensor {
  const data = allocate(x.dtype, x.size);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]!);
  return tensor(data, x.shape);
}

function noiseSource(kind: Kind<'noise'>, x: Tensor, subject: string): BaselineSource {
  const { distribution = 'uniform', low = 0, high = 1, mean = 0, std = 1, seed = 0 } = kind;
  needsFloat(subject, 'noise', x);
  checkSeed(subject, seed);
  const count = checkCount(subject, kind.count ?? 1);
  if (distribution === 'uniform') checkRange(subject, low, high);
  else if (distribution !== 'gaussian') {
    const hint = didYouMean(String(distribution), ['uniform', 'gaussian']);
    throw failure(subject, `unknown distribution '${String(distribution)}'`, {}, hint);
  } else if (!(std > 0 && Number.isFinite(mean + std))) throw failure(subject, 'std must be positive', { mean, std });
  const width = rowSize(x.shape);
  const draw = (index: number): Tensor => {
    const data = allocate(x.dtype, width);
    if (distribution === 'gaussian') data.set(randomNormal(width, drawSeed(seed, index)).map((z) => mean + std * z));
    else {
      const next = randomUniform(drawSeed(seed, index));
      for (let i = 0; i < width; i++) data[i] = low + (high - low) * next();
    }
    return tensor(data, [1, ...x.shape.slice(1)]);
  };
  return { count, draw };
}

function datasetSource({ data, count, seed = 0 }: Kind<'dataset'>, x: Tensor, subject: string): BaselineSource {
  checkSeed(subject, seed);
  const rows = toTensor(`${subject} data`, data, x.dtype, x.dtype);
  if (rows.rank === 0 || !sameShape(rows.shape.slice(1), x.shape.slice(1)) || rows.shape[0] === 0) {
    throw failure(subject, 'the data set needs rows like those of X', { data: rows.shape, X: x.shape });
  }
  const size = rows.shape[0]!;
  const chosen = sampleRows(size, Math.min(size, checkCount(subject, count ?? size)), seed);
  const width = rowSize(x.shape);
  const row = (at: number): TypedArray => rows.data.slice(at * width, (at + 1) * width);
  return { count: chosen.length, draw: (index) => tensor(row(chosen[index]!), [1, ...x.shape.slice(1)]) };
}

/** `count` distinct rows of `size`: all in order, or that many drawn. */
function sampleRows(size: number, count: number, seed: number): Int32Array {
  const rows = upTo(size);
  return count === size ? rows : shuffle(rows, randomUniform(seed), count).slice(0, count);
}

function checkCount(subject: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count;
  throw failure(
    subject,
    'count must be an integer from 1 to 10000',
    { count },
    'each baseline costs a full explanation',
  );
}

function checkRange(subject: string, low: number, high: number): void {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw failure(subject, 'low must be below high', { low, high });
  }
}

function needsFloat(subject: string, kind: string, x: Tensor): void {
  if (isFloat(x.dtype)) return;
  const hint = "use 'zeros', 'constant', 'pad' or 'dataset'";
  throw failure(subject, `'${kind}' makes no sense for integers`, { input: x.toString() }, hint);
}
