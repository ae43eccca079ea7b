/**
 * Every activation that Keras names. `relu`, `sigmoid`, `tanh`, `softplus` and the softmaxes are ops of their own; the
 * others are made of ops, arranged so that the branch not taken never overflows. Derivatives at kinks are TensorFlow's.
 */

import { elementwise } from '../graph/batch-rules.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import { isFloat } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { normalizeAxis, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, div, greater, greaterEqual, less, logicalAnd, minimum, mul, neg, sub, where } from './binary.ts';
import { exactGelu } from './fused.ts';
import { counted, floating } from './promote.ts';
import { slice } from './slicing.ts';
import { abs, clip, exp, expm1, sigmoid, softplus, sqrt, square, tanh } from './unary.ts';

const reluOp = defineOp<Record<never, never>>({
  name: 'relu',
  epilogue: 'relu',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, y) => [() => where(greater(y, 0), g, 0)],
  batch: elementwise,
  linear: [],
  zeros: 'makes',
  flops: (_, out) => sizeOf(out.shape),
  examples: [
    { inputs: [[3, 4]], attrs: {} },
    { inputs: [[100, 98, 250]], attrs: {}, size: 'real' },
  ],
});

const clippedOp = defineOp<{ max: number }>({
  name: 'clippedRelu',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, y, _, { max }) => [() => where(logicalAnd(greater(y, 0), less(y, max)), g, 0)],
  batch: elementwise,
  linear: [],
  zeros: 'makes',
  flops: (_, out) => 2 * sizeOf(out.shape),
  examples: [
    { inputs: [[4, 5]], attrs: { max: 1 } },
    { inputs: [[100, 98, 250]], attrs: { max: 6 }, size: 'real' },
  ],
});

/**
 * `x` bounded to `[0, max]`, relu6 among them; what comes back is known from the result. The gradient is 0 at both bounds, as TensorFlow's.
 * @param max above 0
 */
export const clippedRelu: ((x: Tensor, max: number) => Tensor) & { op: Op } = withOp((x: Tensor, max: number) => {
  if (!(max > 0)) throw failure('clippedRelu', 'max must be above 0', { max });
  return clippedOp([floating(x)], { max });
}, clippedOp);

/** Where `relu` begins, where it ends, and its slope below. */
export interface ReluOptions {
  /** Slope below the threshold; 0 by default. */
  negativeSlope?: number;
  /** Upper bound of the result. */
  maxValue?: number | null;
  /** Values below it are not passed; 0 by default. */
  threshold?: number;
}

/** `max(x, 0)`, with Keras's options. relu'(0) = 0, and the gradient is 0 at `maxValue` too. */
export const relu: ((x: Tensor, options?: ReluOptions) => Tensor) & { op: Op } = withOp(
  (x: Tensor, options: ReluOptions = {}) => {
    checkOptions<ReluOptions>('relu', options, { negativeSlope: 1, maxValue: 1, threshold: 1 });
    const { negativeSlope = 0, maxValue = null, threshold = 0 } = options;
    if (negativeSlope === 0 && maxValue === null && threshold === 0) return reluOp([counted(x)], {});
    if (maxValue !== null && maxValue < 0) throw failure('relu', 'maxValue must not be negative', { maxValue });
    if (negativeSlope === 0 && threshold === 0 && maxValue! > 0 && isFloat(x.dtype)) return clippedRelu(x, maxValue!);
    const passes = threshold === 0 ? greater(x, 0) : greaterEqual(x, threshold);
    const kept = where(threshold === 0 ? passes : greater(x, threshold), x, 0);
    const bounded = maxValue === null ? kept : where(less(kept, maxValue), kept, maxValue);
    if (negativeSlope === 0) return bounded;
    return add(bounded, where(less(x, threshold), mul(sub(x, threshold), negativeSlope), 0));
  },
  reluOp,
);

/** `relu`, held at 6. */
export const relu6 = (x: Tensor): Tensor => relu(x, { maxValue: 6 });
/** x itself. */
export const linear = (x: Tensor): Tensor => x;
/** `x` above 0, `slope * x` from 0 down. */
export const leakyRelu = (x: Tensor, slope = 0.2): Tensor => where(greater(x, 0), x, mul(x, slope));
/** `x` above 0, `alpha * x` from 0 down, with a learned `alpha` that broadcasts. */
export const prelu = (x: Tensor, alpha: Tensor): Tensor => add(relu(x), mul(neg(relu(neg(x))), alpha));
/** `x` above 0, `alpha * (exp(x) - 1)` below; elu'(0) = alpha. */
export const elu = (x: Tensor, alpha = 1): Tensor => where(greater(x, 0), x, mul(expm1(minimum(x, 0)), alpha));
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;
/** Self-normalizing units (Klambauer et al. 2017); selu'(0) = 1.0507. */
export const selu = (x: Tensor): Tensor =>
  where(greaterEqual(x, 0), mul(x, seluScale), mul(expm1(minimum(x, 0)), seluScale * seluAlpha));
/** `max(0, x) + min(0, alpha (exp(x / alpha) - 1))`. */
export const celu = (x: Tensor, alpha = 1): Tensor =>
  where(greaterEqual(x, 0), x, mul(expm1(minimum(div(x, alpha), 0)), alpha));
/** `x` times the normal distribution function, exactly or by the tanh formula (Hendrycks and Gimpel 2016). */
export function gelu(x: Tensor, options: { approximate?: boolean } = {}): Tensor {
  checkOptions('gelu', options, { approximate: 1 });
  if (!options.approximate) return exactGelu(x);
  const inner = tanh(mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)));
  return mul(mul(x, 0.5), add(inner, 1));
}
/** `x * sigmoid(x)`, also called swish. */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));
/** `x * tanh(softplus(x))`. */
export const mish = (x: Tensor): Tensor => mul(x, tanh(softplus(x)));
/** `exp(x)`, under Keras's name for the activation. */
export const exponential = (x: Tensor): Tensor => exp(x);
/** `x / (1 + |x|)`. */
export const softsign = (x: Tensor): Tensor => div(x, add(abs(x), 1));
/** Keras 2's: `clip(0.2 x + 0.5, 0, 1)`. */
export const hardSigmoid2 = (x: Tensor): Tensor => clip(add(mul(x, 0.2), 0.5), 0, 1);
/** Keras 3's: `relu6(x + 3) / 6`. */
export const hardSigmoid = (x: Tensor): Tensor => mul(relu6(add(x, 3)), 1 / 6);
/** `x * hardSigmoid(x)`. */
export const hardSilu = (x: Tensor): Tensor => mul(x, hardSigmoid(x));
/** x, held between -1 and 1. */
export const hardTanh = (x: Tensor): Tensor => clip(x, -1, 1);
/** `log(sigmoid(x))`, without overflow. */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)));
/** Zero for `|x| <= threshold`, `x` beyond. */
export const hardShrink = (x: Tensor, threshold = 0.5): Tensor => where(greater(abs(x), threshold), x, 0);
/** `x` moved towards 0 by `threshold`, zero where it would pass it. */
export const softShrink = (x: Tensor, threshold = 0.5): Tensor =>
  where(greater(x, threshold), sub(x, threshold), where(less(x, -threshold), add(x, threshold), 0));
/** `x - tanh(x)`. */
export const tanhShrink = (x: Tensor): Tensor => sub(x, tanh(x));
/** `x` above `threshold`, `value` elsewhere. */
export const thresholdUnit = (x: Tensor, threshold: number, value: number): Tensor =>
  where(greater(x, threshold), x, value);
/** `(x + sqrt(x^2 + b)) / 2`. */
export const squareplus = (x: Tensor, b = 4): Tensor => mul(add(x, sqrt(add(square(x), b))), 0.5);
/** 0 below -1, 1 above 1, straight between. */
export const sparseSigmoid = (x: Tensor): Tensor => clip(mul(add(x, 1), 0.5), 0, 1);
/** 0 below -1, `x` above 1, a parabola between. */
export const sparsePlus = (x: Tensor): Tensor =>
  where(less(x, -1), 0, where(greater(x, 1), x, mul(square(add(x, 1)), 0.25)));
/** The gated linear unit: the first half along `axis` times the sigmoid of the second half. */
export function glu(x: Tensor, axis = -1): Tensor {
  const at = normalizeAxis('glu', axis, x.rank);
  const half = x.shape[at]! / 2;
  if (!Number.isInteger(half)) throw failure('glu', 'the axis must have an even size', { shape: x.shape, axis });
  return mul(slice(x, { [at]: [0, half] }), sigmoid(slice(x, { [at]: [half, 2 * half] })));
}
