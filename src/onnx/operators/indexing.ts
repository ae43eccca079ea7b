/**
 * Reading and writing by index. Everything is a `gather` or a `scatterAdd` of lines, so that gradients are exact; a negative index counts
 * from behind. Source: Operators.md of ONNX 1.22.
 */
import { evaluate } from '../../graph/evaluate.ts';
import { add, equal, greater, less, maximum, minimum, mul, where } from '../../ops/binary.ts';
import { gather, scatterAdd } from '../../ops/indexing.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { argmax, argmin, sum } from '../../ops/reduce.ts';
import { concat, reverse, slice } from '../../ops/slicing.ts';
import { cast } from '../../ops/unary.ts';
import { checkSize, normalizeAxis, sizeOf, stridesOf, TABLE_LIMIT } from '../../tensor/shape.ts';
import { arange, full, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { at, constantsOf, fail, integer, subjectOf, text } from './support.ts';

const axisOf = (call: OperatorCall, fallback: number, rank: number): number =>
  normalizeAxis(subjectOf(call), integer(call, 'axis', fallback), rank);

/** Indices as int32 from 0 up; those of a constant are settled here. */
export function settled(call: OperatorCall, index: Tensor, size: number): Tensor {
  const whole = cast(index, 'int32');
  if (!whole.constant) return where(less(whole, 0), add(whole, size), whole);
  const odd = whole.constant.find((i) => i < -size || i >= size);
  if (odd !== undefined) throw fail(call, `index ${odd} lies outside an axis of ${size}`);
  return whole.constant.every((i) => i >= 0)
    ? whole
    : tensor(Int32Array.from(whole.constant, (i) => (i < 0 ? i + size : i)), whole.shape);
}

function gathered(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  return gather(x, settled(call, at(call, 1), x.shape[axis]!), axis);
}

/** All elements behind each other; those of a constant are a constant again. */
const inLine = (x: Tensor): Tensor => (x.constant ? tensor(x.constant, [x.size]) : reshape(x, [x.size]));

/** The flat place in `shape` of each element of an index along `axis`: all other coordinates are those of the index itself. */
function flatPlaces(index: Tensor, axis: number, shape: readonly number[]): Tensor {
  const strides = stridesOf(shape);
  checkSize('index', index.shape, TABLE_LIMIT);
  const own = stridesOf(index.shape);
  const base = Int32Array.from({ length: index.size }, (_, flat) =>
    index.shape.reduce((total, dim, i) => total + (i === axis ? 0 : (Math.floor(flat / own[i]!) % dim) * strides[i]!), 0),
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
function lines(call: OperatorCall, index: Tensor, shape: readonly number[], batch: number): { at: Tensor; rest: readonly number[] } {
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

type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';
const reductions: readonly string[] = ['none', 'add', 'mul', 'max', 'min'];

function reductionOf(call: OperatorCall): Reduction {
  const reduction = text(call, 'reduction', 'none');
  if (!reductions.includes(reduction)) throw fail(call, `unknown reduction '${reduction}'`, { known: reductions });
  return reduction as Reduction;
}

const combine: Readonly<Record<Exclude<Reduction, 'none' | 'add'>, (a: Tensor, b: Tensor) => Tensor>> = {
  mul,
  max: maximum,
  min: minimum,
};

/**
 * `updates [n, ...rest]` put into lines of `x [lines, ...rest]` at `index [n]`. Sums take any index. The others write every line once; where
 * a constant index names a line again, the updates go in rounds.
 */
function written(call: OperatorCall, x: Tensor, index: Tensor, updates: Tensor): Tensor {
  const reduction = reductionOf(call);
  const float = x.dtype === 'float32' || x.dtype === 'float64';
  const data = float ? x : cast(x, 'float32');
  const values = float ? updates : cast(updates, 'float32');
  const spread = (v: Tensor, i: Tensor): Tensor => scatterAdd(v, i, { axis: 0, size: x.shape[0]! });
  const back = (y: Tensor): Tensor => (float ? y : cast(y, x.dtype));
  if (reduction === 'add') return back(add(data, spread(values, index)));
  const rounds = index.constant ? roundsOf(index.constant) : [null];
  return back(
    rounds.reduce((y: Tensor, round) => {
      const chosen = round ? tensor(Int32Array.from(round), [round.length]) : null;
      const i = chosen ? gather(index, chosen, 0) : index;
      const v = chosen ? gather(values, chosen, 0) : values;
      const hit = greater(spread(full(i.shape, 1, data.dtype), i), 0);
      const wide = reshape(hit, [x.shape[0]!, ...new Array<number>(x.rank - 1).fill(1)]);
      const now = spread(v, i);
      return where(wide, reduction === 'none' ? now : combine[reduction](y, now), y);
    }, data),
  );
}

/** Places of an index, sorted so that no round names a line twice; the last to write a line comes last. */
function roundsOf(index: ArrayLike<number>): number[][] {
  const seen = new Map<number, number>();
  const rounds: number[][] = [];
  Array.from(index).forEach((line, place) => {
    const round = seen.get(line) ?? 0;
    seen.set(line, round + 1);
    (rounds[round] ??= []).push(place);
  });
  return rounds;
}

function scatteredElements(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  const index = settled(call, at(call, 1), x.shape[axis]!);
  const updates = at(call, 2);
  if (index.size === 0) return x;
  const places = flatPlaces(index, axis, x.shape);
  const flat = inLine(places);
  return reshape(written(call, reshape(x, [x.size]), flat, reshape(updates, [updates.size])), x.shape);
}

function scatteredND(call: OperatorCall): Tensor {
  const [x, index, updates] = [at(call, 0), cast(at(call, 1), 'int32'), at(call, 2)];
  const { at: start, rest } = lines(call, index, x.shape, 0);
  if (start.size === 0) return x;
  const table = reshape(x, [x.size / Math.max(1, sizeOf(rest)), ...rest]);
  const flat = inLine(start);
  return reshape(written(call, table, flat, reshape(updates, [start.size, ...rest])), x.shape);
}

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
  for (let i = 0; i < k; i++) {
    const place = expandDims((largest ? argmax : argmin)(rest, axis), axis);
    const hit = equal(place, levels);
    values.push(sum(where(hit, x, 0), { axes: axis, keepDims: true }));
    places.push(place);
    if (i + 1 < k) rest = where(hit, none, rest);
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
  if (chosen.some((i) => i >= source.shape[axis]!)) throw fail(call, 'the condition is longer than the axis', { input: x.shape });
  return gather(source, tensor(Int32Array.from(chosen), [chosen.length]), axis);
}

export const indexing: Readonly<Record<string, Operator>> = {
  Gather: (call) => [gathered(call)],
  GatherElements: (call) => [gatheredElements(call)],
  GatherND: (call) => [gatheredND(call)],
  Scatter: (call) => [scatteredElements(call)],
  ScatterElements: (call) => [scatteredElements(call)],
  ScatterND: (call) => [scatteredND(call)],
  OneHot: (call) => [oneHot(call)],
  ArgMax: extreme(argmax),
  ArgMin: extreme(argmin),
  TopK: topK,
  NonZero: (call) => [nonZero(call)],
  Compress: (call) => [compressed(call)],
};
