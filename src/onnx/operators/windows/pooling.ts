/** Pools over windows and over all of space. Source: Operators.md of ONNX 1.22. Without dilations they are the engine's own pools. */

import { add, div, equal, maximum, mul, pow, sub, where } from '../../../ops/binary.ts';
import { scatterAdd } from '../../../ops/indexing.ts';
import { reshape } from '../../../ops/movement.ts';
import { avgPool, maxPool, maxPoolArgmax } from '../../../ops/pool.ts';
import { max, mean, type ReduceOptions, sum } from '../../../ops/reduce.ts';
import { type Pads, pad, slice } from '../../../ops/slicing.ts';
import { abs, cast } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import { full, type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { divided } from '../arithmetic.ts';
import { channelsFirst, channelsLast } from '../layout.ts';
import { at, constantsOf, fail, integer, integers, maybe, wanted } from '../support.ts';
import { type Windows, windowsOf } from './windows.ts';

function windows(call: OperatorCall, x: Tensor): Windows {
  const [axes, window] = [x.rank - 2, integers(call, 'kernel_shape')];
  if (axes < 1 || axes > 3) throw fail(call, 'the input has 1 to 3 spatial axes', { input: x.shape });
  if (window?.length !== axes) throw fail(call, 'kernel_shape has one number per spatial axis', { got: window });
  return windowsOf(call, x.shape.slice(2), window);
}

const dilated = ({ dilations }: Windows): boolean => dilations.some((by) => by > 1);
/** What the windows reach behind the input, the last of them included. */
const reaching = ({ pads, overhang }: Windows): Pads =>
  pads.map(([before, after], i) => [before, after + overhang[i]!] as const);
const around = (pads: Pads): Pads => [[0, 0], ...pads, [0, 0]];

/** Places of a window that is taken apart, a slice each. */
const WINDOW_LIMIT = 4096;

/** Every place of the window at once, as slices of the padded input (channels last), put together one by one. */
function overWindow(x: Tensor, w: Windows, value: number, combine: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const wide = pad(x, around(reaching(w)), value);
  const counts = w.window.map((size, i) => {
    const reach = (size - 1) * w.dilations[i]! + 1;
    return Math.floor((wide.shape[i + 1]! - reach) / w.strides[i]!) + 1;
  });
  const places = w.window.reduce((n, size) => n * size, 1);
  if (places > WINDOW_LIMIT || counts.some((count) => count < 1)) {
    const details = { input: x.shape, window: w.window, dilations: w.dilations };
    throw failure('pool', 'the window is larger than the input, or than can be taken apart', details);
  }
  let y: Tensor | null = null;
  for (let place = 0; place < places; place++) {
    let rest = place;
    const ranges = [...w.window.keys()].reverse().map((i) => {
      const from = (rest % w.window[i]!) * w.dilations[i]!;
      rest = Math.floor(rest / w.window[i]!);
      return [i + 1, [from, from + (counts[i]! - 1) * w.strides[i]! + 1, w.strides[i]!] as const] as const;
    });
    const part = slice(wide, Object.fromEntries(ranges));
    y = y ? combine(y, part) : part;
  }
  return y!;
}

function maxPooled(call: OperatorCall): Tensor[] {
  const x = at(call, 0);
  const w = windows(call, x);
  const last = channelsLast(x);
  const whole = last.dtype === 'int32' || last.dtype === 'bool';
  const input = whole ? cast(last, 'float32') : last;
  const options = { window: w.window, stride: w.strides, padding: reaching(w) };
  const y = dilated(w) ? overWindow(input, w, -Infinity, maximum) : maxPool(input, options);
  const result = channelsFirst(whole ? cast(y, x.dtype) : y);
  if (!wanted(call, 1)) return [result];
  if (dilated(w)) throw fail(call, 'Indices of dilated windows are not supported');
  return [result, channelsFirst(places(call, input, w))];
}

/** The place of each maximum in the input as it lies with the channels behind the batch; in columns with `storage_order` 1. */
function places(call: OperatorCall, x: Tensor, w: Windows): Tensor {
  if (x.size >= 2 ** 24) throw fail(call, 'Indices of an input this big are not supported', { input: x.shape });
  const flat = maxPoolArgmax([x], { window: w.window, strides: w.strides, pads: reaching(w) });
  const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!];
  const space = x.shape.slice(1, -1);
  const area = space.reduce((n, dim) => n * dim, 1);
  const channel = tensor(
    Array.from({ length: channels }, (_, i) => i),
    [channels],
    'int32',
  );
  const sample = tensor(
    Array.from({ length: batch }, (_, i) => i),
    [batch, ...space.map(() => 1), 1],
    'int32',
  );
  const inSpace = sub(divided(sub(flat, channel), full([], channels, 'int32')), mul(sample, area));
  const base = mul(add(mul(sample, channels), channel), area);
  if (integer(call, 'storage_order', 0) === 0) return add(base, inSpace);
  if (space.length !== 2) throw fail(call, 'storage_order 1 is supported for two spatial axes', { space });
  const [height, width] = space as [number, number];
  const row = divided(inSpace, full([], width, 'int32'));
  return add(base, add(mul(sub(inSpace, mul(row, width)), height), row));
}

function averaged(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const w = windows(call, x);
  const counted = integer(call, 'count_include_pad', 0) === 1;
  const last = channelsLast(x);
  if (dilated(w)) {
    const ones = full([1, ...last.shape.slice(1, -1), 1], 1, x.dtype);
    const within = { ...w, pads: w.pads.map(() => [0, 0] as const) };
    const count = counted ? overWindow(pad(ones, around(w.pads), 1), within, 0, add) : overWindow(ones, w, 0, add);
    return channelsFirst(div(overWindow(last, w, 0, add), count));
  }
  // Zeros that count are part of the input; what lies behind them never counts.
  const input = counted ? pad(last, around(w.pads)) : last;
  const padding = counted ? w.overhang.map((by) => [0, by] as const) : reaching(w);
  return channelsFirst(avgPool(input, { window: w.window, stride: w.strides, padding }));
}

/** The p-th root; its gradient at 0 is 0 instead of infinite. */
function root(x: Tensor, p: number): Tensor {
  const none = equal(x, 0);
  return where(none, 0, pow(where(none, 1, x), 1 / p));
}

function normPooled(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const [w, p] = [windows(call, x), integer(call, 'p', 2)];
  return channelsFirst(root(overWindow(pow(abs(channelsLast(x)), p), w, 0, add), p));
}

/** Over all of space, which lies between batch and channels. */
function overSpace(x: Tensor, reduce: (x: Tensor, options: ReduceOptions) => Tensor): Tensor {
  const axes = Array.from({ length: x.rank - 2 }, (_, i) => i + 1);
  return channelsFirst(reduce(channelsLast(x), { axes, keepDims: true }));
}

/** Values back at the places of `Indices`; the rest is 0. */
function unpooled(call: OperatorCall): Tensor {
  const [x, index] = [at(call, 0), at(call, 1)];
  const [window, axes] = [integers(call, 'kernel_shape'), x.rank - 2];
  if (window?.length !== axes) throw fail(call, 'kernel_shape has one number per spatial axis', { got: window });
  const strides = integers(call, 'strides') ?? new Array<number>(axes).fill(1);
  const pads = integers(call, 'pads') ?? new Array<number>(2 * axes).fill(0);
  const natural = window.map((size, i) => (x.shape[i + 2]! - 1) * strides[i]! + size - pads[i]! - pads[axes + i]!);
  const inner = [...x.shape.slice(0, 2), ...natural];
  const shape = maybe(call, 2) ? constantsOf(call, 2, 'output_shape') : inner;
  const size = (dims: readonly number[]): number => dims.reduce((n, dim) => n * dim, 1);
  const flat = scatterAdd(reshape(x, [x.size]), reshape(index, [index.size]), { axis: 0, size: size(inner) });
  const behind = shape.map((dim, i) => [0, dim - inner[i]!] as const);
  return pad(reshape(flat, inner), behind);
}

export const pooling: Readonly<Record<string, Operator>> = {
  MaxPool: maxPooled,
  AveragePool: (call) => [averaged(call)],
  LpPool: (call) => [normPooled(call)],
  MaxUnpool: (call) => [unpooled(call)],
  GlobalMaxPool: (call) => [overSpace(at(call, 0), max)],
  GlobalAveragePool: (call) => [overSpace(at(call, 0), mean)],
  GlobalLpPool: (call) => {
    const [x, p] = [at(call, 0), integer(call, 'p', 2)];
    return [overSpace(x, (y, options) => root(sum(pow(abs(y), p), options), p))];
  },
};
