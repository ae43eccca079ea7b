/**
 * Multipliers of ops that are several functions in one: softmax, its logarithm, and rows brought to mean 0 and variance 1. Each is taken apart into
 * sums, elementwise functions and products, whose rules deep-lift.ts has, and put together again in closed form.
 */
import { add, div, mul, neg, sub } from '../../ops/binary.ts';
import { max, mean, type ReduceOptions, sum } from '../../ops/reduce.ts';
import { exp, log, rsqrt, square } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Ends, rescaled } from './ends.ts';

const half = (a: Tensor, b: Tensor): Tensor => mul(add(a, b), 0.5);

/** `exp(x - c)` at both ends with one `c` for both, which no softmax depends on. */
function exponentials([x, x0]: Ends, along: ReduceOptions): Ends {
  const shift = half(max(x, along), max(x0, along));
  return [exp(sub(x, shift)), exp(sub(x0, shift))];
}

const alongAxis = (node: Tensor): ReduceOptions => ({ axes: node.attrs['axis'] as number, keepDims: true });

/** `e / s` with `e = exp(x)` and `s = sum(e)`: the product of `e` and `1 / s`, whose change over that of `s` is `-1 / (s s0)`. */
export function softmaxMultiplier(g: Tensor, _: Ends, x: Ends, node: Tensor): Tensor {
  const along = alongAxis(node);
  const [e, e0] = exponentials(x, along);
  const [r, r0] = [div(1, sum(e, along)), div(1, sum(e0, along))];
  const toSum = neg(mul(sum(mul(g, half(e, e0)), along), mul(r, r0)));
  return throughExp(add(mul(g, half(r, r0)), toSum), [e, e0], x);
}

/** `x - log(s)`. */
export function logSoftmaxMultiplier(g: Tensor, _: Ends, x: Ends, node: Tensor): Tensor {
  const along = alongAxis(node);
  const [e, e0] = exponentials(x, along);
  const [s, s0] = [sum(e, along), sum(e0, along)];
  const toSum = neg(mul(sum(g, along), rescaled(sub(s, s0), sub(log(s), log(s0)), div(1, s))));
  return add(g, throughExp(toSum, [e, e0], x));
}

const throughExp = (g: Tensor, [e, e0]: Ends, [x, x0]: Ends): Tensor => mul(g, rescaled(sub(x, x0), sub(e, e0), e));

/**
 * `c s` with `c = x - mean(x)`, `s = 1 / sqrt(v)` and `v = mean(c^2) + epsilon`. The change of `c^2` over that of `c` is `c + c0`, that of `s` over
 * that of `v` is `-(s s0)^2 / (s + s0)`.
 */
export function standardizeMultiplier(g: Tensor, _: Ends, x: Ends, node: Tensor): Tensor {
  const along = { axes: -1, keepDims: true } as const;
  const epsilon = node.attrs['epsilon'] as number;
  const centred = x.map((t) => sub(t, mean(t, along))) as unknown as Ends;
  const [s, s0] = centred.map((c) => rsqrt(add(mean(square(c), along), epsilon))) as unknown as Ends;
  const [c, c0] = centred;
  const toSpread = sum(mul(g, half(c, c0)), along);
  const toVariance = mul(toSpread, neg(div(square(mul(s, s0)), add(s, s0))));
  const toCentred = add(mul(g, half(s, s0)), mul(mul(toVariance, add(c, c0)), 1 / node.shape.at(-1)!));
  return sub(toCentred, mean(toCentred, along));
}
