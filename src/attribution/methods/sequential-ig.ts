/**
 * Sequential integrated gradients (Enguehard: "Sequential integrated gradients: a simple but effective method for explaining language models",
 * 2023): `SIG_t = (x_t - b_t) * integral over a in [0, 1] of df/dx_t` with word `t` at `b_t + a (x_t - b_t)` and every other word as it is in
 * the text. The model never sees a text that is half baseline; what it costs is an integral per word.
 */
import { checkQuadrature, type QuadratureMethod, quadratureRule } from '../../quadrature/index.ts';
import { failure } from '../../tensor/errors.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Attributed, Findings } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { chooseStrategy, type Strategy } from '../path/strategy.ts';
import { attributeAlongLine } from './integrated-gradients.ts';

/** What the constructor of `SequentialIG` takes, beside layer, output, backend and batch size. */
export interface SequentialIGOptions<M> extends ExplainerOptions<M> {
  /** The quadrature rule; 'gausslegendre' by default. */
  readonly method?: QuadratureMethod;
  /** Points per word; 50 by default. */
  readonly nSteps?: number;
  /** How gradients along each word's line are computed, as `IntegratedGradients` has it. */
  readonly strategy?: Strategy;
}

/**
 * Words are places of axis 1 of what is attributed: `[N, words, dim]`, the output of an embedding layer; of a table `[N, features]` each feature.
 * The attributions of one word add up to `f(x) - f(x without it)` as `nSteps` grows; those of all words need not add up to anything.
 */
export class SequentialIG<M extends Explainable = Explainable> extends Explainer<M> {
  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not */
  constructor(model: M, options: SequentialIGOptions<M> = {}) {
    const settings = checkSettings('SequentialIG', options, { method: 1, nSteps: 1, strategy: 1 });
    const { method = 'gausslegendre', nSteps = 50, strategy = 'auto' } = options;
    checkQuadrature(method, nSteps);
    const [rule, pass] = [quadratureRule(method, nSteps), chooseStrategy(strategy)];
    super(model, options, settings, {
      name: 'SequentialIG',
      params: { method, nSteps },
      baselines: 'used',
      completeness: null,
      prunes: true,
      attribute: (problem) =>
        wordByWord(problem, (one) =>
          attributeAlongLine(one, pass, rule, { relTol: settings.relTol, maxSteps: nSteps }),
        ),
    });
  }
}

/** The problem with one word at the baseline, for each word in turn, and of what `explain` finds the part of that word. */
async function wordByWord(problem: Problem, explain: (one: Problem) => Promise<Findings>): Promise<Findings> {
  const { samples, from, to } = problem;
  const words = wordsOf(problem);
  const found = problem.scores.map(() => from.map((values) => new Float64Array(values.length)));
  const moved = problem.scores.map(() => new Uint8Array(samples));
  const nonFinite: Attributed['nonFinite'][] = problem.scores.map(() => null);
  let steps: Int32Array | undefined;
  let path: Findings['path'];
  for (let word = 0; word < words; word++) {
    const ends = to.map((values, v) => withWord(values, from[v]!, samples * words, words, word));
    const findings = await explain({ ...problem, from: ends });
    ({ steps, path } = findings);
    for (const [s, one] of findings.scores.entries()) {
      // Nothing but this word moves, so all else is 0.
      for (const [v, values] of one.attributions.entries())
        copyWord(values, found[s]![v]!, samples * words, words, word);
      one.moved?.forEach((flag, sample) => {
        moved[s]![sample]! |= flag;
      });
      nonFinite[s] ??= one.nonFinite ?? null;
    }
  }
  const scores = found.map((attributions, s) => ({ attributions, moved: moved[s]!, nonFinite: nonFinite[s]! }));
  return { scores, ...(steps && { steps }), ...(path && { path }) };
}

/** @throws PathgradError where the variables have no axis of words, or not the same number of them */
function wordsOf({ shapes }: Problem): number {
  const words = shapes[0]![1];
  if (words !== undefined && shapes.every((shape) => shape[1] === words)) return words;
  const hint = 'attribute to the output of an embedding layer, [N, words, dim]: option layer';
  throw failure('SequentialIG', 'needs one axis of words, axis 1 of all that is attributed', { got: shapes }, hint);
}

function withWord(
  values: Float64Array,
  other: Float64Array,
  places: number,
  words: number,
  word: number,
): Float64Array {
  const out = values.slice();
  copyWord(other, out, places, words, word);
  return out;
}

/** Copies one word of every sample. */
function copyWord(from: Float64Array, to: Float64Array, places: number, words: number, word: number): void {
  const width = from.length / places;
  for (let place = word; place < places; place += words) {
    to.set(from.subarray(place * width, (place + 1) * width), place * width);
  }
}
