/**
 * Guided integrated gradients (Kapishnikov et al.: "Guided integrated gradients: an adaptive path method for removing noise", 2021):
 * `sum_k df/dx_i (p_k) * (p_{k+1} - p_k)_i` along a path that the model's gradients choose: features move first where the score does not
 * react to them, so that less noise is gathered from regions that say nothing of the decision.
 */
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings } from '../frame/method.ts';
import { type Problem, withScores } from '../frame/problem.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { Gathered } from '../path/gathered.ts';
import { type GuidedSettings, guidedPath } from '../path/guided.ts';
import { checkPoints } from '../path/points.ts';

/** What the constructor of `GuidedIG` takes, beside layer, output, backend and batch size. */
export interface GuidedIGOptions<M> extends ExplainerOptions<M> {
  /** Steps from the baseline to the input; 200 by default. Each is a gradient at one point per sample, and waits for the one before. */
  readonly nSteps?: number;
  /** Share of the features that move at a time, those of smallest gradient; 0.25 by default. In a layer only of those that differ from the baseline. */
  readonly fraction?: number;
  /**
   * How far, as a share of the whole way, a feature may be ahead of or behind the straight line; 0.02 by default. 0 is integrated gradients by
   * the left Riemann sum, 1 lets the path go anywhere between baseline and input.
   */
  readonly maxDistance?: number;
}

/** Attributions add up to `f(x) - f(b)` as `nSteps` grows; units are those of the explained score. */
export class GuidedIG<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not */
  constructor(model: M, options: GuidedIGOptions<M> = {}) {
    const settings = checkSettings('GuidedIG', options, { nSteps: 1, fraction: 1, maxDistance: 1 });
    const guided = checkGuided(options, 200);
    super(model, options, settings, {
      name: 'GuidedIG',
      params: { ...guided },
      baselines: 'used',
      completeness: 'nSteps',
      prunes: 'alone',
      attribute: (problem) => attribute(problem, guided, (options.layer ?? null) === null),
    });
  }
}

/** @throws PathgradError naming the setting of a guided path that makes no sense */
export function checkGuided(options: Partial<GuidedSettings>, steps: number): GuidedSettings {
  const { nSteps = steps, fraction = 0.25, maxDistance = 0.02 } = options;
  checkPoints(nSteps, steps);
  if (!(typeof fraction === 'number' && fraction > 0 && fraction <= 1)) {
    throw failure('fraction', 'must be a share of the features, above 0 and at most 1', { got: fraction }, 'try 0.25');
  }
  if (!(typeof maxDistance === 'number' && maxDistance >= 0 && maxDistance <= 1)) {
    throw failure('maxDistance', 'must be a share of the way, from 0 to 1', { got: maxDistance }, 'try 0.02');
  }
  return { nSteps, fraction, maxDistance };
}

async function attribute(problem: Problem, guided: GuidedSettings, still: boolean): Promise<Findings> {
  const { samples } = problem;
  const scores: Gathered[] = [];
  for (const score of problem.scores) {
    const gathered = new Gathered(problem);
    let step = 0;
    for await (const { here, next, gradients } of guidedPath(withScores(problem, [score]), guided, still)) {
      gradients.forEach((all, v) => {
        const width = all.length / samples;
        for (let sample = 0; sample < samples; sample++) {
          const first = sample * width;
          const at = { sample, step, alpha: step / guided.nSteps };
          const moved = (i: number): number => next[v]![first + i]! - here[v]![first + i]!;
          gathered.add(v, at, all.subarray(first, first + width), moved);
        }
      });
      step++;
    }
    scores.push(gathered);
  }
  return { scores, steps: new Int32Array(samples).fill(guided.nSteps) };
}
