/**
 * Running sums and products along an axis in doubling steps: after the k-th, each element holds the 2^k up to it. Any dtype, exact
 * gradients, and a length of n takes log2(n) steps. Source: Hillis and Steele, "Data parallel algorithms", 1986.
 */
import { normalizeAxis } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, type BinaryFunction, mul } from './binary.ts';
import { counted } from './promote.ts';
import { pad, reverse, slice } from './slicing.ts';

export interface CumulativeOptions {
  /** Each result leaves its own element out. */
  readonly exclusive?: boolean;
  /** From the last element to the first. */
  readonly reverse?: boolean;
}

function running(
  combine: BinaryFunction,
  neutral: number,
  x: Tensor,
  axis: number,
  { exclusive = false, reverse: backwards = false }: CumulativeOptions,
): Tensor {
  const at = normalizeAxis('cumulative', axis, x.rank);
  const n = x.shape[at]!;
  /** The elements moved back by `by`, with neutral ones in front. */
  const moved = (y: Tensor, by: number): Tensor =>
    pad(
      slice(y, { [at]: [0, n - by] }),
      y.shape.map((_, i) => [i === at ? by : 0, 0] as const),
      neutral,
    );
  let y = counted(backwards ? reverse(x, [at]) : x);
  if (exclusive && n > 0) y = moved(y, 1);
  for (let by = 1; by < n; by *= 2) y = combine(y, moved(y, by));
  return backwards ? reverse(y, [at]) : y;
}

/** The sum of all elements up to each one along `axis`. */
export const cumsum = (x: Tensor, axis: number, options: CumulativeOptions = {}): Tensor =>
  running(add, 0, x, axis, options);

/** The product of all elements up to each one along `axis`. */
export const cumprod = (x: Tensor, axis: number, options: CumulativeOptions = {}): Tensor =>
  running(mul, 1, x, axis, options);
