/** Parts of tensors, and what is put around them. Source: Operators.md of ONNX 1.22. */
import { where } from '../../../ops/binary.ts';
import { gather } from '../../../ops/indexing.ts';
import { concat, pad, reverse, slice } from '../../../ops/slicing.ts';
import { checkSize, normalizeAxes, normalizeAxis, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { at, constantsOf, fail, integer, integers, listed, maybe, number, subjectOf, text } from '../support.ts';

/** Starts, ends and axes are attributes before opset 10. A negative step goes from behind, as Python's does. */
function sliced(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const [starts, ends] = [listed(call, 'starts', 1, 10), listed(call, 'ends', 2, 10)];
  if (!starts || !ends) throw fail(call, 'starts and ends are missing');
  const axes = listed(call, 'axes', 3, 10) ?? starts.map((_, i) => i);
  const steps = call.opset >= 10 && maybe(call, 4) ? constantsOf(call, 4, 'steps') : starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw fail(call, 'starts, ends, axes and steps differ in number', { starts, ends, axes, steps });
  }
  return axes.reduce((y, given, i) => {
    const axis = normalizeAxis(subjectOf(call), given, x.rank);
    const dim = y.shape[axis]!;
    const [step, from, to] = [steps[i]!, starts[i]!, ends[i]!];
    if (step === 0 || !Number.isInteger(step)) throw fail(call, 'a step is a whole number but 0', { steps });
    if (step > 0) return slice(y, { [axis]: [from, to, step] });
    // Counted from behind in the reversed axis; an end before the first element stands for all of it.
    const last = Math.min(from < 0 ? from + dim : from, dim - 1);
    const end = Math.max(to < 0 ? to + dim : to, -1);
    const turned = reverse(y, [axis]);
    return slice(turned, { [axis]: [bounded(dim - 1 - last, dim), bounded(dim - 1 - end, dim), -step] });
  }, x);
}

const bounded = (at: number, dim: number): number => Math.min(Math.max(at, 0), dim);

/** The index that a padded place reads, by mode; `edge` repeats the last, `reflect` turns at it, `wrap` starts anew. */
function sourceOf(mode: string, place: number, dim: number): number {
  if (mode === 'edge') return Math.min(Math.max(place, 0), dim - 1);
  if (mode === 'wrap') return ((place % dim) + dim) % dim;
  const period = Math.max(1, 2 * (dim - 1));
  const folded = ((place % period) + period) % period;
  return folded < dim ? folded : period - folded;
}

const padModes = ['constant', 'reflect', 'edge', 'wrap'];

/** Pads and value are attributes before opset 11 and inputs since; negative pads cut. */
function padded(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const given = listed(call, 'pads', 1, 11);
  if (!given) throw fail(call, 'pads are missing');
  const mode = text(call, 'mode', 'constant');
  if (!padModes.includes(mode)) throw fail(call, `unknown mode '${mode}'`, { known: padModes });
  const chosen = call.opset >= 18 && maybe(call, 3) ? constantsOf(call, 3, 'axes') : [...x.shape.keys()];
  const axes = chosen.map((axis) => normalizeAxis(subjectOf(call), axis, x.rank));
  if (given.length !== 2 * axes.length)
    throw fail(call, 'pads has two numbers per axis', { pads: given, input: x.shape });
  const pairs = x.shape.map((_, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? ([0, 0] as const) : ([given[i]!, given[axes.length + i]!] as const);
  });
  const value =
    call.opset < 11 ? number(call, 'value', 0) : maybe(call, 2) ? (constantsOf(call, 2, 'constant_value')[0] ?? 0) : 0;
  checkSize(
    subjectOf(call),
    x.shape.map((dim, i) => Math.max(0, dim + pairs[i]![0] + pairs[i]![1])),
  );
  if (mode === 'constant') return constantPadded(x, pairs, value);
  // What is cut off is gone before anything is repeated.
  const cut = cutBy(x, pairs);
  return pairs
    .map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const)
    .reduce((y, [before, after], axis) => {
      if (before === 0 && after === 0) return y;
      const dim = cut.shape[axis]!;
      if (dim === 0) throw fail(call, `an axis of size 0 cannot be padded by mode '${mode}'`, { input: x.shape });
      checkSize(subjectOf(call), [Math.max(0, dim + before + after)], TABLE_LIMIT);
      const index = Array.from({ length: Math.max(0, dim + before + after) }, (_, i) =>
        sourceOf(mode, i - before, dim),
      );
      return gather(y, tensor(index, [index.length], 'int32'), axis);
    }, cut);
}

/** Negative pads cut. */
function cutBy(x: Tensor, pairs: readonly (readonly [number, number])[]): Tensor {
  const cuts = pairs.map(
    ([before, after], axis) => [axis, [Math.max(0, -before), x.shape[axis]! - Math.max(0, -after)] as const] as const,
  );
  return slice(x, Object.fromEntries(cuts));
}

function constantPadded(x: Tensor, pairs: readonly (readonly [number, number])[], value: number): Tensor {
  return pad(
    cutBy(x, pairs),
    pairs.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const),
    value,
  );
}

/** Cut or padded with zeros around the middle to the shape given. */
function centred(call: OperatorCall): Tensor {
  const [x, shape] = [at(call, 0), constantsOf(call, 1, 'shape')];
  const axes = normalizeAxesInOrder(call, integers(call, 'axes') ?? [...x.shape.keys()], x.rank);
  return axes.reduce((y, axis, i) => {
    const [dim, wanted] = [x.shape[axis]!, shape[i]!];
    const spare = Math.abs(dim - wanted);
    const before = Math.floor(spare / 2);
    if (wanted < dim) return slice(y, { [axis]: [before, before + wanted] });
    return pad(
      y,
      y.shape.map((_, k) => (k === axis ? ([before, spare - before] as const) : ([0, 0] as const))),
    );
  }, x);
}

function normalizeAxesInOrder(call: OperatorCall, axes: readonly number[], rank: number): number[] {
  normalizeAxes(subjectOf(call), axes, rank);
  return axes.map((axis) => normalizeAxis(subjectOf(call), axis, rank));
}

/** The upper or lower triangle of the last two axes, moved by `k`; the rest is 0. */
function triangle(call: OperatorCall): Tensor {
  const x = at(call, 0);
  if (x.rank < 2) throw fail(call, 'the input has at least two axes', { input: x.shape });
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  checkSize(subjectOf(call), [rows, columns], TABLE_LIMIT);
  const k = maybe(call, 1) ? constantsOf(call, 1, 'k')[0]! : 0;
  const upper = integer(call, 'upper', 1) === 1;
  const on = Array.from({ length: rows * columns }, (_, p) => {
    const by = (p % columns) - Math.floor(p / columns);
    return Number(upper ? by >= k : by <= k);
  });
  return where(tensor(on, [rows, columns], 'bool'), x, 0);
}

/** Each sample turned round up to its length, the rest left as it is. */
function reversedSequences(call: OperatorCall): Tensor {
  const [x, lengths] = [at(call, 0), constantsOf(call, 1, 'sequence_lens')];
  const [batch, time] = [integer(call, 'batch_axis', 1), integer(call, 'time_axis', 0)];
  if (batch === time || batch > 1 || time > 1 || x.rank < 2)
    throw fail(call, 'batch_axis and time_axis are 0 and 1', { batch, time });
  const steps = x.shape[time]!;
  const samples = lengths.map((length, b) => {
    const one = slice(x, { [batch]: [b, b + 1] });
    const index = Array.from({ length: steps }, (_, i) => (i < length ? length - 1 - i : i));
    return gather(one, tensor(index, [steps], 'int32'), time);
  });
  return concat(samples, batch);
}

export const slices: Readonly<Record<string, Operator>> = {
  Slice: (call) => [sliced(call)],
  Pad: (call) => [padded(call)],
  CenterCropPad: (call) => [centred(call)],
  Trilu: (call) => [triangle(call)],
  ReverseSequence: (call) => [reversedSequences(call)],
};
