/** Operations on each element that are rarer than those of elementwise.ts, made of its ops. Named as Keras 3's classes in snake case. */
import * as binary from '../../ops/binary.ts';
import { add, div, equal, greater, less, mul, neg, sub, where } from '../../ops/binary.ts';
import { arccos, arccosh, arcsin, arcsinh, arctanh } from '../../ops/trigonometry.ts';
import * as math from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { full, Tensor } from '../../tensor/tensor.ts';
import { dtypeNamed, type OpArguments, type OperationRule, rule } from './arguments.ts';
import { floatOf } from './elementwise.ts';

const X = 'x|input|x1|array|a';

const smooth = (f: (x: Tensor) => Tensor): OperationRule => rule(X, (a) => f(floatOf(a, 'x')));
const same = rule(X, (a) => a.tensor('x'));
/** Both operands as floats. */
const floats = (f: (x: Tensor, y: Tensor) => Tensor): OperationRule =>
  rule(`${X} y|x2`, (a) => {
    const [x, y] = [a.operand('x'), a.operand('y')].map((v) => {
      if (!(v instanceof Tensor)) return full([], v, a.dtype);
      return isFloat(v.dtype) ? v : math.cast(v, a.dtype);
    });
    return f(x!, y!);
  });

const isNan = (x: Tensor): Tensor => binary.notEqual(x, x);
const isInfinite = (x: Tensor): Tensor => equal(math.abs(x), Number.POSITIVE_INFINITY);
const truncated = (x: Tensor): Tensor => mul(math.sign(x), math.floor(math.abs(x)));
/** The angle of (x, y) in (-pi, pi]. */
export function arctan2(y: Tensor, x: Tensor): Tensor {
  const none = equal(x, 0);
  const slope = math.atan(div(y, where(none, 1, x)));
  const turned = add(slope, where(less(y, 0), full([], -Math.PI, x.dtype), full([], Math.PI, x.dtype)));
  return where(none, mul(math.sign(y), Math.PI / 2), where(less(x, 0), turned, slope));
}

const logAddExp = (x: Tensor, y: Tensor): Tensor => {
  const high = binary.maximum(x, y);
  const gap = neg(math.abs(sub(x, y)));
  return where(isNan(gap), high, add(high, math.log1p(math.exp(where(isNan(gap), 0, gap)))));
};

function nanToNum(a: OpArguments): Tensor {
  const x = floatOf(a, 'x');
  const most = x.dtype === 'float64' ? Number.MAX_VALUE : 3.4028234663852886e38;
  const [nan, high, low] = [a.number('nan', 0), a.number('posinf', most), a.number('neginf', -most)];
  const above = where(equal(x, Number.POSITIVE_INFINITY), high, where(isNan(x), nan, x));
  return where(equal(x, Number.NEGATIVE_INFINITY), low, above);
}

function isClose(a: OpArguments): Tensor {
  const [x, y] = [floatOf(a, 'x'), floatOf(a, 'y')];
  const near = binary.lessEqual(
    math.abs(sub(x, y)),
    add(a.number('atol', 1e-8), mul(a.number('rtol', 1e-5), math.abs(y))),
  );
  const close = binary.logicalOr(equal(x, y), binary.logicalAnd(near, math.logicalNot(isInfinite(y))));
  return a.flag('equal_nan') ? binary.logicalOr(close, binary.logicalAnd(isNan(x), isNan(y))) : close;
}

const typed = rule(`${X} dtype sparse ragged`, (a) => {
  const x = a.tensor('x');
  return a.get('dtype') === undefined ? x : math.cast(x, dtypeNamed(a.subject, a.text('dtype'), a.dtype));
});

export const moreElementwise: Readonly<Record<string, OperationRule>> = {
  convert_to_tensor: typed,
  array: typed,
  copy: same,
  conjugate: same,
  real: same,
  imag: rule(X, (a) => full(a.tensor('x').shape, 0, a.tensor('x').dtype)),
  isreal: rule(X, (a) => full(a.tensor('x').shape, 1, 'bool')),
  fabs: smooth(math.abs),
  trunc: smooth(truncated),
  exp2: smooth((x) => math.exp(mul(x, Math.LN2))),
  cbrt: smooth((x) => mul(math.sign(x), binary.pow(math.abs(x), 1 / 3))),
  deg2rad: smooth((x) => mul(x, Math.PI / 180)),
  rad2deg: smooth((x) => mul(x, 180 / Math.PI)),
  arcsin: smooth(arcsin),
  arccos: smooth(arccos),
  arcsinh: smooth(arcsinh),
  arccosh: smooth(arccosh),
  arctanh: smooth(arctanh),
  erfc: smooth((x) => sub(1, math.erf(x))),
  sinc: smooth((x) => {
    const none = equal(x, 0);
    const angle = mul(where(none, 1, x), Math.PI);
    return where(none, 1, div(math.sin(angle), angle));
  }),
  arctan2: floats(arctan2),
  hypot: floats((x, y) => math.sqrt(add(math.square(x), math.square(y)))),
  heaviside: floats((x, y) => where(equal(x, 0), y, math.cast(greater(x, 0), x.dtype))),
  ldexp: floats((x, y) => mul(x, math.exp(mul(y, Math.LN2)))),
  logaddexp: floats(logAddExp),
  logaddexp2: floats((x, y) => div(logAddExp(mul(x, Math.LN2), mul(y, Math.LN2)), Math.LN2)),
  fmod: floats((x, y) => sub(x, mul(truncated(div(x, y)), y))),
  fmax: floats((x, y) => where(isNan(x), y, where(isNan(y), x, binary.maximum(x, y)))),
  fmin: floats((x, y) => where(isNan(x), y, where(isNan(y), x, binary.minimum(x, y)))),
  isnan: smooth(isNan),
  isinf: smooth(isInfinite),
  isposinf: smooth((x) => equal(x, Number.POSITIVE_INFINITY)),
  isneginf: smooth((x) => equal(x, Number.NEGATIVE_INFINITY)),
  isfinite: smooth((x) => less(math.abs(x), Number.POSITIVE_INFINITY)),
  isclose: rule(`${X} y|x2 rtol atol equal_nan`, isClose),
  nan_to_num: rule(`${X} nan posinf neginf`, nanToNum),
  threshold: rule(`${X} threshold default_value|value`, (a) => {
    const x = floatOf(a, 'x');
    return where(greater(x, a.number('threshold')), x, a.number('default_value'));
  }),
};
