/**
 * Pictures looked up at other places: what stands at (x, y) of the result is what stood at (a0 x + a1 y + a2, b0 x + b1 y + b2), one matrix a
 * picture; both divided by c0 x + c1 y + 1 where there is perspective, and where that is 0 is the outside. Invariant: the numbers of TensorFlow's `ImageProjectiveTransformV3`, which Keras's layers call, in each of its fill modes and
 * interpolations; places are not differentiated, and the gradient by the pictures is the exact one, where TensorFlow warps the gradient back.
 */
import {
  add,
  div,
  equal,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  maximum,
  mul,
  sub,
  where,
} from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { broadcastTo, reshape, stopGradient } from '../../ops/movement.ts';
import { cast, ceil, clip, floor } from '../../ops/unary.ts';
import { arange, type Tensor } from '../../tensor/tensor.ts';

export const fillModes = ['reflect', 'wrap', 'constant', 'nearest'] as const;
export const interpolations = ['nearest', 'bilinear'] as const;

export interface Warp {
  readonly fillMode: (typeof fillModes)[number];
  readonly interpolation: (typeof interpolations)[number];
  /** Outside the picture, where the mode is `constant`. */
  readonly fillValue: number;
}

/** a0, a1, a2, b0, b1, b2 and, with perspective, c0 and c1: numbers, or `[pictures, 1, 1]`. */
export type Places = readonly (Tensor | number)[];

/** So far outside that no neighbour is inside. */
const outside = -2;

/** Rounded as C does: halves away from zero. */
const nearest = (v: Tensor): Tensor => where(less(v, 0), ceil(sub(v, 0.5)), floor(add(v, 0.5)));

/** Toward zero, of numbers from 0 up. */
const times = (v: Tensor, size: number): Tensor => floor(div(v, size));

/** A place beyond the edge, as one within it. `c b a | a b c | c b a` is reflected; wrapping leaves out a line, as TensorFlow does. */
function within(v: Tensor, size: number, mode: Warp['fillMode']): Tensor {
  if (mode === 'constant') return v;
  if (mode === 'nearest') return clip(v, 0, size - 1);
  if (size <= 1) return mul(v, 0);
  const [low, high] = [less(v, 0), lessEqual(v, size - 1)];
  const far = maximum(mul(v, -1), 0);
  if (mode === 'wrap') {
    const below = add(v, mul(add(times(far, size - 1), 1), size));
    const above = sub(v, mul(times(maximum(v, 0), size - 1), size));
    return clip(where(low, below, where(high, v, above)), 0, size - 1);
  }
  const both = 2 * size;
  const nearer = add(v, mul(times(far, both), both));
  const below = where(less(nearer, -size), add(nearer, both), sub(mul(nearer, -1), 1));
  const rest = sub(v, mul(times(maximum(v, 0), both), both));
  const above = where(greaterEqual(rest, size), sub(both - 1, rest), rest);
  return clip(where(low, below, where(high, v, above)), 0, size - 1);
}

/**
 * @param x pictures, `[pictures, height, width, channels]`
 * @returns as many of the same size
 */
export function warp(
  x: Tensor,
  [a0, a1, a2, b0, b1, b2, c0, c1]: Places,
  { fillMode, interpolation, fillValue }: Warp,
): Tensor {
  const [count, height, width, channels] = x.shape as [number, number, number, number];
  if (x.size === 0) return x;
  const type = x.dtype as 'float32';
  const across = reshape(arange(width, type), [1, 1, width]);
  const down = reshape(arange(height, type), [1, height, 1]);
  const plane = (u: Places[number], v: Places[number], w: Places[number]): Tensor =>
    broadcastTo(add(add(mul(across, u), mul(down, v)), w), [count, height, width]);
  const depth = c0 === undefined ? null : plane(c0, c1!, 1);
  const near = (v: Tensor): Tensor =>
    depth ? where(equal(depth, 0), outside, div(v, where(equal(depth, 0), 1, depth))) : v;
  const at = (u: Places[number], v: Places[number], w: Places[number]): Tensor => stopGradient(near(plane(u, v, w)));
  const column = within(at(a0!, a1!, a2!), width, fillMode);
  const row = within(at(b0!, b1!, b2!), height, fillMode);
  const lines = reshape(x, [count * height * width, channels]);
  const first = reshape(mul(arange(count, 'int32'), height * width), [count, 1, 1]);
  /** What stands at whole places, or the fill value outside. */
  const read = (y: Tensor, z: Tensor): Tensor => {
    const [r, c] = [clip(y, 0, height - 1), clip(z, 0, width - 1)];
    const index = add(add(mul(cast(r, 'int32'), width), cast(c, 'int32')), first);
    const found = reshape(gather(lines, reshape(index, [-1]), 0), x.shape);
    const inside = logicalAnd(
      logicalAnd(greaterEqual(y, 0), less(y, height)),
      logicalAnd(greaterEqual(z, 0), less(z, width)),
    );
    return where(reshape(inside, [count, height, width, 1]), found, fillValue);
  };
  if (interpolation === 'nearest') return read(nearest(row), nearest(column));
  const [top, left] = [floor(row), floor(column)];
  const [bottom, right] = [add(top, 1), add(left, 1)];
  const share = (v: Tensor): Tensor => reshape(v, [count, height, width, 1]);
  const line = (y: Tensor): Tensor =>
    add(mul(share(sub(right, column)), read(y, left)), mul(share(sub(column, left)), read(y, right)));
  return add(mul(share(sub(bottom, row)), line(top)), mul(share(sub(row, top)), line(bottom)));
}
