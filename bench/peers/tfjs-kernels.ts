/**
 * Which function of TensorFlow.js computes an op, and which of its registered gradient rules the gradient. The rule is
 * called directly with what the tape would have saved, so that the forward pass is not timed with it.
 */
import { failure } from '../../src/tensor/errors.ts';
import type { KernelCall } from './peer.ts';
import type { Tf, TfTensor } from './tfjs.ts';

type Inputs = readonly TfTensor[];
type Attrs = KernelCall['attrs'];

interface Mapping {
  forward(tf: Tf, inputs: Inputs, attrs: Attrs): TfTensor;
  /** The library's name of the op, whose gradient rule is used. */
  readonly kernel: string;
  saved(tf: Tf, inputs: Inputs, y: TfTensor): Inputs;
  attrs(attrs: Attrs): object;
  /** The rule's names of our inputs 0 and 1. */
  readonly names: readonly string[];
}

const call = (tf: Tf, name: string, ...args: unknown[]): TfTensor => tf[name]!(...(args as never[]));
const axesOf = (attrs: Attrs): number[] => [...(attrs['axes'] as readonly number[])];
const numbers = (attr: unknown): number[] => [...(attr as readonly number[])];

/** Padding as the library names it; it takes explicit zeros only in some kernels. */
function paddingOf(pads: readonly (readonly number[])[]): string {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return 'valid';
  if (pads.every(([before, after]) => before! + after! > 0 && after! - before! <= 1)) return 'same';
  throw failure('tfjs', 'padding is neither valid nor same', { pads });
}

/** One spatial axis is a second one of size 1, as in tf.conv1d. */
const lift = (tf: Tf, x: TfTensor): TfTensor =>
  x.shape.length === 3 ? call(tf, 'reshape', x, [x.shape[0], 1, x.shape[1], x.shape[2]]) : x;
const liftKernel = (tf: Tf, w: TfTensor): TfTensor =>
  w.shape.length === 3 ? call(tf, 'reshape', w, [1, ...w.shape]) : w;

function windowAttrs(attrs: Attrs): { strides: number[]; pad: string } {
  const strides = numbers(attrs['strides']);
  const pads = attrs['pads'] as readonly (readonly number[])[];
  // The added axis of one element needs no padding under either rule.
  return { strides: strides.length === 1 ? [1, ...strides] : strides, pad: paddingOf(pads) };
}

const table: Readonly<Record<string, Mapping>> = {
  matmul: {
    forward: (tf, [a, b], attrs) => call(tf, 'matMul', a, b, attrs['transposeA'], attrs['transposeB']),
    kernel: 'BatchMatMul',
    saved: (_, inputs) => inputs,
    attrs: (attrs) => attrs,
    names: ['a', 'b'],
  },
  conv: {
    forward: (tf, [x, w], attrs) => {
      const { strides, pad } = windowAttrs(attrs);
      return call(tf, 'conv2d', lift(tf, x!), liftKernel(tf, w!), strides, pad);
    },
    kernel: 'Conv2D',
    saved: (tf, [x, w]) => [lift(tf, x!), liftKernel(tf, w!)],
    attrs: (attrs) => ({ ...windowAttrs(attrs), dataFormat: 'NHWC', dilations: [1, 1] }),
    names: ['x', 'filter'],
  },
  maxPool: {
    forward: (tf, [x], attrs) => {
      const { strides, pad } = windowAttrs(attrs);
      return call(tf, 'maxPool', x, numbers(attrs['window']), strides, pad);
    },
    kernel: 'MaxPool',
    saved: (_, [x], y) => [x!, y],
    attrs: (attrs) => ({ ...windowAttrs(attrs), filterSize: numbers(attrs['window']) }),
    names: ['x'],
  },
  avgPool: {
    forward: (tf, [x], attrs) => {
      const { strides, pad } = windowAttrs(attrs);
      return call(tf, 'avgPool', x, numbers(attrs['window']), strides, pad);
    },
    kernel: 'AvgPool',
    saved: (_, inputs) => inputs,
    attrs: (attrs) => ({ ...windowAttrs(attrs), filterSize: numbers(attrs['window']) }),
    names: ['x'],
  },
  softmax: {
    forward: (tf, [x], attrs) => call(tf, 'softmax', x, attrs['axis']),
    kernel: 'Softmax',
    saved: (_, __, y) => [y],
    attrs: (attrs) => ({ dim: attrs['axis'] }),
    names: ['logits'],
  },
  logSoftmax: {
    forward: (tf, [x], attrs) => call(tf, 'logSoftmax', x, attrs['axis']),
    kernel: 'LogSoftmax',
    saved: (_, __, y) => [y],
    attrs: (attrs) => attrs,
    names: ['logits'],
  },
  relu: {
    forward: (tf, [x]) => call(tf, 'relu', x),
    kernel: 'Relu',
    saved: (_, inputs) => inputs,
    attrs: () => ({}),
    names: ['x'],
  },
  add: {
    forward: (tf, [a, b]) => call(tf, 'add', a, b),
    kernel: 'Add',
    saved: (_, inputs) => inputs,
    attrs: () => ({}),
    names: ['a', 'b'],
  },
  sum: {
    forward: (tf, [x], attrs) => call(tf, 'sum', x, axesOf(attrs)),
    kernel: 'Sum',
    saved: (_, inputs) => inputs,
    attrs: (attrs) => ({ axis: axesOf(attrs) }),
    names: ['x'],
  },
  max: {
    forward: (tf, [x], attrs) => call(tf, 'max', x, axesOf(attrs)),
    kernel: 'Max',
    saved: (_, [x], y) => [x!, y],
    attrs: (attrs) => ({ reductionIndices: axesOf(attrs) }),
    names: ['x'],
  },
  min: {
    forward: (tf, [x], attrs) => call(tf, 'min', x, axesOf(attrs)),
    kernel: 'Min',
    saved: (_, [x], y) => [x!, y],
    attrs: (attrs) => ({ axis: axesOf(attrs) }),
    names: ['x'],
  },
  gather: {
    forward: (tf, [x, index], attrs) => call(tf, 'gather', x, index, attrs['axis']),
    kernel: 'GatherV2',
    saved: (_, inputs) => inputs,
    attrs: (attrs) => ({ axis: attrs['axis'], batchDims: 0 }),
    names: ['x'],
  },
};

/** The ops that have a counterpart here. */
export const tfjsOps: readonly string[] = Object.keys(table);

const mapping = (op: string): Mapping => table[op]!;

export function tfjsKernel(tf: Tf, { op, attrs }: KernelCall, inputs: Inputs): TfTensor {
  return mapping(op).forward(tf, inputs, attrs);
}

/** The gradient with respect to input `part`; the library builds it lazily, so the others are not computed. */
export function tfjsGradient(
  tf: Tf,
  { op, attrs, part }: KernelCall,
  inputs: Inputs,
  y: TfTensor,
  g: TfTensor,
): TfTensor {
  const { kernel, saved, attrs: convert, names } = mapping(op);
  const gradient = op === 'conv' ? lift(tf, g) : g;
  const thunks = tf.getGradient(kernel).gradFunc(gradient, saved(tf, inputs, y), convert(attrs));
  return thunks[names[part as number]!]!();
}
