/** Elementwise kernels: one thread per element, broadcasting by strides. The formulas are GPU.js expressions in `v`, or `a` and `b`. */
import { collapse, dot, type GpuKernel, place } from './kernel.ts';

/** Statements that leave the result in `y`, given the element in `v`. */
const simple = (expression: string): string => `const y = ${expression};`;

/** log1p and expm1 by series near 0, where the shading languages lose all digits. */
const log1p =
  'let y = Math.log(1 + v);' +
  'if (Math.abs(v) < 0.1) { y = v * (1 - v * (0.5 - v * (0.33333333 - v * (0.25 - v * (0.2 - v * (0.16666667 - v * 0.14285714)))))); }';
const expm1 =
  'let y = Math.exp(v) - 1;' +
  'if (Math.abs(v) < 0.3) { y = v * (1 + v * (0.5 + v * (0.16666667 + v * (0.041666668 + v * (0.008333334 + v * 0.0013888889))))); }';

/**
 * The error function: its Taylor series below 1, above it the rational approximation 7.1.26 of Abramowitz and Stegun, which is
 * within 1.5e-7.
 */
const erf =
  'const u = Math.abs(v);' +
  'const q = u * u;' +
  'let e = u * 1.1283792 * (1 - q * (0.33333333 - q * (0.1 - q * (0.023809524 - q * (0.0046296297 - q * (0.00075757576 - q * (0.00010683761 - q * 0.000013227513)))))));' +
  'if (u > 0.9) { const t = 1 / (1 + 0.3275911 * u);' +
  'e = 1 - t * (0.25482959 + t * (-0.28449674 + t * (1.4214137 + t * (-1.453152 + t * 1.0614054)))) * Math.exp(-q); }' +
  'let y = e; if (v < 0) { y = -e; }';

const sigmoid = 'const e = Math.exp(-Math.abs(v)); let y = 1 / (1 + e); if (v < 0) { y = e / (1 + e); }';

/** `e` is at most 1: near 0 the logarithm loses digits that are too small to count beside `max(v, 0)` only where v is large. */
const softplus =
  'const e = Math.exp(-Math.abs(v)); let l = Math.log(1 + e);' +
  'if (e < 0.1) { l = e * (1 - e * (0.5 - e * (0.33333333 - e * (0.25 - e * 0.2)))); }' +
  'const y = Math.max(v, 0) + l;';

/** Halves go to the even neighbour. */
const round =
  'const f = Math.floor(v); const d = v - f; let y = f; if (d > 0.5) { y = f + 1; }' +
  'if (d === 0.5) { const h = Math.floor(f * 0.5); if (h * 2 !== f) { y = f + 1; } }';

export const unaryBodies = {
  neg: simple('0 - v'),
  exp: simple('Math.exp(v)'),
  expm1,
  log: simple('Math.log(v)'),
  log1p,
  sqrt: simple('Math.sqrt(v)'),
  rsqrt: simple('1 / Math.sqrt(v)'),
  square: simple('v * v'),
  reciprocal: simple('1 / v'),
  abs: simple('Math.abs(v)'),
  sin: simple('Math.sin(v)'),
  cos: simple('Math.cos(v)'),
  tan: simple('Math.tan(v)'),
  atan: simple('Math.atan(v)'),
  // Some devices overflow inside tanh; beyond 15 it is 1 in float32.
  tanh: simple('Math.tanh(Math.min(Math.max(v, -15), 15))'),
  erf,
  sigmoid,
  softplus,
  sign: 'let y = v; if (v > 0) { y = 1; } if (v < 0) { y = -1; }',
  floor: simple('Math.floor(v)'),
  ceil: simple('Math.ceil(v)'),
  round,
  relu: simple('Math.max(v, 0)'),
  logicalNot: 'let y = 0; if (v === 0) { y = 1; }',
} as const satisfies Record<string, string>;

const when = (condition: string): string => `let y = 0; if (${condition}) { y = 1; }`;

/** The shading languages leave powers of negative numbers open: the sign is put on by hand, and NaN where there is none. */
const pow =
  'let y = Math.pow(Math.abs(a), b);' +
  'if (a === 0 && b > 0) { y = 0; }' +
  'if (a < 0) { const f = Math.floor(b); if (f !== b) { y = Math.sqrt(a); }' +
  'if (f === b) { const h = Math.floor(f * 0.5); if (h * 2 !== f) { y = 0 - y; } } }' +
  'if (b === 0) { y = 1; }';

export const binaryBodies = {
  add: simple('a + b'),
  sub: simple('a - b'),
  mul: simple('a * b'),
  div: simple('a / b'),
  pow,
  maximum: simple('Math.max(a, b)'),
  minimum: simple('Math.min(a, b)'),
  equal: when('a === b'),
  notEqual: when('a !== b'),
  less: when('a < b'),
  lessEqual: when('a <= b'),
  greater: when('a > b'),
  greaterEqual: when('a >= b'),
  logicalAnd: when('a !== 0 && b !== 0'),
  logicalOr: when('a !== 0 || b !== 0'),
} as const satisfies Record<string, string>;

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

/** Bounds that are infinite do not bound. */
export function clipBody(min: number, max: number): { body: string; floats: Record<string, number> } {
  const low = Number.isFinite(min) ? 'y = Math.max(y, this.constants.LOW);' : '';
  const high = Number.isFinite(max) ? 'y = Math.min(y, this.constants.HIGH);' : '';
  const floats = { ...(low && { LOW: min }), ...(high && { HIGH: max }) };
  return { body: `let y = v; ${low} ${high}`, floats };
}

/** Towards zero, as a float becomes an integer. */
export const truncateBody = 'let y = Math.floor(v); if (v < 0) { y = Math.ceil(v); }';
/** Anything but 0 is true. */
export const truthBody = 'let y = 1; if (v === 0) { y = 0; }';
