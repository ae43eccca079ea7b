/** Reductions, softmax and pooling as calls of `kernels/wasm/elementwise/{reduce,softmax}.ts` and `kernels/wasm/windows/pool.ts`. */
import type { PoolAttrs } from '../../../ops/pool.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand, typeCode } from '../step.ts';
import { geometryTable } from './geometry.ts';
import { copyAll } from './movement.ts';

type Reducer = 'sum' | 'max' | 'min';

/** `[outer, count, inner]` around one axis. */
export function around(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/**
 * Neighbouring axes that are reduced, or kept, as one. Axes of size 1 that are reduced are left out; those that are kept are not: they may be a batch
 * of one, and a sample is summed in the same order alone as among others.
 */
function runs(shape: Shape, axes: readonly number[]): { size: number; reduced: boolean }[] {
  const list: { size: number; reduced: boolean }[] = [];
  shape.forEach((size, axis) => {
    const reduced = axes.includes(axis);
    if (size === 1 && reduced) return;
    const last = list.at(-1);
    if (last && last.reduced === reduced) last.size *= size;
    else list.push({ size, reduced });
  });
  return list;
}

/** @param last whether no axis follows those that are reduced */
function callReduce(
  ctx: BindContext,
  by: Reducer,
  [to, from]: readonly [number, number],
  [outer, count, inner]: readonly [number, number, number],
  last: boolean,
): void {
  const { dtype } = ctx.out;
  if (dtype !== 'float32') {
    const code = ['sum', 'max', 'min'].indexOf(by);
    ctx.call('exactReduce', [to, from, count, inner, code, typeCode(ctx.op, ctx.out)], outer * inner, grainFor(count));
  } else if (by === 'sum' && last) ctx.call('sumRows', [to, from, count], outer, grainFor(count));
  else if (by === 'sum') {
    ctx.call('sumColumns', [to, from, count, inner], outer * Math.ceil(inner / 16), grainFor(count * 16));
  } else {
    const units = inner === 1 ? outer : outer * Math.ceil(inner / 16);
    ctx.call(`${by}Middle`, [to, from, count, inner], units, grainFor(inner === 1 ? count : count * 16));
  }
}

export const reduction =
  (by: Reducer): Binder =>
  (ctx) => {
    const [x] = ctx.inputs as [Operand];
    const list = runs(x.shape, ctx.attrs['axes'] as readonly number[]);
    const passes = list.filter((run) => run.reduced).length;
    if (passes === 0) {
      copyAll(ctx);
      return;
    }
    let from = x.at();
    for (let pass = 1; pass <= passes; pass++) {
      // From the last axis to the first, so that what is left stays dense.
      const at = list.findLastIndex((run) => run.reduced);
      const sizes = around(
        list.map((run) => run.size),
        at,
      );
      const to = pass === passes ? ctx.out.at() : ctx.work(sizes[0] * sizes[2] * 4);
      callReduce(ctx, by, [to, from], sizes, at === list.length - 1);
      list.splice(at, 1);
      from = to;
    }
  };

export const argmax: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const [outer, count, inner] = around(x.shape, ctx.attrs['axis'] as number);
  const args = [ctx.out.at(), x.at(), count, inner, typeCode(ctx.op, x)];
  ctx.call('argmax', args, outer * inner, grainFor(count));
};

export const softmax =
  (logarithm: boolean): Binder =>
  (ctx) => {
    const [x] = ctx.inputs as [Operand];
    if (x.dtype !== 'float32') throw lacksType(ctx.op, x.dtype);
    const [outer, count, inner] = around(x.shape, ctx.attrs['axis'] as number);
    const flag = Number(logarithm);
    if (count === 0) return;
    // A batch of one behind the axis is summed as a larger one.
    if (ctx.attrs['axis'] === x.shape.length - 1)
      ctx.call('softmaxRows', [ctx.out.at(), x.at(), count, flag], outer, grainFor(count, 4096));
    else {
      const units = outer * Math.ceil(inner / 4);
      ctx.call('softmaxColumns', [ctx.out.at(), x.at(), count, inner, flag], units, grainFor(count * 4, 4096));
    }
  };

/** A pooling kernel; `rows` are of its input for the gradient, of its output otherwise. */
export const pool =
  (fn: string): Binder =>
  (ctx) => {
    const [x] = ctx.inputs as [Operand];
    if (x.dtype !== 'float32') throw lacksType(ctx.op, x.dtype);
    const isGrad = fn === 'avgPoolGrad';
    const [input, output] = isGrad ? [ctx.out.shape, x.shape] : [x.shape, ctx.out.shape];
    const geometry = geometryTable(input, output, ctx.attrs as unknown as PoolAttrs);
    const rows = sizeOf(ctx.out.shape.slice(0, -2));
    const each = ctx.out.shape.at(-1)! * ctx.out.shape.at(-2)!;
    ctx.call(fn, [ctx.out.at(), x.at(), ctx.table(geometry)], each === 0 ? 0 : rows, grainFor(each, 4096));
  };

export const maxPoolGrad: Binder = (ctx) => {
  const [x, g] = ctx.inputs as [Operand, Operand];
  if (x.dtype !== 'float32') throw lacksType(ctx.op, x.dtype);
  const { rectified, ...attrs } = ctx.attrs as unknown as PoolAttrs & { rectified: boolean };
  const geometry = ctx.table(geometryTable(x.shape, g.shape, attrs));
  const args = [ctx.out.at(), x.at(), g.at(), geometry, Number(rectified)];
  const channels = x.shape.at(-1)!;
  const rows = sizeOf(g.shape.slice(0, -2));
  if (sizeOf(x.shape) === 0) return;
  if (attrs.strides.every((stride, i) => stride >= attrs.window[i]!)) {
    ctx.call('maxPoolGradApart', args, rows, grainFor(sizeOf(x.shape) / rows, 4096));
  } else ctx.call('maxPoolGrad', args, x.shape[0]! * Math.ceil(channels / 16));
};
