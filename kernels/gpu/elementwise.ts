/** Elementwise kernels: one thread per element, broadcasting by strides. */
import { collapse, dot, type GpuKernel, place } from './kernel.ts';

/** `y[i] = f(x[i])` for `count` elements. */
export function unaryKernel(
  name: string,
  body: string,
  count: number,
  floats: Readonly<Record<string, number>> = {},
): GpuKernel {
  return { name, source: `function (x) { const v = x[this.thread.x]; ${body} return y; }`, floats, threads: [count] };
}

/** `y = f(a, b)` over `shape`; each operand is read with its strides, 0 where it is stretched. */
export function binaryKernel(
  name: string,
  body: string,
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): GpuKernel {
  const flat = collapse(shape, strides);
  const { threads, lines, at } = place(flat.dims);
  const [a, b] = flat.strides.map((own) => dot(at, own));
  return {
    name,
    source: `function (left, right) { ${lines} const a = left[${a}]; const b = right[${b}]; ${body} return y; }`,
    threads,
  };
}

/** `c ? a : b` over `shape`, all three broadcast. */
export function whereKernel(shape: readonly number[], strides: readonly (readonly number[])[]): GpuKernel {
  const flat = collapse(shape, strides);
  const { threads, lines, at } = place(flat.dims);
  const [c, a, b] = flat.strides.map((own) => dot(at, own));
  return {
    name: 'where',
    source:
      `function (condition, left, right) { ${lines} let y = right[${b}];` +
      `if (condition[${c}] !== 0) { y = left[${a}]; } return y; }`,
    threads,
  };
}

/** `start + alpha_k delta` for every step k. */
export function lerpKernel(steps: number, count: number): GpuKernel {
  const { threads, lines, at } = place([steps, count]);
  const [k, i] = at;
  return {
    name: 'lerp',
    source: `function (start, delta, alpha) { ${lines} return start[${i}] + alpha[${k}] * delta[${i}]; }`,
    threads,
  };
}
