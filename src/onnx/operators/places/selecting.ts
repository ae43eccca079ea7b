import { add, equal, less, logicalAnd, mul, where } from '../../../ops/binary.ts';
import { gather } from '../../../ops/indexing.ts';
import { broadcastTo, expandDims, reshape } from '../../../ops/movement.ts';
import { argmax, argmin, sum } from '../../../ops/reduce.ts';
import { concat, reverse, slice } from '../../../ops/slicing.ts';
import { cast, logicalNot } from '../../../ops/unary.ts';
import { checkSize, stridesOf } from '../../../tensor/shape.ts';
import { arange, full, type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { at, constantsOf, fail, integer, subjectOf } from '../support.ts';
import { axisOf } from './indexing.ts';

/** Rows of `off` with one `on` at each index, along a new axis; an index out of range gives a row of `off`. */
function oneHot(call: OperatorCall): Tensor {
  const [depth, values] = [constantsOf(call, 1, 'depth')[0]!, at(call, 2)];
  const index = cast(at(call, 0), 'int32');
  const axis = axisOf(call, -1, index.rank + 1);
  checkSize(subjectOf(call), [...index.shape, depth]);
  const place = where(less(index, 0), add(index, depth), index);
  const levels = reshape(arange(depth, 'int32'), [depth, ...new Array<number>(index.rank - axis).fill(1)]);
  const on = equal(expandDims(place, axis), levels);
  const value = (i: number): Tensor => reshape(slice(values, { 0: [i, i + 1] }), []);
  return where(on, value(1), value(0));
}

/** The place of the extreme; the last of equals with `select_last_index`. */
const extreme =
  (of: (x: Tensor, axis: number) => Tensor): Operator =>
  (call) => {
    const x = at(call, 0);
    const axis = axisOf(call, 0, x.rank);
    const last = integer(call, 'select_last_index', 0) === 1;
    const found = last ? add(mul(of(reverse(x, [axis]), axis), -1), x.shape[axis]! - 1) : of(x, axis);
    return [integer(call, 'keepdims', 1) === 1 ? expandDims(found, axis) : found];
  };

/** Rounds of `topK`, each of which looks at the whole axis. */
const TOP_LIMIT = 1024;

/** The k largest or smallest, in order: k times the extreme, which is then taken out. Gradients go to the elements chosen. */
function topK(call: OperatorCall): Tensor[] {
  const x = at(call, 0);
  const axis = axisOf(call, -1, x.rank);
  const k = call.opset < 10 ? integer(call, 'k') : constantsOf(call, 1, 'k')[0]!;
  const size = x.shape[axis]!;
  if (k > size || k < 0) throw fail(call, `k is ${k}, the axis has ${size} elements`);
  if (k > TOP_LIMIT) throw fail(call, `k is ${k}; more than ${TOP_LIMIT} of the largest are not supported`);
  const largest = integer(call, 'largest', 1) === 1;
  const levels = reshape(arange(size, 'int32'), [size, ...new Array<number>(x.rank - 1 - axis).fill(1)]);
  const [values, places]: [Tensor[], Tensor[]] = [[], []];
  const whole = x.dtype === 'int32';
  const none = whole ? (largest ? -(2 ** 31) : 2 ** 31 - 1) : largest ? -Infinity : Infinity;
  let rest = x;
  let open: Tensor | null = null;
  for (let i = 0; i < k; i++) {
    const found = expandDims((largest ? argmax : argmin)(rest, axis), axis);
    const value = sum(where(equal(found, levels), x, 0), { axes: axis, keepDims: true });
    // What is taken out cannot be told from what is as small as that: the first that is still there is next.
    const place: Tensor = open
      ? where(equal(value, none), expandDims(argmax(cast(open, 'float32'), axis), axis), found)
      : found;
    const hit = equal(place, levels);
    values.push(open ? sum(where(hit, x, 0), { axes: axis, keepDims: true }) : value);
    places.push(place);
    if (i + 1 === k) break;
    rest = where(hit, none, rest);
    open = open ? logicalAnd(open, logicalNot(hit)) : broadcastTo(logicalNot(hit), x.shape);
  }
  const shape = x.shape.map((dim, i) => (i === axis ? 0 : dim));
  if (k === 0) return [full(shape, 0, x.dtype), full(shape, 0, 'int32')];
  return [concat(values, axis), concat(places, axis)];
}

/** Coordinates of what is not 0, a row per axis: the shape follows from the values, so they must be known. */
function nonZero(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const values = constantsOf(call, 0, 'values');
  const shape = x.rank === 0 ? [1] : x.shape;
  const strides = stridesOf(shape);
  const hits = [...values.keys()].filter((i) => values[i] !== 0);
  const rows = shape.map((dim, axis) => hits.map((i) => Math.floor(i / strides[axis]!) % dim));
  return tensor(rows.flat(), [shape.length, hits.length], 'int32');
}

/** The slices whose condition holds; it must be known, since the shape follows from it. */
function compressed(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const condition = constantsOf(call, 1, 'condition');
  const flat = !call.attrs.has('axis');
  const source = flat ? reshape(x, [x.size]) : x;
  const axis = flat ? 0 : axisOf(call, 0, x.rank);
  const chosen = condition.flatMap((on, i) => (on !== 0 ? [i] : []));
  if (chosen.some((i) => i >= source.shape[axis]!))
    throw fail(call, 'the condition is longer than the axis', { input: x.shape });
  return gather(source, tensor(Int32Array.from(chosen), [chosen.length]), axis);
}

export const selecting: Readonly<Record<string, Operator>> = {
  OneHot: (call) => [oneHot(call)],
  ArgMax: extreme(argmax),
  ArgMin: extreme(argmin),
  TopK: topK,
  NonZero: (call) => [nonZero(call)],
  Compress: (call) => [compressed(call)],
};
