/** Changes between the two ends of a comparison, the input and the baseline. */
import { div, less, where } from '../../ops/binary.ts';
import { abs } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A tensor at the input and at the baseline. */
export type Ends = readonly [atInput: Tensor, atBaseline: Tensor];

/** What moves less than this stands still: captum's bound. */
const standstill = 1e-10;

export const still = (dx: Tensor): Tensor => less(abs(dx), standstill);

/** `change` per unit of what moved by `dx`, or `slope` where that stood still. */
export function rescaled(dx: Tensor, change: Tensor, slope: Tensor): Tensor {
  return where(still(dx), slope, div(change, dx));
}
