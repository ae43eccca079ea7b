/**
 * The gradient check: along random directions `v`, the numerical derivative `(f(x + h v) - f(x - h v)) / 2h`, contracted
 * with a random cotangent `u`, must equal `<v, grad>`; then the same for the gradient itself, up to `order`. All in float64.
 * After `check_grads` of Autograd and JAX.
 */

import { add, mul } from '../ops/binary.ts';
import { sum } from '../ops/reduce.ts';
import { isFloat, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions, checkSeed, checkWhole } from '../tensor/options.ts';
import { placeholder, type Tensor, tensor } from '../tensor/tensor.ts';
import { compile } from './compile.ts';
import { grad } from './grad.ts';
import { randomNormal } from './random.ts';

/** Step, tolerance and directions of `checkGrads`. */
export interface CheckGradsOptions {
  /** Derivatives up to this order are checked; 2 by default. */
  readonly order?: number;
  /** Random directions per order; 2 by default. */
  readonly directions?: number;
  /** Largest relative difference; 1e-6 by default. */
  readonly tolerance?: number;
  /** Half the distance of the two evaluations, relative to nothing: inputs of size about 1 are expected. 1e-4 by default. */
  readonly step?: number;
  readonly seed?: number;
}

/** The worst relative difference found, by order. */
export interface CheckGradsResult {
  readonly errors: readonly number[];
}

/**
 * Throws if a gradient of `f` at `xs` is wrong beyond the tolerance.
 * @param f from graph tensors to a float tensor
 * @param xs constants; float ones must be float64 and are checked, int32 and bool ones are passed as they are
 */
export function checkGrads(
  f: (...xs: Tensor[]) => Tensor,
  xs: readonly Tensor[],
  options: CheckGradsOptions = {},
): CheckGradsResult {
  const names = { order: 1, directions: 1, tolerance: 1, step: 1, seed: 1 } as const;
  checkOptions<CheckGradsOptions>('checkGrads', options, names);
  const { order = 2, directions = 2, tolerance = 1e-6, step = 1e-4, seed = 1 } = options;
  checkSeed('checkGrads', seed);
  checkWhole('checkGrads', 'order', order, 1);
  checkWhole('checkGrads', 'directions', directions, 1);
  const narrow = xs.find((x) => isFloat(x.dtype) && x.dtype !== 'float64');
  if (narrow)
    throw failure(
      'checkGrads',
      'inputs must be float64',
      { got: narrow.toString() },
      "tensor(values, shape, 'float64')",
    );
  const errors: number[] = [];
  let f0 = f;
  for (let k = 1; k <= order; k++) {
    let worst = 0;
    const compare = comparison(f0, xs, step);
    for (let d = 0; d < directions; d++) worst = Math.max(worst, compare(seed + 100 * k + d));
    errors.push(worst);
    if (!(worst <= tolerance)) {
      throw failure('checkGrads', `the gradient of order ${k} is wrong`, { relativeError: worst, tolerance });
    }
    f0 = nextOrder(f0, seed + 7 * k);
  }
  return { errors };
}

/** The gradient contracted with a fixed random cotangent, all inputs' gradients summed against fixed random weights. */
function nextOrder(f: (...xs: Tensor[]) => Tensor, seed: number): (...xs: Tensor[]) => Tensor {
  return (...xs) => {
    const y = f(...xs);
    const floats = xs.filter((x) => isFloat(x.dtype));
    const gradients = grad(y, floats, tensor(randomNormal(y.size, seed), y.shape, 'float64'));
    const parts = gradients.map((g, i) => sum(mul(g, tensor(randomNormal(g.size, seed + i + 1), g.shape, 'float64'))));
    return parts.reduce((a, b) => add(a, b));
  };
}

/** The relative difference along the direction, and for the cotangent, of a seed: one plan for all. */
function comparison(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[], step: number): (seed: number) => number {
  const feeds = xs.map((x) => placeholder(x.shape, x.dtype));
  const y = f(...feeds);
  const cotangent = placeholder(y.shape, 'float64');
  const floats = feeds.filter((x) => isFloat(x.dtype));
  const plan = compile([sum(mul(y, cotangent)), ...grad(y, floats, cotangent)], [...feeds, cotangent]);
  return (seed) => {
    const u = randomNormal(y.size, seed);
    const at = (scale: number, directions: readonly (TypedArray | null)[]): TypedArray[] =>
      xs.map((x, i) => {
        const v = directions[i];
        return v ? Float64Array.from(x.data, (value, e) => value + scale * v[e]!) : x.data;
      });
    const directions = xs.map((x, i) => (isFloat(x.dtype) ? randomNormal(x.size, seed + 13 * (i + 1)) : null));
    const value = (scale: number): number => plan.runSync([...at(scale, directions), u])[0]![0]!;
    // Two central differences, combined so that the error is of fourth order (Richardson).
    const slope = (h: number): number => (value(h) - value(-h)) / (2 * h);
    const numeric = (4 * slope(step / 2) - slope(step)) / 3;
    const [, ...gradients] = plan.runSync([...xs.map((x) => x.data), u]);
    let [analytic, scale] = [0, 1e-3];
    let k = 0;
    directions.forEach((v) => {
      if (!v) return;
      const g = gradients[k++]!;
      v.forEach((direction, e) => {
        analytic += direction * g[e]!;
        scale = Math.max(scale, Math.abs(direction * g[e]!));
      });
    });
    return Math.abs(numeric - analytic) / Math.max(scale, Math.abs(analytic), Math.abs(numeric));
  };
}
