/**
 * Dropout and noise, as Keras 3.15's `layers/regularization` and tf_keras 2.21 have them. A layer's own `seed` is not used: all draws follow from the
 * seed of the step, and from the order of layers.
 */
import type { TrainingContext } from '../../graph/callable.ts';
import { add, greaterEqual, mul, where } from '../../ops/binary.ts';
import { failure } from '../../tensor/errors.ts';
import { sameShape } from '../../tensor/shape.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Options } from '../layers/options.ts';
import type { TrainingRule } from './rule.ts';

/** A share from 0 to 1. */
export function rateOf(o: Options, key = 'rate'): number {
  const rate = o.number(key, key === 'rate' ? undefined : 0);
  if (rate < 0 || rate > 1) throw o.wrong(key, rate, 'a share from 0 to 1');
  return rate;
}

/** Kept with probability `1 - rate` and scaled to the same mean; one draw for all of an axis where `shape` has 1. */
export function dropout(x: Tensor, rate: number, context: TrainingContext, shape: readonly number[] = x.shape): Tensor {
  if (rate === 0) return x;
  if (rate === 1) return zeros(x.shape, x.dtype as 'float32');
  if (sameShape(shape, x.shape)) return context.dropout(x, rate);
  return where(greaterEqual(context.uniform(shape), rate), mul(x, 1 / (1 - rate)), 0);
}

/** The option `noise_shape`: null stands for the input's size. */
function noiseShape(o: Options, x: Tensor): readonly number[] {
  const given = o.raw('noise_shape');
  if (given === undefined) return x.shape;
  const fits = Array.isArray(given) && given.length <= x.rank;
  const offset = fits ? x.rank - given.length : 0;
  const shape = fits ? given.map((dim, i) => (dim === null ? x.shape[offset + i] : dim)) : [];
  const whole = shape.every((dim, i) => dim === 1 || dim === x.shape[offset + i]);
  if (!fits || !whole) throw o.wrong('noise_shape', given, `sizes that broadcast to [${x.shape.join(', ')}], or null`);
  return shape as number[];
}

export const plainDropout: TrainingRule = ({ options, inputs: [x], context }) =>
  dropout(x!, rateOf(options), context, noiseShape(options, x!));

/** Whole channels: one draw for all places of a sample's channel. */
export const spatialDropout: TrainingRule = ({ options: o, inputs: [x], context }) => {
  const first = o.className !== 'SpatialDropout1D' && o.channelsFirst;
  const channel = first ? 1 : x!.rank - 1;
  const shape = x!.shape.map((dim, axis) => (axis === 0 || axis === channel ? dim : 1));
  return dropout(x!, rateOf(o), context, shape);
};

/** Klambauer et al. 2017: units go to the saturation of selu, and all are scaled and shifted to keep mean and variance. */
export const alphaDropout: TrainingRule = ({ options: o, inputs: [x], context }) => {
  const rate = rateOf(o);
  if (rate === 0) return x!;
  const low = -1.6732632423543772 * 1.0507009873554805;
  const a = ((1 - rate) * (1 + rate * low ** 2)) ** -0.5;
  const kept = greaterEqual(context.uniform(noiseShape(o, x!)), rate);
  // At a rate of 1 Keras divides by zero.
  if (rate === 1) throw failure(o.subject, 'nothing is left at a rate of 1', {}, 'give a rate below 1');
  return add(mul(where(kept, x!, low), a), -a * low * rate);
};

export const gaussianDropout: TrainingRule = ({ options: o, inputs: [x], context }) => {
  const rate = rateOf(o);
  if (rate === 0) return x!;
  if (rate === 1) throw failure(o.subject, 'the noise has no bound at a rate of 1', {}, 'give a rate below 1');
  return mul(x!, add(mul(context.normal(x!.shape), Math.sqrt(rate / (1 - rate))), 1));
};

export const gaussianNoise: TrainingRule = ({ options: o, inputs: [x], context }) => {
  const deviation = o.number('stddev');
  if (deviation < 0) throw o.wrong('stddev', deviation, 'a number from 0 up');
  return deviation === 0 ? x! : add(x!, mul(context.normal(x!.shape), deviation));
};

/** ConvNeXt's: the whole of a sample's path, or nothing of it. */
export const stochasticDepth: TrainingRule = ({ options: o, inputs: [x], context }) => {
  const rate = rateOf(o, 'drop_path_rate');
  return dropout(x!, rate, context, [x!.shape[0]!, ...new Array<number>(x!.rank - 1).fill(1)]);
};
