/** `matmul` with batches and transposes as one packed product, or one per pair of matrices. */
import { matmulSizes } from '../../../ops/matmul.ts';
import { broadcastStrides, type Shape, sizeOf } from '../../../tensor/shape.ts';
import { type Binder, lacksType, type Operand } from '../step.ts';
import { fill } from './movement.ts';
import { type Columns, callProduct, finishOf, type Source } from './panels.ts';

/** Index of the matrix of an operand that each matrix of the result reads. */
function matrixOf(shape: Shape, lead: Shape): number[] {
  const strides = broadcastStrides(shape.slice(0, -2), lead);
  return Array.from({ length: sizeOf(lead) }, (_, index) => {
    let [rest, at] = [index, 0];
    for (let axis = lead.length - 1; axis >= 0; axis--) {
      at += (rest % lead[axis]!) * strides[axis]!;
      rest = Math.floor(rest / lead[axis]!);
    }
    return at;
  });
}

const inOrder = (list: readonly number[]): boolean => list.every((value, i) => value === i);

export const matmul: Binder = (ctx) => {
  const [a, b] = ctx.inputs as [Operand, Operand];
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const flags = ctx.attrs as { transposeA: boolean; transposeB: boolean };
  const [m, k, n] = matmulSizes(a, b, flags);
  if (sizeOf(ctx.out.shape) === 0) return;
  if (k === 0) {
    fill(ctx, ctx.out, 0);
    return;
  }
  const lead = ctx.out.shape.slice(0, -2);
  const ofA = matrixOf(a.shape, lead);
  const ofB = matrixOf(b.shape, lead);
  const [widthA, widthB] = [a.shape.at(-1)! * 4, b.shape.at(-1)! * 4];
  const [row, col] = flags.transposeB ? [4, widthB] : [widthB, 4];
  const columns: Columns = { operand: b, at: 0, row, col };
  const rows = (count: number): Source => ({
    mode: flags.transposeA ? 1 : 0,
    base: a.at(),
    perSample: count,
    sampleStride: 0,
    rowStride: widthA,
    innerStride: widthA,
    table: 0,
    segments: 1,
    length: k,
  });
  const target = (count: number) => ({ at: ctx.out.at(), perSample: count, sampleStride: 0, rowStride: n * 4 });
  const shared = { rows: a, finish: finishOf(ctx) };
  const oneB = ofB.every((index) => index === 0);
  if (oneB && (ofA.length === 1 || (!flags.transposeA && inOrder(ofA)))) {
    const count = m * ofA.length;
    callProduct(ctx, { m: count, k, n, target: target(count), source: rows(count), columns, ...shared });
    return;
  }
  const size = k * n * 4;
  const matrices = Array.from({ length: sizeOf(b.shape.slice(0, -2)) }, (_, i) => i * size);
  callProduct(ctx, {
    m,
    k,
    n,
    target: target(m),
    source: rows(m),
    columns: { ...columns, matrices },
    ...shared,
    batches: ofA.map((index, i) => [index * m * k * 4, ofB[i]!, i * m * n * 4] as const),
  });
};
