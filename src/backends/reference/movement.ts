/** Ops that only move elements, on the loops of `kernels/reference/movement.ts`. */
import * as movement from '../../../kernels/reference/movement.ts';
import type { Attrs } from '../../graph/op.ts';
import type { Pads } from '../../ops/slicing.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../../tensor/shape.ts';
import { outside } from '../outside.ts';
import { around, type Kernel } from './shared.ts';

/** Offset and strides of `part` seen inside `whole`. */
function window(whole: Shape, begin: readonly number[], step: readonly number[]): { at: number; strides: number[] } {
  const strides = stridesOf(whole);
  const at = begin.reduce((total, index, axis) => total + index * strides[axis]!, 0);
  return { at, strides: strides.map((by, axis) => by * step[axis]!) };
}

function checkIndex(op: string, index: TypedArray, size: number, attrs: Attrs): void {
  const bad = movement.findOutside(index, size);
  if (bad >= 0) throw outside(op, attrs, index[bad]!, bad, size);
}

const copy: Kernel =
  () =>
  (y, [x]) =>
    y.set(x!);

export const movementKernels = {
  reshape: copy,
  stopGradient: copy,
  transpose: (out, [x], attrs) => {
    const from = stridesOf(x!.shape);
    const strides = (attrs['perm'] as readonly number[]).map((axis) => from[axis]!);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, 0);
  },
  broadcastTo: (out, [x]) => {
    const strides = broadcastStrides(x!.shape, out.shape);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, 0);
  },
  slice: (out, [x], attrs) => {
    const { at, strides } = window(x!.shape, attrs['begin'] as readonly number[], attrs['step'] as readonly number[]);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, at);
  },
  pad: (out, [x], attrs) => {
    const { pads, gaps, value } = attrs as { pads: Pads; gaps: readonly number[]; value: number };
    const { at, strides } = window(
      out.shape,
      pads.map((p) => p[0]),
      gaps.map((gap) => gap + 1),
    );
    return (y, [v]) => {
      y.fill(value);
      if (v!.length > 0) movement.stridedWrite(y, v!, x!.shape, strides, at);
    };
  },
  reverse: (out, [x], attrs) => {
    const axes = attrs['axes'] as readonly number[];
    const turn = x!.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1));
    const begin = x!.shape.map((dim, axis) => (axes.includes(axis) ? dim - 1 : 0));
    const { at, strides } = window(x!.shape, begin, turn);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, at);
  },
  concat: (_, inputs, { axis }) => {
    const outer = sizeOf(inputs[0]!.shape.slice(0, axis as number));
    const widths = inputs.map((input) => sizeOf(input.shape.slice(axis as number)));
    return (y, xs) => movement.concatRows(y, xs, outer, widths);
  },
  gather: (_, [x], attrs) => {
    const [outer, size, inner] = around(x!.shape, attrs['axis'] as number);
    return (y, [v, index]) => {
      checkIndex('gather', index!, size, attrs);
      movement.gather(y, v!, index!, outer, size, inner);
    };
  },
  scatterAdd: (out, _, attrs) => {
    const [outer, size, inner] = around(out.shape, attrs['axis'] as number);
    return (y, [v, index]) => {
      checkIndex('scatterAdd', index!, size, attrs);
      movement.scatterAdd(y, v!, index!, outer, size, inner);
    };
  },
} satisfies Readonly<Record<string, Kernel>>;
