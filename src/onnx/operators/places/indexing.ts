/**
 * Reading by index, and what writing shares with it: a `gather` of lines, so that gradients are exact. A negative index counts from behind. Source: Operators.md of ONNX 1.22.
 */
import { evaluate } from '../../../graph/evaluate.ts';
import { add, less, mul, where } from '../../../ops/binary.ts';
import { gather } from '../../../ops/indexing.ts';
import { reshape } from '../../../ops/movement.ts';
import { slice } from '../../../ops/slicing.ts';
import { cast } from '../../../ops/unary.ts';
import { checkSize, normalizeAxis, sizeOf, stridesOf, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { arange, type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { at, fail, integer, subjectOf } from '../support.ts';

export const axisOf = (call: OperatorCall, fallback: number, rank: number): number =>
  normalizeAxis(subjectOf(call), integer(call, 'axis', fallback), rank);

/** Indices as int32 from 0 up; those of a constant are settled here. */
export function settled(call: OperatorCall, index: Tensor, size: number): Tensor {
  const whole = cast(index, 'int32');
  if (!whole.constant) return where(less(whole, 0), add(whole, size), whole);
  const odd = whole.constant.find((i) => i < -size || i >= size);
  if (odd !== undefined) throw fail(call, `index ${odd} lies outside an axis of ${size}`);
  return whole.constant.every((i) => i >= 0)
    ? whole
    : tensor(
        Int32Array.from(whole.constant, (i) => (i < 0 ? i + size : i)),
        whole.shape,
      );
}

function gathered(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  return gather(x, settled(call, at(call, 1), x.shape[axis]!), axis);
}

/** All elements behind each other; those of a constant are a constant again. */
export const inLine = (x: Tensor): Tensor => (x.constant ? tensor(x.constant, [x.size]) : reshape(x, [x.size]));

/** The flat place in `shape` of each element of an index along `axis`: all other coordinates are those of the index itself. */
export function flatPlaces(index: Tensor, axis: number, shape: readonly number[]): Tensor {
  const strides = stridesOf(shape);
  checkSize('index', index.shape, TABLE_LIMIT);
  const own = stridesOf(index.shape);
  const base = Int32Array.from({ length: index.size }, (_, flat) =>
    index.shape.reduce(
      (total, dim, i) => total + (i === axis ? 0 : (Math.floor(flat / own[i]!) % dim) * strides[i]!),
      0,
    ),
  );
  const places = add(mul(index, strides[axis]!), tensor(base, index.shape));
  return index.constant ? evaluate(places) : places;
}

function gatheredElements(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  const index = settled(call, at(call, 1), x.shape[axis]!);
  const places = flatPlaces(index, axis, x.shape);
  return reshape(gather(reshape(x, [x.size]), reshape(places, [index.size]), 0), index.shape);
}

/** `[..., k]` coordinates of the first k axes behind the batch axes, as numbers of lines of the rest. */
export function lines(
  call: OperatorCall,
  index: Tensor,
  shape: readonly number[],
  batch: number,
): { at: Tensor; rest: readonly number[] } {
  const depth = index.shape.at(-1) ?? 0;
  if (depth < 1 || batch + depth > shape.length) {
    throw fail(call, 'the last axis of the indices counts axes of the data', { data: shape, indices: index.shape });
  }
  const strides = stridesOf(shape.slice(0, batch + depth));
  const lead = index.shape.slice(0, -1);
  // A part of a constant is settled and checked now.
  const known = index.constant !== null;
  const parts = Array.from({ length: depth }, (_, k) => {
    const one = reshape(slice(index, { [index.rank - 1]: [k, k + 1] }), lead);
    return mul(settled(call, known ? evaluate(one) : one, shape[batch + k]!), strides[batch + k]!);
  });
  const offsets = Array.from({ length: batch }, (_, i) =>
    reshape(
      mul(arange(shape[i]!, 'int32'), strides[i]!),
      lead.map((_, k) => (k === i ? shape[i]! : 1)),
    ),
  );
  const places = [...parts, ...offsets].reduce(add);
  return { at: known ? evaluate(places) : places, rest: shape.slice(batch + depth) };
}

function gatheredND(call: OperatorCall): Tensor {
  const [x, index] = [at(call, 0), cast(at(call, 1), 'int32')];
  const batch = integer(call, 'batch_dims', 0);
  const { at: start, rest } = lines(call, index, x.shape, batch);
  const table = reshape(x, [x.size / Math.max(1, sizeOf(rest)), ...rest]);
  const y = gather(table, reshape(start, [start.size]), 0);
  return reshape(y, [...start.shape, ...rest]);
}

export const indexing: Readonly<Record<string, Operator>> = {
  Gather: (call) => [gathered(call)],
  GatherElements: (call) => [gatheredElements(call)],
  GatherND: (call) => [gatheredND(call)],
};
