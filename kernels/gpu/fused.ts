/**
 * Rows brought to mean 0 and variance 1, and the gradients of that and of softmax along rows. A thread returns one number, so
 * each figure of a row is a kernel of its own, and so is what is made of them.
 */
import { type GpuKernel, place } from './kernel.ts';
import { sumLoop } from './reduce.ts';

/** A number per row of `count` elements: `term` summed over `t`, the row starting at `from`; `value` is made of the sum `y`. */
function perRow(
  name: string,
  inputs: string,
  rows: number,
  count: number,
  term: string,
  value: string,
  own = '',
): GpuKernel {
  const source =
    `function (${inputs}) { const from = this.thread.x * ${count}; ${own} let y = 0;` +
    `${sumLoop(count, term)} return ${value}; }`;
  return { name, source, threads: [rows] };
}

/** The mean of each row. */
export const rowMeanKernel = (rows: number, count: number): GpuKernel =>
  perRow('rowMean', 'x', rows, count, 'x[from + t]', `y / ${count}`);

/** `1 / sqrt(variance + epsilon)` of each row. */
export function rowScaleKernel(rows: number, count: number, epsilon: number): GpuKernel {
  const term = '(x[from + t] - m) * (x[from + t] - m)';
  const value = `1 / Math.sqrt(y / ${count} + this.constants.EPSILON)`;
  const own = 'const m = mean[this.thread.x];';
  return { ...perRow('rowScale', 'x, mean', rows, count, term, value, own), floats: { EPSILON: epsilon } };
}

/** The mean of `g y` of each row, y being the row of x standardized. */
export function rowShareKernel(rows: number, count: number): GpuKernel {
  const own = 'const m = mean[this.thread.x]; const s = scale[this.thread.x];';
  return perRow(
    'rowShare',
    'g, x, mean, scale',
    rows,
    count,
    'g[from + t] * (x[from + t] - m) * s',
    `y / ${count}`,
    own,
  );
}

/** The inner product of each row of `g` with that of `y`. */
export const rowInnerKernel = (rows: number, count: number): GpuKernel =>
  perRow('rowInner', 'g, values', rows, count, 'g[from + t] * values[from + t]', 'y');

function perElement(name: string, inputs: string, rows: number, count: number, value: string): GpuKernel {
  const { threads, lines, at } = place([rows, count]);
  const [row, t] = at;
  const text = value.replaceAll('ROW', row!).replaceAll('ITEM', `${row} * ${count} + ${t}`);
  return { name, source: `function (${inputs}) { ${lines} return ${text}; }`, threads };
}

export const standardizeRowsKernel = (rows: number, count: number): GpuKernel =>
  perElement('standardizeRows', 'x, mean, scale', rows, count, '(x[ITEM] - mean[ROW]) * scale[ROW]');

/** `s (g - mean g - y mean(g y))`, with `s` and `y` those of the rows of `x`. */
export function standardizeRowsGradKernel(rows: number, count: number): GpuKernel {
  const y = '(x[ITEM] - mean[ROW]) * scale[ROW]';
  const value = `scale[ROW] * (g[ITEM] - level[ROW] - ${y} * share[ROW])`;
  return perElement('standardizeRowsGrad', 'g, x, mean, scale, level, share', rows, count, value);
}

/** `y (g - <g, y>)`. */
export const softmaxRowsGradKernel = (rows: number, count: number): GpuKernel =>
  perElement('softmaxRowsGrad', 'g, values, inner', rows, count, 'values[ITEM] * (g[ITEM] - inner[ROW])');
