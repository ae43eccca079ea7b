/** Batch, layer, group and unit normalization, made of other ops: affine where the statistics are constants. */

import { checkOptions } from '../tensor/options.ts';
import { normalizeAxis } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, maximum, mul, sub } from './binary.ts';
import { standardizeRows } from './fused.ts';
import { reshape } from './movement.ts';
import { floating } from './promote.ts';
import { mean, sum, variance } from './reduce.ts';
import { rsqrt, square } from './unary.ts';

/** What `batchNorm` scales and shifts by, each `[channels]`; `gamma` and `beta` may be left out. */
export interface BatchNormParameters {
  mean: Tensor;
  variance: Tensor;
  gamma?: Tensor | null;
  beta?: Tensor | null;
  /** Added to the variance; Keras's default is 1e-3. */
  epsilon?: number;
  /** The axis the statistics belong to; the last by default. Statistics of the rank of `x` are broadcast as they are. */
  axis?: number;
}

/**
 * Batch normalization at inference: `gamma (x - mean) / sqrt(variance + epsilon) + beta`, as one scale and one shift of
 * `x`, which constant folding computes once.
 */
export function batchNorm(x: Tensor, parameters: BatchNormParameters): Tensor {
  const names = { mean: 1, variance: 1, gamma: 1, beta: 1, epsilon: 1, axis: 1 } as const;
  checkOptions<BatchNormParameters>('batchNorm', parameters, names);
  const { gamma, beta, epsilon = 1e-3, axis = -1 } = parameters;
  const at = normalizeAxis('batchNorm', axis, x.rank);
  const inverse = rsqrt(add(parameters.variance, epsilon));
  const scale = gamma ? mul(inverse, gamma) : inverse;
  const offset = mul(parameters.mean, scale);
  const shift = beta ? sub(beta, offset) : mul(offset, -1);
  const along = (v: Tensor): Tensor =>
    v.rank === x.rank && x.rank > 1
      ? v
      : reshape(
          v,
          x.shape.map((dim, i) => (i === at ? dim : 1)),
        );
  return add(mul(x, along(scale)), along(shift));
}

/** `(x - mean) / sqrt(variance + epsilon)` over `axes` of each sample. */
export function standardize(given: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const x = floating(given);
  if (axes.length === 1 && axes[0] === x.rank - 1 && x.shape.at(-1)! > 0) return standardizeRows(x, epsilon);
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  return mul(centred, rsqrt(add(variance(x, { axes, keepDims: true }), epsilon)));
}

/** Axes, scale, shift and epsilon of `layerNorm`. */
export interface LayerNormOptions {
  gamma?: Tensor | null;
  beta?: Tensor | null;
  /** Added to the variance; Keras's default is 1e-3. */
  epsilon?: number;
  /** The axes normalized together; the last by default. `gamma` and `beta` have their sizes. */
  axes?: readonly number[];
}

/** Layer normalization (Ba et al. 2016): each sample standardized over `axes`, then scaled and shifted. */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  checkOptions<LayerNormOptions>('layerNorm', options, { gamma: 1, beta: 1, epsilon: 1, axes: 1 });
  const { gamma, beta, epsilon = 1e-3, axes = [-1] } = options;
  const list = axes.map((axis) => normalizeAxis('layerNorm', axis, x.rank));
  const along = (v: Tensor): Tensor =>
    reshape(
      v,
      x.shape.map((dim, i) => (list.includes(i) ? dim : 1)),
    );
  const y = standardize(x, list, epsilon);
  const scaled = gamma ? mul(y, along(gamma)) : y;
  return beta ? add(scaled, along(beta)) : scaled;
}

/** Group normalization (Wu and He 2018) of channels-last `x`: `groups` runs of channels standardized with all of space. */
export function groupNorm(x: Tensor, groups: number, options: Omit<LayerNormOptions, 'axes'> = {}): Tensor {
  checkOptions('groupNorm', options, { gamma: 1, beta: 1, epsilon: 1 });
  const { gamma, beta, epsilon = 1e-3 } = options;
  const channels = x.shape.at(-1)!;
  const split = reshape(x, [...x.shape.slice(0, -1), groups, channels / groups]);
  const axes = split.shape.map((_, i) => i).filter((i) => i > 0 && i !== split.rank - 2);
  const y = reshape(standardize(split, axes, epsilon), x.shape);
  const scaled = gamma ? mul(y, gamma) : y;
  return beta ? add(scaled, beta) : scaled;
}

/** `x` divided by its Euclidean norm over `axes`; the square is held at `epsilon` or above. */
export function unitNorm(given: Tensor, axes: readonly number[] = [-1], epsilon = 1e-12): Tensor {
  const x = floating(given);
  return mul(x, rsqrt(maximum(sum(square(x), { axes, keepDims: true }), epsilon)));
}
