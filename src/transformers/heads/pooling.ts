/** From the hidden states of a text's positions to one vector: `[rows, positions, width]` and the mask to `[rows, width]`. */
import { add, div, maximum, mul, notEqual, sub } from '../../ops/binary.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { max, mean, sum } from '../../ops/reduce.ts';
import { slice } from '../../ops/slicing.ts';
import { cast, sqrt } from '../../ops/unary.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { firstPosition } from '../encoders/encoder.ts';

/** `mask`: 0 and 1, `[rows, positions]`; null where every position is visible. */
export type Pooling = (hidden: Tensor, mask: Tensor | null) => Tensor;

export const meanPooling: Pooling = (hidden, mask) => {
  if (!mask) return mean(hidden, { axes: 1 });
  const weights = visible(hidden, mask);
  return div(sum(mul(hidden, expandDims(weights, -1)), { axes: 1 }), sum(weights, { axes: 1, keepDims: true }));
};

/** The mean with weights 1, 2, 3, … by position: later tokens of a decoder have seen more. */
export const weightedMeanPooling: Pooling = (hidden, mask) => {
  const [, positions] = hidden.shape as [number, number];
  const order = tensor(
    Float64Array.from({ length: positions }, (_, p) => p + 1),
    [1, positions],
    hidden.dtype,
  );
  const weights = mask ? mul(visible(hidden, mask), order) : order;
  return div(sum(mul(hidden, expandDims(weights, -1)), { axes: 1 }), sum(weights, { axes: 1, keepDims: true }));
};

/** The sum over visible positions by the root of their number. */
export const meanSqrtPooling: Pooling = (hidden, mask) => {
  if (!mask) return div(sum(hidden, { axes: 1 }), Math.sqrt(hidden.shape[1]!));
  const weights = visible(hidden, mask);
  const count = sqrt(sum(weights, { axes: 1, keepDims: true }));
  return div(sum(mul(hidden, expandDims(weights, -1)), { axes: 1 }), count);
};

/** The largest value of each dimension among visible positions. */
export const maxPooling: Pooling = (hidden, mask) => {
  if (!mask) return max(hidden, { axes: 1 });
  const far = mul(sub(expandDims(visible(hidden, mask), -1), 1), 1e9);
  return max(add(hidden, far), { axes: 1 });
};

export const firstPooling: Pooling = (hidden) => firstPosition(hidden);

/** The last visible position: the one whose successors are all hidden. */
export const lastPooling: Pooling = (hidden, mask) => {
  const [rows, positions, width] = hidden.shape as [number, number, number];
  if (!mask) return reshape(slice(hidden, { 1: [positions - 1, positions] }), [rows, width]);
  const seen = visible(hidden, mask);
  const next = positions > 1 ? slice(seen, { 1: [1, positions] }) : null;
  if (!next) return reshape(hidden, [rows, width]);
  // With padding on the right a position is the last where the next one is hidden; the one at the end has no next.
  const inside = maximum(sub(slice(seen, { 1: [0, positions - 1] }), next), 0);
  const picked = sum(mul(slice(hidden, { 1: [0, positions - 1] }), expandDims(inside, -1)), { axes: 1 });
  const end = reshape(slice(hidden, { 1: [positions - 1, positions] }), [rows, width]);
  return add(picked, mul(end, slice(seen, { 1: [positions - 1, positions] })));
};

const visible = (hidden: Tensor, mask: Tensor): Tensor => cast(notEqual(mask, 0), hidden.dtype);
