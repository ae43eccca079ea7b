/** Reductions and softmax: one thread per result, which loops over what it reduces. */
import { collapse, dot, type GpuKernel, place } from './kernel.ts';

export type Reducer = 'sum' | 'max' | 'min';

const combine: Readonly<Record<Reducer, string>> = {
  sum: 'y += v;',
  max: 'y = Math.max(y, v);',
  min: 'y = Math.min(y, v);',
};

/** Elements that are added up before they join a longer sum: a float32 sum of many terms loses its last digits. */
const BLOCK = 128;

/** Adds `term`, which reads `t`, for t from 0 up to `count`, to `y`. */
export function sumLoop(count: number, term: string): string {
  if (count < 2 * BLOCK) return `for (let t = 0; t < ${count}; t++) { y += ${term}; }`;
  return (
    `for (let block = 0; block < ${Math.ceil(count / BLOCK)}; block++) { let part = 0;` +
    `for (let u = 0; u < ${BLOCK}; u++) { const t = block * ${BLOCK} + u; if (t < ${count}) { part += ${term}; } }` +
    'y += part; }'
  );
}

/**
 * Reduces the axes that `reduced` marks of an array of `shape`. Results keep the order of the other axes.
 */
export function reduceKernel(
  by: Reducer,
  shape: readonly number[],
  strides: readonly number[],
  reduced: readonly boolean[],
): GpuKernel {
  const part = (wanted: boolean): { dims: number[]; strides: number[] } => {
    const axes = shape.map((_, axis) => axis).filter((axis) => reduced[axis] === wanted);
    const flat = collapse(
      axes.map((axis) => shape[axis]!),
      [axes.map((axis) => strides[axis]!)],
    );
    return { dims: flat.dims, strides: flat.strides[0]! };
  };
  const [kept, gone] = [part(false), part(true)];
  const { threads, lines, at } = place(kept.dims);
  const outer = dot(at, kept.strides);
  const first = by === 'sum' ? '0' : `x[${outer}]`;
  // The last of the axes that go is the innermost loop.
  const lead = gone.dims.slice(0, -1);
  const loops = lead.map((dim, i) => `for (let t${i} = 0; t${i} < ${dim}; t${i}++) {`).join('');
  const names = [...lead.map((_, i) => `t${i}`), ...(gone.dims.length > 0 ? ['t'] : [])];
  const element = `x[${outer} + ${dot(names, gone.strides)}]`;
  const count = gone.dims.at(-1) ?? 1;
  const inner =
    by === 'sum'
      ? sumLoop(count, element)
      : `for (let t = 0; t < ${count}; t++) { const v = ${element}; ${combine[by]} }`;
  return {
    name: by,
    source: `function (x) { ${lines} let y = ${first}; ${loops} ${inner} ${'}'.repeat(lead.length)} return y; }`,
    threads,
  };
}

/**
 * The first pass of a long reduction: `x [outer, count, inner]` to `[outer, parts, inner]`, each of `length` elements, so
 * that many threads share the work and sums stay short.
 */
export function partialReduceKernel(
  by: Reducer,
  outer: number,
  count: number,
  inner: number,
  parts: number,
): GpuKernel {
  const length = Math.ceil(count / parts);
  const { threads, lines, at } = place([outer, parts, inner]);
  const [o, p, c] = at;
  const base = `(${o} * ${count} + ${p} * ${length} + t) * ${inner} + ${c}`;
  const first = by === 'sum' ? '0' : `x[(${o} * ${count} + ${p} * ${length}) * ${inner} + ${c}]`;
  return {
    name: `${by}Partial`,
    source:
      `function (x) { ${lines} let y = ${first}; for (let t = 0; t < ${length}; t++) {` +
      `if (${p} * ${length} + t < ${count}) { const v = x[${base}]; ${combine[by]} } } return y; }`,
    threads,
  };
}

/** The index of the first largest element along the middle axis; NaN counts as largest where the device knows NaN. */
export function argmaxKernel(outer: number, count: number, inner: number): GpuKernel {
  const { threads, lines, at } = place([outer, inner]);
  const [o, c] = at;
  return {
    name: 'argmax',
    source:
      `function (x) { ${lines} let best = x[${o} * ${count * inner} + ${c}]; let y = 0;` +
      `for (let t = 0; t < ${count}; t++) { const v = x[(${o} * ${count} + t) * ${inner} + ${c}];` +
      'if (v > best || (v !== v && best === best)) { best = v; y = t; } } return y; }',
    threads,
  };
}

const logits = (o: string, c: string, count: number, inner: number): string =>
  `x[(${o} * ${count} + t) * ${inner} + ${c}]`;

/** The largest logit of each row, and the sum of `exp(x - top)`: two kernels, since a thread returns one number. */
export function softmaxTopKernel(outer: number, count: number, inner: number): GpuKernel {
  const { threads, lines, at } = place([outer, inner]);
  const [o, c] = at as [string, string];
  return {
    name: 'softmaxTop',
    source:
      `function (x) { ${lines} let y = x[${o} * ${count * inner} + ${c}];` +
      `for (let t = 0; t < ${count}; t++) { y = Math.max(y, ${logits(o, c, count, inner)}); } return y; }`,
    threads,
  };
}

export function softmaxTotalKernel(outer: number, count: number, inner: number): GpuKernel {
  const { threads, lines, at } = place([outer, inner]);
  const [o, c] = at as [string, string];
  return {
    name: 'softmaxTotal',
    source:
      `function (x, top) { ${lines} const m = top[${o} * ${inner} + ${c}]; let y = 0;` +
      `${sumLoop(count, `Math.exp(${logits(o, c, count, inner)} - m)`)} return y; }`,
    threads,
  };
}

/** `exp(x - top) / total`, or `x - top - log(total)`. */
export function softmaxKernel(log: boolean, outer: number, count: number, inner: number): GpuKernel {
  const { threads, lines, at } = place([outer, count, inner]);
  const [o, t, c] = at;
  const row = `${o} * ${inner} + ${c}`;
  const v = `x[(${o} * ${count} + ${t}) * ${inner} + ${c}] - top[${row}]`;
  const y = log ? `${v} - Math.log(total[${row}])` : `Math.exp(${v}) / total[${row}]`;
  return {
    name: log ? 'logSoftmax' : 'softmax',
    source: `function (x, top, total) { ${lines} return ${y}; }`,
    threads,
  };
}
