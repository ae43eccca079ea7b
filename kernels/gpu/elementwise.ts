/** Elementwise kernels: one thread per element, broadcasting by strides. */
import { truncation } from './formulas.ts';
import { collapse, dot, type GpuKernel, place } from './kernel.ts';

/** How a body of `formulas.ts` ends: an integer result loses its fraction. */
const ending = (integer: boolean): string => (integer ? `${truncation} return whole;` : 'return y;');

/** `y[i] = f(x[i])` for `count` elements; `body` leaves in `y` what it makes of `v`. */
export function unaryKernel(
  name: string,
  body: string,
  count: number,
  floats: Readonly<Record<string, number>> = {},
  integer = false,
): GpuKernel {
  const source = `function (x) { const v = x[this.thread.x]; ${body} ${ending(integer)} }`;
  return { name, source, floats, threads: [count] };
}

/** `y = f(a, b)` over `shape`; each operand is read with its strides, 0 where it is stretched. */
export function binaryKernel(
  name: string,
  body: string,
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  integer = false,
): GpuKernel {
  const flat = collapse(shape, strides);
  const { threads, lines, at } = place(flat.dims);
  const [a, b] = flat.strides.map((own) => dot(at, own));
  const source = `function (left, right) { ${lines} const a = left[${a}]; const b = right[${b}]; ${body} ${ending(integer)} }`;
  return { name, source, threads };
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
