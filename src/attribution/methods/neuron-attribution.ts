/**
 * Any method for a neuron inside the model: the layer's tensor takes the place of the output, and the target says which entry of it is
 * explained. With `IntegratedGradients` this is captum's NeuronIntegratedGradients, with `Saliency` its NeuronGradient, and so on.
 */
import type { CallableModel } from '../../graph/callable.ts';
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Explainer } from '../frame/explainer.ts';
import { Explanation } from '../frame/explanation/explanation.ts';
import { toForward } from '../frame/forward.ts';
import { bothHooks, captureLayer, chooseLayer, type LayerSide } from '../frame/layer.ts';
import type { ExplainOptions, LayerSelector, ModelInput, TargetSet } from '../frame/types.ts';

/** Which neuron is explained: its layer, and whether what goes into the layer or what comes out is meant. */
export interface NeuronOptions<M> {
  /** The layer in which the neuron is. */
  readonly neuronLayer: LayerSelector<M>;
  /** Explains what goes into the layer instead of what comes out. */
  readonly neuronInputs?: boolean;
}

/** What the constructor of `NeuronAttribution` takes, beside layer, output, backend and batch size. */
export interface NeuronAttributionOptions<M, Judged extends Tensor | null> extends NeuronOptions<M> {
  /** The method, for the model that ends at the layer: `(model) => new IntegratedGradients(model)`. */
  readonly make: (model: CallableModel) => Explainer<CallableModel, Judged>;
}

/**
 * The model that ends at a layer: its outputs are the layer's tensors.
 * @throws PathgradError for a layer that there is not
 */
export function endingAt<M extends CallableModel>(
  model: M,
  { neuronLayer, neuronInputs = false }: NeuronOptions<M>,
): CallableModel {
  const choice = chooseLayer(toForward(model, undefined, model.dtype), model, neuronLayer);
  if (!choice) throw failure('neuronLayer', 'is missing', {}, 'name the layer in which the neuron is');
  checkBoolean('neuronInputs', neuronInputs);
  const side: LayerSide = neuronInputs ? 'inputs' : 'outputs';
  const { checkInputs, prune } = model;
  return {
    name: `${model.name} up to ${choice.layer.path}`,
    inputs: model.inputs,
    layers: model.layers,
    dtype: model.dtype,
    getLayer: (selector) => model.getLayer(selector),
    ...(checkInputs && { checkInputs: (inputs) => checkInputs.call(model, inputs) }),
    // Positions that no output depends on may matter to a neuron.
    ...(prune && { prune: () => null }),
    apply: (inputs, options = {}) => {
      const { hooks, result } = captureLayer(choice, side);
      model.apply(inputs, { ...options, ...bothHooks(options, hooks) });
      return result().tensors;
    },
  };
}

const makeHint = 'make one of the model that is handed over: make: (model) => new IntegratedGradients(model)';

/**
 * Attributions of one neuron instead of one output, by any method: the method is given a model that ends at the neuron's layer.
 * Units are those of the neuron.
 */
export class NeuronAttribution<M extends CallableModel, Judged extends Tensor | null> {
  private readonly explainer: Explainer<CallableModel, Judged>;
  private readonly layer: string;
  /** Whether the method has looked at the model that ends at the layer. */
  private asked = false;

  /** @throws PathgradError for options that there are not, and for a layer that there is not */
  constructor(model: M, options: NeuronAttributionOptions<M, Judged>) {
    checkOptions('NeuronAttribution', options, { neuronLayer: 1, neuronInputs: 1, make: 1 });
    if (typeof options?.make !== 'function') {
      throw failure('make', 'is missing', {}, makeHint);
    }
    const ending = endingAt(model, options);
    const apply: CallableModel['apply'] = (...given) => {
      this.asked = true;
      return ending.apply(...given);
    };
    this.explainer = options.make({ ...ending, apply });
    if (typeof this.explainer?.explain !== 'function') throw failure('make', 'must return an explainer', {}, makeHint);
    this.layer = ending.name;
  }

  /**
   * Explains a neuron of the layer: `target` is its index, or its tuple of indices per sample where the layer has several axes.
   * @throws PathgradError as the method's own `explain`, and where `make` gave an explainer of another model than the one it got
   */
  explain(X: ModelInput, options: ExplainOptions): Promise<Explanation<Judged>>;
  explain(
    X: ModelInput,
    options: Omit<ExplainOptions, 'target'> & { readonly target: TargetSet },
  ): Promise<Explanation<Judged>[]>;
  async explain(
    X: ModelInput,
    options: Omit<ExplainOptions, 'target'> & { readonly target?: ExplainOptions['target'] | TargetSet },
  ): Promise<Explanation<Judged> | Explanation<Judged>[]> {
    const found: Explanation<Judged> | Explanation<Judged>[] = await this.explainer.explain(
      X,
      options as ExplainOptions,
    );
    if (!this.asked) throw failure('make', 'its explainer is one of another model', {}, makeHint);
    return Array.isArray(found) ? found.map((one) => this.named(one)) : this.named(found);
  }

  private named({ meta, data, extra }: Explanation<Judged>): Explanation<Judged> {
    const params = { ...meta.params, of: meta.name, neuronLayer: this.layer };
    return new Explanation({ ...meta, name: 'NeuronAttribution', params }, data, extra);
  }

  /** Frees what the backend holds for the method. */
  dispose(): void {
    this.explainer.dispose();
  }
}
