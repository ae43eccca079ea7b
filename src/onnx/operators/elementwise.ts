/** Operations on each element of one tensor: functions and activations. Source: Operators.md of ONNX 1.22; defaults are its. */
import * as activations from '../../ops/activations.ts';
import {
  add,
  equal,
  greater,
  less,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  sub,
  where,
} from '../../ops/binary.ts';
import { floating } from '../../ops/promote.ts';
import { arccos, arccosh, arcsin, arcsinh, arctanh, cosh, sinh } from '../../ops/trigonometry.ts';
import * as math from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { guardedBy } from './numbers/guarded.ts';
import { at, integer, maybe, number, text } from './support.ts';

const one =
  (f: (x: Tensor, call: OperatorCall) => Tensor): Operator =>
  (call) => [f(at(call, 0), call)];
/** Whole numbers stay as they are. */
const rounding = (f: (x: Tensor) => Tensor): Operator => one((x) => (isFloat(x.dtype) ? f(x) : x));

/** Slopes and bounds between two flats; the gradient at a bound is that of the clip. */
const hardSigmoid = (x: Tensor, alpha: number, beta: number): Tensor => math.clip(add(mul(x, alpha), beta), 0, 1);

/** Moved towards 0 by `bias` outside `[-lambd, lambd]`, 0 inside. */
function shrink(x: Tensor, call: OperatorCall): Tensor {
  const [bias, lambd] = [number(call, 'bias', 0), number(call, 'lambd', 0.5)];
  const y = where(less(x, -lambd), add(x, bias), where(greater(x, lambd), sub(x, bias), 0));
  return isFloat(x.dtype) ? y : math.cast(y, x.dtype);
}

/** Bounds are attributes before opset 11 and inputs since; without one there is none. */
function clip(call: OperatorCall): Tensor {
  const x = at(call, 0);
  if (call.opset < 11) {
    return math.clip(x, number(call, 'min', -Infinity), number(call, 'max', Infinity));
  }
  const [low, high] = [maybe(call, 1), maybe(call, 2)];
  const bound = (limit: Tensor | null, none: number): number | null =>
    limit === null ? none : limit.constant?.length === 1 ? limit.constant[0]! : null;
  const [min, max] = [bound(low, -Infinity), bound(high, Infinity)];
  if (min !== null && max !== null && min <= max) return math.clip(x, min, max);
  // A lower bound above the upper one gives the upper one.
  const above = low === null ? x : maximum(x, low);
  return high === null ? above : minimum(above, high);
}

const isInfinite = (x: Tensor): Tensor => logicalOr(equal(x, Infinity), equal(x, -Infinity));

function infinite(x: Tensor, call: OperatorCall): Tensor {
  const [high, low] = [equal(x, Infinity), equal(x, -Infinity)];
  const [positive, negative] = [integer(call, 'detect_positive', 1), integer(call, 'detect_negative', 1)];
  if (positive && negative) return logicalOr(high, low);
  return positive ? high : negative ? low : logicalAnd(high, low);
}

const sigmoidTimes = (x: Tensor, alpha: number): Tensor => mul(x, math.sigmoid(mul(x, alpha)));

export const elementwise: Readonly<Record<string, Operator>> = {
  Abs: one((x, call) => guardedBy(call, math.abs, [x])),
  Neg: one((x, call) => guardedBy(call, neg, [x])),
  Sign: one(math.sign),
  Floor: rounding(math.floor),
  Ceil: rounding(math.ceil),
  Round: rounding(math.round),
  Reciprocal: one(math.reciprocal),
  Sqrt: one(math.sqrt),
  Exp: one(math.exp),
  Log: one(math.log),
  Sin: one(math.sin),
  Cos: one(math.cos),
  Tan: one(math.tan),
  Asin: one((x) => arcsin(floating(x))),
  Acos: one((x) => arccos(floating(x))),
  Atan: one(math.atan),
  Sinh: one((x) => sinh(floating(x))),
  Cosh: one((x) => cosh(floating(x))),
  Asinh: one((x) => where(isInfinite(x), x, arcsinh(floating(x)))),
  Acosh: one((x) => arccosh(floating(x))),
  Atanh: one((x) => arctanh(floating(x))),
  Erf: one(math.erf),
  IsNaN: one((x) => notEqual(x, x)),
  IsInf: one(infinite),
  Relu: one((x) => activations.relu(x)),
  Sigmoid: one(math.sigmoid),
  Tanh: one(math.tanh),
  Softplus: one(math.softplus),
  Softsign: one(activations.softsign),
  LeakyRelu: one((x, call) => activations.leakyRelu(x, number(call, 'alpha', 0.01))),
  PRelu: (call) => [activations.prelu(at(call, 0), at(call, 1))],
  Elu: one((x, call) => activations.elu(x, number(call, 'alpha', 1))),
  Celu: one((x, call) => activations.celu(x, number(call, 'alpha', 1))),
  Selu: one((x, call) => {
    const [alpha, gamma] = [number(call, 'alpha', 1.6732632423543772), number(call, 'gamma', 1.0507009873554805)];
    return mul(where(greater(x, 0), x, mul(math.expm1(minimum(x, 0)), alpha)), gamma);
  }),
  HardSigmoid: one((x, call) => hardSigmoid(x, number(call, 'alpha', 0.2), number(call, 'beta', 0.5))),
  HardSwish: one((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  ThresholdedRelu: one((x, call) => activations.thresholdUnit(x, number(call, 'alpha', 1), 0)),
  Shrink: one(shrink),
  Gelu: one((x, call) => activations.gelu(x, { approximate: text(call, 'approximate', 'none') === 'tanh' })),
  Mish: one(activations.mish),
  Swish: one((x, call) => sigmoidTimes(x, number(call, 'alpha', 1))),
  Clip: (call) => [clip(call)],
};

/** Functions of other domains that are made of the same parts. */
export const quickGelu = sigmoidTimes;
