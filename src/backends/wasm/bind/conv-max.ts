/** Binders of the maximum of a convolution (`ops/conv-max.ts`); they come with the ops, over the module of training (`kernels/wasm/windows/conv-max.ts`). */
import type { Attrs } from '../../../graph/op.ts';
import { type ConvAttrs, conv } from '../../../ops/conv-primitives.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand, type OwnKernels } from '../step.ts';
import { packed as module } from '../training.generated.ts';
import { parts, windowSource } from './conv.ts';
import { checkIndex } from './movement.ts';
import { packColumns } from './panels.ts';

interface MaxAttrs extends ConvAttrs {
  readonly positive: boolean;
  readonly scale: number;
  readonly stream: number;
  readonly dropped: number;
}

/** What the convolution between reads and gives. */
function partsOf(ctx: BindContext, x: Shape, w: Shape) {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const attrs = ctx.attrs as unknown as MaxAttrs;
  const y = conv.op.shape(
    [
      { shape: x, dtype: 'float32' },
      { shape: w, dtype: 'float32' },
    ],
    attrs as unknown as Attrs,
  ).shape;
  return { p: parts(x, w, y, attrs), attrs };
}

/** The last arguments of a forward kernel. */
const finishing = ({ positive, stream, dropped, scale }: MaxAttrs, seed: Operand | undefined): number[] => [
  ...[Number(positive), seed?.at() ?? 0, stream, dropped, scale],
];

const bindMax: Binder = (ctx) => {
  const [x, w, bias, seed] = ctx.inputs as [Operand, Operand, Operand, Operand?];
  const { p, attrs } = partsOf(ctx, x.shape, w.shape);
  const k = p.taps * p.inAll;
  const s = windowSource(ctx, p, x, 0, 0);
  const zeros = ctx.zeros(s.length * 4 + 64);
  const source = ctx.table([s.mode, s.base, s.perSample, 0, s.rowStride, 0, s.table, s.segments, s.length, zeros]);
  const b = packColumns(ctx, { operand: w, at: 0, row: p.outAll * 4, col: 4 }, k, p.outAll);
  const sizes = [p.positions, k, p.outAll];
  ctx.call(
    'convMax',
    [ctx.out.at(), source, s.sampleStride, b, bias.at(), ...sizes, ...finishing(attrs, seed)],
    p.batch,
  );
};

const bindTable: Binder = (ctx) => {
  const [table, ids, w, bias, seed] = ctx.inputs as [Operand, Operand, Operand, Operand, Operand?];
  const [rows, channels] = table.shape as [number, number];
  const { p, attrs } = partsOf(ctx, [...ids.shape, channels], w.shape);
  const [count, filters] = [sizeOf(ids.shape), p.outAll];
  const most = Math.min(rows, count);
  const stride = p.taps * filters * 4;
  const [list, places, slots] = [ctx.work(4 + most * 4), ctx.work(count * 4), ctx.work(rows * 4)];
  const products = ctx.work(most * stride);
  const zeros = ctx.zeros(Math.max(filters, channels) * 4 + 64);
  // What is wrong with an id is said as where rows are read one by one.
  checkIndex({ ...ctx, op: 'gather', attrs: { axis: 0 } }, ids, rows);
  const matrices = Array.from({ length: p.taps }, (_, tap) => tap * channels * filters * 4);
  const b = packColumns(ctx, { operand: w, at: 0, row: filters * 4, col: 4, matrices }, channels, filters);
  const source = ctx.table([0, table.at(), most, 0, 0, 0, 0, 1, channels, zeros]);
  ctx.call('listRows', [list, places, slots, ids.at(), count, rows, channels * 4, stride, source], 1);
  const units = Math.ceil(most / 6);
  const grain = Math.ceil(500_000 / (12 * p.taps * channels * filters));
  ctx.call(
    'tableProducts',
    [products, list, source, b, bias.at(), units, most, channels, filters, p.taps],
    units,
    grain,
  );
  const { stride: strides, dilation, before, input } = p.windows;
  const taps = ctx.table(
    Array.from({ length: p.positions * p.taps }, (_, i) => {
      const at = Math.floor(i / p.taps) * strides[2] - before[2] + (i % p.taps) * dilation[2];
      return at >= 0 && at < input[2] ? at : -1;
    }),
  );
  const sizes = [ids.shape[1]!, p.positions, p.taps, filters];
  const from = [products, places, taps, zeros];
  ctx.call('convMaxTable', [ctx.out.at(), ...from, ...sizes, bias.at(), ...finishing(attrs, seed)], p.batch);
};

const bindGradInput: Binder = (ctx) => {
  const [g, y, w] = ctx.inputs as [Operand, Operand, Operand];
  const { p, attrs } = partsOf(ctx, ctx.out.shape, w.shape);
  const { table, segments, length, sampleStride } = windowSource(ctx, p, ctx.out, 0, 2);
  const [m, filters] = [segments * length, p.outAll];
  const kernel = ctx.work(m * filters * 4);
  const units = Math.ceil(filters / 4);
  ctx.call('transpose', [kernel, w.at(), filters, m, m * 4, filters * 4, 0, 0], units, grainFor(m * 4));
  const sizes = [p.positions, segments, length, sampleStride, filters];
  ctx.call('convMaxGradInput', [ctx.out.at(), y.at(), g.at(), kernel, table, ...sizes, attrs.scale], p.batch);
};

const bindGradKernel: Binder = (ctx) => {
  const [x, y, g] = ctx.inputs as [Operand, Operand, Operand];
  const { p, attrs } = partsOf(ctx, x.shape, ctx.out.shape);
  const { table, segments, length, sampleStride } = windowSource(ctx, p, x, 0, 2);
  const work = ctx.work(p.outAll * segments * length * 4);
  const sizes = [p.batch, p.positions, segments, length, sampleStride, p.outAll];
  const args = [ctx.out.at(), x.at(), y.at(), g.at(), work, table, ...sizes, attrs.scale];
  ctx.call('convMaxGradKernel', args, Math.ceil(p.outAll / 8));
};

const own = (bind: Binder): OwnKernels => ({ module, bind });
export const [convMax, convMaxTable] = [own(bindMax), own(bindTable)];
export const [convMaxGradInput, convMaxGradKernel] = [own(bindGradInput), own(bindGradKernel)];
