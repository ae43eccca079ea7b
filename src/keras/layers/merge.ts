/**
 * Layers that merge a list of inputs. Inputs of fewer axes get new axes of size 1 behind the batch axis, as in Keras 3.
 * Masks follow the Keras of the file. From Keras 3.4 on one unmasked input unmasks an elementwise result, else any mask suffices, and
 * products and extremes look at the masks; in 3.0 to 3.3 masks end here; in Keras 1 and 2 an element counts if every mask that there is lets it.
 */
import {
  add,
  type BinaryFunction,
  div,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from '../../ops/binary.ts';
import { broadcastTo, expandDims, reshape } from '../../ops/movement.ts';
import { max, min } from '../../ops/reduce.ts';
import { concat } from '../../ops/slicing.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { ones, type Tensor } from '../../tensor/tensor.ts';
import { defineLayer, keras3Before, type LayerClass, type Mask } from './layer.ts';

/** All with as many axes as the longest. */
function aligned(xs: readonly Tensor[]): Tensor[] {
  const rank = Math.max(...xs.map((x) => x.rank));
  return xs.map((x) => reshape(x, [x.shape[0]!, ...new Array<number>(rank - x.rank).fill(1), ...x.shape.slice(1)]));
}

/** Masks where all inputs have one: an element counts if it counts in any. */
function anyMask(_: readonly Tensor[], masks: readonly Mask[]): Mask {
  return masks.reduce((a, b) => (a && b ? logicalOr(a, b) : null));
}

/** Keras 1 and 2: an element counts if it counts in all inputs that have a mask. */
function allMasks(_: readonly Tensor[], masks: readonly Mask[]): Mask {
  return masks.reduce((a, b) => (a && b ? logicalAnd(a, b) : (a ?? b)), null);
}

/** A `[batch, time]` mask spread over the elements of `x`. */
function spread(mask: Tensor, x: Tensor): Tensor {
  const wide = mask.rank < x.rank ? expandDims(mask, -1) : mask;
  return cast(broadcastTo(cast(wide, 'int32'), x.shape), 'bool');
}

type Merge = (xs: readonly Tensor[], masks: readonly Mask[]) => Tensor;

// @__NO_SIDE_EFFECTS__
const folded =
  (f: BinaryFunction): Merge =>
  (xs) =>
    xs.reduce((a, b) => f(a, b));

/** Where exactly one side counts, its value is taken; where both do, `f` of them (Keras 3's maximum and minimum). */
// @__NO_SIDE_EFFECTS__
const extreme =
  (f: BinaryFunction): Merge =>
  (xs, masks) => {
    if (masks.every((mask) => mask === null)) return folded(f)(xs, masks);
    let [output, outputMask] = [xs[0]!, masks[0] ? spread(masks[0], xs[0]!) : null];
    for (const [i, input] of [...xs.entries()].slice(1)) {
      const mask = masks[i] ? spread(masks[i], input) : null;
      const x = mask ? where(mask, input, output) : input;
      if (outputMask) output = where(outputMask, output, x);
      outputMask = mask && outputMask ? logicalOr(outputMask, mask) : null;
      output = f(output, x);
    }
    return output;
  };

/** Masked factors count as 1; where every input is masked the result is 0. */
const product: Merge = (xs, masks) => {
  const wide = masks.map((mask, i) => (mask ? spread(mask, xs[i]!) : null));
  const y = xs.map((x, i) => (wide[i] ? where(wide[i], x, 1) : x)).reduce((a, b) => mul(a, b));
  const known = anyMask(xs, wide);
  return known ? mul(y, cast(known, y.dtype)) : y;
};

const merges: Readonly<Record<string, Merge>> = {
  Add: folded(add),
  Subtract: folded(sub),
  Multiply: product,
  Average: (xs) =>
    div(
      xs.reduce((a, b) => add(a, b)),
      xs.length,
    ),
  Maximum: extreme(maximum),
  Minimum: extreme(minimum),
};

export const elementwise: LayerClass = defineLayer({
  classes: Object.keys(merges),
  create: (o) => ({
    many: true,
    call: (xs, _, masks) => {
      if (o.className === 'Subtract' && xs.length !== 2) {
        throw failure(o.subject, 'exactly 2 inputs are needed', { got: xs.length });
      }
      const seen = o.dialect.major === 3 && !keras3Before(o.dialect, 4) ? masks : masks.map(() => null);
      return merges[o.className]!(aligned(xs), seen);
    },
    mask: o.dialect.major === 3 ? anyMask : allMasks,
  }),
});

export const concatenate: LayerClass = defineLayer({
  classes: ['Concatenate'],
  create: (o) => {
    const [axis = -1] = o.integers('axis', [-1]);
    return {
      many: true,
      call: (xs) => concat(xs, axis),
      mask: (xs, masks) => {
        if (masks.every((mask) => mask === null)) return null;
        const all = xs.map((x, i) => (masks[i] ? spread(masks[i], x) : ones(x.shape, 'bool')));
        const joined = concat(
          all.map((m) => cast(m, 'int32')),
          axis,
        );
        // Before Keras 3 every channel had to count.
        return cast((o.dialect.major === 3 ? max : min)(joined, { axes: -1 }), 'bool');
      },
    };
  },
});
