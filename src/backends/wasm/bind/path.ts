/** Max pooling of points on straight lines: `kernels/wasm/lines/path.ts`. */
import type { LerpMaxPoolAttrs } from '../../../ops/lerp-max-pool.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { type BindContext, type Binder, lacksType, type Operand } from '../step.ts';
import { geometryTable } from './geometry.ts';

/** The geometry of one step's pooling, from the shapes of a sample and of the pooled points. */
function stepGeometry(ctx: BindContext, start: Shape, pooled: Shape): number {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const attrs = ctx.attrs as unknown as LerpMaxPoolAttrs;
  return ctx.table(geometryTable(start, [start[0]!, ...pooled.slice(1)], attrs));
}

/** Windows of four side by side have kernels of their own, whose units are rows of windows. */
function callPool(ctx: BindContext, fn: string, args: readonly number[], start: Shape, pooled: Shape): void {
  const { window, strides, pads, ties } = ctx.attrs as unknown as LerpMaxPoolAttrs;
  const beside = strides.every((stride, i) => stride === window[i]) && pads.every(([before]) => before === 0);
  const whole = window.every((size, i) => pooled[i + 1]! * size <= start[i + 1]!);
  if (sizeOf(window) === 4 && beside && whole && ties === 'first') {
    ctx.call(`${fn}Four`, args, start[0]! * sizeOf(pooled.slice(1, -2)));
  } else ctx.call(fn, args, start[0]! * Math.ceil(start.at(-1)! / 16));
}

export const lerpMaxPool: Binder = (ctx) => {
  const [start, delta, alpha] = ctx.inputs as [Operand, Operand, Operand];
  const { relu } = ctx.attrs as unknown as LerpMaxPoolAttrs;
  const [samples, steps] = [start.shape[0]!, alpha.shape[0]!];
  const geometry = stepGeometry(ctx, start.shape, ctx.out.shape);
  const args = [ctx.out.at(), start.at(), delta.at(), alpha.at(), steps, samples, relu ? 1 : 0, geometry];
  callPool(ctx, 'lerpMaxPool', args, start.shape, ctx.out.shape);
};

export const lerpMaxPoolGrad: Binder = (ctx) => {
  const [start, delta, alpha, g] = ctx.inputs as [Operand, Operand, Operand, Operand];
  const { relu, ties } = ctx.attrs as unknown as LerpMaxPoolAttrs;
  const [samples, steps] = [start.shape[0]!, alpha.shape[0]!];
  const geometry = stepGeometry(ctx, start.shape, g.shape);
  const flags = [relu ? 1 : 0, ties === 'share' ? 1 : 0];
  const args = [ctx.out.at(), start.at(), delta.at(), alpha.at(), g.at(), steps, samples, ...flags, geometry];
  callPool(ctx, 'lerpMaxPoolGrad', args, start.shape, g.shape);
};
