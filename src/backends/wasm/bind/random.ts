/** Kernels of training on wasm: binders that come with their ops, over a module of their own (`kernels/wasm/training.ts`). */
import { sizeOf } from '../../../tensor/shape.ts';
import { type Binder, grainFor, lacksType, type OwnKernels } from '../step.ts';
import { packed } from '../training.generated.ts';

const bind: Binder = (ctx) => {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const [seed] = ctx.inputs;
  const count = sizeOf(ctx.out.shape);
  ctx.call(
    'randomUniform',
    [ctx.out.at(), seed!.at(), count, ctx.attrs['stream'] as number],
    Math.ceil(count / 16),
    grainFor(64),
  );
};

export const wasmUniform: OwnKernels = { module: packed, bind };

const bindDropout: Binder = (ctx) => {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const [x, seed] = ctx.inputs;
  const count = sizeOf(ctx.out.shape);
  const attrs = ctx.attrs as { readonly stream: number; readonly dropped: number; readonly scale: number };
  const args = [ctx.out.at(), x!.at(), seed!.at(), count, attrs.stream, attrs.dropped, attrs.scale];
  ctx.call('dropout', args, Math.ceil(count / 32), grainFor(128));
};

export const wasmDropout: OwnKernels = { module: packed, bind: bindDropout };

const bindExtremeGrad: Binder = (ctx) => {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const { axes, positive, scale } = ctx.attrs as {
    readonly axes: readonly number[];
    readonly positive: boolean;
    readonly scale: number;
  };
  const { shape } = ctx.out;
  const outer = sizeOf(shape.slice(0, axes[0]!));
  const inner = sizeOf(shape.slice(axes.at(-1)! + 1));
  const count = sizeOf(shape) / Math.max(1, outer * inner);
  const from = [ctx.out.at(), ...ctx.inputs.map((input) => input.at())];
  if (inner === 1) {
    ctx.call('extremeGradRows', [...from, count, Number(positive), scale], outer, grainFor(2 * count));
    return;
  }
  const units = outer * Math.ceil(inner / 16);
  ctx.call('extremeGradMiddle', [...from, count, inner, Number(positive), scale], units, grainFor(32 * count));
};

export const wasmExtremeGrad: OwnKernels = { module: packed, bind: bindExtremeGrad };
