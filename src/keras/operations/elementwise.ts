/** Operations on each element: arithmetic, comparisons, activations. Named as Keras 3's classes in snake case. */
import * as activations from '../../ops/activations.ts';
import * as binary from '../../ops/binary.ts';
import { cosh, sinh } from '../../ops/trigonometry.ts';
import * as math from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { full, Tensor } from '../../tensor/tensor.ts';
import { dtypeNamed, type OpArguments, type OperationRule, rule } from './arguments.ts';

const X = 'x|input|features|logits|tensor|value|a|x1|tensor_in';
const Y = 'y|x2|b';

type Pair = Tensor | number;
const two = (f: (a: Pair, b: Pair) => Tensor): OperationRule => rule(`${X} ${Y}`, (a) => f(...a.pair('x', 'y')));
const one = (f: (x: Tensor) => Tensor): OperationRule => rule(X, (a) => f(a.tensor('x')));
/** Integers become floats, as NumPy has it. */
const smooth = (f: (x: Tensor) => Tensor): OperationRule => rule(X, (a) => f(floatOf(a, 'x')));
const bool = (x: Pair): Tensor => (x instanceof Tensor ? math.cast(x, 'bool') : full([], x ? 1 : 0, 'bool'));

export function floatOf(a: OpArguments, name: string): Tensor {
  const x = a.tensor(name);
  return isFloat(x.dtype) ? x : math.cast(x, a.dtype);
}

function quotient(a: OpArguments): [Tensor, Tensor] {
  const [x, y] = a.pair('x', 'y');
  const float = (v: Pair): Tensor =>
    v instanceof Tensor ? (isFloat(v.dtype) ? v : math.cast(v, a.dtype)) : full([], v, a.dtype);
  return [float(x), float(y)];
}

const isWhole = (x: Pair): boolean => (x instanceof Tensor ? !isFloat(x.dtype) : Number.isInteger(x));
/** `f`, which computes in floats, of integers: an integer again, as in NumPy. */
const whole =
  (f: (x: Pair, y: Pair) => Tensor) =>
  (x: Pair, y: Pair): Tensor => {
    const found = f(x, y);
    const integers = isWhole(x) && isWhole(y) && (x instanceof Tensor || y instanceof Tensor);
    return integers ? math.cast(math.round(found), 'int32') : found;
  };
const floorDivide = whole((x, y) => math.floor(binary.div(x, y)));
const remainder = (x: Pair, y: Pair): Tensor => binary.sub(x, binary.mul(floorDivide(x, y), y));
const square = (x: Tensor): Tensor => binary.mul(x, x);

export const elementwise: Readonly<Record<string, OperationRule>> = {
  add: two(binary.add),
  subtract: two(binary.sub),
  multiply: two(binary.mul),
  divide: rule(`${X} ${Y}`, (a) => binary.div(...quotient(a))),
  divide_no_nan: rule(`${X} ${Y}`, (a) => {
    const [x, y] = quotient(a);
    const none = binary.equal(y, 0);
    return binary.where(none, 0, binary.div(x, binary.where(none, 1, y)));
  }),
  floor_divide: two(floorDivide),
  mod: two(remainder),
  // A negative power of an integer has a fraction; Keras throws or not, as its backend does.
  power: two((x, y) => (typeof y === 'number' && y < 0 ? binary.pow : whole(binary.pow))(x, y)),
  maximum: two(binary.maximum),
  minimum: two(binary.minimum),
  squared_difference: two((x, y) => square(binary.sub(x, y))),
  equal: two(binary.equal),
  not_equal: two(binary.notEqual),
  less: two(binary.less),
  less_equal: two(binary.lessEqual),
  greater: two(binary.greater),
  greater_equal: two(binary.greaterEqual),
  logical_and: two((x, y) => binary.logicalAnd(bool(x), bool(y))),
  logical_or: two((x, y) => binary.logicalOr(bool(x), bool(y))),
  logical_xor: two((x, y) => binary.notEqual(math.cast(bool(x), 'int32'), math.cast(bool(y), 'int32'))),
  logical_not: one((x) => math.logicalNot(bool(x))),
  where: rule(`condition ${X} ${Y}`, (a) => {
    const [x, y] = a.pair('x', 'y');
    const chosen = x instanceof Tensor || y instanceof Tensor ? x : full([], x, a.dtype);
    return binary.where(bool(a.tensor('condition')), chosen, y);
  }),
  negative: one(binary.neg),
  absolute: one(math.abs),
  sign: one(math.sign),
  floor: one(math.floor),
  ceil: one(math.ceil),
  round: one(math.round),
  square: one(square),
  identity: one((x) => x),
  exp: smooth(math.exp),
  expm1: smooth(math.expm1),
  log: smooth(math.log),
  log1p: smooth(math.log1p),
  log2: smooth((x) => binary.div(math.log(x), Math.LN2)),
  log10: smooth((x) => binary.div(math.log(x), Math.LN10)),
  sqrt: smooth(math.sqrt),
  rsqrt: smooth(math.rsqrt),
  reciprocal: smooth(math.reciprocal),
  sin: smooth(math.sin),
  cos: smooth(math.cos),
  tan: smooth(math.tan),
  arctan: smooth(math.atan),
  sinh: smooth(sinh),
  cosh: smooth(cosh),
  tanh: smooth(math.tanh),
  erf: smooth(math.erf),
  sigmoid: smooth(math.sigmoid),
  softplus: smooth(math.softplus),
  softsign: smooth(activations.softsign),
  relu: smooth((x) => activations.relu(x)),
  relu6: smooth(activations.relu6),
  selu: smooth(activations.selu),
  silu: smooth(activations.silu),
  log_sigmoid: smooth(activations.logSigmoid),
  hard_sigmoid: smooth(activations.hardSigmoid),
  hard_silu: smooth(activations.hardSilu),
  hard_tanh: smooth(activations.hardTanh),
  tanh_shrink: smooth(activations.tanhShrink),
  sparse_plus: smooth(activations.sparsePlus),
  sparse_sigmoid: smooth(activations.sparseSigmoid),
  mish: smooth(activations.mish),
  elu: rule(`${X} alpha`, (a) => activations.elu(floatOf(a, 'x'), a.number('alpha', 1))),
  celu: rule(`${X} alpha`, (a) => activations.celu(floatOf(a, 'x'), a.number('alpha', 1))),
  leaky_relu: rule(`${X} negative_slope|alpha`, (a) =>
    activations.leakyRelu(floatOf(a, 'x'), a.number('negative_slope', 0.2)),
  ),
  hard_shrink: rule(`${X} threshold`, (a) => activations.hardShrink(floatOf(a, 'x'), a.number('threshold', 0.5))),
  soft_shrink: rule(`${X} threshold`, (a) => activations.softShrink(floatOf(a, 'x'), a.number('threshold', 0.5))),
  squareplus: rule(`${X} b`, (a) => activations.squareplus(floatOf(a, 'x'), a.number('b', 4))),
  gelu: rule(`${X} approximate`, (a) =>
    activations.gelu(floatOf(a, 'x'), { approximate: a.flag('approximate', true) }),
  ),
  glu: rule(`${X} axis`, (a) => activations.glu(floatOf(a, 'x'), a.number('axis', -1))),
  clip: rule(`${X} x_min|clip_value_min|min x_max|clip_value_max|max`, (a) => {
    const [low, high] = [a.get('x_min'), a.get('x_max')];
    if (typeof low === 'number' && typeof high === 'number') return math.clip(a.tensor('x'), low, high);
    const above = low === undefined ? a.tensor('x') : binary.maximum(...a.pair('x', 'x_min'));
    return high === undefined ? above : binary.minimum(above, a.operand('x_max'));
  }),
  cast: rule(`${X} dtype|DstT`, (a) => math.cast(a.tensor('x'), dtypeNamed(a.subject, a.text('dtype'), a.dtype))),
  bias_add: rule(`${X} bias`, (a) => binary.add(...a.pair('x', 'bias'))),
  add_n: rule('inputs', (a) => a.tensors('inputs').reduce((x, y) => binary.add(x, y))),
};
