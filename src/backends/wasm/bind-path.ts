/** Max pooling of points on straight lines: `kernels/wasm/path.ts`. */
import type { LerpMaxPoolAttrs } from '../../ops/lerp-max-pool.ts';
import type { Shape } from '../../tensor/shape.ts';
import { geometryTable } from './geometry.ts';
import { type BindContext, type Binder, lacksType, type Operand } from './step.ts';

/** The geometry of one step's pooling, from the shapes of a sample and of the pooled points. */
function stepGeometry(ctx: BindContext, start: Shape, pooled: Shape): number {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const attrs = ctx.attrs as unknown as LerpMaxPoolAttrs;
  return ctx.table(geometryTable(start, [start[0]!, ...pooled.slice(1)], attrs));
}

export const lerpMaxPool: Binder = (ctx) => {
  const [start, delta, alpha] = ctx.inputs as [Operand, Operand, Operand];
  const { relu } = ctx.attrs as unknown as LerpMaxPoolAttrs;
  const [samples, steps] = [start.shape[0]!, alpha.shape[0]!];
  const geometry = stepGeometry(ctx, start.shape, ctx.out.shape);
  const args = [ctx.out.at(), start.at(), delta.at(), alpha.at(), steps, samples, relu ? 1 : 0, geometry];
  ctx.call('lerpMaxPool', args, samples * Math.ceil(start.shape.at(-1)! / 16), 1);
};

export const lerpMaxPoolGrad: Binder = (ctx) => {
  const [start, delta, alpha, g] = ctx.inputs as [Operand, Operand, Operand, Operand];
  const { relu, ties } = ctx.attrs as unknown as LerpMaxPoolAttrs;
  const [samples, steps] = [start.shape[0]!, alpha.shape[0]!];
  const geometry = stepGeometry(ctx, start.shape, g.shape);
  const flags = [relu ? 1 : 0, ties === 'share' ? 1 : 0];
  const args = [ctx.out.at(), start.at(), delta.at(), alpha.at(), g.at(), steps, samples, ...flags, geometry];
  ctx.call('lerpMaxPoolGrad', args, samples * Math.ceil(start.shape.at(-1)! / 16), 1);
};
