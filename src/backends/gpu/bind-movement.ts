/** Ops that move data: strides, parts, indices. */
import * as kernels from '../../../kernels/gpu/movement.ts';
import type { Pads } from '../../ops/slicing.ts';
import type { PathgradError } from '../../tensor/errors.ts';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../../tensor/shape.ts';
import { outside } from '../outside.ts';
import { poolScatter } from './bind-pool.ts';
import type { BindContext, Binder, Operand } from './step.ts';

export const alias: Binder = ({ inputs }) => inputs[0]!;

const strided =
  (read: (context: BindContext, strides: number[], shape: Shape) => { strides: number[]; offset: number }): Binder =>
  (context) => {
    const [x] = context.inputs;
    const { strides, offset } = read(context, stridesOf(x!.shape), x!.shape);
    return context.kernel(kernels.stridedRead(context.op, context.out.shape, strides, offset), [x!]);
  };

export const transpose: Binder = strided(({ attrs }, from) => {
  return { strides: (attrs['perm'] as readonly number[]).map((axis) => from[axis]!), offset: 0 };
});

export const broadcastTo: Binder = strided(({ out }, _, shape) => {
  return { strides: broadcastStrides(shape, out.shape), offset: 0 };
});

export const slice: Binder = strided(({ attrs }, from) => {
  const [begin, step] = [attrs['begin'] as readonly number[], attrs['step'] as readonly number[]];
  return {
    strides: from.map((by, axis) => by * step[axis]!),
    offset: begin.reduce((total, at, axis) => total + at * from[axis]!, 0),
  };
});

export const reverse: Binder = strided(({ attrs }, from, shape) => {
  const axes = attrs['axes'] as readonly number[];
  return {
    strides: from.map((by, axis) => (axes.includes(axis) ? -by : by)),
    offset: axes.reduce((total, axis) => total + (shape[axis]! - 1) * from[axis]!, 0),
  };
});

export const pad: Binder = ({ inputs, out, attrs, kernel, fill }) => {
  const { pads, gaps, value } = attrs as { pads: Pads; gaps: readonly number[]; value: number };
  const [x] = inputs;
  if (sizeOf(x!.shape) === 0) return fill(sizeOf(out.shape), value);
  const axes = x!.shape.map((size, axis) => {
    return { size, out: out.shape[axis]!, before: pads[axis]![0], gap: size > 1 ? gaps[axis]! : 0 };
  });
  return kernel(kernels.padKernel(axes, value), inputs);
};

/** No device takes more arrays than this in one kernel. */
const MAX_ARRAYS = 6;

interface Part {
  readonly operand: Operand;
  /** Elements in a row. */
  readonly width: number;
}

/** Arrays of `outer` rows each, side by side, a few at a time. */
export function join(kernel: BindContext['kernel'], outer: number, list: readonly Part[]): Operand {
  let parts = list.filter(({ width }) => width > 0);
  while (parts.length > 1) {
    const joined: Part[] = [];
    for (let i = 0; i < parts.length; i += MAX_ARRAYS) {
      const group = parts.slice(i, i + MAX_ARRAYS);
      const widths = group.map(({ width }) => width);
      const operands = group.map(({ operand }) => operand);
      const operand = group.length === 1 ? operands[0]! : kernel(kernels.concatKernel(outer, widths), operands);
      joined.push({ operand, width: widths.reduce((a, b) => a + b, 0) });
    }
    parts = joined;
  }
  return parts[0]!.operand;
}

export const concat: Binder = ({ inputs, attrs, kernel }) => {
  const axis = attrs['axis'] as number;
  const outer = sizeOf(inputs[0]!.shape.slice(0, axis));
  return join(
    kernel,
    outer,
    inputs.map((operand) => ({ operand, width: sizeOf(operand.shape.slice(axis)) })),
  );
};

/** Sizes before, along and after one axis. */
export function around(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** Ops whose results are always inside what they index. */
const trusted = new Set(['argmax', 'maxPoolArgmax']);

function checkIndex({ op, attrs, check, producer }: BindContext, index: Operand, size: number): void {
  const source = producer(index);
  if (source && trusted.has(source.op.name)) return;
  check(index, (elements): PathgradError | null => {
    for (let at = 0; at < elements.length; at++) {
      const value = elements[at]!;
      if (value >= 0 && value < size) continue;
      return outside(op, attrs, value, at, size);
    }
    return null;
  });
}

export const gather: Binder = (context) => {
  const { inputs, attrs, kernel } = context;
  const [x, index] = inputs;
  const axis = attrs['axis'] as number;
  const [outer, size, inner] = around(x!.shape, axis);
  checkIndex(context, index!, size);
  return kernel(kernels.gatherKernel(outer, sizeOf(index!.shape), size, inner), inputs);
};

/**
 * Where the index is a max pool's own, each element looks for itself in the windows that may have picked it; elsewhere the
 * host sorts the positions by target.
 */
export const scatterAdd: Binder = (context) => {
  const { inputs, out, attrs, kernel, host, fill } = context;
  const [x, index] = inputs;
  const axis = attrs['axis'] as number;
  const [outer, size, inner] = around(out.shape, axis);
  const count = sizeOf(index!.shape);
  if (count === 0) return fill(sizeOf(out.shape), 0);
  const pooled = outer === 1 && inner === 1 ? poolScatter(context, x!, index!, size) : null;
  if (pooled) return pooled;
  checkIndex(context, index!, size);
  const sorted = host([index!], 2, ([targets]) => sortByTarget(targets!, size));
  return kernel(kernels.scatterAddKernel(outer, count, size, inner), [x!, ...sorted]);
};

/** For targets in `[0, size)`: where each target's positions begin in `order`, and the positions by target. */
export function sortByTarget(targets: Float32Array, size: number): [Float32Array, Float32Array] {
  const start = new Float32Array(size + 1);
  for (const target of targets) if (target >= 0 && target < size) start[target + 1]!++;
  for (let i = 0; i < size; i++) start[i + 1]! += start[i]!;
  const next = start.slice();
  const order = new Float32Array(Math.max(1, targets.length));
  targets.forEach((target, position) => {
    if (target >= 0 && target < size) order[next[target]!++] = position;
  });
  return [start, order];
}
