/**
 * The five quadrature rules of integrated gradients on [0, 1], under alibi's names. Abscissae are built the way numpy's linspace
 * builds them, so that they equal alibi's to the last bit; weights sum to 1, and riemann_trapezoid is a real trapezoid rule
 * unless alibi's biased weights (they sum to (n-1)/n) are asked for.
 */

import { didYouMean, failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { gaussLegendre, MAX_NODES } from './gauss-legendre.ts';

/** The names of the quadrature rules, as alibi has them. */
export type QuadratureMethod =
  | 'gausslegendre'
  | 'riemann_left'
  | 'riemann_right'
  | 'riemann_middle'
  | 'riemann_trapezoid';

/** Every method name, the default first. */
export const quadratureMethods: readonly QuadratureMethod[] = Object.freeze([
  'gausslegendre',
  'riemann_left',
  'riemann_right',
  'riemann_middle',
  'riemann_trapezoid',
] as const);

/** Path positions in increasing order (0 the baseline, 1 the input) and what each one counts for. */
export type QuadratureRule = { readonly alphas: Float64Array; readonly weights: Float64Array };

/** Which of two readings a rule has where libraries differ. */
export type QuadratureOptions = {
  /** `alibi`: riemann_trapezoid gets alibi's weights, 1/n with halved ends, which under-attribute by 1/n. */
  readonly compat?: 'alibi' | undefined;
};

/** Whether `name` is one of `quadratureMethods`. */
export function isQuadratureMethod(name: unknown): name is QuadratureMethod {
  return (quadratureMethods as readonly unknown[]).includes(name);
}

/**
 * Abscissae and weights of a rule on [0, 1]. Every call returns arrays of its own.
 *
 * | method | alphas, k = 0..n-1 | weights | exact up to degree |
 * |---|---|---|---|
 * | gausslegendre | roots of P_n | Gauss | 2n-1 |
 * | riemann_left | k/n | 1/n | 0 |
 * | riemann_right | (k+1)/n | 1/n | 0 |
 * | riemann_middle | (2k+1)/(2n) | 1/n | 1 |
 * | riemann_trapezoid | k/(n-1) | 1/(n-1), ends halved | 1 |
 *
 * @param method one of `quadratureMethods`
 * @param n number of points, at least 1 (2 for a Riemann rule), at most 1,000,000
 * @throws PathgradError naming `method` or `nSteps`
 */
export function quadratureRule(method: QuadratureMethod, n: number, options: QuadratureOptions = {}): QuadratureRule {
  checkOptions<QuadratureOptions>('quadratureRule', options, { compat: 1 });
  checkQuadrature(method, n);
  switch (method) {
    case 'gausslegendre': {
      const { nodes, weights } = gaussLegendre(n);
      return { alphas: nodes.map((t) => 0.5 * (1 + t)), weights: weights.map((w) => w / 2) };
    }
    case 'riemann_left':
      return { alphas: linspace(0, 1 - 1 / n, n), weights: new Float64Array(n).fill(1 / n) };
    case 'riemann_right':
      return { alphas: linspace(1 / n, 1, n), weights: new Float64Array(n).fill(1 / n) };
    case 'riemann_middle':
      return { alphas: linspace(1 / (2 * n), 1 - 1 / (2 * n), n), weights: new Float64Array(n).fill(1 / n) };
    case 'riemann_trapezoid':
      return { alphas: linspace(0, 1, n), weights: trapezoidWeights(n, options.compat === 'alibi' ? n : n - 1) };
  }
}

/** The checks of `quadratureRule` alone, so that a constructor can refuse bad arguments before any work is done. */
export function checkQuadrature(method: unknown, n: unknown): void {
  if (!isQuadratureMethod(method)) {
    const hint = typeof method === 'string' ? didYouMean(method, quadratureMethods) : undefined;
    throw failure('method', 'unknown quadrature method', { got: shown(method), known: [...quadratureMethods] }, hint);
  }
  if (typeof n !== 'number' || !Number.isInteger(n)) {
    throw failure('nSteps', 'must be a whole number of points on the path', { got: shown(n) }, 'try 50');
  }
  if (n < 1) throw failure('nSteps', 'must be at least 1', { got: n }, 'try 50');
  if (n > MAX_NODES) {
    const problem = `at most ${MAX_NODES} points, because each one costs a forward and a backward pass`;
    throw failure('nSteps', problem, { got: n }, "20 to 1000 are usual; nSteps 'auto' adds points until they suffice");
  }
  if (n === 1 && method !== 'gausslegendre') {
    throw failure('nSteps', `${method} needs at least 2 points`, { got: n }, 'gausslegendre is defined for 1 point');
  }
}

/** numpy.linspace(start, stop, n) for n >= 2, operation by operation. */
function linspace(start: number, stop: number, n: number): Float64Array {
  const step = (stop - start) / (n - 1);
  const out = new Float64Array(n);
  for (let k = 0; k < n; k++) out[k] = k * step + start;
  out[n - 1] = stop;
  return out;
}

function trapezoidWeights(n: number, divisor: number): Float64Array {
  const weights = new Float64Array(n).fill(1 / divisor);
  weights[0] = 0.5 / divisor;
  weights[n - 1] = 0.5 / divisor;
  return weights;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
