/**
 * Matrix products `y [batch, m, n] = a b`, with either operand read transposed, batches by strides. Three variants of one loop:
 * a result per thread; four columns, which lie side by side; four rows, which share each element of `b` and are put in order
 * afterwards. A thread walks the inner axis once.
 */
import { dot, type GpuKernel, place } from './kernel.ts';

export interface MatmulShape {
  /** Sizes of the batch axes, and the strides of both operands along them, in elements. */
  readonly batch: readonly number[];
  readonly strides: readonly [readonly number[], readonly number[]];
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** `base + row * K + k`, or the transposed place; integers written in place stay integers. */
const elementA = ({ m, k, transposeA }: MatmulShape, base: string, row: string): string =>
  transposeA ? `a[${base} + k * ${m} + ${row}]` : `a[${base} + (${row}) * ${k} + k]`;
const elementB = ({ k, n, transposeB }: MatmulShape, base: string, column: string): string =>
  transposeB ? `b[${base} + (${column}) * ${k} + k]` : `b[${base} + k * ${n} + ${column}]`;

export function matmulKernel(shape: MatmulShape): GpuKernel {
  const { threads, lines, at } = place([...shape.batch, shape.m, shape.n]);
  const [row, column] = [at.at(-2)!, at.at(-1)!];
  const [a, b] = shape.strides.map((strides) => dot(at.slice(0, -2), strides));
  return {
    name: 'matmul',
    source:
      `function (a, b) { ${lines} let y = 0; for (let k = 0; k < this.constants.K; k++) {` +
      `y += ${elementA(shape, a!, row)} * ${elementB(shape, b!, column)}; } return y; }`,
    constants: { K: shape.k },
    threads,
  };
}

/** Four columns per thread; `n` must be a multiple of four. */
export function matmulColumnsKernel(shape: MatmulShape): GpuKernel {
  const { threads, lines, at } = place([...shape.batch, shape.m, shape.n / 4]);
  const [row, column] = [at.at(-2)!, at.at(-1)!];
  const [a, b] = shape.strides.map((strides) => dot(at.slice(0, -2), strides));
  const four = [0, 1, 2, 3];
  const sums = four.map((j) => `s${j} += v * ${elementB(shape, b!, `${column} * 4 + ${j}`)};`).join(' ');
  return {
    name: 'matmulColumns',
    source:
      `function (a, b) { ${lines} let s0 = 0; let s1 = 0; let s2 = 0; let s3 = 0;` +
      `for (let k = 0; k < this.constants.K; k++) { const v = ${elementA(shape, a!, row)}; ${sums} }` +
      'return [s0, s1, s2, s3]; }',
    constants: { K: shape.k },
    threads,
    block: { kind: 'columns' },
  };
}

/** Elements that the last block of rows may read behind the end of `a`. */
export const rowsTail = ({ m, k, transposeA }: MatmulShape): number => (m % 4 === 0 ? 0 : transposeA ? 3 : 3 * k);

/** Four rows per thread, for any number of rows: those beyond the last read what follows, and are dropped. */
export function matmulRowsKernel(shape: MatmulShape): GpuKernel {
  const quads = Math.ceil(shape.m / 4);
  // Batches on z, quads on y: the order that the host expects.
  const batch = shape.batch.reduce((x, y) => x * y, 1);
  const outer = place([...shape.batch, 2, 2]);
  const [a, b] = shape.strides.map((strides) => dot(outer.at.slice(0, -2), strides));
  const four = [0, 1, 2, 3];
  const sums = four.map((j) => `s${j} += ${elementA(shape, a!, `this.thread.y * 4 + ${j}`)} * v;`).join(' ');
  return {
    name: 'matmulRows',
    source:
      `function (a, b) { ${outer.lines} let s0 = 0; let s1 = 0; let s2 = 0; let s3 = 0;` +
      `for (let k = 0; k < this.constants.K; k++) { const v = ${elementB(shape, b!, 'this.thread.x')}; ${sums} }` +
      'return [s0, s1, s2, s3]; }',
    constants: { K: shape.k },
    threads: [shape.n, quads, batch],
    block: { kind: 'rows', rows: shape.m },
  };
}
