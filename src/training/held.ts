/**
 * What a training has learnt so far: weights, moving statistics and the optimizer's slots, kept in a backend from the first step on. Invariant:
 * before that nothing is held, and every weight is that of the model.
 */
import type { Backend } from '../backends/backend.ts';
import { defaultBackend } from '../backends/default.ts';
import type { WeightChange } from '../graph/callable.ts';
import { State } from '../graph/state.ts';
import type { OptimizerState } from '../keras/save/optimizer.ts';
import { allocate, type TypedArray } from '../tensor/dtype.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { placeholder, Tensor, tensor } from '../tensor/tensor.ts';
import type { Slots } from './step.ts';
import type { Trainable } from './trainable.ts';
import type { Optimizer } from './types.ts';

/** What `weights()` lists. */
export interface TrainedWeight {
  readonly path: string;
  readonly trainable: boolean;
  readonly value: Tensor;
}

export class Held {
  readonly #trainable: Trainable;
  readonly #optimizer: Optimizer | null;
  readonly #backend: Backend | undefined;
  readonly #nothing: State;
  #state: State | null = null;
  #slots: Slots = new Map();

  /** @param optimizer null where nothing is trained */
  constructor(trainable: Trainable, optimizer: Optimizer | null, backend: Backend | undefined) {
    this.#trainable = trainable;
    this.#optimizer = optimizer;
    this.#backend = backend;
    this.#nothing = new State([], backend ?? defaultBackend([{ shape: [], dtype: trainable.dtype }]));
  }

  /** For plans: without cells before the first step. */
  get state(): State {
    return this.#state ?? this.#nothing;
  }

  get began(): boolean {
    return this.#state !== null;
  }

  /** The optimizer's state by parameter. */
  get slots(): Slots {
    return this.#slots;
  }

  /** Puts all into the backend: the weights of the model, and slots as the optimizer begins. @param moved statistics that steps change */
  begin(moved: Iterable<Tensor>): State {
    const parameters = this.#trainable.weights.filter(({ trainable }) => trainable).map((weight) => weight.tensor);
    const statistics = [...moved].filter((one) => !parameters.includes(one));
    const slots = new Map<Tensor, Readonly<Record<string, Tensor>>>();
    const cells = [...parameters, ...statistics].map((held) => ({ tensor: held, value: held.data }));
    for (const parameter of parameters) {
      const made = (this.#optimizer?.slots ?? []).map(({ name, initial }) => {
        const slot = placeholder(parameter.shape, parameter.dtype);
        cells.push({ tensor: slot, value: allocate(parameter.dtype, parameter.size).fill(initial) });
        return [name, slot] as const;
      });
      slots.set(parameter, Object.fromEntries(made));
    }
    this.#slots = slots;
    this.#state = new State(cells, this.#backend);
    return this.#state;
  }

  /** Weights are those of the model again. */
  forget(): void {
    this.#state?.dispose();
    this.#state = null;
  }

  dispose(): void {
    this.forget();
    this.#nothing.dispose();
  }

  weights(): readonly TrainedWeight[] {
    const state = this.#state;
    return this.#trainable.weights.map(({ path, trainable, tensor: held }) => ({
      ...{ path, trainable },
      value: state?.has(held) ? tensor(state.read(held), held.shape) : held,
    }));
  }

  /** The weights of now for `withWeights` of the model that is trained. */
  get change(): WeightChange {
    const state = this.#state;
    // A transformer reads its files anew for a copy, and has other tensors then.
    const byPath = new Map(this.#trainable.weights.map((weight) => [weight.path, weight.tensor]));
    return ({ layer, name, tensor: given }) => {
      const held = state?.has(given) ? given : byPath.get(`${layer}/${name}`);
      return held && state?.has(held) ? state.read(held) : null;
    };
  }

  /** @param iterations steps so far @param rate what stands in for the optimizer's, or null */
  optimizerState(iterations: number, rate: number | null): OptimizerState {
    const [optimizer, state] = [this.#optimizer!, this.#state];
    const trained = this.#trainable.weights.filter(({ trainable }) => trainable);
    const slotOf = (held: Tensor, name: string, initial: number): TypedArray => {
      const slot = this.#slots.get(held)?.[name];
      return slot && state ? state.read(slot) : allocate(held.dtype, held.size).fill(initial);
    };
    const slots = optimizer.slots.map(({ name, initial }) => ({
      name,
      values: new Map(trained.map(({ path, tensor: held }) => [path, slotOf(held, name, initial)])),
    }));
    return { optimizer, iterations, slots, ...(rate !== null && { learningRate: rate }) };
  }

  /** All that is held, by the names of a checkpoint. */
  names(): Map<string, Tensor> {
    const names = new Map<string, Tensor>();
    for (const { path, tensor: weight } of this.#trainable.weights) {
      if (!this.#state?.has(weight)) continue;
      names.set(`weights/${path}`, weight);
      for (const [slot, held] of Object.entries(this.#slots.get(weight) ?? {}))
        names.set(`optimizer/${path}/${slot}`, held);
    }
    return names;
  }

  /** Gives weights other numbers, by path. @throws PathgradError for a path that there is not, and for weights that no step changes */
  setWeights(values: ReadonlyMap<string, Tensor>): void {
    const { name, weights } = this.#trainable;
    const byPath = new Map(weights.map((weight) => [weight.path, weight]));
    const map: unknown = values;
    if (!(map instanceof Map)) throw failure(name, 'setWeights takes a Map of tensors by path', { got: values });
    for (const [path, value] of values) {
      const weight = byPath.get(path);
      if (!weight) throw failure(name, `there is no weight '${path}'`, {}, didYouMean(path, [...byPath.keys()]));
      if (!(value instanceof Tensor))
        throw failure(name, `what the weight '${path}' is set to is no tensor`, { got: value }, 'tensor(data, shape)');
      if (value.size === weight.tensor.size) continue;
      throw failure(name, `the weight '${path}' has another size`, { shape: weight.tensor.shape, got: value.shape });
    }
    for (const [path, value] of values) {
      const weight = byPath.get(path)!;
      if (!this.#state?.has(weight.tensor)) {
        if (value.data === weight.tensor.data || value.data.every((one, i) => one === weight.tensor.data[i])) continue;
        const hint = 'model.withWeights changes it before training';
        const what = this.#state ? 'is not trained' : 'cannot be set before training has begun';
        throw failure(name, `the weight '${path}' ${what}`, {}, hint);
      }
      this.#state.write(weight.tensor, value.data);
    }
  }

  /** What the optimizer keeps for the end of a training (its moving average) takes the weights' place. */
  finalize(): void {
    const { finalSlot } = this.#optimizer ?? {};
    if (!finalSlot || !this.#state) return;
    for (const [weight, slots] of this.#slots) this.#state.write(weight, this.#state.read(slots[finalSlot]!));
  }
}
