/**
 * What a metric changes: the inputs of an explanation, cut into features, and what stands in the place of a feature that is taken out.
 * Everything that can be wrong is found here, before the model runs.
 */
import type { CallableModel } from '../../../graph/callable.ts';
import { isFloat, type TypedArray } from '../../../tensor/dtype.ts';
import { failure } from '../../../tensor/errors.ts';
import type { OptionNames } from '../../../tensor/options.ts';
import { sameShape } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { drawBaselines, drawCount, inputBaselines, isLayerBaseline } from '../../frame/baselines/baselines.ts';
import type { TensorFunction } from '../../frame/forward.ts';
import type { Baselines } from '../../frame/types.ts';
import { checkExplanation } from './checks.ts';
import { type Counting, checkCounting, countedFeatures } from './counted.ts';
import { attributionsOf, type Features, featuresIn, type Groups, makeFeatures, ranked } from './features.ts';
import { type Explained, type JudgedInput, judgedInputs } from './judged.ts';
import { copyRow, type ScoreOptions, Scorer, type Slot } from './scorer.ts';

/** What every metric takes that removes features. */
export interface SubjectOptions extends ScoreOptions {
  /**
   * What stands in the place of a feature that is taken out: the explanation's baselines by default, zeros where it has none. One
   * baseline; for token ids the id of padding or of a mask.
   */
  readonly baselines?: Baselines;
  /** What is taken out as one; `elements` by default, which for an explained embedding are the tokens. */
  readonly groups?: Groups;
  /**
   * `present` (the default): features that equal the baseline, and positions that the `attention_mask` of the forward kwargs hides, are not
   * counted, since taking them out changes nothing. `all`: every feature counts, as in Quantus and captum.
   */
  readonly features?: Counting;
  /** Which input, counted from 0, where a layer's attributions fit several. */
  readonly input?: number;
}

/** Names of options: nothing is spread while a module is loaded, which would keep it in every bundle. */
export const subjectOptionNames = {
  output: 1,
  internalBatchSize: 1,
  backend: 1,
  onProgress: 1,
  signal: 1,
  baselines: 1,
  groups: 1,
  features: 1,
  input: 1,
} as const satisfies OptionNames<SubjectOptions>;

export interface Subject {
  readonly scorer: Scorer;
  readonly samples: number;
  readonly inputs: readonly JudgedInput[];
  readonly features: Features;
  /** One per model input, a row per sample: X itself for inputs that are not judged. */
  readonly baselines: readonly Tensor[];
}

export async function makeSubject(
  model: CallableModel | TensorFunction,
  explained: Explained,
  options: SubjectOptions,
): Promise<Subject> {
  checkExplanation(explained);
  const { X, target, forwardKwargs = {} } = explained;
  const inputs = judgedInputs(explained, options.input, heldOf(explained));
  const samples = X[0]!.shape[0]!;
  const counting = checkCounting(options.features);
  const every = makeFeatures(inputs, options.groups, samples);
  const scorer = new Scorer(model, X.length === 1 ? X[0]! : X, { kwargs: forwardKwargs, target }, options);
  const baselines = baselinesOf(explained, scorer, inputs, options.baselines ?? null);
  const features =
    counting === 'all'
      ? every
      : countedFeatures(
          every,
          inputs,
          inputs.map(({ input }) => baselines[input]!),
          forwardKwargs,
        );
  const empty = features.counts.indexOf(0);
  if (empty >= 0) {
    const hint = 'leave the sample out, or say what stands in the place of a feature: the option baselines';
    throw failure('explanation', 'a sample equals its baseline: nothing can be removed', { sample: empty }, hint);
  }
  await scorer.check(X);
  await scorer.check(baselines);
  return { scorer, samples, inputs, features, baselines };
}

/** Integer inputs beside float ones, whose attributions are all 0: no path leads from one id to another. */
function heldOf({ X, attributions }: Explained): Set<number> {
  const floats = X.some(({ dtype }) => isFloat(dtype));
  const empty = (a: Tensor | undefined): boolean => !a || (a.data as Float64Array).every((v) => v === 0);
  return new Set(X.flatMap(({ dtype }, i) => (floats && !isFloat(dtype) && empty(attributions[i]) ? [i] : [])));
}

function baselinesOf(
  { X, baselines: own = [] }: Explained,
  { inputs: formatted, samples }: Scorer,
  judged: readonly JudgedInput[],
  given: Baselines,
): Tensor[] {
  const taken = new Set(judged.map(({ input }) => input));
  if (given !== null && given !== undefined) {
    if (isLayerBaseline(given)) {
      const hint = 'a metric changes the inputs: give baselines for them';
      throw failure('baselines', 'are in the space of a layer', {}, hint);
    }
    const sources = inputBaselines(given, formatted, taken);
    if (drawCount(sources) > 1)
      throw failure('baselines', 'a metric takes one baseline', { count: drawCount(sources) });
    return drawBaselines(sources, 0, formatted.tensors);
  }
  if (own.length === 0) return drawBaselines(inputBaselines(0, formatted, new Set(X.keys())), 0, formatted.tensors);
  const usable = own.length === X.length && own.every((b, i) => !taken.has(i) || sameShape(b.shape, X[i]!.shape));
  if (!usable) {
    const details = { baselines: own.map(({ shape }) => shape), X: X.map(({ shape }) => shape), samples };
    const hint = 'say what stands in the place of a feature that is taken out: the option baselines';
    throw failure('explanation', 'its baselines are several, or not those of the inputs', details, hint);
  }
  return own.map((b, i) => (taken.has(i) ? b : X[i]!));
}

/** The features of a sample from the most to the least relevant. */
export function ranking({ inputs, features }: Subject, sample: number, absolute = false): Int32Array {
  return ranked(attributionsOf(inputs, features, sample), absolute);
}

/**
 * Writes a sample into its slot with some of its features replaced by the baseline, or the other way round.
 * @param removed whether a feature is replaced
 */
export function fillRemoved(
  { scorer, inputs, features, baselines }: Subject,
  sample: number,
  { inputs: buffers, slot }: Slot,
  removed: (feature: number) => boolean,
): void {
  scorer.inputs.tensors.forEach((t, i) => {
    copyRow(t, sample, buffers[i]!, slot);
  });
  inputs.forEach(({ input, width }, i) => {
    const own = featuresIn(features, i, sample);
    const [into, from]: [TypedArray, TypedArray] = [buffers[input]!, baselines[input]!.data];
    for (let e = 0; e < width; e++) {
      if (own[e]! >= 0 && removed(own[e]!)) into[slot * width + e] = from[sample * width + e]!;
    }
  });
}
