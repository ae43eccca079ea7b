/**
 * A layer of a loaded model: what the file says of it, how it runs, and its weights.
 * Invariant: weights are loaded once, at the first call, when the input shape is known; a later call gets the same tensors.
 */
import type { LayerCall } from '../../graph/callable.ts';
import type { Layer, SymbolicShape } from '../../model/layer.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Dialect, LayerSpec, ModelSpec } from '../config/spec.ts';
import type { CustomLayer, FindCustom } from '../custom/custom.ts';
import type { CustomCode } from '../custom/run.ts';
import type { HostFiles, HostRun } from '../host/index.ts';
import type { CallArguments, LayerRun, WeightRule, Weights } from '../layers/layer.ts';
import type { Rules } from '../layers/registry.ts';
import type { Operation } from '../operations/index.ts';
import { type LayerWeight, loadWeights } from '../weights/place.ts';
import type { LayerWeights } from '../weights/store.ts';

const nothing = new Float32Array(0);

export interface BuildSettings {
  readonly file: string;
  readonly dtype: FloatDType;
  readonly theanoKernels: 'flip' | 'as-stored';
  /** Layers in TypeScript, for classes whose code is not in the file. */
  readonly find?: FindCustom;
  /** What runs custom layers; loaded where the model has any. */
  readonly customCode?: CustomCode | null;
  /** The layer classes and operations of the model, loaded. */
  readonly rules: Rules;
  /** Vocabularies that the file keeps beside its config. */
  readonly filesOf?: (layer: LayerSpec) => HostFiles;
}

/** A layer of a loaded model. Models and wrappers are layers too, with `layers` inside. */
export class ModelLayer implements Layer {
  readonly name: string;
  readonly path: string;
  readonly className: string;
  readonly config: LayerSpec['config'];
  readonly trainable: boolean;
  readonly spec: LayerSpec;
  readonly dialect: Dialect;
  /** Subject of error messages. */
  readonly subject: string;
  run: LayerRun | null = null;
  operation: Operation | null = null;
  /** For layers that look up texts or ids, outside the graph. */
  host: HostRun | null = null;
  /** The inner model, for Sequential and Functional models used as a layer. */
  graph: LayerTree | null = null;
  /** The wrapped layer of TimeDistributed. */
  inner: ModelLayer | null = null;
  /** The user's TypeScript, and the layers that it calls by attribute name. */
  custom: CustomLayer | null = null;
  customCode: CustomCode | null = null;
  parts: ReadonlyMap<string, ModelLayer> = new Map();
  stored: LayerWeights | null = null;
  /** What its weights begin with, for a layer that no file holds. */
  first: ((rules: readonly WeightRule[]) => LayerWeights) | null = null;
  /** Shapes at the first call, one per tensor; empty until the model's input shape is known. */
  inputShapes: readonly SymbolicShape[] = [];
  outputShapes: readonly SymbolicShape[] = [];
  #weights: readonly LayerWeight[] | null = null;
  readonly #dtype: FloatDType;

  constructor(spec: LayerSpec, path: string, dialect: Dialect, settings: BuildSettings) {
    this.spec = spec;
    this.name = spec.name;
    this.path = path;
    this.className = spec.className;
    this.config = spec.config;
    this.trainable = spec.trainable;
    this.dialect = dialect;
    this.#dtype = settings.dtype;
    this.subject = `${settings.file}, layer '${path}' (${spec.className})`;
  }

  /** The layers inside: those of an inner model or custom layer, or the one that is wrapped. */
  get layers(): readonly ModelLayer[] {
    return this.graph?.layers ?? (this.inner ? [this.inner] : [...this.parts.values()]);
  }

  /** The layer's own weights in Keras's order; empty until the input shape is known. */
  get weights(): readonly LayerWeight[] {
    return this.#weights ?? [];
  }

  get vocabulary(): number | null {
    return this.run?.vocabulary ?? null;
  }

  looksUp({ inputs, outputs }: Pick<LayerCall, 'inputs' | 'outputs'>): boolean {
    return this.run?.looksUp?.(inputs[0]!, outputs[0]!) ?? true;
  }

  get inputShape(): SymbolicShape | null {
    return this.inputShapes[0] ?? null;
  }

  get outputShape(): SymbolicShape | null {
    return this.outputShapes[0] ?? null;
  }

  /** Loads the weights for these input shapes, once. */
  weightsFor(inputs: readonly Shape[], args?: CallArguments): Weights {
    if (this.#weights === null) {
      const rules = this.run?.weights?.(inputs, this.stored?.arrays ?? [], args) ?? [];
      const stored = this.first?.(rules) ?? this.stored;
      this.#weights = loadWeights(this.subject, rules, stored, this.#dtype, this.trainable);
      // Values are not held a second time; what the file says of them stays.
      const arrays = this.stored?.arrays.map((array) => ({ ...array, data: nothing }));
      if (arrays) this.stored = { ...this.stored!, arrays };
    }
    return Object.fromEntries(this.#weights.map((weight) => [weight.name, weight.tensor]));
  }
}

export interface LayerTree {
  readonly spec: ModelSpec;
  /** As Keras lists them: in config order, for a Sequential without its InputLayer. */
  readonly layers: readonly ModelLayer[];
  readonly byName: ReadonlyMap<string, ModelLayer>;
}
