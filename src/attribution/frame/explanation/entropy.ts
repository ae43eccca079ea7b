/**
 * How undecided a model is at a baseline: the Shannon entropy of its class distribution. A neutral baseline is close to
 * uniform; this is necessary for a good baseline, not sufficient (Sundararajan et al. 2017, section 2).
 */
import type { Tensor } from '../../../tensor/tensor.ts';
import { rowSize } from '../arrays.ts';

/** The entropy of a distribution over classes, in nats and as a share of the largest that so many classes can have. */
export interface Entropy {
  /** In nats: 0 for a certain class, ln K for a uniform distribution over K classes. */
  readonly nats: number;
  /** As a share of ln K. */
  readonly fraction: number;
}

/** Rows may be off 1 by rounding in float32. */
const TOLERANCE = 1e-3;

/** Whether every row of `[N, K]` is a probability distribution, or every value of `[N]` or `[N, 1]` a probability. */
function areProbabilities({ data, shape }: Tensor): boolean {
  if (shape.length > 2) return false;
  const width = rowSize(shape);
  for (let row = 0; row < shape[0]!; row++) {
    let total = 0;
    for (let k = 0; k < width; k++) {
      const p = data[row * width + k]!;
      if (!(p >= -TOLERANCE && p <= 1 + TOLERANCE)) return false;
      total += p;
    }
    if (width > 1 && Math.abs(total - 1) > TOLERANCE) return false;
  }
  return true;
}

/**
 * The entropy of each row of probabilities; a scalar output counts as the probability of one of two classes.
 * @param predictions `[N, K]`, `[N, 1]` or `[N]`, of a model whose outputs are probabilities: `diagnostics.outputs` says whether
 * @returns null where they cannot be
 */
export function baselineEntropy(predictions: Tensor): Entropy[] | null {
  if (!areProbabilities(predictions)) return null;
  const { data, shape } = predictions;
  const width = rowSize(shape);
  return Array.from({ length: shape[0]! }, (_, row) => {
    const p = Array.from(data.subarray(row * width, (row + 1) * width));
    if (width === 1) p.push(1 - p[0]!);
    const nats = p.reduce((sum, v) => (v > 0 ? sum - v * Math.log(v) : sum), 0);
    return { nats, fraction: nats / Math.log(p.length) };
  });
}
