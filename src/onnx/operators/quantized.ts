/**
 * Quantised models run in floats that hold the whole numbers of the file's integers, so that gradients pass straight through the rounding
 * (Bengio et al. 2013) and stop where a value is cut at the ends of its type's range. Source: Operators.md of ONNX 1.22.
 */
import { add, div, maximum, minimum, mul, sub } from '../../ops/binary.ts';
import { repeat, reshape, stopGradient } from '../../ops/movement.ts';
import { max, min } from '../../ops/reduce.ts';
import { slice } from '../../ops/slicing.ts';
import { cast, clip, round } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { product } from './products.ts';
import { at, fail, integer, maybe, subjectOf, typeOf } from './support.ts';
import { convolved } from './windows/convolution.ts';

const float = (call: OperatorCall, x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, call.dtype));

/** Smallest and largest value of an integer type, by its number in the format. */
function rangeOf(call: OperatorCall, type: number): readonly [number, number] {
  const bits: Readonly<Record<number, readonly [number, number]>> = {
    2: [0, 255],
    3: [-128, 127],
    4: [0, 65535],
    5: [-32768, 32767],
    6: [-(2 ** 31), 2 ** 31 - 1],
    21: [0, 15],
    22: [-8, 7],
    25: [0, 3],
    26: [-2, 1],
  };
  const range = bits[type];
  if (!range)
    throw fail(call, `quantising to element type ${type} is not supported`, {}, 'integers of 2 to 32 bits are');
  return range;
}

/** Numbers per tensor as they are; those per line lie along `axis`, those per block are repeated along it. */
function along(call: OperatorCall, v: Tensor, x: Tensor): Tensor {
  if (v.size === 1) return reshape(v, []);
  const axis = normalizeAxis(subjectOf(call), integer(call, 'axis', 1), x.rank);
  const block = integer(call, 'block_size', 0);
  if (block > 0) {
    const wide = repeat(v, block, axis);
    return slice(wide, { [axis]: [0, x.shape[axis]!] });
  }
  if (v.rank > 1) return v;
  return reshape(
    v,
    x.shape.map((dim, i) => (i === axis ? dim : 1)),
  );
}

/** The nearest whole number, with the gradient of `x` itself. */
const rounded = (x: Tensor): Tensor => add(x, stopGradient(sub(round(x), x)));

function quantised(x: Tensor, scale: Tensor, zero: Tensor | null, [low, high]: readonly [number, number]): Tensor {
  const steps = rounded(div(x, scale));
  return clip(zero ? add(steps, zero) : steps, low, high);
}

const dequantised = (q: Tensor, scale: Tensor, zero: Tensor | null): Tensor => mul(zero ? sub(q, zero) : q, scale);

function quantize(call: OperatorCall): Tensor {
  const x = float(call, at(call, 0));
  const scale = along(call, float(call, at(call, 1)), x);
  const zero = maybe(call, 2) && along(call, float(call, at(call, 2)), x);
  const type = maybe(call, 2) ? typeOf(call, 2) : integer(call, 'output_dtype', 0) || 2;
  return quantised(x, scale, zero, rangeOf(call, type));
}

function dequantize(call: OperatorCall): Tensor {
  const x = float(call, at(call, 0));
  const zero = maybe(call, 2) && along(call, float(call, at(call, 2)), x);
  return dequantised(x, along(call, float(call, at(call, 1)), x), zero);
}

/** To uint8 by the tensor's own range, which takes in 0. */
function dynamic(call: OperatorCall): Tensor[] {
  const x = at(call, 0);
  const [high, low] = [maximum(max(x), 0), minimum(min(x), 0)];
  const scale = stopGradient(div(sub(high, low), 255));
  const zero = stopGradient(clip(round(div(sub(0, low), scale)), 0, 255));
  return [quantised(x, scale, zero, [0, 255]), scale, zero];
}

/** Input `i` with the scale and the zero point that follow it, as a float. */
function real(call: OperatorCall, i: number, axis: (v: Tensor) => Tensor = (v) => v): Tensor {
  const [x, scale, zero] = [i, i + 1, i + 2].map((k) => float(call, at(call, k))) as [Tensor, Tensor, Tensor];
  return dequantised(x, axis(scale), axis(zero));
}

const plain = (v: Tensor): Tensor => (v.size === 1 ? reshape(v, []) : v);
/** One number per row (a column of them) of a left operand. */
const rows = (v: Tensor): Tensor => (v.size === 1 ? reshape(v, []) : v.rank === 1 ? reshape(v, [v.size, 1]) : v);
/** One number per output channel of a kernel. */
const perKernel = (w: Tensor) => (v: Tensor) =>
  v.size === 1 ? reshape(v, []) : reshape(v, [v.size, ...new Array<number>(w.rank - 1).fill(1)]);

function linearConv(call: OperatorCall): Tensor {
  const w = at(call, 3);
  const x = real(call, 0, plain);
  const bias = maybe(call, 8);
  // The bias counts in steps of both scales.
  const step = mul(plain(float(call, at(call, 1))), plain(float(call, at(call, 4))));
  const y = convolved(call, x, real(call, 3, perKernel(w)), bias ? mul(float(call, bias), step) : null);
  return quantised(y, plain(float(call, at(call, 6))), plain(float(call, at(call, 7))), rangeOf(call, typeOf(call, 7)));
}

function linearMatMul(call: OperatorCall): Tensor {
  const y = product(real(call, 0, rows), real(call, 3, plain));
  return quantised(y, rows(float(call, at(call, 6))), rows(float(call, at(call, 7))), rangeOf(call, typeOf(call, 7)));
}

const shifted = (x: Tensor, zero: Tensor | null): Tensor => (zero ? sub(x, zero) : x);
const optional = (call: OperatorCall, i: number): Tensor | null => (maybe(call, i) ? float(call, at(call, i)) : null);

function integerConv(call: OperatorCall): Tensor {
  const [x, w] = [float(call, at(call, 0)), float(call, at(call, 1))];
  const [forX, forW] = [optional(call, 2), optional(call, 3)];
  return convolved(call, shifted(x, forX && plain(forX)), shifted(w, forW && perKernel(w)(forW)), null);
}

function integerMatMul(call: OperatorCall): Tensor {
  const [a, b] = [float(call, at(call, 0)), float(call, at(call, 1))];
  const [forA, forB] = [optional(call, 2), optional(call, 3)];
  return product(shifted(a, forA && rows(forA)), shifted(b, forB && plain(forB)));
}

export const quantization: Readonly<Record<string, Operator>> = {
  QuantizeLinear: (call) => [quantize(call)],
  DequantizeLinear: (call) => [dequantize(call)],
  DynamicQuantizeLinear: dynamic,
  QLinearConv: (call) => [linearConv(call)],
  QLinearMatMul: (call) => [linearMatMul(call)],
  ConvInteger: (call) => [integerConv(call)],
  MatMulInteger: (call) => [integerMatMul(call)],
};
