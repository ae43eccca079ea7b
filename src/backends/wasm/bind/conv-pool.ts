/** Binders of a convolution under a max pool (`ops/conv-pool.ts`); they come with the ops, over the module of training (`kernels/wasm/windows/conv-pool.ts`). */
import { type ConvAttrs, conv } from '../../../ops/conv-primitives.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand, type OwnKernels } from '../step.ts';
import { packed as module } from '../training.generated.ts';
import { type Parts, parts, windowSource } from './conv.ts';
import { packColumns } from './panels.ts';

interface PoolAttrs extends ConvAttrs {
  readonly window: readonly number[];
  readonly positive: boolean;
  readonly scale: number;
  readonly stream: number;
  readonly dropped: number;
}

/** Taps, times channels, up to which windows of the input are gathered. */
const mostGathered = 16;
/** Most parts of the gradient to the kernel, and fewest rows of windows of a part. */
const [mostParts, fewestRows] = [16, 16];

const typed = (ctx: BindContext): PoolAttrs => ctx.attrs as unknown as PoolAttrs;

/** The sizes as the kernels read them, rows of windows in all, and bytes of the maxima. */
function sizesOf(ctx: BindContext, shape: Shape) {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const { window } = typed(ctx);
  const [height, width] = window.length === 1 ? [1, shape[1]!] : [shape[1]!, shape[2]!];
  const [high, wide] = window.length === 1 ? [1, window[0]!] : [window[0]!, window[1]!];
  const [pooledH, pooledW] = [Math.floor(height / high), Math.floor(width / wide)];
  const filters = shape.at(-1)!;
  const sizes = ctx.table([width, height * width, filters, high, wide, pooledH, pooledW, height]);
  const rows = shape[0]! * pooledH;
  return { sizes, rows, bytes: rows * pooledW * filters * 4, each: pooledW * filters };
}

/** Where rows of A are, of the first sample. */
function sourceOf(ctx: BindContext, p: Parts, x: Operand): { readonly source: number; readonly sample: number } {
  const s = windowSource(ctx, p, x, 0, 0);
  const zeros = ctx.zeros(s.length * 4 + 64);
  const fields = [s.mode, s.base, s.perSample, 0, s.rowStride, 0, s.table, s.segments, s.length, zeros];
  return { source: ctx.table(fields), sample: s.sampleStride };
}

const shapeOf = (x: Shape, w: Shape, attrs: ConvAttrs): Shape =>
  conv.op.shape(
    [
      { shape: x, dtype: 'float32' },
      { shape: w, dtype: 'float32' },
    ],
    { ...attrs },
  ).shape;

const bindPool: Binder = (ctx) => {
  const [x, w, bias, seed] = ctx.inputs as [Operand, Operand, Operand, Operand?];
  const attrs = typed(ctx);
  const shape = shapeOf(x.shape, w.shape, attrs);
  const { sizes, rows, bytes, each } = sizesOf(ctx, shape);
  const p = parts(x.shape, w.shape, shape, attrs);
  const k = p.taps * p.inAll;
  const { source, sample } = sourceOf(ctx, p, x);
  const b = packColumns(ctx, { operand: w, at: 0, row: p.outAll * 4, col: 4 }, k, p.outAll);
  const narrow = k <= mostGathered;
  const sparse = x.sparse > 0 && w.finite();
  const [out, drop] = [ctx.out.at(), [seed?.at() ?? 0, attrs.stream, attrs.dropped, attrs.scale]];
  const how = [Number(narrow), Number(sparse), Number(attrs.positive)];
  ctx.call(
    'convPool',
    [out, out + bytes, source, sample, b, bias.at(), k, sizes, ...how, ...drop],
    rows,
    grainFor(each * sizeOf(attrs.window) * (k + 4)),
  );
};

const bindSpread: Binder = (ctx) => {
  const [y, g] = ctx.inputs as [Operand, Operand];
  const { window, scale } = typed(ctx);
  const { sizes, rows, bytes, each } = sizesOf(ctx, ctx.out.shape);
  ctx.call(
    'convPoolSpread',
    [ctx.out.at(), y.at() + bytes, g.at(), sizes, scale],
    rows,
    grainFor(each * sizeOf(window)),
  );
};

const bindGradKernel: Binder = (ctx) => {
  const [x, y, g] = ctx.inputs as [Operand, Operand, Operand];
  const { kernelShape, ...attrs } = ctx.attrs as unknown as PoolAttrs & { readonly kernelShape: Shape };
  const shape = shapeOf(x.shape, kernelShape, attrs);
  const { sizes, rows, bytes } = sizesOf(ctx, shape);
  const p = parts(x.shape, kernelShape, shape, attrs);
  const { source, sample } = sourceOf(ctx, p, x);
  const count = Math.max(1, Math.min(mostParts, Math.floor(rows / fewestRows)));
  const n = sizeOf(ctx.out.shape);
  const sums = ctx.work(count * n * 4 + 64);
  const from = [y.at() + bytes, g.at(), source, sample];
  ctx.call('convPoolGradKernel', [sums, ...from, p.taps * p.inAll, sizes, count, rows, attrs.scale], count);
  ctx.call('sumColumns', [ctx.out.at(), sums, count, n], Math.ceil(n / 16), grainFor(count * 16));
};

const own = (bind: Binder): OwnKernels => ({ module, bind });
export const [convPool, convPoolSpread, convPoolGradKernel] = [own(bindPool), own(bindSpread), own(bindGradKernel)];
