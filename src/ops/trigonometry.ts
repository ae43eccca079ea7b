/** Hyperbolic functions and the inverses of trigonometric ones, made of the ops that there are. Derivatives are those of the parts. */

import type { Tensor } from '../tensor/tensor.ts';
import { add, div, less, mul, neg, sub, where } from './binary.ts';
import { atan, exp, log, log1p, sqrt, square } from './unary.ts';

export const sinh = (x: Tensor): Tensor => div(sub(exp(x), exp(neg(x))), 2);
export const cosh = (x: Tensor): Tensor => div(add(exp(x), exp(neg(x))), 2);

/** `x / sqrt((1 - x)(1 + x))` keeps what `1 - x^2` would round away near 1. */
export const arcsin = (x: Tensor): Tensor => atan(div(x, sqrt(mul(sub(1, x), add(1, x)))));
export const arccos = (x: Tensor): Tensor => sub(Math.PI / 2, arcsin(x));

/** `log(a + sqrt(a^2 + 1))` of a >= 0, exact for small a; the sign is put back, and the slope at 0 is 1. */
export function arcsinh(x: Tensor): Tensor {
  const negative = less(x, 0);
  const of = (v: Tensor): Tensor => {
    const a = where(less(v, 0), 0, v);
    return log1p(add(a, div(square(a), add(1, sqrt(add(1, square(a)))))));
  };
  return where(negative, neg(of(neg(x))), of(x));
}

export const arccosh = (x: Tensor): Tensor => log(add(x, sqrt(mul(sub(x, 1), add(x, 1)))));
export const arctanh = (x: Tensor): Tensor => mul(sub(log1p(x), log1p(neg(x))), 0.5);
