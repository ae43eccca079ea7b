/**
 * Attention and its gradient as one call each of `kernels/wasm/attention.ts`, and what puts them into plans (`take`): an accelerator that models
 * with attention load.
 */
import {
  type AttentionAttrs,
  type AttentionGradAttrs,
  type AttentionSizes,
  attentionSizes,
  gradientSizes,
  type Order,
  type SharedAttrs,
} from '../../../ops/attention-sizes.ts';
import { broadcastStrides, type Shape } from '../../../tensor/shape.ts';
import { packed as module } from '../attention.generated.ts';
import { type BindContext, type Binder, lacksType, type Operand, type OwnKernels } from '../step.ts';

/** Rows and columns of a tile of the product. */
const [tileRows, tileColumns] = [6, 8];
/** Scores of a block of queries, at most; but for a tile of rows, however long. What fits the second-level cache beside the keys. */
const mostScores = 32_768;
/** Of the scratch memory; units that need more have room of their own, so many at most and so much together. */
const scratchRoom = 24 * 65_536;
const [mostUnits, mostRoom] = [16, 2 ** 26];

/** Bytes of probabilities that a plan keeps for the way back, which saves one product of seven. What is beyond is computed again. */
const mostKept = 2 ** 26;

const bits = (x: number): number => new Int32Array(Float32Array.of(x).buffer)[0]!;
const panels = (n: number): number => Math.ceil(n / tileColumns);

/** In the order of the kernel's `View`. */
function view(at: number, shape: Shape, order: Order): number[] {
  const [, second, third, size] = shape as readonly [number, number, number, number];
  const [outer, inner] = [third * size * 4, size * 4];
  return order === 'heads' ? [at, second * outer, outer, inner] : [at, second * outer, inner, outer];
}
const none = [0, 0, 0, 0];

interface Room {
  readonly block: number;
  readonly bytes: number;
  /** Fields of the kernel's `Layer`, from `keysAcross` on. */
  readonly fields: readonly number[];
}

function roomOf({ queries, keys, size, valueSize }: AttentionSizes, back: boolean): Room {
  // An odd number of cache lines from row to row: neighbours in a column do not meet in one set of the cache.
  const line = (Math.ceil(keys / 16) | 1) * 64;
  const most = Math.max(1, Math.floor((mostScores * 4) / line / tileRows)) * tileRows;
  const block = Math.min(most, Math.ceil(queries / tileRows) * tileRows);
  let at = 0;
  const place = (bytes: number): number => {
    const here = at;
    at += Math.ceil(bytes / 64) * 64 + 64;
    return here;
  };
  const column = tileColumns * 4;
  const keysAcross = place(panels(keys) * size * column);
  const keysDown = back ? place(panels(size) * keys * column) : 0;
  const values = place((back ? panels(keys) * valueSize : panels(valueSize) * keys) * column);
  const queryBlock = back ? place(panels(size) * block * column) : 0;
  const gradBlock = back ? place(panels(valueSize) * block * column) : 0;
  const scores = place(block * line);
  const slopes = back ? place(block * line) : 0;
  return { block, bytes: at, fields: [keysAcross, keysDown, values, queryBlock, gradBlock, scores, slopes, line] };
}

/** @param gradients views of them, for the way back */
function bindWith(
  ctx: BindContext,
  inputs: readonly Operand[],
  sizes: AttentionSizes,
  y: readonly number[],
  gradients: readonly number[][] | null,
): void {
  const { orders, scaling, scale } = ctx.attrs as unknown as SharedAttrs;
  const { samples, heads, queries, keys, size, valueSize } = sizes;
  const pairs = samples * heads;
  const { block, bytes, fields } = roomOf(sizes, gradients !== null);
  const inScratch = bytes <= scratchRoom;
  const units = inScratch ? pairs : Math.min(pairs, mostUnits, Math.max(1, Math.floor(mostRoom / bytes)));
  const perUnit = Math.ceil(pairs / units);
  const biases = inputs.slice(3).map((bias) => {
    const strides = broadcastStrides(bias.shape, [samples, heads, queries, keys]);
    return [bias.at(), ...strides.map((stride) => stride * 4)];
  });
  const views = inputs.slice(0, 3).map((x, i) => view(x.at(), x.shape, orders[i]!));
  const table = ctx.table([
    ...[heads, queries, keys, size, valueSize, block],
    ...[scaling === null ? 0 : scaling === 'times' ? 1 : 2, bits(scale), biases.length],
    ...[pairs, perUnit, inScratch ? 0 : bytes],
    ...fields,
    ...[...views, y, ...(gradients ?? [none, none, none])].flat(),
    ...biases.flat(),
  ]);
  const work = inScratch ? 0 : ctx.work(Math.ceil(pairs / perUnit) * bytes);
  const kept = ctx.kept(pairs * queries * fields.at(-1)!, mostKept);
  ctx.call(ctx.op, [table, work, kept], Math.ceil(pairs / perUnit));
}

const forward: Binder = (ctx) => {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const attrs = ctx.attrs as unknown as AttentionAttrs;
  const y = view(ctx.out.at(), ctx.out.shape, attrs.result);
  bindWith(ctx, ctx.inputs, attentionSizes(ctx.op, ctx.inputs, attrs), y, null);
};

const back: Binder = (ctx) => {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const attrs = ctx.attrs as unknown as AttentionGradAttrs;
  const [q, k, v, g, ...biases] = ctx.inputs as [Operand, Operand, Operand, Operand];
  const inputs = [q, k, v, ...biases];
  const sizes = attentionSizes(ctx.op, inputs, attrs);
  let at = ctx.out.at();
  const gradients = gradientSizes(sizes, attrs.wants).map((count, i) => {
    const here = count === 0 ? none : view(at, inputs[i]!.shape, attrs.orders[i]!);
    at += count * 4;
    return here;
  });
  bindWith(ctx, inputs, sizes, view(g.at(), g.shape, attrs.gradient), gradients);
};

const [attention, attentionGrad] = [forward, back].map((bind): OwnKernels => ({ module, bind })) as [
  OwnKernels,
  OwnKernels,
];

/** What the ops bring along for this backend. */
export const attentionKernels = { attention, attentionGrad } as const;
