/**
 * Gauss quadrature on [0, 1] for the weight `-ln t`: `sum_k w_k g(t_k)` is the integral of `-ln(t) g(t)` for polynomials up to degree `2n - 1`. It is what
 * becomes of a double integral of `g(a b)` over the unit square. Recurrence coefficients by the modified Chebyshev algorithm from the moments
 * of shifted Legendre polynomials, `1` and `(-1)^k / (k (k + 1))` (Gautschi, "Orthogonal polynomials: computation and approximation", 2004,
 * section 2.1.7), nodes and weights from the eigenvalues of their matrix (Golub and Welsch 1969).
 */
import { failure } from '../tensor/errors.ts';
import type { QuadratureRule } from './rules.ts';

/** Moments of monic polynomials shrink by four per degree: beyond this they would leave the range of doubles. */
export const MOST_LOG_NODES = 200;

/** @throws PathgradError when n is no integer from 1 to 200 */
export function gaussLog(n: number): QuadratureRule {
  if (!Number.isInteger(n) || n < 1 || n > MOST_LOG_NODES) {
    throw failure('gaussLog', `n must be an integer from 1 to ${MOST_LOG_NODES}`, { n });
  }
  const { diagonal, off } = recurrence(n);
  const { values, first } = eigen(diagonal, off);
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  return {
    alphas: Float64Array.from(order, (k) => values[k]!),
    // The weight's whole integral is 1.
    weights: Float64Array.from(order, (k) => first[k]! ** 2),
  };
}

/** The symmetric matrix of the orthogonal polynomials' recurrence: its diagonal, and the roots beside it. */
function recurrence(n: number): { diagonal: Float64Array; off: Float64Array } {
  // Shifted Legendre polynomials, monic: p_{k+1} = (t - 1/2) p_k - b_k p_{k-1}.
  const b = (k: number): number => 1 / (4 * (4 - 1 / (k * k)));
  let leading = 1;
  let row = Float64Array.from({ length: 2 * n }, (_, k) => {
    if (k === 0) return 1;
    leading *= (k * k) / (2 * k * (2 * k - 1));
    return ((k % 2 ? -1 : 1) * leading) / (k * (k + 1));
  });
  let before = new Float64Array(2 * n);
  const diagonal = new Float64Array(n);
  const off = new Float64Array(n);
  diagonal[0] = 0.5 + row[1]! / row[0]!;
  let beta = 1;
  for (let k = 1; k < n; k++) {
    const next = new Float64Array(2 * n);
    for (let l = k; l < 2 * n - k; l++) {
      const shifted = row[l + 1]! - (diagonal[k - 1]! - 0.5) * row[l]!;
      next[l] = shifted - (k > 1 ? beta * before[l]! : 0) + b(l) * row[l - 1]!;
    }
    diagonal[k] = 0.5 + next[k + 1]! / next[k]! - row[k]! / row[k - 1]!;
    beta = next[k]! / row[k - 1]!;
    off[k] = Math.sqrt(beta);
    [before, row] = [row, next];
  }
  return { diagonal, off };
}

/** Eigenvalues of a symmetric tridiagonal matrix, and the first entry of each unit eigenvector: implicit QL (Golub and Welsch 1969). */
function eigen(diagonal: Float64Array, off: Float64Array): { values: Float64Array; first: Float64Array } {
  const n = diagonal.length;
  const d = diagonal.slice();
  const e = new Float64Array(n);
  e.set(off.subarray(1));
  const z = new Float64Array(n);
  z[0] = 1;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      const p = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      const r = Math.hypot(p, 1);
      let g = d[m]! - d[l]! + e[l]! / (p + (p < 0 ? -r : r));
      let [s, c, shift] = [1, 1, 0];
      for (let i = m - 1; i >= l; i--) {
        const [f, h] = [s * e[i]!, c * e[i]!];
        const length = Math.hypot(f, g);
        e[i + 1] = length;
        [s, c] = [f / length, g / length];
        g = d[i + 1]! - shift;
        const turned = (d[i]! - g) * s + 2 * c * h;
        shift = s * turned;
        d[i + 1] = g + shift;
        g = c * turned - h;
        const upper = z[i + 1]!;
        z[i + 1] = s * z[i]! + c * upper;
        z[i] = c * z[i]! - s * upper;
      }
      d[l]! -= shift;
      e[l] = g;
      e[m] = 0;
    }
  }
  return { values: d, first: z };
}
