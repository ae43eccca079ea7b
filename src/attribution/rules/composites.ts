/**
 * Multipliers of ops that are several functions in one: softmax, its logarithm, and rows brought to mean 0 and variance 1. Each is taken apart into
 * sums, elementwise functions and products, whose rules deep-lift.ts has, and put together again in closed form.
 */
import { add, div, mul, neg, sub } from '../../ops/binary.ts';
import { max, mean, type ReduceOptions, sum } from '../../ops/reduce.ts';
import { logSoftmax } from '../../ops/softmax.ts';
import { exp, log, rsqrt, square } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { changeOfExp, changeOfLog } from './changes.ts';
import { type Ends, rescaled } from './ends.ts';

const half = (a: Tensor, b: Tensor): Tensor => mul(add(a, b), 0.5);

/** `exp(x - c)` at both ends with one `c` for both, which no softmax depends on. */
function exponentials([x, x0]: Ends, along: ReduceOptions): Ends {
  const shift = half(max(x, along), max(x0, along));
  return [exp(sub(x, shift)), exp(sub(x0, shift))];
}

const alongAxis = (node: Tensor): ReduceOptions => ({ axes: node.attrs['axis'] as number, keepDims: true });

/**
 * `l = x - log(s)` with `s = sum(exp(x))`. The weights that the logits have in the change of `log(s)` lie between 0 and 1, so that nothing big
 * cancels, as it would in the quotient of an exponential and `s`.
 */
export function logSoftmaxMultiplier(g: Tensor, _: Ends, [x, x0]: Ends, node: Tensor): Tensor {
  const along = alongAxis(node);
  const [e, e0] = exponentials([x, x0], along);
  const [s, s0] = [sum(e, along), sum(e0, along)];
  const [ds, dx] = [sub(s, s0), sub(x, x0)];
  const ofSum = rescaled(ds, changeOfLog(ds, [log(s), log(s0)], [s, s0]), div(1, s));
  const weights = mul(ofSum, rescaled(dx, changeOfExp(dx, [e, e0], [x, x0]), e));
  return sub(g, mul(sum(g, along), weights));
}

/** `exp(l)` with the logarithm `l`. */
export function softmaxMultiplier(g: Tensor, [y, y0]: Ends, x: Ends, node: Tensor): Tensor {
  const [l, l0] = x.map((t) => logSoftmax(t, node.attrs['axis'] as number)) as unknown as Ends;
  const dl = sub(l, l0);
  return logSoftmaxMultiplier(mul(g, rescaled(dl, changeOfExp(dl, [y, y0], [l, l0]), y)), [l, l0], x, node);
}

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
