/**
 * Gradients to the weights of convolutions and dense layers, as training needs them: the positions are cut into parts, which threads share, and
 * zeros of the gradient of the result (behind a relu, a dropout, a max pool) are left out where it tends to have them: with half of them zero that is
 * as fast as the dense product, with nine in ten more than twice as fast. Invariant: how it is cut follows from the
 * shapes alone, so that the bits do not depend on the number of threads.
 */
import type { ConvAttrs } from '../../../ops/conv-primitives.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import {
  type Accelerator,
  accelerate,
  type BindContext,
  type Binder,
  grainFor,
  type Operand,
  type StepSpec,
} from '../step.ts';
import { packed as module } from '../training.generated.ts';
import { convGradKernel, isDepthwise, type Parts, parts, windowSource } from './conv.ts';
import { callProduct, rowPanels } from './panels.ts';

/** Output channels of a unit, as in `kernels/wasm/training/products.ts`. */
const strip = 32;
/** Most parts of the positions, fewest positions of a part, and most bytes that the sums of all parts may take. */
const mostParts = 16;
const fewestPositions = 256;
const mostBytes = 8 << 20;
/** The same for a dense product, which packs what it reads, and as many units as keep threads busy without parts. */
const [fewestTogether, enoughUnits] = [512, 64];
/** Positions whose values are listed at a time. */
const block = 128;
/** Segments shorter than this are copied together. */
const shortest = 16;

/** What the rows of the input are that the values of a gradient are multiplied by. */
interface Rows {
  /** Address of the input, of the `[positions, segments]` offsets within a sample of `sample` bytes, and elements of a segment. */
  readonly x: number;
  readonly table: number;
  readonly sample: number;
  readonly positions: number;
  readonly segments: number;
  readonly length: number;
  /** Positions in all samples. */
  readonly total: number;
}

/** The product of the rows' transpose with the gradient `[total, filters]`. */
function weightGrad(ctx: BindContext, rows: Rows, g: Operand, filters: number): void {
  const { segments, length, total } = rows;
  const packed = segments > 1 && length < shortest;
  const run = packed ? fill4(segments * length) : fill4(length);
  const width = packed ? run : segments * run;
  const few = Math.floor(Math.min(mostParts, total / fewestPositions, mostBytes / (filters * width * 4)));
  const count = Math.max(1, few);
  const listed = Math.min(block, total);
  const units = count * Math.ceil(filters / strip);
  const room = (strip * listed * 2 + strip + segments * listed + (packed ? listed * width : 0)) * 4 + 64;
  // What is read beyond the last filter's row is not used.
  const sums = ctx.work((count * filters + 3) * width * 4);
  const work = ctx.work(units * room);
  const zeros = ctx.zeros(length * 4 + 128);
  const places = [rows.table, zeros, rows.positions, segments, length, rows.sample];
  const sizes = [filters, count, total, listed, Number(packed)];
  ctx.call('weightGradSums', [sums, rows.x, g.at(), work, room, ...places, ...sizes], units, 1);
  const last = packed ? segments * length : length;
  ctx.call(
    'weightGradTotals',
    [ctx.out.at(), sums, count, width, run, last, filters],
    width / 4,
    grainFor(count * filters * 4),
  );
}

const fill4 = (count: number): number => Math.ceil(count / 4) * 4;

const partsOf = ({ inputs: [x, g], out, attrs }: StepSpec): Parts =>
  parts(x!.shape, out.shape, g!.shape, attrs as unknown as ConvAttrs);

function takesConv(step: StepSpec): boolean {
  const { inputs, out } = step;
  if ([out, ...inputs].some(({ shape }) => sizeOf(shape) === 0)) return false;
  const p = partsOf(step);
  return !isDepthwise(p) && p.groups === 1 && out.dtype === 'float32';
}

const conv: Binder = (ctx) => {
  const [x, g] = ctx.inputs as [Operand, Operand];
  const p = partsOf(ctx);
  if (g.sparse === 0) {
    inParts(ctx, p);
    return;
  }
  const { table, segments, length, sampleStride } = windowSource(ctx, p, x, 0, 2);
  if (g.sparse > 1) {
    const work = ctx.work(p.outAll * segments * length * 4);
    const sizes = [p.batch, p.positions, segments, length, sampleStride, p.outAll];
    const units = Math.ceil(p.outAll / 16);
    ctx.call('convGradKernelRare', [ctx.out.at(), x.at(), g.at(), work, table, ...sizes], units);
    return;
  }
  const [positions, total] = [p.positions, p.batch * p.positions];
  weightGrad(ctx, { x: x.at(), table, sample: sampleStride, positions, segments, length, total }, g, p.outAll);
};

function takesProduct({ inputs: [x, g], out, attrs, epilogue, chain }: StepSpec): boolean {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const alone = epilogue === undefined && chain === undefined;
  const plain = !transposeA || transposeB || x!.shape.length > 2 || g!.shape.length > 2 || !alone;
  const empty = sizeOf(out.shape) === 0 || sizeOf(x!.shape) === 0;
  return !plain && !empty && g!.sparse > 0 && out.dtype === 'float32';
}

/** `x^T g` with a gradient that has zeros: of a dense layer to its weights. */
const product: Binder = (ctx) => {
  const [x, g] = ctx.inputs as [Operand, Operand];
  const [total, length] = x.shape as [number, number];
  const rows = { x: x.at(), table: ctx.table([0]), sample: length * 4, positions: 1, segments: 1, length, total };
  weightGrad(ctx, rows, g, g.shape[1]!);
};

/** The dense product, its inner axis cut so that threads find work where rows are few. */
function inParts(ctx: BindContext, p: Parts): void {
  const [x, g] = ctx.inputs as [Operand, Operand];
  const m = p.taps * p.inAll;
  const n = p.outAll;
  const source = windowSource(ctx, p, x, 0, 2);
  const wanted = Math.min(mostParts, Math.ceil(enoughUnits / rowPanels(source, m)));
  let count = Math.min(wanted, p.batch);
  while (p.batch % count !== 0 || (count > 1 && (p.batch / count) * p.positions < fewestTogether)) count--;
  if (count === 1) {
    convGradKernel(ctx);
    return;
  }
  const samples = p.batch / count;
  const k = samples * p.positions;
  const partial = ctx.work(count * m * n * 4);
  const list = Array.from({ length: count }, (_, i) => i);
  callProduct(ctx, {
    ...{ m, k, n, source, rows: x },
    columns: { operand: g, at: 0, row: n * 4, col: 4, matrices: list.map((i) => i * k * n * 4) },
    target: { at: partial, perSample: m, sampleStride: 0, rowStride: n * 4 },
    batches: list.map((i) => [i * samples * source.sampleStride, i, i * m * n * 4] as const),
  });
  ctx.call('sumColumns', [ctx.out.at(), partial, count, m * n], Math.ceil((m * n) / 16), grainFor(count * 16));
}

const convAccelerator: Accelerator = { module, bind: conv, takes: takesConv };
const productAccelerator: Accelerator = { module, bind: product, takes: takesProduct };

/** From now on gradients to weights are computed so. */
export function takeTrainingKernels(): void {
  accelerate('convGradKernel', convAccelerator);
  accelerate('matmul', productAccelerator);
}
