/** Gelu, standardized rows and their gradients as calls of `kernels/wasm/elementwise/fused.ts`. */
import { sizeOf } from '../../../tensor/shape.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand } from '../step.ts';

function operands(ctx: BindContext): number[] {
  const odd = [ctx.out, ...ctx.inputs].find(({ dtype }) => dtype !== 'float32');
  if (odd) throw lacksType(ctx.op, odd.dtype);
  return [ctx.out.at(), ...ctx.inputs.map((x) => x.at())];
}

export const geluGrad: Binder = (ctx) => {
  const count = sizeOf(ctx.out.shape);
  ctx.call('geluGrad', [...operands(ctx), count], Math.ceil(count / 1024), 8);
};

/** Functions of rows; those with an epsilon get it last. */
export const rows: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const width = x.shape.at(-1)!;
  const epsilon = ctx.attrs['epsilon'] as number | undefined;
  const args = [...operands(ctx), width, ...(epsilon === undefined ? [] : [epsilon])];
  ctx.call(ctx.op, args, width === 0 ? 0 : sizeOf(x.shape) / width, grainFor(width, 8192));
};
