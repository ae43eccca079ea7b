/**
 * Integrated gradients (Sundararajan, Taly, Yan: "Axiomatic attribution for deep networks", 2017):
 * `IG_i = (x_i - b_i) * integral over a in [0, 1] of df/dx_i (b + a (x - b))`, by quadrature along the straight line. Arguments and
 * results follow alibi. The model is never changed, and one explainer can run any number of explanations at once.
 */
import type { CallableModel } from '../../graph/callable.ts';
import { PlanCache } from '../../graph/plan-cache.ts';
import { quadratureRule } from '../../quadrature/index.ts';
import type { Explanation, Meta } from '../frame/explanation/explanation.ts';
import { makeExplanation } from '../frame/explanation/report.ts';
import { type Forward, type TensorFunction, toForward } from '../frame/forward.ts';
import { chooseLayer, type LayerChoice } from '../frame/layer.ts';
import { run } from '../frame/run.ts';
import { type StructureCache, setUp } from '../frame/setup.ts';
import type { ExplainOptions, LayerSelector, ModelInput } from '../frame/types.ts';
import { version } from '../frame/version.ts';
import { checkSettings, type IntegratedGradientsOptions, type Settings } from './settings.ts';

/** What belongs to the current model; replaced as a whole, so that running explanations keep theirs. */
interface Predictor {
  readonly forward: Forward;
  readonly choice: LayerChoice | null;
  readonly plans: PlanCache;
  readonly structures: StructureCache;
}

export class IntegratedGradients<M extends CallableModel | TensorFunction = CallableModel | TensorFunction> {
  private readonly settings: Settings;
  private readonly options: IntegratedGradientsOptions<M>;
  private predictor: Predictor;

  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function `(...inputs, kwargs?) => output` on
   * graph tensors whose first axis is the batch. Each sample's output must depend on that sample alone.
   * @throws PathgradError for unknown options, an unknown method or layer (with the nearest names), and numbers of steps
   * or batch sizes that make no sense
   */
  constructor(model: M, options: IntegratedGradientsOptions<M> = {}) {
    this.settings = checkSettings(options);
    this.options = options;
    this.predictor = this.predict(model);
  }

  /** The settings; `layer` is that of the current model. */
  get meta(): Meta {
    const { targetFn, method, nSteps, internalBatchSize, compat } = this.settings;
    const layer = this.predictor.choice?.label ?? 'unspecified';
    return {
      name: 'IntegratedGradients',
      type: ['whitebox'],
      explanations: ['local'],
      params: {
        targetFn: targetFn && (targetFn.name || 'anonymous'),
        method,
        nSteps,
        internalBatchSize,
        layer,
        compat,
      },
      version,
    };
  }

  private predict(model: M): Predictor {
    const forward = toForward(model, this.settings.output, this.settings.dtype);
    const choice = chooseLayer(forward, model, (this.options.layer ?? null) as LayerSelector<M> | null);
    const plans = new PlanCache(this.options.backend ? { backend: this.options.backend } : {});
    return { forward, choice, plans, structures: new Map() };
  }

  /**
   * Explains the predictions for `X`: which features of the input, or of the layer's tensors, moved the score of the
   * target away from its value at the baseline.
   *
   * @param X `[N, ...]`, or a list or record of them for several inputs
   * @param options `baselines` zeros by default; `target` is needed for outputs with several entries per sample
   * @returns attributions as float64 tensors, one per input or layer tensor, with alibi's other fields and diagnostics
   * @throws PathgradError naming the argument that does not fit; the signal's reason when aborted
   */
  async explain(X: ModelInput, options: ExplainOptions = {}): Promise<Explanation> {
    options.signal?.throwIfAborted();
    const { forward, choice, plans, structures } = this.predictor;
    const { meta } = this; // of the model that is explained, whatever comes after
    const setup = setUp(forward, this.settings, choice, X, options, structures);
    const { method, nSteps, compat } = this.settings;
    const rule = nSteps === 'auto' ? null : quadratureRule(method, nSteps, { compat: compat ?? undefined });
    const outcome = await run(setup, plans, rule, options);
    return makeExplanation(meta, setup, outcome);
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

  [Symbol.dispose](): void {
    this.dispose();
  }
}
