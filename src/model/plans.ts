/**
 * Compiled plans of a model, one per input shape, a handful at a time. A plan knows which of its values
 * are token ids, so that an id outside a layer's vocabulary is reported with the layer's name before anything is computed.
 */
import type { Backend } from '../backends/backend.ts';
import type { LayerCall } from '../graph/callable.ts';
import { compile, type Plan } from '../graph/compile.ts';
import { PlanCache } from '../graph/plan-cache.ts';
import { cast } from '../ops/unary.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import type { TensorSpec } from '../tensor/tensor.ts';
import { placeholder, type Tensor } from '../tensor/tensor.ts';
import type { Layer } from './layer.ts';

interface Vocabulary {
  readonly layer: Layer;
  readonly size: number;
}

export interface ModelPlan {
  readonly plan: Plan;
  /** The ids that each embedding looks up, in the order of `vocabularies`; null for a model without embeddings. */
  readonly ids: Plan | null;
  readonly vocabularies: readonly Vocabulary[];
  dispose(): void;
}

type Apply = (inputs: readonly Tensor[], onOutputs: (call: LayerCall) => null) => readonly Tensor[];

export class PredictPlans {
  readonly #plans = new PlanCache<ModelPlan>({}, 8);
  readonly #apply: Apply;
  readonly #backend: Backend | undefined;

  constructor(apply: Apply, backend: Backend | undefined) {
    this.#apply = apply;
    this.#backend = backend;
  }

  /** What `work` does with the plan for inputs of these shapes and types. */
  use<R>(inputs: readonly TensorSpec[], work: (plan: ModelPlan) => Promise<R>): Promise<R> {
    const key = inputs.map(({ shape, dtype }) => `${dtype}[${shape.join(',')}]`).join(';');
    return this.#plans.use(key, () => this.#make(inputs), work);
  }

  dispose(): void {
    this.#plans.dispose();
  }

  #make(specs: readonly TensorSpec[]): ModelPlan {
    const inputs = specs.map(({ shape, dtype }) => placeholder(shape, dtype));
    const lookups: { ids: Tensor; vocabulary: Vocabulary }[] = [];
    const outputs = this.#apply(inputs, (call) => {
      const layer = call.layer as Layer;
      const size = layer.vocabulary;
      if (size !== null && layer.looksUp?.(call) !== false)
        lookups.push({ ids: cast(call.inputs[0]!, 'int32'), vocabulary: { layer, size } });
      return null;
    });
    const options = this.#backend ? { backend: this.#backend } : {};
    const looked = lookups.map((lookup) => lookup.ids);
    const plan = compile(outputs, inputs, options);
    const ids = looked.length > 0 ? compile(looked, inputs) : null;
    const dispose = (): void => {
      plan.dispose();
      ids?.dispose();
    };
    return { plan, ids, vocabularies: lookups.map((lookup) => lookup.vocabulary), dispose };
  }
}

/** Throws if an id is outside the table of the layer that looks it up. */
export async function checkTokens({ ids, vocabularies }: ModelPlan, arrays: readonly TypedArray[]): Promise<void> {
  if (!ids) return;
  const found = await ids.run(arrays);
  vocabularies.forEach(({ layer, size }, i) => {
    const bad = found[i]!.findIndex((id) => id < 0 || id >= size);
    if (bad < 0) return;
    const shape = ids.outputs[i]!.shape;
    const details = { sample: Math.floor(bad / (found[i]!.length / shape[0]!)), allowed: `0 to ${size - 1}` };
    const hint = 'the ids must come from the vocabulary that the model was trained with';
    throw failure(layer.subject, `token id ${found[i]![bad]} is outside the vocabulary`, details, hint);
  });
}
