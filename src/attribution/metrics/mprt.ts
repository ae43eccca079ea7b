/** The model parameter randomisation test: whether an explanation depends on what the model has learned. */

import type { CallableModel, ModelWeight } from '../../graph/callable.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkBoolean, checkNoSay, checkOptions, checkSeed } from '../../tensor/options.ts';
import type { PlatformAbortSignal } from '../../tensor/platform.ts';
import { Explainer } from '../frame/explainer.ts';
import { checkFunction } from '../frame/settings.ts';
import { checkWatching } from '../frame/setup.ts';
import type { Baselines, ExplainOptions, LayerBaseline, ModelInput, Progress } from '../frame/types.ts';
import type { Explaining } from './max-sensitivity.ts';
import { checkExplainer, checkFinite, checkOneTarget } from './shared/checks.ts';
import { type Comparing, compared, equalTo, type Similarity, similarities } from './shared/compared.ts';
import type { MetricResult } from './shared/result.ts';
import { checkLayers, checkReplaceable, drawnWeights, stagesOf } from './shared/stages.ts';

/** How `mprt` replaces weights and compares explanations. */
export interface MprtOptions {
  /** What `explain` takes; a target that is a function is asked once, with the model as it is. */
  readonly explain?: Omit<ExplainOptions, 'onProgress' | 'signal'>;
  /** 'spearman' (default), 'pearson', or 'ssim' for pictures. */
  readonly similarity?: Similarity;
  /** Compare magnitudes; true by default, since a random net turns signs round at will. */
  readonly absolute?: boolean;
  /**
   * Leave out features whose attribution is exactly 0 before and after, which is what baselines, padding and black pixels make of them, not
   * the model: their ties would hide everything else. True by default; Quantus has them in. SSIM compares whole pictures.
   */
  readonly ignoreSharedZeros?: boolean;
  /** Leave out features that equal this baseline, too, such as padding, whose attributions are equal whatever the weights. None by default. */
  readonly baselines?: Exclude<Baselines, LayerBaseline>;
  /** Each layer after those behind it (default), or each alone. */
  readonly order?: 'cascading' | 'independent';
  /** Only these layers, by path. */
  readonly layers?: readonly string[];
  /** Numbers of one's own in the place of random ones. */
  readonly weights?: (weight: ModelWeight) => ArrayLike<number>;
  /** Of the random weights; 0 by default. */
  readonly seed?: number;
  /** Samples that were explained, and how many will be. */
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: PlatformAbortSignal;
}

/** One step of `mprt`: the layer whose weights went last, and how much of the explanation was left. */
export interface MprtStage {
  /** The path of the layer whose weights were replaced last. */
  readonly layer: string;
  /** How similar each sample's explanation is to that of the model as it is. */
  readonly values: Float64Array;
}

/** `values` is the mean over the stages. */
export interface MprtResult extends MetricResult {
  /** From the last layer to the first. */
  readonly stages: readonly MprtStage[];
}

const known = {
  explain: 1,
  similarity: 1,
  absolute: 1,
  ignoreSharedZeros: 1,
  baselines: 1,
  order: 1,
  layers: 1,
  weights: 1,
  seed: 1,
  onProgress: 1,
  signal: 1,
} as const;

/**
 * Model parameter randomisation test (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim: "Sanity checks for saliency maps", 2018): the weights
 * are replaced by random ones of the same scale, layer after layer from the last to the first, and each time the explanation is compared
 * with that of the model as it is. Between -1 and 1, without unit: the lower, the more the explanation depends on what was learned. 1 is
 * an explanation that does not change at all; where only one of the two is flat, they have 0 in common.
 * Trainable weights are drawn from a normal distribution with the mean and the standard deviation of each array; statistics are shuffled.
 *
 * @param model a model that can give a copy with other weights (`withWeights`); it is not changed
 * @param makeExplainer makes the same explainer for the model and each copy @param X as for `explain`
 * @returns similarities per stage; tokens, not the elements of their embeddings, are compared
 * @throws PathgradError for a model whose weights cannot be replaced, layers that there are not, sets of targets, and a method of this package
 * that was made for the model (or any other) and not for the copy
 */
export async function mprt(
  model: CallableModel,
  makeExplainer: (model: CallableModel) => Explaining & { dispose?(): void },
  X: ModelInput,
  options: MprtOptions = {},
): Promise<MprtResult> {
  const how = check(options);
  checkReplaceable(model);
  checkFactory(makeExplainer);
  const { order = 'cascading', seed = 0, baselines, onProgress, signal } = options;
  const given = { ...options.explain, ...(signal ? { signal } : {}) };
  /** What the explainer before explained. */
  let before: unknown = null;
  const explained = async (one: CallableModel, more: ExplainOptions): ReturnType<Explaining['explain']> => {
    const explainer = makeExplainer(one);
    checkExplainer('mprt', explainer, factoryHint);
    before = checkOfCopy(explainer, model, one, before);
    try {
      const found = await explainer.explain(X, more);
      checkFinite(found.attributions);
      return found;
    } finally {
      explainer.dispose?.();
    }
  };
  const first = await explained(model, given);
  const comparing = { ...how, skipped: baselines === undefined ? null : equalTo(baselines, first.X) };
  const { stages, copy } = await stagesOf(model, first, options.layers ?? null);
  const target = first.target ?? given.target;
  const held = { ...given, ...(target === undefined || target === null ? {} : { target }) };
  const samples = first.X[0]!.shape[0]!;
  const total = samples * (stages.length + 1);
  onProgress?.({ done: samples, total });
  const random = options.weights ?? drawnWeights(seed);
  const found: MprtStage[] = [];
  for (const [at, layer] of stages.entries()) {
    const replaced = new Set(order === 'cascading' ? stages.slice(0, at + 1) : [layer]);
    const other = await copy(replaced, random);
    found.push({ layer, values: compared(first, await explained(other, held), comparing) });
    (other as { dispose?(): void }).dispose?.();
    onProgress?.({ done: samples * (at + 2), total });
  }
  const mean = (i: number): number => found.reduce((sum, { values }) => sum + values[i]!, 0) / found.length;
  return { metric: 'mprt', values: Float64Array.from({ length: samples }, (_, i) => mean(i)), stages: found };
}

const factoryHint = 'make one for the model that is handed over: mprt(model, (copy) => new Saliency(copy), X)';

function checkFactory(make: unknown): void {
  const isClass = typeof make === 'function' && typeof make.prototype?.explain === 'function';
  if (typeof make === 'function' && !isClass) return;
  const got = isClass ? 'a class' : make === null ? 'null' : typeof make;
  throw failure('mprt', 'needs a function that makes an explainer of a model', { got }, factoryHint);
}

/**
 * A method of this package knows its model, which is returned. What others explain is theirs to say: an explanation that never changes has 1.
 * @param before what was explained before: of another copy it is another one
 */
function checkOfCopy(explainer: unknown, model: CallableModel, copy: CallableModel, before: unknown): unknown {
  if (!(explainer instanceof Explainer)) return null;
  const found = Looking.modelOf(explainer);
  if (copy === model || (found !== model && found !== before)) return found;
  const whose = found === model ? 'the model itself, whose weights stay as they are,' : 'the same model as before';
  throw failure('mprt', `the explainer is one of ${whose} and not of the copy`, {}, factoryHint);
}

abstract class Looking extends Explainer {
  static modelOf(explainer: Explainer): unknown {
    return Explainer.inside(explainer).model;
  }
}

function check(options: MprtOptions): Omit<Comparing, 'skipped'> {
  checkOptions<MprtOptions>('mprt', options, known);
  checkSeed('mprt', options.seed === undefined ? 0 : options.seed);
  checkWatching(options);
  checkOneTarget('mprt', options.explain);
  checkFunction('weights', options.weights, 'e.g. ({ tensor }) => tensor.data.map(() => Math.random())');
  if (options.layers !== undefined) checkLayers(options.layers);
  if (options.weights) checkNoSay('mprt', { seed: options.seed }, 'the weights are given');
  const { similarity = 'spearman', absolute = true, order = 'cascading', ignoreSharedZeros, baselines } = options;
  if (!Object.hasOwn(similarities, similarity)) {
    const hint = didYouMean(String(similarity), Object.keys(similarities));
    throw failure('similarity', `unknown value '${String(similarity)}'`, {}, hint);
  }
  if (order !== 'cascading' && order !== 'independent') {
    const hint = didYouMean(String(order), ['cascading', 'independent']);
    throw failure('order', `unknown value '${String(order)}'`, {}, hint);
  }
  checkBoolean('absolute', absolute);
  if (ignoreSharedZeros !== undefined) checkBoolean('ignoreSharedZeros', ignoreSharedZeros);
  const whole = similarity === 'ssim';
  if (whole && (ignoreSharedZeros || baselines !== undefined)) {
    const what = ignoreSharedZeros ? 'ignoreSharedZeros' : 'baselines';
    throw failure(what, 'SSIM compares whole pictures', {}, 'leave it out');
  }
  return { similarity, absolute, ignoreSharedZeros: ignoreSharedZeros ?? !whole };
}
