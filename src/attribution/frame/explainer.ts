/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The class that every method's class extends: a model, checked settings and compiled plans, and `explain`. The model is never changed, and
 * one explainer can run any number of explanations at once.
 */
import type { CallableModel } from '../../graph/callable.ts';
import { PlanCache } from '../../graph/plan-cache.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Explanation, Meta } from './explanation/explanation.ts';
import { makeExplanation } from './explanation/report.ts';
import { type Forward, type TensorFunction, toForward } from './forward.ts';
import { chooseLayer, type LayerChoice } from './layer.ts';
import type { Method } from './method.ts';
import { run } from './run.ts';
import type { LayerOptions, Settings } from './settings.ts';
import { checkExplain, type SetUpOptions, type StructureCache, setUp } from './setup.ts';
import { isTargetSet } from './target-set.ts';
import type { ExplainOptions, LayerSelector, ModelInput, TargetSet } from './types.ts';
import { version } from './version.ts';

/** What belongs to the current model; replaced as a whole, so that running explanations keep theirs. */
interface Predictor {
  readonly model: Explainable;
  readonly forward: Forward;
  readonly choice: LayerChoice | null;
  /** Where the variables are when the method observes `choice`. */
  readonly from: LayerChoice | null;
  readonly plans: PlanCache;
  readonly structures: StructureCache;
}

export interface Inside<M, O extends ExplainOptions> {
  readonly model: M;
  readonly options: LayerOptions<M>;
  readonly settings: Settings;
  readonly method: Method<O>;
  /** Names of the method's own options of `explain`. */
  readonly known: Readonly<Record<string, 1>>;
}

export type Explainable = CallableModel | TensorFunction;

/**
 * `Judged` is `Tensor` for methods whose attributions must add up to the change of the score, so that an explanation has `deltas`, and null
 * for the others. `O`: what `explain` takes.
 */
export abstract class Explainer<
  M extends Explainable = Explainable,
  Judged extends Tensor | null = null,
  O extends ExplainOptions = ExplainOptions,
> {
  private readonly settings: Settings;
  private readonly options: LayerOptions<M>;
  private readonly method: Method<O>;
  private readonly known: Readonly<Record<string, 1>>;
  private predictor: Predictor;

  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function `(...inputs, kwargs?) => output` on
   * graph tensors whose first axis is the batch. Each sample's output must depend on that sample alone.
   * @param settings what `checkSettings` made of `options`
   * @param known names of the method's own options of `explain`
   * @throws PathgradError for a layer that there is not (with the nearest names), and for a tolerance where nothing is promised
   */
  protected constructor(
    model: M,
    options: LayerOptions<M>,
    settings: Settings,
    method: Method<O>,
    known: Readonly<Record<string, 1>> = {},
  ) {
    if (method.completeness === null && options.relTol !== undefined) {
      const hint = 'leave it out';
      throw failure('relTol', `has no say: attributions of ${method.name} need not add up to anything`, {}, hint);
    }
    this.settings = settings;
    this.options = options;
    this.method = method;
    this.known = known;
    this.predictor = this.predict(model);
  }

  /** The settings; `layer` is that of the current model. */
  get meta(): Meta {
    const { targetFn, internalBatchSize } = this.settings;
    const { name, needs } = this.method;
    const { compat, ...own } = this.method.params; // alibi's order
    return {
      name,
      type: [needs === 'values' ? 'blackbox' : 'whitebox'],
      explanations: ['local'],
      params: {
        targetFn: targetFn && (targetFn.name || 'anonymous'),
        ...own,
        internalBatchSize,
        layer: this.predictor.choice?.label ?? 'unspecified',
        ...(compat !== undefined && { compat }),
      },
      version,
    };
  }

  private predict(model: M): Predictor {
    const { layer = null, inputLayer = null, backend } = this.options;
    const forward = toForward(model, this.settings.output, this.settings.dtype);
    const choice = chooseLayer(forward, model, layer as LayerSelector<M> | null);
    const from = chooseLayer(forward, model, inputLayer as LayerSelector<M> | null);
    return { model, forward, choice, from, plans: new PlanCache(backend ? { backend } : {}), structures: new Map() };
  }

  /**
   * Explains the predictions for `X`: an attribution for every feature of the inputs, or of the layer's tensors.
   *
   * @param X `[N, ...]`, or a list or record of them for several inputs
   * @param options `baselines` zeros by default, for methods that take them; `target` is needed for outputs with several entries per sample.
   * A set of targets (`'all'`, `{ classes }`, `{ top }`) shares the forward passes and gives an explanation for each
   * @returns attributions as float64 tensors, one per input or layer tensor, with predictions, warnings and diagnostics
   * @throws PathgradError naming the argument that does not fit; the signal's reason when aborted
   */
  explain(X: ModelInput, options?: O): Promise<Explanation<Judged>>;
  explain(X: ModelInput, options: Omit<O, 'target'> & { readonly target: TargetSet }): Promise<Explanation<Judged>[]>;
  async explain(
    X: ModelInput,
    options: Omit<O, 'target'> & { readonly target?: O['target'] | TargetSet } = {} as O,
  ): Promise<Explanation<Judged> | Explanation<Judged>[]> {
    checkExplain(options, this.known);
    options.signal?.throwIfAborted();
    const { method, settings } = this;
    const { forward, choice, from, plans, structures } = this.predictor;
    const { meta } = this; // of the model that is explained, whatever comes after
    const setup = setUp({ forward, settings, method, choice, from, structures }, X, options as SetUpOptions);
    const outcomes = await run(setup, plans, options as O);
    const explanations = outcomes.map((outcome) => makeExplanation(meta, setup, outcome) as Explanation<Judged>);
    return isTargetSet(options.target) ? explanations : explanations[0]!;
  }

  /** What a method around another one takes over from it: all that its constructor was given. */
  protected static inside<M extends Explainable, O extends ExplainOptions>(
    explainer: Explainer<M, Tensor | null, O>,
  ): Inside<M, O> {
    const { options, settings, method, known, predictor } = explainer;
    return { model: predictor.model as M, options, settings, method, known };
  }

  /** Goes on with another model: the layer is looked up anew by the selector. */
  resetPredictor(model: M): void {
    const before = this.predictor;
    this.predictor = this.predict(model);
    before.plans.dispose();
  }

  /** Frees compiled plans; the explainer stays usable. */
  dispose(): void {
    this.predictor.plans.dispose();
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
