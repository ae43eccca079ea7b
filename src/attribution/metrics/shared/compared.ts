/** How similar two explanations of the same inputs are, sample by sample. */
import { failure } from '../../../tensor/errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { rowSize } from '../../frame/arrays.ts';
import { sumOver } from '../../frame/sum-over.ts';
import { pearson, spearman } from './correlation.ts';
import { ssim } from './ssim.ts';

export type Similarity = 'spearman' | 'pearson' | 'ssim';

export const similarities: { readonly [S in Similarity]: 1 } = { spearman: 1, pearson: 1, ssim: 1 };

interface Given {
  readonly attributions: readonly Tensor[];
  readonly X: readonly Tensor[];
}

/**
 * One similarity per sample, over all attributions; those of an embedding are summed to tokens first. Equal explanations have 1, two flat
 * ones too, and a flat one has 0 with one that is not.
 */
export function compared(one: Given, other: Given, similarity: Similarity, absolute: boolean): Float64Array {
  const samples = one.X[0]!.shape[0]!;
  const [a, b] = [one, other].map((given) => tensorsOf(given, similarity)) as [Tensor[], Tensor[]];
  if (a.length !== b.length || a.some((t, i) => t.size !== b[i]!.size)) {
    const shapes = { one: a.map(({ shape }) => shape), other: b.map(({ shape }) => shape) };
    throw failure('mprt', 'the explainers give attributions of different shapes', shapes);
  }
  const row = (list: readonly Tensor[], sample: number): Float64Array => {
    const parts = list.map((t) => {
      const width = rowSize(t.shape);
      return (t.data as Float64Array).subarray(sample * width, (sample + 1) * width);
    });
    const joined = Float64Array.from(parts.flatMap((part) => Array.from(part)));
    return absolute ? joined.map(Math.abs) : joined;
  };
  return Float64Array.from({ length: samples }, (_, sample) => {
    const [x, y] = [row(a, sample), row(b, sample)];
    const flat = Number(isFlat(x)) + Number(isFlat(y));
    if (flat === 2 || x.every((v, i) => v === y[i])) return 1;
    if (flat === 1) return 0;
    if (similarity === 'ssim') return ssimOf(a[0]!, x, y);
    return similarity === 'spearman' ? spearman(x, y) : pearson(x, y);
  });
}

function tensorsOf({ attributions, X }: Given, similarity: Similarity): Tensor[] {
  const tokens = attributions.map((t) => {
    const deeper = X.find((x) => t.rank > x.rank && x.shape.every((dim, axis) => dim === t.shape[axis]));
    return deeper
      ? sumOver(
          t,
          Array.from({ length: t.rank - deeper.rank }, (_, i) => deeper.rank + i),
        )
      : t;
  });
  if (similarity !== 'ssim') return tokens;
  const pictures = tokens.map((t) => (t.rank === 4 ? sumOver(t, -1) : t));
  if (pictures.length === 1 && pictures[0]!.rank === 3) return pictures;
  const hint = "use similarity: 'spearman'";
  throw failure('similarity', 'ssim compares pictures', { attributions: attributions.map(({ shape }) => shape) }, hint);
}

/** Of two maps, each divided by its largest magnitude: SSIM depends on the scale. */
function ssimOf({ shape }: Tensor, x: Float64Array, y: Float64Array): number {
  const [a, b] = [x, y].map((map) => {
    const largest = map.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    return largest === 0 ? map : map.map((v) => v / largest);
  }) as [Float64Array, Float64Array];
  return ssim(a, b, [shape[1]!, shape[2]!]);
}

const isFlat = (values: Float64Array): boolean => values.every((v) => v === values[0]);
