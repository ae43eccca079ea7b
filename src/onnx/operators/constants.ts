/**
 * Constants, and changes of type. Models compute in one float type: float16, bfloat16, float and double of a file are that; integers of any
 * width are int32. Source: Operators.md of ONNX 1.22, TensorProto.DataType.
 */
import { greaterEqual, less, lessEqual, logicalOr, notEqual } from '../../ops/binary.ts';
import { cast } from '../../ops/unary.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { checkShape, checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import { full, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { isWide, stoppedWhere } from './numbers/guarded.ts';
import { bitsOf, held, isWholeType, wrapped } from './numbers/integers.ts';
import { roundedTo } from './numbers/rounding.ts';
import { at, constantsOf, fail, integer, number, subjectOf, typeOf } from './support.ts';

const integers: readonly number[] = [2, 3, 4, 5, 6, 7, 12, 13, 21, 22];
const floats: readonly number[] = [1, 10, 11, 16];
const names: Readonly<Record<number, string>> = {
  8: 'strings',
  14: 'complex numbers',
  15: 'complex numbers',
};

/** The dtype of an element type by its number in the format. */
export function dtypeNumbered(call: OperatorCall, type: number): DType {
  if (type === 9) return 'bool';
  if (floats.includes(type)) return call.dtype;
  if (integers.includes(type)) return 'int32';
  throw fail(call, `element type ${type} (${names[type] ?? 'not a plain number'}) is not supported`);
}

function constant(call: OperatorCall): Tensor {
  const { attrs } = call;
  const float = (values: readonly number[], shape: readonly number[]): Tensor => tensor([...values], shape, call.dtype);
  if (attrs.has('value')) return attrs.tensor('value');
  if (attrs.has('value_float')) return float([number(call, 'value_float')], []);
  if (attrs.has('value_floats')) return float(attrs.floats('value_floats'), [attrs.floats('value_floats').length]);
  if (attrs.has('value_int')) return tensor([integer(call, 'value_int')], [], 'int32');
  if (attrs.has('value_ints')) {
    const values = attrs.ints('value_ints');
    return tensor([...values], [values.length], 'int32');
  }
  const kind = ['sparse_value', 'value_string', 'value_strings'].find((name) => attrs.has(name));
  throw fail(call, kind ? `a constant by ${kind} is not supported` : 'a constant without a value');
}

function ofShape(call: OperatorCall): Tensor {
  const shape = checkShape(subjectOf(call), constantsOf(call, 0, 'shape'));
  const value = call.attrs.has('value') ? call.attrs.tensor('value') : null;
  return full(shape, value ? value.data[0]! : 0, value ? value.dtype : call.dtype);
}

function range(call: OperatorCall): Tensor {
  const [from, to, step] = ['start', 'limit', 'delta'].map((what, i) => constantsOf(call, i, what)[0]!) as [
    number,
    number,
    number,
  ];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(length)) throw fail(call, 'a range of no end', { start: from, limit: to, delta: step });
  checkSize(subjectOf(call), [length], TABLE_LIMIT);
  if (length > 0 && !isFloat(at(call, 0).dtype)) held(call, from + (length - 1) * step, typeOf(call, 0));
  return tensor(
    Array.from({ length }, (_, i) => from + i * step),
    [length],
    at(call, 0).dtype,
  );
}

function eyeLike(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const [rows, columns] = x.shape as [number, number];
  if (x.rank !== 2) throw fail(call, 'the input has two axes', { input: x.shape });
  checkSize(subjectOf(call), x.shape, TABLE_LIMIT);
  const k = integer(call, 'k', 0);
  const dtype = call.attrs.has('dtype') ? dtypeNumbered(call, integer(call, 'dtype')) : x.dtype;
  const on = Array.from({ length: rows * columns }, (_, p) => Number((p % columns) - Math.floor(p / columns) === k));
  return tensor(on, x.shape, dtype);
}

/** Another type: constants must fit into 32 bits, as must what a model computes; narrow types start anew where they are left. */
function changed(call: OperatorCall, to: number): Tensor {
  const [x, from] = [at(call, 0), typeOf(call, 0)];
  const dtype = dtypeNumbered(call, to);
  const whole = x.dtype === 'int32' || isWholeType(from);
  if (isFloat(dtype))
    return whole ? fromWhole(call, x, to) : from === to ? cast(x, dtype) : roundedTo(cast(x, dtype), to);
  if (dtype === 'bool') return cast(x, dtype);
  const known = call.constant(0);
  // Files write numbers beyond 2^60 for "to the end".
  if (known) for (const value of Array.from(known)) if (Math.abs(value) < 2 ** 60) held(call, Math.trunc(value), to);
  const y = cast(x, dtype);
  if (from === to) return y;
  if (known || x.dtype === 'bool') return wrapped(y, to);
  const bad = lost(x, to);
  return bad
    ? stoppedWhere(call, y, bad, `makes an integer that is more than ${bitsOf(to)} bits can hold`)
    : wrapped(y, to);
}

/** Where a number does not fit type `to` as int32 has it; null where all do, or start anew. */
function lost(x: Tensor, to: number): Tensor | null {
  const signed = to === 6 || to === 7;
  if (!signed && !isWide(to)) return null;
  if (!isFloat(x.dtype)) return signed ? null : less(x, 0);
  // A fraction below 0 is cut.
  return logicalOr(signed ? less(x, -(2 ** 31)) : lessEqual(x, -1), greaterEqual(x, 2 ** 31));
}

/** Integers as floats of type `to`, rounded as that has them: float32 beyond 2^24, unless the file asks for more than the model computes in. */
function fromWhole(call: OperatorCall, x: Tensor, to: number): Tensor {
  const y = cast(x, call.dtype);
  if (isFloat(x.dtype) || to === 10 || to === 16) return roundedTo(y, to);
  if (to === 1) return cast(cast(x, 'float32'), call.dtype);
  if (call.dtype === 'float64' || x.dtype === 'bool') return y;
  const inexact = logicalOr(greaterEqual(y, 2 ** 31), notEqual(cast(y, 'int32'), x));
  const problem = 'makes a double of an integer beyond 2^24, which float32 rounds';
  return stoppedWhere(call, y, inexact, problem, "load the model with dtype: 'float64'");
}

/** Windows of signal processing: `sum_k a_k cos(2 pi k n / N)`, with N one less where the window is symmetric. */
const cosines =
  (...terms: readonly number[]): Operator =>
  (call) => {
    const size = constantsOf(call, 0, 'size')[0]!;
    const span = integer(call, 'periodic', 1) === 1 ? size : size - 1;
    checkSize(subjectOf(call), [size], TABLE_LIMIT);
    const value = (n: number): number => terms.reduce((y, a, k) => y + a * Math.cos((2 * Math.PI * k * n) / span), 0);
    const dtype = dtypeNumbered(call, integer(call, 'output_datatype', 1));
    return [
      tensor(
        Array.from({ length: size }, (_, n) => value(n)),
        [size],
        dtype,
      ),
    ];
  };

export const constants: Readonly<Record<string, Operator>> = {
  Constant: (call) => [constant(call)],
  ConstantOfShape: (call) => [ofShape(call)],
  Range: (call) => [range(call)],
  EyeLike: (call) => [eyeLike(call)],
  Cast: (call) => [changed(call, integer(call, 'to'))],
  CastLike: (call) => [changed(call, typeOf(call, 1))],
  HannWindow: cosines(0.5, -0.5),
  HammingWindow: cosines(25 / 46, -21 / 46),
  BlackmanWindow: cosines(0.42, -0.5, 0.08),
};
