/** A convolution of lines (`ops/line-conv.ts`) on the device, step by step: the points that windows pick, then the convolution. */
import type { Attrs } from '../../graph/op.ts';
import { poolShape } from '../../ops/pool.ts';
import type { Pads } from '../../ops/slicing.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import { conv, convGradInput } from './bind-conv.ts';
import * as pool from './bind-pool.ts';
import type { BindContext, Binder, Operand } from './step.ts';

type Pool = Attrs & { readonly window: readonly number[]; readonly strides: readonly number[]; readonly pads: Pads };

function partsOf({ attrs, inputs }: BindContext): {
  readonly picks: Pool;
  readonly product: Attrs;
  readonly points: TensorSpec;
} {
  const { relu, window, poolStrides, poolPads, ...rest } = attrs as unknown as Record<string, never>;
  const picks = { relu, window, strides: poolStrides, pads: poolPads, ties: 'first' } as unknown as Pool;
  const [rows, ...shape] = poolShape('lineConv', inputs[0]!.shape, picks);
  const points = { shape: [rows! * inputs[3]!.shape[0]!, ...shape], dtype: 'float32' as const };
  return { picks, product: { ...(rest as Attrs), groups: 1 }, points };
}

export const lineConv: Binder = (ctx) => {
  const [start, w, delta, alpha] = ctx.inputs as [Operand, Operand, Operand, Operand];
  const { picks, product, points } = partsOf(ctx);
  const made = pool.lerpMaxPool({ ...ctx, inputs: [start, delta, alpha], out: points, attrs: picks });
  return conv({ ...ctx, op: 'conv', inputs: [{ ...made, ...points }, w], attrs: product });
};

export const lineConvGrad: Binder = (ctx) => {
  const [start, w, delta, alpha, g] = ctx.inputs as [Operand, Operand, Operand, Operand, Operand];
  const { picks, product, points } = partsOf(ctx);
  const attrs = { ...product, inputShape: points.shape };
  const made = convGradInput({ ...ctx, op: 'convGradInput', inputs: [g, w], out: points, attrs });
  return pool.lerpMaxPoolGrad({ ...ctx, inputs: [start, delta, alpha, { ...made, ...points }], attrs: picks });
};
