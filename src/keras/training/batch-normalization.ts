/**
 * Batch normalization in training: statistics of the batch (Ioffe and Szegedy 2015), and the moving statistics that they move. As Keras 3.15 and
 * tf_keras 2.21 do it: a frozen layer uses its moving statistics; the moving variance is that of the batch, but for the fused kernel that
 * tf_keras takes for pictures and volumes in float32, which makes it unbiased, `n / (n - 1)` times as large.
 */

import type { TrainingContext } from '../../graph/callable.ts';
import { add, div, maximum, minimum, mul, sub, where } from '../../ops/binary.ts';
import { broadcastTo, expandDims, reshape, stopGradient } from '../../ops/movement.ts';
import { batchNorm } from '../../ops/normalization.ts';
import { mean, sum, variance } from '../../ops/reduce.ts';
import { cast, clip, sqrt, square } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { normalizeAxis, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Weights } from '../layers/layer.ts';
import type { Options } from '../layers/options.ts';
import type { TrainingRule } from './rule.ts';

interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Over all axes but `kept`, which stay, the others as 1. */
function moments(x: Tensor, axes: readonly number[], mask: Tensor | null, epsilon: number): Moments {
  const options = { axes: [...axes], keepDims: true };
  if (!mask) return { mean: mean(x, options), variance: variance(x, options) };
  const shown = broadcastTo(expandDims(mask, -1), x.shape);
  const count = add(sum(cast(shown, x.dtype), options), epsilon);
  const centre = div(sum(where(shown, x, 0), options), count);
  const squares = where(shown, square(sub(x, centre)), 0);
  return { mean: centre, variance: div(sum(squares, options), count) };
}

/**
 * Batch renormalization (Ioffe 2017): what is scaled by the batch's statistics is brought to where the moving ones would have it, by factors that
 * `renorm_clipping` bounds and that no gradient passes.
 */
function renormalized(
  o: Options,
  w: Weights,
  batch: Moments,
  context: TrainingContext,
  epsilon: number,
): { readonly gamma: Tensor; readonly beta: Tensor } {
  const bounds = (o.raw('renorm_clipping') ?? {}) as Readonly<Record<string, unknown>>;
  const bound = (key: string): number | null => (typeof bounds[key] === 'number' ? bounds[key] : null);
  const [rmin, rmax, dmax] = [bound('rmin'), bound('rmax'), bound('dmax')];
  const stored = w['renorm_mean']!;
  const like = (v: Tensor): Tensor => reshape(v, stored.shape);
  const spread = maximum(context.current(w['renorm_stddev']!), Math.sqrt(epsilon));
  let r = div(sqrt(add(like(batch.variance), epsilon)), spread);
  let d = div(sub(like(batch.mean), context.current(stored)), spread);
  if (rmin !== null) r = maximum(r, rmin);
  if (rmax !== null) r = minimum(r, rmax);
  if (dmax !== null) d = clip(d, -dmax, dmax);
  const [scale, shift] = [stopGradient(r), stopGradient(d)];
  const { gamma, beta } = w;
  const offset = gamma ? mul(shift, gamma) : shift;
  return { gamma: gamma ? mul(scale, gamma) : scale, beta: beta ? add(offset, beta) : offset };
}

export const batchNormalization: TrainingRule = ({ layer, options: o, inputs, weights: w, masks, context }) => {
  if (!layer.trainable) return null;
  const x = inputs[0]!;
  const renorm = o.flag('renorm', false);
  if (renorm && !w['moving_stddev']) {
    const hint = 'freeze the layer, or save the model with TensorFlow 2';
    throw failure(o.subject, 'the file has no moving deviation to train batch renormalization with', {}, hint);
  }
  const kept = o.integers('axis', [-1]).map((axis) => normalizeAxis(o.subject, axis, x.rank));
  const axes = [...x.shape.keys()].filter((axis) => !kept.includes(axis));
  const legacy = layer.dialect.major < 3;
  const outer = kept.length === 1 && (kept[0] === 1 || kept[0] === x.rank - 1);
  const fused = legacy && !renorm && x.dtype === 'float32' && (x.rank === 4 || x.rank === 5) && outer;
  // The fused kernel takes no mask.
  const mask = fused ? null : (masks[0] ?? null);
  if (mask && mask.rank !== x.rank - 1) {
    throw failure(o.subject, 'a mask has one axis less than the input', { mask: mask.shape, input: x.shape });
  }
  const epsilon = o.number('epsilon', 1e-3);
  const batch = moments(x, axes, mask, legacy ? 0 : 1e-7);
  const like = (v: Tensor, weight: Tensor): Tensor => reshape(v, weight.shape);
  const momentum = o.number('momentum', 0.99);
  const move = (name: string, value: Tensor, by = momentum): Tensor => {
    const weight = w[name]!;
    const moved = add(mul(context.current(weight), by), mul(like(value, weight), 1 - by));
    context.update(weight, moved);
    return moved;
  };
  const count = sizeOf(x.shape) / sizeOf(batch.mean.shape);
  move('moving_mean', batch.mean);
  if (renorm) {
    const { gamma, beta } = renormalized(o, w, batch, context, epsilon);
    const [average, spread] = [like(batch.mean, w['moving_mean']!), like(batch.variance, w['moving_variance']!)];
    const deviation = sqrt(add(batch.variance, epsilon));
    const by = o.number('renorm_momentum', 0.99);
    move('renorm_mean', batch.mean, by);
    move('renorm_stddev', deviation, by);
    const moved = move('moving_stddev', deviation);
    context.update(w['moving_variance']!, maximum(sub(square(moved), epsilon), 0));
    const axis = kept.length === 1 ? { axis: kept[0]! } : {};
    return batchNorm(x, { mean: average, variance: spread, gamma, beta, epsilon, ...axis });
  }
  move('moving_variance', fused && count > 1 ? mul(batch.variance, count / (count - 1)) : batch.variance);
  return batchNorm(x, {
    mean: like(batch.mean, w['moving_mean']!),
    variance: like(batch.variance, w['moving_variance']!),
    gamma: w['gamma'] ?? null,
    beta: w['beta'] ?? null,
    epsilon,
    ...(kept.length === 1 ? { axis: kept[0]! } : {}),
  });
};
