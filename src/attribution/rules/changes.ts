/**
 * Changes of smooth functions between two ends, without the cancellation of `f(x) - f(x0)` where the ends lie close together: in float32 the
 * difference of two numbers around 1 that differ by 0.001 has three digits left, and multipliers are quotients of such differences.
 */
import { add, div, greater, less, mul, sub, where } from '../../ops/binary.ts';
import { geluGrad } from '../../ops/fused.ts';
import { abs, expm1, log1p, sigmoid, tanh } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Ends } from './ends.ts';

/** The change of `y = f(x)` where `x` changes by `dx`. */
export type Change = (dx: Tensor, y: Ends, x: Ends) => Tensor;

const within = (dx: Tensor, reach: number, near: Tensor, [y, y0]: Ends): Tensor =>
  where(less(abs(dx), reach), near, sub(y, y0));

/** `exp(x0) (exp(dx) - 1)`. */
export const changeOfExp: Change = (dx, y) => within(dx, 1, mul(y[1], expm1(dx)), y);

/** `log(1 + dx / x0)`. */
export const changeOfLog: Change = (dx, [y, y0], [, x0]) => {
  const share = div(dx, x0);
  return where(greater(abs(share), 0.5), sub(y, y0), log1p(share));
};

const half = (x: Tensor): Tensor => mul(x, 0.5);

/** By op. */
export const changes: { readonly [op: string]: Change } = {
  exp: changeOfExp,
  log: changeOfLog,
  square: (dx, _, [x, x0]) => mul(dx, add(x, x0)),
  sqrt: (dx, [y, y0]) => div(dx, add(y, y0)),
  tanh: (dx, [y, y0]) => mul(tanh(dx), sub(1, mul(y, y0))),
  sigmoid: (dx, [y, y0]) => mul(tanh(half(dx)), add(mul(y, sub(1, y0)), mul(y0, sub(1, y)))),
  softplus: (dx, y, [, x0]) => within(dx, 1, log1p(mul(sigmoid(x0), expm1(dx))), y),
  // Simpson's rule for the integral of the slope: off by less than 1e-7 of it within the reach.
  gelu: (dx, y, [x, x0]) => {
    const slope = (at: Tensor): Tensor => geluGrad(dx, at);
    const ends = add(slope(x), slope(x0));
    return within(dx, 0.1, mul(add(ends, mul(slope(half(add(x, x0))), 4)), 1 / 6), y);
  },
};
