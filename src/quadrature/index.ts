/** Quadrature on the path from baseline to input: the five fixed rules, and an adaptive one for `nSteps: 'auto'`. */
export { AdaptivePath, type AdaptiveResult } from './adaptive.ts';
export type { AdaptiveOptions } from './adaptive-intervals.ts';
export { gaussLegendre, MAX_NODES, type QuadratureNodes } from './gauss-legendre.ts';
export {
  checkQuadrature,
  isQuadratureMethod,
  type QuadratureMethod,
  type QuadratureOptions,
  type QuadratureRule,
  quadratureMethods,
  quadratureRule,
} from './rules.ts';
