/**
 * `x[…]` as files record it: integers, slices with steps of any sign, `...`, new axes, and lists of integers.
 * Source: `__operators__.getitem` of tf_keras 2.21, `GetItem` of Keras 3.15, TensorFlow's StridedSlice and its bit masks.
 */
import { gather } from '../../ops/indexing.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { reverse, slice } from '../../ops/slicing.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { Tensor, tensor } from '../../tensor/tensor.ts';
import { isRecordOperand, type OpArguments, type Operand } from './arguments.ts';

interface Span {
  readonly start: Operand | undefined;
  readonly stop: Operand | undefined;
  readonly step: Operand | undefined;
}

/** One place in the brackets. */
type Item = number | 'new' | 'rest' | Span | Tensor;

function itemOf(a: OpArguments, value: Operand): Item {
  if (value === null) return 'new';
  if (typeof value === 'number') return value;
  if (value instanceof Tensor) return value;
  if (Array.isArray(value)) return tensor(value as number[], undefined, 'int32');
  if (isRecordOperand(value)) {
    const kind = value['class_name'];
    if (kind === '__ellipsis__') return 'rest';
    const span = (kind === '__slice__' || kind === 'slice' ? value['config'] : value) as { [key: string]: Operand };
    return { start: span['start'], stop: span['stop'], step: span['step'] };
  }
  throw failure(a.subject, 'an index is not understood', { index: JSON.stringify(value) });
}

/** A bound as a number: parts of shapes are constants of the graph. */
function known(a: OpArguments, value: Operand | undefined): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  const [number] = value instanceof Tensor ? (a.numbersOf(value) ?? []) : [];
  if (number === undefined) throw failure(a.subject, 'a bound of a slice is not known when the graph is made');
  return number;
}

/** `x[start:stop:step]` along one axis, as Python counts. */
function cut(a: OpArguments, x: Tensor, axis: number, span: Span): Tensor {
  const dim = x.shape[axis]!;
  const [start, stop, step] = [known(a, span.start), known(a, span.stop), known(a, span.step) ?? 1];
  if (step === 0) throw failure(a.subject, 'a step of 0');
  if (step > 0) return slice(x, { [axis]: [start ?? 0, stop ?? dim, step] });
  // From `start` down to just above `stop`: the same elements counted from the other end.
  const bound = (at: number): number => Math.min(Math.max(at < 0 ? at + dim : at, -1), dim - 1);
  const [from, to] = [start === null ? dim - 1 : bound(start), stop === null ? -1 : bound(stop)];
  return slice(reverse(x, [axis]), { [axis]: [dim - 1 - from, Math.max(dim - 1 - to, dim - 1 - from), -step] });
}

export function getItem(a: OpArguments, x: Tensor, key: Operand): Tensor {
  const items = (Array.isArray(key) ? (key as readonly Operand[]) : [key]).map((v) => itemOf(a, v));
  const used = items.filter((item) => item !== 'new' && item !== 'rest').length;
  if (used > x.rank) throw failure(a.subject, 'there are more indices than axes', { input: x.shape, indices: used });
  let [y, axis] = [x, 0];
  for (const item of items) {
    if (item === 'rest') axis += x.rank - used;
    else if (item === 'new') y = expandDims(y, axis++);
    else if (typeof item === 'number') {
      const at = item < 0 ? item + y.shape[axis]! : item;
      if (at < 0 || at >= y.shape[axis]!)
        throw failure(a.subject, 'an index is out of range', { index: item, axis, input: x.shape });
      const one = slice(y, { [axis]: [at, at + 1] });
      y = reshape(
        one,
        one.shape.filter((_, i) => i !== axis),
      );
    } else if (item instanceof Tensor) {
      if (item.dtype === 'bool')
        throw failure(a.subject, 'a mask as index is not supported: the shape would depend on data');
      if (items.filter((each) => each instanceof Tensor).length > 1) {
        throw failure(a.subject, 'several lists of indices are not supported');
      }
      y = gather(y, cast(item, 'int32'), axis);
      axis += item.rank;
    } else y = cut(a, y, axis++, item);
  }
  return y;
}

/** TensorFlow's StridedSlice: begin, end and strides, with bits that say which of them count. */
export function stridedSlice(a: OpArguments): Tensor {
  const [begin, end] = [a.integers('begin')!, a.integers('end')!];
  const strides = a.integers('strides') ?? begin.map(() => 1);
  const bit = (name: string, i: number): boolean => ((a.number(name, 0) >> i) & 1) === 1;
  const key = begin.map((start, i): Operand => {
    if (bit('ellipsis_mask', i)) return { class_name: '__ellipsis__' };
    if (bit('new_axis_mask', i)) return null;
    if (bit('shrink_axis_mask', i)) return start;
    return {
      start: bit('begin_mask', i) ? null : start,
      stop: bit('end_mask', i) ? null : end[i]!,
      step: strides[i]!,
    };
  });
  return getItem(a, a.tensor('x'), key);
}
