/**
 * Elementwise loops and the scalar functions they apply. Arithmetic is in double; storing into a Float32Array rounds
 * once. Broadcasting is by strides: a stretched axis steps by 0.
 */
import type { TypedArray } from '../../src/tensor/dtype.ts';

export type Unary = (x: number) => number;
export type Binary = (a: number, b: number) => number;

export function mapUnary(out: TypedArray, x: TypedArray, f: Unary): void {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]!);
}

/** `out[i] = f(a[i], b[i])` where both operands are dense, or one is a single number. */
export function mapBinary(out: TypedArray, a: TypedArray, b: TypedArray, f: Binary): void {
  const [stepA, stepB] = [a.length === 1 ? 0 : 1, b.length === 1 ? 0 : 1];
  for (let i = 0; i < out.length; i++) out[i] = f(a[i * stepA]!, b[i * stepB]!);
}

/**
 * Calls `row(outOffset, offsets)` for every run along the last axis of `shape`; `strides[k]` are the strides of operand
 * `k`, and `offsets[k]` says where its run begins.
 */
export function forEachRow(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  row: (outOffset: number, offsets: readonly number[]) => void,
): void {
  const lead = shape.length - 1;
  const width = lead < 0 ? 1 : shape[lead]!;
  const index = new Array<number>(Math.max(lead, 0)).fill(0);
  const offsets = strides.map(() => 0);
  let rows = 1;
  for (let axis = 0; axis < lead; axis++) rows *= shape[axis]!;
  for (let at = 0; at < rows; at++) {
    row(at * width, offsets);
    for (let axis = lead - 1; axis >= 0; axis--) {
      index[axis]!++;
      for (let k = 0; k < offsets.length; k++) offsets[k]! += strides[k]![axis]!;
      if (index[axis]! < shape[axis]!) break;
      for (let k = 0; k < offsets.length; k++) offsets[k]! -= strides[k]![axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

export function mapBroadcast(
  out: TypedArray,
  a: TypedArray,
  b: TypedArray,
  f: Binary,
  shape: readonly number[],
  stridesA: readonly number[],
  stridesB: readonly number[],
): void {
  const width = shape.at(-1) ?? 1;
  const [stepA, stepB] = [stridesA.at(-1) ?? 0, stridesB.at(-1) ?? 0];
  forEachRow(shape, [stridesA, stridesB], (at, offsets) => {
    const [from, other] = [offsets[0]!, offsets[1]!];
    for (let i = 0; i < width; i++) out[at + i] = f(a[from + i * stepA]!, b[other + i * stepB]!);
  });
}

export function selectBroadcast(
  out: TypedArray,
  operands: readonly TypedArray[],
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): void {
  const width = shape.at(-1) ?? 1;
  const [c, a, b] = operands as [TypedArray, TypedArray, TypedArray];
  const [stepC, stepA, stepB] = strides.map((s) => s.at(-1) ?? 0) as [number, number, number];
  forEachRow(shape, strides, (at, offsets) => {
    const [oc, oa, ob] = offsets as [number, number, number];
    for (let i = 0; i < width; i++) out[at + i] = c[oc + i * stepC] ? a[oa + i * stepA]! : b[ob + i * stepB]!;
  });
}

/** `out[k * n + i] = start[i] + alpha[k] * delta[i]` for `n = start.length`. */
export function lerp(out: TypedArray, start: TypedArray, delta: TypedArray, alpha: TypedArray): void {
  const count = start.length;
  for (let k = 0, at = 0; k < alpha.length; k++) {
    const a = alpha[k]!;
    for (let i = 0; i < count; i++, at++) out[at] = start[i]! + a * delta[i]!;
  }
}

/** Halves go to the even neighbour, as IEEE 754 and NumPy round. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

export const unaryFunctions = {
  neg: (x) => -x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  atan: Math.atan,
  tanh: Math.tanh,
  erf: (x) => erf(x),
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  relu: (x) => Math.max(x, 0),
  logicalNot: (x) => (x === 0 ? 1 : 0),
} as const satisfies Record<string, Unary>;

export const binaryFunctions = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  equal: (a, b) => (a === b ? 1 : 0),
  notEqual: (a, b) => (a !== b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  logicalAnd: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  logicalOr: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
} as const satisfies Record<string, Binary>;

/**
 * The error function to full double precision: up to |x| = 2.5 the series with terms of one sign (Abramowitz and Stegun
 * 7.1.6), beyond that the continued fraction of erfc (7.1.14), both run to convergence.
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Number.isNaN(x) ? x : Math.sign(x);
  const bell = Math.exp(-z * z) / Math.sqrt(Math.PI);
  if (z <= 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
      term *= (2 * z * z) / (2 * n + 1);
      total += term;
    }
    return 2 * bell * total;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction);
  return Math.sign(x) * (1 - bell / (z + fraction));
}
