/**
 * Fixed quadrature along the path: `sum_k w_k grad f(b + a_k (x - b))` for all samples. Rows run step by step over all
 * samples (row k N + i is sample i at a_k, as in alibi), cut into chunks that may span steps. Each chunk is added to the
 * running sum and dropped: memory is O(samples * features + chunk), whatever the number of steps.
 */
import type { TypedArray } from '../../tensor/dtype.ts';
import type { NonFinite } from '../frame/explanation/diagnostics.ts';
import type { Pace } from '../frame/pace.ts';
import type { PathProblem, PreparedPath } from './pass.ts';

export interface PathIntegral {
  /** Mean gradient over the path per variable, `samples` rows each. */
  readonly means: readonly Float64Array[];
  /** Per score. */
  readonly nonFinite: readonly (NonFinite | null)[];
  /** Whether any gradient along the path was not 0: per score and sample. */
  readonly moved: readonly Uint8Array[];
  /** Points used per sample, and whether they sufficed; fixed rules do not judge. */
  readonly steps: Int32Array;
  readonly converged: readonly boolean[] | null;
}

export interface Rule {
  readonly alphas: Float64Array;
  readonly weights: Float64Array;
}

export async function integrate(path: PreparedPath, problem: PathProblem, rule: Rule): Promise<PathIntegral> {
  const { samples, batch, pace, scores } = problem;
  const sums: Sums = {
    means: path.from.map((start) => new Float64Array(start.length)),
    moved: scores.map(() => new Uint8Array(samples)),
    nonFinite: scores.map(() => null),
  };
  pace.expect(samples * rule.alphas.length);
  await (path.sums ? addBlocks : addRows)(path, samples, rule, batch, pace, sums);
  const steps = new Int32Array(samples).fill(rule.alphas.length);
  return { ...sums, steps, converged: null };
}

interface Sums {
  /** Per score and variable. */
  readonly means: readonly Float64Array[];
  readonly moved: readonly Uint8Array[];
  readonly nonFinite: (NonFinite | null)[];
}

/** Of a list per score and variable the index of the score. */
const scoreOf = ({ means, moved }: Sums, index: number): number => Math.floor((index * moved.length) / means.length);

/** Row by row: whatever pass there is can do this. */
async function addRows(
  path: PreparedPath,
  samples: number,
  rule: Rule,
  batch: number,
  pace: Pace,
  sums: Sums,
): Promise<void> {
  const total = samples * rule.alphas.length;
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
      for (const score of addRow(sums, gradients, path, { samples, sample, row: r, weight: rule.weights[step]! })) {
        sums.nonFinite[score] ??= { sample, step, alpha: points.alphas[r]! };
      }
    }
    pace.advance(rows);
  }
}

/** Blocks of samples and steps that the pass adds up itself. Where a sum is not finite, its points are looked at. */
async function addBlocks(
  path: PreparedPath,
  samples: number,
  rule: Rule,
  batch: number,
  pace: Pace,
  sums: Sums,
): Promise<void> {
  const { alphas, weights } = rule;
  const { length } = alphas;
  const most = path.sumRows ?? batch;
  // All points of a few samples rather than few points of all: what is done once per block then counts least.
  const group = Math.min(samples, Math.max(1, Math.floor(most / length)));
  for (let first = 0; first < samples; first += group) {
    const count = Math.min(group, samples - first);
    // Blocks of one size where that can be, which one plan serves, and none larger than it has to be.
    const steps = Math.ceil(length / Math.ceil(length / Math.floor(most / count)));
    for (let k = 0, end = 0; k < length; k = end) {
      await pace.turn();
      end = Math.min(k + steps, length);
      // The end stands alone.
      if (alphas[end - 1] === 1 && end > k + 1) end--;
      const block = alphas.subarray(k, end);
      const parts = await path.sums!(first, count, block, weights.subarray(k, end));
      for (let i = 0; i < count; i++) {
        for (const score of addBlock(sums, parts, path, samples, first + i, i)) {
          const belongs = (index: number): boolean => scoreOf(sums, index) === score;
          sums.nonFinite[score] ??= await firstNonFinite(path, belongs, first + i, k, block);
        }
      }
      pace.advance(count * block.length);
    }
  }
}

/** Adds row `row` of the sums of a block; returns the scores for which it was not finite. Runs over every feature, so it does little else. */
function addBlock(
  sums: Sums,
  parts: readonly TypedArray[],
  { from, to }: PreparedPath,
  samples: number,
  sample: number,
  row: number,
): Set<number> {
  const bad = new Set<number>();
  sums.means.forEach((mean, v) => {
    const width = mean.length / samples;
    const [at, part] = [sample * width, parts[v]!.subarray(row * width, (row + 1) * width)];
    const score = scoreOf(sums, v);
    const moved = sums.moved[score]!;
    if (accumulate(mean.subarray(at, at + width), part, 1) !== 0) bad.add(score);
    if (!moved[sample]) moved[sample] = Number(movesAnything(part, from[v]!, to[v]!, at));
  });
  return bad;
}

/** Whether a gradient is not 0 at a feature that moves: by a loop, which takes a tenth of what `some` does. */
function movesAnything(gradients: TypedArray, from: Float64Array, to: Float64Array, at: number): boolean {
  for (let i = 0; i < gradients.length; i++) if (gradients[i] !== 0 && from[at + i] !== to[at + i]) return true;
  return false;
}

/** `into += weight * values`; returns 0, or NaN where a value is not finite. */
function accumulate(into: Float64Array, values: TypedArray, weight: number): number {
  let check = 0;
  for (let i = 0; i < into.length; i++) {
    const value = values[i]!;
    into[i]! += weight * value;
    check += value * 0;
  }
  return check;
}

/** Which of the points of a block has a gradient that is not finite at a feature that moves, if any has. */
async function firstNonFinite(
  path: PreparedPath,
  belongs: (index: number) => boolean,
  sample: number,
  step: number,
  alphas: Float64Array,
): Promise<NonFinite | null> {
  const points = { samples: new Int32Array(alphas.length).fill(sample), alphas: Float64Array.from(alphas) };
  const gradients = await path.gradients(points);
  const finite = (row: number): boolean =>
    gradients.every((g, v) => {
      if (!belongs(v)) return true;
      const width = g.length / alphas.length;
      const [from, to] = [path.from[v]!, path.to[v]!].map((end) => end.subarray(sample * width, (sample + 1) * width));
      return g.subarray(row * width, (row + 1) * width).every((x, i) => Number.isFinite(x) || from![i] === to![i]);
    });
  const bad = alphas.findIndex((_, row) => !finite(row));
  return bad < 0 ? null : { sample, step: step + bad, alpha: alphas[bad]! };
}

/**
 * Adds one row's gradients to its sample's sums; returns the scores for which they are not finite. Features that do not move are of no
 * concern, finite or not. Runs over every feature of every point, so it does little else.
 */
function addRow(
  sums: Sums,
  gradients: readonly TypedArray[],
  path: PreparedPath,
  { samples, sample, row, weight }: { samples: number; sample: number; row: number; weight: number },
): Set<number> {
  const bad = new Set<number>();
  sums.means.forEach((mean, v) => {
    const width = mean.length / samples;
    const at = sample * width;
    const score = scoreOf(sums, v);
    const moved = sums.moved[score]!;
    const part = gradients[v]!.subarray(row * width, (row + 1) * width);
    const moves = (i: number): boolean => path.from[v]![at + i] !== path.to[v]![at + i];
    const check = accumulate(mean.subarray(at, at + width), part, weight);
    if (check !== 0 && part.some((g, i) => !Number.isFinite(g) && moves(i))) bad.add(score);
    if (!moved[sample]) moved[sample] = Number(part.some((g, i) => g !== 0 && moves(i)));
  });
  return bad;
}
