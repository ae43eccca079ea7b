/**
 * The average of `(x' - b) * grad f(b + a (x' - b))` over baselines `b`, places `a` on the line and noise `x' - x`: what GradientShap and
 * ExpectedGradients share. Places come from Weyl's sequence `frac(u + k (sqrt 5 - 1) / 2)`, `u` drawn from the seed: each is uniform, so that
 * the average is unbiased, and any number of them in a row is spread evenly, which leaves less of the error of independent draws.
 */
import { randomUniform } from '../../graph/random.ts';
import { failure } from '../../tensor/errors.ts';
import { rowSize, toTensor } from '../frame/arrays.ts';
import type { NonFinite } from '../frame/explanation/diagnostics.ts';
import type { Findings } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { gradientsAt } from '../frame/rows.ts';
import type { ArrayInput } from '../frame/types.ts';
import { inDraws, joinDraws } from './copies.ts';
import { seedOf } from './draws.ts';
import { type NoiseOptions, noiseFor } from './noise.ts';

export interface ExpectedOptions {
  readonly nSamples: number;
  readonly seed: number;
  /** Places on the line instead of the seed's: `[draws]`, or `[draws, samples]`. */
  readonly alphas?: ArrayInput;
  readonly noise: NoiseOptions;
}

/** Draws for each baseline: at least one, and `nSamples` in all, rounded up. */
export function drawsPerBaseline({ draws }: Problem, nSamples: number): number {
  return Math.ceil(nSamples / draws);
}

export async function expectedGradients(
  subject: string,
  problem: Problem,
  { nSamples, seed, alphas, noise: noiseOptions }: ExpectedOptions,
): Promise<Findings> {
  const { samples, from, to } = problem;
  const draws = drawsPerBaseline(problem, nSamples);
  // Draws are numbered over all baselines: given numbers are taken in that order.
  const start = problem.draw * draws;
  const noise = noiseFor(subject, noiseOptions, problem, draws * problem.draws);
  const placeOf = alphas === undefined ? sequence(seed) : givenPlaces(subject, alphas, problem, draws * problem.draws);
  const sums = problem.scores.map(() => to.map((all) => new Float64Array(all.length)));
  const moved = problem.scores.map(() => new Uint8Array(samples));
  const nonFinite = problem.scores.map((): NonFinite | null => null);

  await inDraws(problem, draws, true, async (block, first, copies) => {
    const numbers = Array.from({ length: copies }, (_, copy) => start + first + copy);
    const ends = numbers.map((draw) => noise.add(to, draw));
    const points = numbers.map((draw, copy) =>
      from.map((base, v) => {
        const [end, width] = [ends[copy]![v]!, base.length / samples];
        const out = new Float64Array(base.length);
        for (let sample = 0; sample < samples; sample++) {
          const alpha = placeOf(draw, sample);
          for (let i = sample * width; i < (sample + 1) * width; i++) out[i] = between(base[i]!, end[i]!, alpha);
        }
        return out;
      }),
    );
    const gradients = await gradientsAt(block, joinDraws(points));
    gradients.forEach((gradient, index) => {
      const [target, v] = [Math.floor(index / to.length), index % to.length];
      const [sum, base] = [sums[target]![v]!, from[v]!];
      const width = base.length / samples;
      for (let at = 0; at < gradient.length; at++) {
        const i = at % base.length;
        const [copy, sample, slope] = [Math.floor(at / base.length), Math.floor(i / width), gradient[at]!];
        const displacement = ends[copy]![v]![i]! - base[i]!;
        if (displacement === 0) continue; // contributes nothing, even where the slope is infinite
        sum[i]! += (displacement * slope) / draws;
        if (slope !== 0) moved[target]![sample] = 1;
        if (!Number.isFinite(slope)) {
          const step = numbers[copy]!;
          nonFinite[target] ??= { sample, step, alpha: placeOf(step, sample) };
        }
      }
    });
  });
  return {
    scores: sums.map((attributions, target) => ({
      attributions,
      moved: moved[target]!,
      nonFinite: nonFinite[target]!,
    })),
    steps: new Int32Array(samples).fill(draws),
  };
}

/** At both ends exactly what is there; what does not move stays, an infinity too. */
const between = (from: number, to: number, alpha: number): number => {
  if (from === to || alpha === 0) return from;
  return alpha === 1 ? to : from + alpha * (to - from);
};

const goldenShare = (Math.sqrt(5) - 1) / 2;

function sequence(seed: number): (draw: number) => number {
  const first = randomUniform(seedOf(seed, 1))();
  return (draw) => (first + draw * goldenShare) % 1;
}

function givenPlaces(
  subject: string,
  alphas: ArrayInput,
  { samples }: Problem,
  draws: number,
): (draw: number, sample: number) => number {
  const t = toTensor(`${subject} alphas`, alphas, 'float64', 'float64');
  const fits = t.shape[0] === draws && (t.rank === 1 || (t.rank === 2 && (t.shape[1] === samples || t.shape[1] === 1)));
  if (!fits) throw failure(subject, 'alphas are [draws] or [draws, samples]', { got: t.shape, draws, samples });
  const outside = t.data.findIndex((alpha) => alpha < 0 || alpha > 1);
  if (outside >= 0) throw failure(subject, 'alphas lie between 0 and 1', { got: t.data[outside] });
  const width = rowSize(t.shape);
  return (draw, sample) => t.data[draw * width + (width === 1 ? 0 : sample)]!;
}
