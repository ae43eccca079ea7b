/** Kernels that only move data: strided reads, padding, concatenation, gather and scatter-add as a gather. */
import { collapse, dot, floorDiv, type GpuKernel, place } from './kernel.ts';

/** `y` of `shape` from `x` read with `strides` from `offset`. */
export function stridedRead(
  name: string,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): GpuKernel {
  const flat = collapse(shape, [strides]);
  const { threads, lines, at } = place(flat.dims);
  return { name, source: `function (x) { ${lines} return x[${dot(at, flat.strides[0]!, offset)}]; }`, threads };
}

/** One axis of a padded array: `before` elements, then `size` of the input with `gap` between neighbours. */
export interface PaddedAxis {
  readonly size: number;
  readonly out: number;
  readonly before: number;
  readonly gap: number;
}

/** Axes whose inner neighbour is whole are padded in units of it. */
function mergePadded(axes: readonly PaddedAxis[]): PaddedAxis[] {
  const merged: PaddedAxis[] = [];
  for (const axis of axes) {
    const last = merged.at(-1);
    const whole = axis.out === axis.size && axis.before === 0;
    if (last && whole && last.gap === 0) {
      const n = axis.size;
      merged[merged.length - 1] = { size: last.size * n, out: last.out * n, before: last.before * n, gap: 0 };
    } else {
      merged.push(axis);
    }
  }
  return merged;
}

/** Where the output's place lies on an element of the input, that element; the constant VALUE elsewhere. */
export function padKernel(padded: readonly PaddedAxis[], value: number): GpuKernel {
  const axes = mergePadded(padded);
  const { threads, lines, at } = place(axes.map(({ out }) => out));
  let index = '';
  let body = '';
  let open = 0;
  axes.forEach(({ size, before, gap }, axis) => {
    const by = gap + 1;
    const span = (size - 1) * by + 1;
    body += `const u${axis} = ${at[axis]} - ${before}; if (u${axis} >= 0 && u${axis} < ${span}) {`;
    open++;
    let own = `u${axis}`;
    if (by > 1) {
      body += `${floorDiv(`s${axis}`, own, by)} if (s${axis} * ${by} === ${own}) {`;
      open++;
      own = `s${axis}`;
    }
    index = axis === 0 ? own : `(${index}) * ${size} + ${own}`;
  });
  const source =
    `function (x) { ${lines} let y = this.constants.VALUE; ` +
    `${body} y = x[${index}]; ${'}'.repeat(open)} return y; }`;
  return { name: 'pad', source, floats: { VALUE: value }, threads };
}

/** Arrays `[outer, widths[k]]` side by side. A kernel takes few arrays on some devices: the caller passes at most six. */
export function concatKernel(outer: number, widths: readonly number[]): GpuKernel {
  const total = widths.reduce((a, b) => a + b, 0);
  const { threads, lines, at } = place([outer, total]);
  const [row, column] = at;
  let from = 0;
  let body = '';
  widths.forEach((width, k) => {
    const inside = k === 0 ? `c < ${width}` : `c >= ${from} && c < ${from + width}`;
    body += `if (${inside}) { y = x${k}[${row} * ${width} + c - ${from}]; }`;
    from += width;
  });
  const names = widths.map((_, k) => `x${k}`).join(', ');
  return {
    name: 'concat',
    source: `function (${names}) { ${lines} const c = ${column}; let y = 0; ${body} return y; }`,
    threads,
  };
}

/** `y [outer, count, inner]` from `x [outer, size, inner]`; an index outside is held inside, and reported by the backend. */
export function gatherKernel(outer: number, count: number, size: number, inner: number): GpuKernel {
  const { threads, lines, at } = place([outer, count, inner]);
  const [o, t, c] = at;
  return {
    name: 'gather',
    source:
      `function (x, index) { ${lines} const i = Math.min(Math.max(index[${t}], 0), ${size - 1});` +
      `return x[(${o} * ${size} + i) * ${inner} + ${c}]; }`,
    threads,
  };
}

/**
 * `y [outer, size, inner]`: row i is the sum of the rows of `x [outer, count, inner]` that `order` lists from `start[i]` to
 * `start[i + 1]` (compressed sparse rows, made on the host), so that no two threads write the same element.
 */
export function scatterAddKernel(outer: number, count: number, size: number, inner: number): GpuKernel {
  const { threads, lines, at } = place([outer, size, inner]);
  const [o, i, c] = at;
  return {
    name: 'scatterAdd',
    source:
      `function (x, start, order) { ${lines} const from = start[${i}]; const n = start[${i} + 1] - from; let y = 0;` +
      `for (let j = 0; j < n; j++) { y += x[(${o} * ${count} + order[from + j]) * ${inner} + ${c}]; } return y; }`,
    threads,
  };
}

/** The elements of an array whose every place holds four, one after another. */
export function unpackKernel(count: number): GpuKernel {
  return {
    name: 'unpack',
    source:
      'function (x) { const q = Math.floor((this.thread.x + 0.5) / 4); const r = this.thread.x - q * 4; const v = x[q];' +
      'let y = v[0]; if (r === 1) { y = v[1]; } if (r === 2) { y = v[2]; } if (r === 3) { y = v[3]; } return y; }',
    threads: [count],
  };
}
