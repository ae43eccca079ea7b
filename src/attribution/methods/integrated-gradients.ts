/**
 * Integrated gradients (Sundararajan, Taly, Yan: "Axiomatic attribution for deep networks", 2017):
 * `IG_i = (x_i - b_i) * integral over a in [0, 1] of df/dx_i (b + a (x - b))`, by quadrature along the straight line. Arguments and
 * results follow alibi.
 */
import { checkQuadrature, type QuadratureMethod, quadratureRule } from '../../quadrature/index.ts';
import { failure } from '../../tensor/errors.ts';
import { largest } from '../../tensor/largest.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { smallestChange } from '../frame/explanation/completeness.ts';
import type { PathReport } from '../frame/explanation/explanation.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem, Score } from '../frame/problem.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import type { AutoOptions } from '../path/auto-steps.ts';
import { integrate, type PathIntegral, type Rule } from '../path/integrate.ts';
import type { AttributionPass, PreparedPath } from '../path/pass.ts';
import { chooseStrategy, type Strategy } from '../path/strategy.ts';

/** What the constructor of `IntegratedGradients` takes, beside layer, output, backend and batch size. */
export interface IntegratedGradientsOptions<M> extends ExplainerOptions<M> {
  /** The quadrature rule; 'gausslegendre' by default. */
  readonly method?: QuadratureMethod;
  /**
   * Points on the path; 50 by default. 'auto' adds points (Gauss-Kronrod on halved intervals) until the error
   * estimate and completeness are within `relTol`, or `maxSteps` are used.
   */
  readonly nSteps?: number | 'auto';
  /**
   * Reproduce alibi's numbers where they differ from the right ones: the weights of riemann_trapezoid, deltas of scalar
   * outputs with labels, zeros for what bypasses a layer, one value for all calls of a shared layer, sums over output axes
   * that the target does not name, integer inputs interpolated as floats.
   */
  readonly compat?: 'alibi' | null;
  /** Most points per sample under 'auto'; 1000 by default. */
  readonly maxSteps?: number;
  /**
   * How gradients on the path are computed: 'brute' sends every point through the whole model, 'path-linear' skips the
   * part that is affine in the path, 'auto' (the default) does so where the graph allows it; or a pass of your own.
   */
  readonly strategy?: Strategy;
}

const own: Readonly<Record<Exclude<keyof IntegratedGradientsOptions<never>, keyof ExplainerOptions<never>>, 1>> = {
  method: 1,
  nSteps: 1,
  compat: 1,
  maxSteps: 1,
  strategy: 1,
};

/** Targets whose gradients one plan computes: each keeps its own sums, and the forward pass is theirs together. */
const scoresAtOnce = 16;

/** Attributions add up to `f(x) - f(b)`, up to the error of quadrature; units are those of the explained score. */
export class IntegratedGradients<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function `(...inputs, kwargs?) => output` on
   * graph tensors whose first axis is the batch. Each sample's output must depend on that sample alone.
   * @throws PathgradError for unknown options, an unknown method or layer (with the nearest names), and numbers of steps
   * or batch sizes that make no sense
   */
  constructor(model: M, options: IntegratedGradientsOptions<M> = {}) {
    const settings = checkSettings('IntegratedGradients', options, own);
    const { method = 'gausslegendre', nSteps = 50, maxSteps = 1000, compat = null } = options;
    const pass = chooseStrategy(options.strategy ?? 'auto');
    checkSteps(method, nSteps, maxSteps, compat);
    const rule = nSteps === 'auto' ? null : quadratureRule(method, nSteps, { compat: compat ?? undefined });
    const { relTol } = settings;
    const integrals: Method = {
      name: 'IntegratedGradients',
      params: { method, nSteps, compat },
      baselines: 'used',
      completeness: rule ? (method === 'gausslegendre' && compat === null ? 'auto' : 'nSteps') : 'maxSteps',
      prunes: true,
      ...(rule && pass.keep && { keep: (runner) => pass.keep!(runner, rule.alphas.length) }),
      attribute: (problem) => attributeAlongLine(problem, pass, rule, { relTol, maxSteps }),
    };
    super(model, options, { ...settings, compat }, integrals);
  }
}

function checkSteps(method: QuadratureMethod, nSteps: number | 'auto', maxSteps: number, compat: 'alibi' | null): void {
  checkQuadrature(method, nSteps === 'auto' ? 50 : nSteps);
  if (nSteps === 'auto' && method !== 'gausslegendre') {
    const hint = 'leave the method out, or give a number of steps';
    throw failure('nSteps', "'auto' chooses its own points (Gauss-Kronrod)", { method }, hint);
  }
  if (nSteps === 'auto' && compat === 'alibi') {
    throw failure('nSteps', "alibi has no 'auto'", { compat }, 'give a number of steps, or leave compat out');
  }
  if (compat !== null && compat !== 'alibi')
    throw failure('compat', 'unknown value', { got: compat }, "known: 'alibi'");
  if (!Number.isInteger(maxSteps) || maxSteps < 15 || maxSteps > 1_000_000) {
    throw failure('maxSteps', 'must be a whole number from 15 to 1000000', { got: maxSteps }, 'try 1000');
  }
}

export async function attributeAlongLine(
  problem: Problem,
  pass: AttributionPass,
  rule: Rule | null,
  auto: Pick<AutoOptions, 'relTol' | 'maxSteps'>,
): Promise<Findings> {
  // Adaptive paths of two targets ask for points of their own.
  const together = rule && pass.shares ? scoresAtOnce : 1;
  const parts: Findings[] = [];
  for (let first = 0; first < problem.scores.length; first += together) {
    const scores = problem.scores.slice(first, first + together);
    const some = { ...problem, scores, adaptive: rule === null };
    const path = await pass.prepare(some);
    const integral = rule
      ? await integrate(path, some, rule)
      : await (await import('../path/auto-steps.ts')).integrateAdaptively(
          path,
          problem.samples,
          autoOptions(problem, scores[0]!, auto),
          problem.pace,
        );
    parts.push(findingsOf(path, integral, await path.finish(integral.means)));
  }
  return { ...parts[0]!, scores: parts.flatMap(({ scores }) => scores) };
}

function findingsOf(path: PreparedPath, integral: PathIntegral, attributions: readonly Float64Array[]): Findings {
  const { moved, nonFinite, steps, converged } = integral;
  const variables = attributions.length / moved.length;
  return {
    scores: moved.map((flags, i) => ({
      attributions: attributions.slice(i * variables, (i + 1) * variables),
      moved: flags,
      nonFinite: nonFinite[i]!,
    })),
    steps,
    converged,
    path: reportOf(path, steps),
  };
}

function reportOf(path: PreparedPath, steps: Int32Array): PathReport {
  // Brute: forward and backward at every point. Path-linear: the affine part forward twice and backward once.
  const flopsRemoved = (path.saving ?? 0) * (1 - 3 / (2 * largest(steps, 2)));
  return { pass: path.name, flopsRemoved, frontier: path.frontier ?? [], positionsRemoved: 0 };
}

function autoOptions(
  { batch }: Problem,
  { end, start }: Score,
  { relTol, maxSteps }: Pick<AutoOptions, 'relTol' | 'maxSteps'>,
): AutoOptions {
  const tolerance = (score: number, i: number): number => relTol * smallestChange({ end: score, start: start[i]! });
  return {
    relTol,
    maxSteps,
    batch,
    scoreChanges: end.map((score, i) => score - start[i]!),
    // A score of 0 at both ends leaves no scale: then only exact zeros will do.
    absTols: end.map((score, i) => Math.max(tolerance(score, i), 1e-300)),
  };
}
