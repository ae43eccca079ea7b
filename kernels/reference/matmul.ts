/**
 * `C += A B` over strided operands, so that one loop serves every transpose. A 4x4 block of C stays in locals while the
 * inner axis runs: sixteen products per eight loads. Sums are in double, rounded when stored.
 */
import type { TypedArray } from '../../src/tensor/dtype.ts';

/** A matrix inside an array: element `(i, j)` lies at `at + i * row + j * col`. */
export interface Matrix {
  readonly data: TypedArray;
  readonly at: number;
  readonly row: number;
  readonly col: number;
}

/** `c (m x n) = a (m x k) b (k x n)`, or added to what `c` holds. */
export function gemm(c: Matrix, a: Matrix, b: Matrix, m: number, k: number, n: number, accumulate = false): void {
  const m4 = m - (m % 4);
  const n4 = n - (n % 4);
  for (let i = 0; i < m4; i += 4) {
    for (let j = 0; j < n4; j += 4) block4x4(c, a, b, i, j, k, accumulate);
    for (let j = n4; j < n; j++) for (let r = 0; r < 4; r++) single(c, a, b, i + r, j, k, accumulate);
  }
  for (let i = m4; i < m; i++) {
    for (let j = 0; j < n4; j += 4) block1x4(c, a, b, i, j, k, accumulate);
    for (let j = n4; j < n; j++) single(c, a, b, i, j, k, accumulate);
  }
}

function single(c: Matrix, a: Matrix, b: Matrix, i: number, j: number, k: number, accumulate: boolean): void {
  const [x, y] = [a.data, b.data];
  const at = c.at + i * c.row + j * c.col;
  let sum = accumulate ? c.data[at]! : 0;
  let p = a.at + i * a.row;
  let q = b.at + j * b.col;
  for (let t = 0; t < k; t++, p += a.col, q += b.row) sum += x[p]! * y[q]!;
  c.data[at] = sum;
}

function block1x4(c: Matrix, a: Matrix, b: Matrix, i: number, j: number, k: number, accumulate: boolean): void {
  const [x, y, step] = [a.data, b.data, b.col];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let p = a.at + i * a.row;
  let q = b.at + j * step;
  for (let t = 0; t < k; t++, p += a.col, q += b.row) {
    const v = x[p]!;
    s0 += v * y[q]!;
    s1 += v * y[q + step]!;
    s2 += v * y[q + 2 * step]!;
    s3 += v * y[q + 3 * step]!;
  }
  store4(c, c.at + i * c.row + j * c.col, s0, s1, s2, s3, accumulate);
}

function block4x4(c: Matrix, a: Matrix, b: Matrix, i: number, j: number, k: number, accumulate: boolean): void {
  const x = a.data;
  const y = b.data;
  const [row, inner, down, step] = [a.row, a.col, b.row, b.col];
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  let p = a.at + i * row;
  let q = b.at + j * step;
  for (let t = 0; t < k; t++) {
    const b0 = y[q]!;
    const b1 = y[q + step]!;
    const b2 = y[q + 2 * step]!;
    const b3 = y[q + 3 * step]!;
    const a0 = x[p]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = x[p + row]!;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = x[p + 2 * row]!;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = x[p + 3 * row]!;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
    p += inner;
    q += down;
  }
  const at = c.at + i * c.row + j * c.col;
  store4(c, at, s00, s01, s02, s03, accumulate);
  store4(c, at + c.row, s10, s11, s12, s13, accumulate);
  store4(c, at + 2 * c.row, s20, s21, s22, s23, accumulate);
  store4(c, at + 3 * c.row, s30, s31, s32, s33, accumulate);
}

function store4(c: Matrix, at: number, v0: number, v1: number, v2: number, v3: number, accumulate: boolean): void {
  const { data, col } = c;
  data[at] = accumulate ? data[at]! + v0 : v0;
  data[at + col] = accumulate ? data[at + col]! + v1 : v1;
  data[at + 2 * col] = accumulate ? data[at + 2 * col]! + v2 : v2;
  data[at + 3 * col] = accumulate ? data[at + 3 * col]! + v3 : v3;
}
