/**
 * Integrated directional gradients by importance (IDGI; Yang, Wang, Bilgic: "IDGI: a framework to eliminate explanation noise from integrated
 * gradients", 2023): between two points of a path the score changes by `d = f(p_{k+1}) - f(p_k)`, and feature `i` gets the share
 * `g_i^2 / sum_j g_j^2` of it, `g` the gradient at `p_k`: only the direction in which the score rises counts. Features whose gradient is not 0
 * get a share even where they do not move.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings } from '../frame/method.ts';
import { type Problem, withScores } from '../frame/problem.ts';
import { gradientsOf, inChunks, rowsOf, scoresOf } from '../frame/rows.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { interpolate } from '../path/brute.ts';
import { type GuidedSettings, guidedPath } from '../path/guided.ts';
import type { PathPoints } from '../path/pass.ts';
import { Shares } from '../path/shares.ts';
import { checkGuided } from './guided-ig.ts';

/** What the constructor of `IDGI` takes, beside layer, output, backend and batch size. */
export interface IDGIOptions<M> extends ExplainerOptions<M> {
  /** Steps on the path; 50 by default. */
  readonly nSteps?: number;
  /** The straight line from baseline to input (the default), or that of `GuidedIG`. */
  readonly path?: 'straight' | 'guided';
  /** Of the guided path, as `GuidedIG` has it. */
  readonly fraction?: number;
  /** Of the guided path, as `GuidedIG` has it. */
  readonly maxDistance?: number;
}

const paths = ['straight', 'guided'] as const;

/**
 * Attributions add up to `f(x) - f(b)` for any number of steps, since the changes of the steps do; a step in which the score changes while its
 * gradient is 0 is lost, and makes a warning. Units are those of the explained score.
 */
export class IDGI<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not */
  constructor(model: M, options: IDGIOptions<M> = {}) {
    const settings = checkSettings('IDGI', options, { nSteps: 1, path: 1, fraction: 1, maxDistance: 1 });
    const { path = 'straight', fraction, maxDistance } = options;
    if (!paths.includes(path))
      throw failure('path', `unknown path '${String(path)}'`, {}, didYouMean(String(path), paths));
    if (path === 'straight' && (fraction !== undefined || maxDistance !== undefined)) {
      throw failure('IDGI', 'fraction and maxDistance belong to the guided path', {}, "set path: 'guided'");
    }
    const guided = checkGuided(options, 50);
    const atInput = (options.layer ?? null) === null;
    super(model, options, settings, {
      name: 'IDGI',
      params: path === 'guided' ? { path, ...guided } : { path, nSteps: guided.nSteps },
      baselines: 'used',
      completeness: 'nSteps',
      ...(path === 'guided' && { prunes: 'alone' as const }),
      attribute: (problem) =>
        path === 'guided' ? alongGuided(problem, guided, atInput) : alongLine(problem, guided.nSteps),
    });
  }
}

/** First the scores at all points, a number each; then the gradients, a chunk of rows at a time. */
async function alongLine(problem: Problem, nSteps: number): Promise<Findings> {
  const { samples, from, to, dtypes } = problem;
  const points = (first: number, count: number, least: number): PathPoints => {
    const row = (r: number): number => first + r + least * samples;
    return {
      samples: Int32Array.from({ length: count }, (_, r) => row(r) % samples),
      alphas: Float64Array.from({ length: count }, (_, r) => Math.floor(row(r) / samples) / nSteps),
    };
  };
  const rows = (at: PathPoints) => ({
    samples: at.samples,
    values: from.map((start, v) => interpolate(start, to[v]!, samples, at, dtypes[v]!)),
  });
  // Points in steps: that of step k and sample i is k * samples + i. Both ends are known.
  const known = problem.scores.map(({ start, end }) => {
    const all = new Float64Array((nSteps + 1) * samples);
    all.set(start);
    all.set(end, nSteps * samples);
    return all;
  });
  await inChunks(problem, (nSteps - 1) * samples, async (first, count) => {
    const found = await scoresOf(problem, rows(points(first, count, 1)));
    for (const [s, all] of known.entries()) all.set(found[s]!, samples + first);
  });
  const shares = problem.scores.map(() => new Shares(problem));
  await inChunks(problem, nSteps * samples, async (first, count) => {
    const at = points(first, count, 0);
    const gradients = await gradientsOf(problem, rows(at));
    for (const [s, each] of shares.entries()) {
      const own = gradients.slice(s * from.length, (s + 1) * from.length);
      for (let r = 0; r < count; r++) {
        const change = known[s]![first + r + samples]! - known[s]![first + r]!;
        each.add(own, r, count, change, {
          sample: at.samples[r]!,
          step: Math.floor((first + r) / samples),
          alpha: at.alphas[r]!,
        });
      }
    }
  });
  return { scores: shares, steps: new Int32Array(samples).fill(nSteps) };
}

async function alongGuided(problem: Problem, guided: GuidedSettings, still: boolean): Promise<Findings> {
  const { samples } = problem;
  const scores: Shares[] = [];
  for (const score of problem.scores) {
    const [alone, shares] = [withScores(problem, [score]), new Shares(problem)];
    let before = score.start;
    let step = 0;
    for await (const { next, gradients } of guidedPath(alone, guided, still)) {
      const after = step + 1 === guided.nSteps ? score.end : new Float64Array(samples);
      if (after !== score.end) {
        await inChunks(alone, samples, async (first, count) => {
          after.set((await scoresOf(alone, rowsOf(alone, next, first, count)))[0]!, first);
        });
      }
      for (let sample = 0; sample < samples; sample++) {
        const at = { sample, step, alpha: step / guided.nSteps };
        shares.add(gradients, sample, samples, after[sample]! - before[sample]!, at);
      }
      before = after;
      step++;
    }
    scores.push(shares);
  }
  return { scores, steps: new Int32Array(samples).fill(guided.nSteps) };
}
