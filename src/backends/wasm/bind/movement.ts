/** Ops that move data as calls of `kernels/wasm/elementwise/movement.ts`. Strides here are in bytes. */
import type { Pads } from '../../../ops/slicing.ts';

import { broadcastStrides, sizeOf, stridesOf } from '../../../tensor/shape.ts';
import { outside } from '../../outside.ts';
import { collapse, type Layout, splitRows } from '../layout.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand } from '../step.ts';

const bytesOf = (operand: Operand): number => (operand.dtype === 'bool' ? 1 : 4);

/** A dense operand's strides in bytes. */
const denseStrides = (operand: Operand): number[] => stridesOf(operand.shape).map((s) => s * bytesOf(operand));

/** A strided copy; `layout` has the dense side's dims and the other side's strides. */
function copy(ctx: BindContext, fn: 'readStrided' | 'writeStrided', to: number, from: number, layout: Layout): void {
  const split = splitRows(layout);
  const size = bytesOf(ctx.out);
  const empty = layout.dims.includes(0);
  // A single row is cut up, so that threads can share it.
  const chunk = 4096;
  const whole = split.rank === 0 && split.width > chunk && split.width % chunk === 0;
  const rows = whole ? split.width / chunk : split.rows;
  const width = whole ? chunk : split.width;
  const table = whole ? [rows, split.steps[0]! * chunk] : split.table;
  const step = split.width === 1 ? size : split.steps[0]!;
  const args = [to, from, width, step, whole ? 1 : split.rank, ctx.table(table), size];
  ctx.call(fn, args, empty ? 0 : rows, grainFor(width));
}

/** Bytes from the first element to the window's first one, and steps of the window in bytes. */
function inside(whole: Operand, begin: readonly number[], step: readonly number[]): { at: number; strides: number[] } {
  const strides = denseStrides(whole);
  const at = begin.reduce((total, index, axis) => total + index * strides[axis]!, 0);
  return { at, strides: strides.map((by, axis) => by * step[axis]!) };
}

/** The input's elements in their order. */
export function copyAll(ctx: BindContext): void {
  const [x] = ctx.inputs as [Operand];
  copy(ctx, 'readStrided', ctx.out.at(), x.at(), collapse([sizeOf(x.shape)], [[bytesOf(x)]]));
}

export const copyBinder: Binder = copyAll;

export const transpose: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const from = denseStrides(x);
  const strides = (ctx.attrs['perm'] as readonly number[]).map((axis) => from[axis]!);
  const layout = collapse(ctx.out.shape, [denseStrides(ctx.out), strides]);
  const { dims } = layout;
  const [outSteps, inSteps] = layout.strides as [number[], number[]];
  const last = dims.length - 1;
  const side = inSteps.indexOf(4);
  if (last < 1 || side < 0 || side === last || bytesOf(x) !== 4) {
    copy(ctx, 'readStrided', ctx.out.at(), x.at(), { dims, strides: [inSteps] });
    return;
  }
  const others = dims.map((_, axis) => axis).filter((axis) => axis !== side && axis !== last);
  const pick = (list: readonly number[]): number[] => others.map((axis) => list[axis]!);
  const table = ctx.table([...pick(dims), ...pick(outSteps), ...pick(inSteps)]);
  const [countI, countJ] = [dims[side]!, dims[last]!];
  const units = sizeOf(pick(dims)) * Math.ceil(countI / 4);
  const args = [ctx.out.at(), x.at(), countI, countJ, outSteps[side]!, inSteps[last]!, others.length, table];
  ctx.call('transpose', args, countJ === 0 ? 0 : units, grainFor(countJ * 4));
};

export const broadcastTo: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const strides = broadcastStrides(x.shape, ctx.out.shape).map((s) => s * bytesOf(x));
  copy(ctx, 'readStrided', ctx.out.at(), x.at(), collapse(ctx.out.shape, [strides]));
};

function readWindow(ctx: BindContext, begin: readonly number[], step: readonly number[]): void {
  const [x] = ctx.inputs as [Operand];
  const { at, strides } = inside(x, begin, step);
  copy(ctx, 'readStrided', ctx.out.at(), x.at() + at, collapse(ctx.out.shape, [strides]));
}

export const slice: Binder = (ctx) =>
  readWindow(ctx, ctx.attrs['begin'] as readonly number[], ctx.attrs['step'] as readonly number[]);

export const reverse: Binder = (ctx) => {
  const axes = ctx.attrs['axes'] as readonly number[];
  const { shape } = ctx.out;
  if (sizeOf(shape) === 0) return;
  readWindow(
    ctx,
    shape.map((dim, axis) => (axes.includes(axis) ? dim - 1 : 0)),
    shape.map((_, axis) => (axes.includes(axis) ? -1 : 1)),
  );
};

/** Fills an operand with one value. */
export function fill(ctx: BindContext, target: Operand, value: number): void {
  const word = new DataView(new ArrayBuffer(4));
  if (target.dtype === 'float32') word.setFloat32(0, value, true);
  else if (target.dtype === 'int32') word.setInt32(0, value, true);
  else word.setUint32(0, value === 0 ? 0 : 0x01010101, true);
  const bytes = sizeOf(target.shape) * bytesOf(target);
  ctx.call('fill', [target.at(), bytes, word.getInt32(0, true)], Math.ceil(bytes / 1024), 64);
}

export const pad: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const { pads, gaps, value } = ctx.attrs as { pads: Pads; gaps: readonly number[]; value: number };
  const { at, strides } = inside(
    ctx.out,
    pads.map((p) => p[0]),
    gaps.map((gap) => gap + 1),
  );
  fill(ctx, ctx.out, value);
  copy(ctx, 'writeStrided', ctx.out.at() + at, x.at(), collapse(x.shape, [strides]));
};

export const concat: Binder = (ctx) => {
  const axis = ctx.attrs['axis'] as number;
  const size = bytesOf(ctx.out);
  const outer = sizeOf(ctx.out.shape.slice(0, axis));
  const rowBytes = sizeOf(ctx.out.shape.slice(axis)) * size;
  let at = 0;
  for (const x of ctx.inputs) {
    const width = sizeOf(x.shape.slice(axis));
    const layout = { dims: [outer, width], strides: [[rowBytes, size]] };
    copy(ctx, 'writeStrided', ctx.out.at() + at, x.at(), layout);
    at += width * size;
  }
};

export function checkIndex(ctx: BindContext, index: Operand, size: number): void {
  const count = sizeOf(index.shape);
  const from = index.at();
  ctx.check('checkIndex', [from, count, size], (at) =>
    outside(ctx.op, ctx.attrs, ctx.readInt(from + at * 4), at, size),
  );
}

export const gather: Binder = (ctx) => {
  const [x, index] = ctx.inputs as [Operand, Operand];
  const axis = ctx.attrs['axis'] as number;
  const [outer, size] = [sizeOf(x.shape.slice(0, axis)), x.shape[axis]!];
  const inner = sizeOf(x.shape.slice(axis + 1)) * bytesOf(x);
  const count = sizeOf(index.shape);
  checkIndex(ctx, index, size);
  const args = [ctx.out.at(), x.at(), index.at(), count, size, inner];
  ctx.call('gather', args, inner === 0 ? 0 : outer * count, grainFor(inner / 4));
};

export const scatterAdd: Binder = (ctx) => {
  const [x, index] = ctx.inputs as [Operand, Operand];
  if (x.dtype !== 'float32') throw lacksType(ctx.op, x.dtype);
  const axis = ctx.attrs['axis'] as number;
  const [outer, size] = [sizeOf(ctx.out.shape.slice(0, axis)), ctx.out.shape[axis]!];
  const inner = sizeOf(ctx.out.shape.slice(axis + 1));
  const count = sizeOf(index.shape);
  checkIndex(ctx, index, size);
  // Every range reads the whole index: ranges are made large.
  const grain = grainFor(outer * inner, 1 << 18);
  ctx.call('scatterAdd', [ctx.out.at(), x.at(), index.at(), outer, count, size, inner], inner === 0 ? 0 : size, grain);
};
