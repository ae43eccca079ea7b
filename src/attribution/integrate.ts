/**
 * Fixed quadrature along the path: `sum_k w_k grad f(b + a_k (x - b))` for all samples. Rows run step by step over all
 * samples (row k N + i is sample i at a_k, as in alibi), cut into chunks that may span steps. Each chunk is added to the
 * running sum and dropped: memory is O(samples * features + chunk), whatever the number of steps.
 */
import type { TypedArray } from '../tensor/dtype.ts';
import type { Pace } from './pace.ts';
import type { PreparedPath } from './passes/pass.ts';

/** The first path point with a gradient that is not finite. */
export interface NonFinite {
  readonly sample: number;
  readonly step: number;
  readonly alpha: number;
}

export interface PathIntegral {
  /** Mean gradient over the path per variable, `samples` rows each. */
  readonly means: readonly Float64Array[];
  readonly nonFinite: NonFinite | null;
  /** Whether any gradient along the path was not 0, per sample. */
  readonly moved: Uint8Array;
  /** Points used per sample, and whether they sufficed; fixed rules do not judge. */
  readonly steps: Int32Array;
  readonly converged: readonly boolean[] | null;
}

export interface Rule {
  readonly alphas: Float64Array;
  readonly weights: Float64Array;
}

/** @param batch most rows per chunk */
export async function integrate(
  path: PreparedPath,
  samples: number,
  rule: Rule,
  batch: number,
  pace: Pace,
): Promise<PathIntegral> {
  const means = path.from.map((start) => new Float64Array(start.length));
  const moved = new Uint8Array(samples);
  const total = samples * rule.alphas.length;
  let nonFinite: NonFinite | null = null;
  pace.expect(total);
  for (let at = 0; at < total; at += batch) {
    await pace.turn();
    const rows = Math.min(batch, total - at);
    const points = {
      samples: Int32Array.from({ length: rows }, (_, r) => (at + r) % samples),
      alphas: Float64Array.from({ length: rows }, (_, r) => rule.alphas[Math.floor((at + r) / samples)]!),
    };
    const gradients = await path.gradients(points);
    for (let r = 0; r < rows; r++) {
      const sample = points.samples[r]!;
      const step = Math.floor((at + r) / samples);
      const state = addRow(means, gradients, path, { samples, sample, row: r, weight: rule.weights[step]! });
      if (state.moved) moved[sample] = 1;
      if (!state.finite) nonFinite ??= { sample, step, alpha: points.alphas[r]! };
    }
    pace.advance(rows);
  }
  const steps = new Int32Array(samples).fill(rule.alphas.length);
  return { means, nonFinite, moved, steps, converged: null };
}

/** Adds one row's gradients to its sample's sums. Features that do not move are of no concern, finite or not. */
function addRow(
  means: readonly Float64Array[],
  gradients: readonly TypedArray[],
  path: PreparedPath,
  { samples, sample, row, weight }: { samples: number; sample: number; row: number; weight: number },
): { finite: boolean; moved: boolean } {
  const state = { finite: true, moved: false };
  means.forEach((mean, v) => {
    const width = mean.length / samples;
    const [gradient, from, to] = [gradients[v]!, path.from[v]!, path.to[v]!];
    for (let i = 0; i < width; i++) {
      const at = sample * width + i;
      const g = gradient[row * width + i]!;
      if (g !== 0 && from[at] !== to[at]) {
        state.moved = true;
        if (!Number.isFinite(g)) state.finite = false;
      }
      mean[at]! += weight * g;
    }
  });
  return state;
}
