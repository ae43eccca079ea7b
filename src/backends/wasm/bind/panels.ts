/**
 * Matrix products as calls of `kernels/wasm/product/matmul.ts`: how the rows of A, the columns of B and the rows of C are found.
 * B is packed into panels of eight columns first, constants once and for all: a gradient reads the panels of the way forward.
 */
import { sizeOf } from '../../../tensor/shape.ts';
import type { BindContext, Operand } from '../step.ts';
import { chainTable } from './chain.ts';

/** Rows of a panel of A, columns of a panel of B. */
export const panelRows = 6;
export const panelColumns = 8;

/** Where the rows of A are; all steps in bytes. Fields in the order in which the kernel reads them. */
export interface Source {
  /** 0: rows of runs. 1: A is transposed, its rows lie side by side. 2: windows as columns. */
  readonly mode: 0 | 1 | 2;
  readonly base: number;
  readonly perSample: number;
  readonly sampleStride: number;
  readonly rowStride: number;
  /** Transposed only: from one inner index to the next. */
  readonly innerStride: number;
  /** Address of `[perSample, segments]` offsets within a sample, -1 for padding; 0 where rows are `rowStride` apart. */
  readonly table: number;
  readonly segments: number;
  /** Elements of a run. */
  readonly length: number;
}

/** B `[k, n]` before packing. */
export interface Columns {
  readonly operand: Operand;
  /** Bytes from the operand's first element, between rows, between columns. */
  readonly at: number;
  readonly row: number;
  readonly col: number;
  /** Inner indices come in runs of `run`; `runs` lists where each begins, in bytes. */
  readonly run?: number;
  readonly runs?: readonly number[];
  /** Offsets of several matrices, in bytes. */
  readonly matrices?: readonly number[];
}

export interface Target {
  readonly at: number;
  readonly perSample: number;
  readonly sampleStride: number;
  readonly rowStride: number;
  /** Offsets of a sample's rows, or none where they are `rowStride` apart. */
  readonly offsets?: readonly number[];
}

/** What is done to the rows of C when their sums are complete. */
export interface Finish {
  /** Address of `n` floats, or 0. */
  readonly bias: number;
  /** 0 none, 1 relu, 2 tanh, 3 sigmoid; above that the table of a chain. */
  readonly activation: number;
}

/** The epilogue of a step for the kernels. */
export function finishOf(ctx: BindContext): Finish {
  const { epilogue, inputs, chain } = ctx;
  const code = epilogue?.activation ? 1 + ['relu', 'tanh', 'sigmoid'].indexOf(epilogue.activation) : 0;
  return { bias: epilogue?.bias ? inputs.at(-1)!.at() : 0, activation: chain ? chainTable(ctx, code) : code };
}

export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly target: Target;
  readonly source: Source;
  /** The operand that `source` reads. */
  readonly rows: Operand;
  readonly columns: Columns;
  readonly finish?: Finish;
  /** Per matrix: byte shift of A, index of the packed B, byte shift of C. */
  readonly batches?: readonly (readonly [number, number, number])[];
}

const panelCount = (n: number): number => Math.ceil(n / panelColumns);

/** Packs B and returns its address. */
export function packColumns(ctx: BindContext, { operand, ...b }: Columns, k: number, n: number): number {
  const count = b.matrices?.length ?? 1;
  const run = b.run ?? k;
  const units = count * panelCount(n);
  const layout = JSON.stringify([k, n, b]);
  return ctx.relaid(
    operand,
    layout,
    units * k * panelColumns * 4,
    'packB',
    (from) => {
      const runs = b.runs ? ctx.table(b.runs) : 0;
      const matrices = b.matrices ? ctx.table(b.matrices) : 0;
      return [from + b.at, k, n, b.row, b.col, run, runs, matrices];
    },
    units,
  );
}

/** Rows of C per unit of work; windows as columns never share a panel between runs. */
export function rowPanels({ mode, segments, length }: Source, m: number): number {
  return mode === 2 ? segments * Math.ceil(length / panelRows) : Math.ceil(m / panelRows);
}

/** Columns that are packed anew at a time: the panels that the kernel takes at a time. */
const stripColumns = 64 * panelColumns;
/** With fewer rows of C packing at each run would be felt: a sixth of the product at this number, and less with more. */
const fewestRows = 48;
const line = panelColumns * 4;

/**
 * Packs constants that are read across, as gradients do, from the panels of the way forward, a strip of columns for each run of the plan: there each
 * run of eight inner indices is a row of a panel, and neighbouring columns are rows that follow each other.
 * @returns null where panels of their own are better; else what packs `count` columns from `first` on and gives their address
 */
function packsAcross(
  ctx: BindContext,
  { m, k, n, columns: { operand, at, row, col, run = k, runs = [0], matrices } }: Product,
): ((first: number, count: number) => number) | null {
  if (!operand.constant || row !== 4 || matrices || run % panelColumns || m < fewestRows) return null;
  const inner = (sizeOf(operand.shape) * 4) / col;
  const from = packColumns(ctx, { operand, at, row: col, col: row }, inner, run);
  const taps = ctx.table(
    runs.flatMap((tap) => Array.from({ length: run / panelColumns }, (_, i) => (i * inner + tap / col) * line)),
  );
  const b = ctx.work(panelCount(Math.min(n, stripColumns)) * k * line);
  return (first, count) => {
    ctx.call('packB', [b, from + first * line, k, count, 4, line, panelColumns, taps, 0], panelCount(count), 8);
    return b;
  };
}

/** Adds the calls that compute one product. `k` is at least 1. */
export function callProduct(ctx: BindContext, product: Product): void {
  const { m, k, n, target, source: s, columns, batches } = product;
  const { bias = 0, activation = 0 } = product.finish ?? {};
  if (m === 0 || n === 0) return;
  const across = packsAcross(ctx, product);
  const zeros = s.table === 0 && s.mode !== 0 ? 0 : ctx.zeros(s.length * 4 + 64);
  const source = ctx.table([
    s.mode,
    s.base,
    s.perSample,
    s.sampleStride,
    s.rowStride,
    s.innerStride,
    s.table,
    s.segments,
    s.length,
    zeros,
  ]);
  const tiles = rowPanels(s, m) * (batches?.length ?? 1);
  const packed = across ? 0 : packColumns(ctx, columns, k, n);
  // Zeros are left out where that is the same as multiplying by them. Constants are packed by now: to look through them their elements are not made again.
  const sparse = s.mode === 0 && product.rows.sparse > 0 && columns.operand.finite();
  const table = batches ? ctx.table(batches.flat()) : 0;
  const offsets = target.offsets ? ctx.table(target.offsets) : 0;
  const most = across ? stripColumns : n;
  for (let first = 0; first < n; first += most) {
    const count = Math.min(most, n - first);
    // A product with few rows is split by columns, so that threads find work.
    const byColumns = !batches && tiles < 8 && panelCount(count) > tiles;
    const units = byColumns ? panelCount(count) : tiles;
    const flops = (2 * m * k * count * (batches?.length ?? 1)) / units;
    const args = [
      target.at + first * 4,
      target.perSample,
      target.sampleStride,
      target.rowStride,
      offsets,
      source,
      across?.(first, count) ?? packed,
      m,
      k,
      count,
      bias && bias + first * 4,
      activation,
      table,
      Number(byColumns),
      Number(sparse),
    ];
    ctx.call('matmul', args, units, Math.max(1, Math.ceil(500_000 / flops)));
  }
}
