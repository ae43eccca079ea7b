/** Preprocessing that is arithmetic: Rescaling and Normalization. */
import { add, div, maximum, mul, sub } from '../../ops/binary.ts';
import { broadcastTo, reshape } from '../../ops/movement.ts';
import { sqrt } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { normalizeAxis, type Shape } from '../../tensor/shape.ts';
import { type NestedArray, type Tensor, tensor } from '../../tensor/tensor.ts';
import { defineLayer, type LayerClass, passMask } from './layer.ts';
import type { Options } from './options.ts';

/** Numbers of an option as a constant of the type that the layer computes in; null where it has none. */
function constant(o: Options, key: string): ((like: Tensor) => Tensor) | null {
  const value = o.raw(key);
  if (value === undefined) return null;
  try {
    tensor(value as NestedArray);
  } catch {
    throw o.wrong(key, value, 'numbers');
  }
  return (like) => tensor(value as NestedArray, undefined, like.dtype);
}

export const rescaling: LayerClass = defineLayer({
  classes: ['Rescaling'],
  create: (o) => {
    const [scale, offset] = [constant(o, 'scale'), constant(o, 'offset')];
    if (!scale) throw o.wrong('scale', undefined, 'a number or one per channel');
    return {
      call: ([x]) => {
        const y = mul(x!, scale(x!));
        return offset ? add(y, offset(x!)) : y;
      },
      mask: passMask,
    };
  },
});

/** `(x - mean) / sqrt(variance)` with statistics given as options, or adapted to data and stored as weights. */
export const normalization: LayerClass = defineLayer({
  classes: ['Normalization'],
  create: (o) => {
    const axes = o.raw('axis') === undefined ? [] : o.integers('axis');
    const invert = o.flag('invert', false);
    const [mean, variance] = [constant(o, 'mean'), constant(o, 'variance')];
    if ((mean === null) !== (variance === null)) throw failure(o.subject, 'mean and variance must be given together');
    const kept = (rank: number): number[] =>
      axes.map((axis) => normalizeAxis(o.subject, axis, rank)).sort((a, b) => a - b);
    const sizes = (shape: Shape): number[] => kept(shape.length).map((axis) => shape[axis]!);
    // Statistics have the sizes of the kept axes; given ones may lack leading axes, or be one number.
    const spread = (v: Tensor, x: Tensor): Tensor => {
      const keep = kept(x.rank);
      return reshape(
        broadcastTo(v, sizes(x.shape)),
        x.shape.map((dim, i) => (keep.includes(i) ? dim : 1)),
      );
    };
    return {
      weights: ([x], stored) => {
        if (mean) return [];
        const statistic = (name: string) => ({ name, shape: sizes(x!), trainable: false as const });
        // `count` is how many samples were seen; early files lack it.
        const count = stored.length === 2 ? [] : [{ name: 'count', shape: [], trainable: false as const }];
        return [statistic('mean'), statistic('variance'), ...count];
      },
      call: ([x], w) => {
        const centre = spread(mean ? mean(x!) : w['mean']!, x!);
        const scale = maximum(sqrt(spread(variance ? variance(x!) : w['variance']!, x!)), 1e-7); // Keras's epsilon
        return invert ? add(centre, mul(x!, scale)) : div(sub(x!, centre), scale);
      },
      mask: passMask,
    };
  },
});
