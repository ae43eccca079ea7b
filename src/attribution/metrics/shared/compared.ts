/** How similar two explanations of the same inputs are, sample by sample. */
import { failure } from '../../../tensor/errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { rowSize } from '../../frame/arrays.ts';
import { drawBaselines, drawCount, inputBaselines } from '../../frame/baselines/baselines.ts';
import { sumOver } from '../../frame/sum-over.ts';
import type { Baselines, LayerBaseline } from '../../frame/types.ts';
import { pearson, spearman } from './correlation.ts';
import { ssim } from './ssim.ts';

/** How two explanations are compared: by ranks, by values, or as pictures. */
export type Similarity = 'spearman' | 'pearson' | 'ssim';

export const similarities: { readonly [S in Similarity]: 1 } = { spearman: 1, pearson: 1, ssim: 1 };

interface Given {
  readonly attributions: readonly Tensor[];
  readonly X: readonly Tensor[];
}

export interface Comparing {
  readonly similarity: Similarity;
  /** Compare magnitudes. */
  readonly absolute: boolean;
  /** Leave out features that are 0 in both. */
  readonly ignoreSharedZeros: boolean;
  /** 1 for elements of the inputs that are not compared, per input. */
  readonly skipped: readonly Uint8Array[] | null;
}

/** A baseline for every input, integers too: what counts is where it equals X. */
export function oneBaseline(baselines: Exclude<Baselines, LayerBaseline>, X: readonly Tensor[]): Tensor[] {
  const names = X.map((_, i) => `input ${i}`);
  const sources = inputBaselines(baselines, { names, tensors: X, rows: X[0]!.shape[0]! }, new Set(X.keys()));
  if (drawCount(sources) > 1) throw failure('baselines', 'a metric takes one baseline', { count: drawCount(sources) });
  return drawBaselines(sources, 0, X);
}

/** Which elements of the inputs equal a baseline. */
export function equalTo(baselines: Exclude<Baselines, LayerBaseline>, X: readonly Tensor[]): Uint8Array[] {
  return oneBaseline(baselines, X).map((b, i) => Uint8Array.from(b.data, (v, e) => (v === X[i]!.data[e] ? 1 : 0)));
}

/**
 * One similarity per sample, over all attributions; those of an embedding are summed to tokens first. Equal explanations have 1, two flat
 * ones too, and a flat one has 0 with one that is not.
 */
export function compared(one: Given, other: Given, how: Comparing): Float64Array {
  const { similarity, absolute, ignoreSharedZeros, skipped } = how;
  const samples = one.X[0]!.shape[0]!;
  const [a, b] = [one, other].map((given) => tensorsOf(given, similarity)) as [Tensor[], Tensor[]];
  if (a.length !== b.length || a.some((t, i) => t.size !== b[i]!.size)) {
    const shapes = { one: a.map(({ shape }) => shape), other: b.map(({ shape }) => shape) };
    throw failure('mprt', 'the explainers give attributions of different shapes', shapes);
  }
  if (skipped && (skipped.length !== a.length || a.some((t, i) => t.size !== skipped[i]!.length))) {
    const shapes = { attributions: a.map(({ shape }) => shape), X: one.X.map(({ shape }) => shape) };
    throw failure('baselines', 'need attributions with a number for every element of the inputs', shapes);
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
    let [x, y] = [row(a, sample), row(b, sample)];
    if (ignoreSharedZeros || skipped) {
      const apart = (skipped ?? []).flatMap((flags) => {
        const width = flags.length / samples;
        return Array.from(flags.subarray(sample * width, (sample + 1) * width));
      });
      const zero = (i: number): boolean => ignoreSharedZeros && x[i] === 0 && y[i] === 0;
      const told = x.map((_, i) => (apart[i] === 1 || zero(i) ? 0 : 1));
      [x, y] = [x.filter((_, i) => told[i]), y.filter((_, i) => told[i])];
    }
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
