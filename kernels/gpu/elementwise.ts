/** Elementwise kernels: one thread per element, broadcasting by strides. */
import { collapse, dot, type GpuKernel, place } from './kernel.ts';

/** Statements of `formulas.ts`, and the variable that holds their result. */
export interface Body {
  readonly text: string;
  readonly result: 'y' | 'whole';
}

/** `y[i] = f(x[i])` for `count` elements. */
export function unaryKernel(
  name: string,
  { text, result }: Body,
  count: number,
  floats: Readonly<Record<string, number>> = {},
): GpuKernel {
  const source = `function (x) { const v = x[this.thread.x]; ${text} return ${result}; }`;
  return { name, source, floats, threads: [count] };
}

/** `y = f(a, b)` over `shape`; each operand is read with its strides, 0 where it is stretched. */
export function binaryKernel(
  name: string,
  { text, result }: Body,
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): GpuKernel {
  const flat = collapse(shape, strides);
  const { threads, lines, at } = place(flat.dims);
  const [a, b] = flat.strides.map((own) => dot(at, own));
  return {
    name,
    source: `function (left, right) { ${lines} const a = left[${a}]; const b = right[${b}]; ${text} return ${result}; }`,
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
