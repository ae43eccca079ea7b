/** Elementwise ops of one input that are neither activations nor arithmetic: one line of calculus each. */
import { elementwise } from '../graph/batch-rules.ts';
import { type Activation, defineOp, type Example, type Op, withOp } from '../graph/op.ts';
import { checkDType, type DType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, div, greaterEqual, lessEqual, logicalAnd, mul, neg, sub, where } from './binary.ts';
import { counted, floating, meeting } from './promote.ts';

type None = Record<never, never>;
type Vjp = (g: Tensor, y: Tensor, x: Tensor) => Tensor;

/** A function of one tensor; its `op` is the definition. */
export interface UnaryFunction {
  (x: Tensor): Tensor;
  readonly op: Op;
}

interface UnaryOptions {
  /** Of the floats in examples. */
  readonly domain?: readonly [number, number];
  /** A rough count: a transcendental function is taken as 10. */
  readonly flops?: number;
  /** Integers stay integers. */
  readonly closed?: boolean;
  readonly epilogue?: Activation;
}

/** Defines an elementwise op. */
// @__NO_SIDE_EFFECTS__
export function unary(
  name: string,
  vjp: Vjp | 'none',
  { domain = [-2, 2], flops = 10, closed, epilogue }: UnaryOptions = {},
): UnaryFunction {
  const example = (shape: number[], size: 'small' | 'real' = 'small'): Example<None> => ({
    inputs: [shape],
    attrs: {},
    domain,
    size,
  });
  const make = defineOp<None>({
    name,
    shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    vjp: vjp === 'none' ? 'none' : (g, y, [x]) => [() => vjp(g, y, x!)],
    batch: elementwise,
    linear: [],
    ...(epilogue && { epilogue }),
    flops: (_, out) => flops * sizeOf(out.shape),
    examples: [example([2, 3]), example([7]), example([]), example([100, 98, 250], 'real')],
  });
  return withOp((x: Tensor) => make([closed ? counted(x) : floating(x)], {}), make);
}

const positive = [0.2, 3] as const;
/** One operation, which makes integers of integers. */
const exact = { flops: 1, closed: true } as const;

/** e to the power of x. */
export const exp: UnaryFunction = unary('exp', (g, y) => mul(g, y));
/** `exp(x) - 1`, exact near 0. */
export const expm1: UnaryFunction = unary('expm1', (g, y) => mul(g, add(y, 1)));
/** The natural logarithm. */
export const log: UnaryFunction = unary('log', (g, _, x) => div(g, x), { domain: positive });
/** `log(1 + x)`, exact near 0. */
export const log1p: UnaryFunction = unary('log1p', (g, _, x) => div(g, add(x, 1)), { domain: [-0.5, 2] });
/** The square root; its gradient at 0 is infinite. */
export const sqrt: UnaryFunction = unary('sqrt', (g, y) => div(mul(g, 0.5), y), { domain: positive, flops: 2 });
/** `1 / sqrt(x)`. */
export const rsqrt: UnaryFunction = unary('rsqrt', (g, y) => mul(mul(g, -0.5), mul(y, mul(y, y))), {
  domain: positive,
  flops: 4,
});
/** `x * x`. */
export const square: UnaryFunction = unary('square', (g, _, x) => mul(g, mul(x, 2)), exact);
/** `1 / x`. */
export const reciprocal: UnaryFunction = unary('reciprocal', (g, y) => neg(mul(g, mul(y, y))), {
  domain: positive,
  flops: 2,
});
/** The magnitude; its gradient at 0 is 0. */
export const abs: UnaryFunction = unary('abs', (g, _, x) => mul(g, sign(x)), exact);
/** The sine of radians. */
export const sin: UnaryFunction = unary('sin', (g, _, x) => mul(g, cos(x)));
/** The cosine of radians. */
export const cos: UnaryFunction = unary('cos', (g, _, x) => neg(mul(g, sin(x))));
/** The tangent of radians. */
export const tan: UnaryFunction = unary('tan', (g, y) => mul(g, add(square(y), 1)), { domain: [-1, 1] });
/** The arc tangent, in radians. */
export const atan: UnaryFunction = unary('atan', (g, _, x) => div(g, add(square(x), 1)));
/** The hyperbolic tangent. */
export const tanh: UnaryFunction = unary('tanh', (g, y) => mul(g, sub(1, square(y))), { epilogue: 'tanh' });
/** The error function, `2 / sqrt(pi)` times the integral of `exp(-t^2)` from 0. */
export const erf: UnaryFunction = unary('erf', (g, _, x) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))));
/** `1 / (1 + exp(-x))`. */
export const sigmoid: UnaryFunction = unary('sigmoid', (g, y) => mul(g, mul(y, sub(1, y))), { epilogue: 'sigmoid' });
/** `log(1 + exp(x))`, without overflow. */
export const softplus: UnaryFunction = unary('softplus', (g, _, x) => mul(g, sigmoid(x)));
/** -1, 0 or 1; no gradient. */
export const sign: UnaryFunction = unary('sign', 'none', exact);
/** The largest whole number that is not above; no gradient. */
export const floor: UnaryFunction = unary('floor', 'none', exact);
/** The smallest whole number that is not below; no gradient. */
export const ceil: UnaryFunction = unary('ceil', 'none', exact);
/** To the nearest integer, halves to even as in IEEE 754 (and NumPy). */
export const round: UnaryFunction = unary('round', 'none', exact);

const clipOp = defineOp<{ min: number; max: number }>({
  name: 'clip',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, _, [x], { min, max }) => [() => where(logicalAnd(greaterEqual(x!, min), lessEqual(x!, max)), g, 0)],
  batch: elementwise,
  linear: [],
  flops: (_, out) => 2 * sizeOf(out.shape),
  examples: [{ inputs: [[4, 5]], attrs: { min: -0.5, max: 1 } }],
});

/** `x` bounded to `[min, max]`. The gradient passes at the bounds, as in TensorFlow. */
export const clip: ((x: Tensor, min: number, max: number) => Tensor) & { op: Op } = withOp(
  (x: Tensor, min: number, max: number) => {
    if (!(min <= max)) throw failure('clip', 'min must not exceed max', { min, max });
    // An infinite bound is none.
    const whole = [min, max].every((by) => Math.abs(by) === Infinity || meeting(x.dtype, by) !== 'float32');
    return clipOp([whole ? counted(x) : floating(x)], { min, max });
  },
  clipOp,
);

const not = defineOp<None>({
  name: 'logicalNot',
  shape: ([x]) => ({ shape: x!.shape, dtype: 'bool' }),
  vjp: 'none',
  batch: elementwise,
  linear: [],
  flops: (_, out) => sizeOf(out.shape),
  examples: [{ inputs: [{ shape: [5], dtype: 'bool' }], attrs: {} }],
});
/** Whether it is false, as booleans; no gradient. */
export const logicalNot: UnaryFunction = withOp((x: Tensor) => not([x], {}), not);

const castOp = defineOp<{ dtype: DType }>({
  name: 'cast',
  shape: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  vjp: (g, _, [x]) => [x!.dtype === 'float32' || x!.dtype === 'float64' ? () => cast(g, x!.dtype) : null],
  batch: elementwise,
  linear: 'joint',
  zeros: 'makes',
  flops: () => 0,
  examples: [
    { inputs: [[2, 3]], attrs: { dtype: 'float64' } },
    { inputs: [{ shape: [4], dtype: 'int32', range: [0, 9] }], attrs: { dtype: 'float64' } },
    { inputs: [{ shape: [4], dtype: 'bool' }], attrs: { dtype: 'float64' } },
  ],
});

/** `x` with another dtype. Floats lose their fraction on the way to int32; anything but 0 is true. */
export const cast: ((x: Tensor, dtype: DType) => Tensor) & { op: Op } = withOp(
  (x: Tensor, dtype: DType) => (x.dtype === dtype ? x : castOp([x], { dtype: checkDType('cast', dtype) })),
  castOp,
);
