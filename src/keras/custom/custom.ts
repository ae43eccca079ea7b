/**
 * Layers whose code is not in the file (`Lambda`, subclasses of `Layer`): the user writes them in TypeScript and names them here.
 * Invariant: what a user gives by hand for one model comes before what is registered for all; no code of a file is ever run.
 */
import type { TrainingContext } from '../../graph/callable.ts';
import { failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Json, LayerSpec, ModelSpec } from '../config/spec.ts';
import type { Mask } from '../layers/layer.ts';

/** A Keras layer inside a custom one: its class and its options, as in `Dense(units=4)`; an array is a list of layers. */
export type SubLayer = { readonly className: string; readonly [option: string]: unknown } | readonly SubLayer[];

/** An argument of an inner layer's call: tensors by position, then options by name (`{ attention_mask }`). */
export type CallArgument = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor | boolean | number | null };

/** Calls an inner layer as Python does, and returns its (first) output; `.all` returns every output. */
export interface SubCall {
  (...args: readonly CallArgument[]): Tensor;
  readonly all: (...args: readonly CallArgument[]) => readonly Tensor[];
}

/** What a custom layer is given: its config, its weights, and the shapes of what comes in. */
export interface CustomContext {
  /** The layer's options as the file has them (what `get_config` returned). */
  readonly config: Readonly<Record<string, Json>>;
  /** The layer's own weights by name: those that `weights` declares, else all that the file has. */
  readonly weights: { readonly [name: string]: Tensor };
  /** The inner layers by attribute name; those of a list as `blocks/0`, `blocks/1`. */
  readonly layers: { readonly [attribute: string]: SubCall };
  /** The mask of each input, bool `[batch, time]`, or null. */
  readonly masks: readonly Mask[];
  /** Arguments of the call beyond the first: by name, or by position as `'1'`, `'2'`. */
  readonly args: Readonly<Record<string, Tensor | readonly Tensor[] | Json>>;
  /** The training step that the layer is applied in; null at inference. Inner layers are given it by themselves. */
  readonly training: TrainingContext | null;
}

/** A weight of a custom layer: its name and shape, as the file has it. */
export interface CustomWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly trainable?: false;
}

/** A layer in TypeScript. Shapes have the batch axis first. */
export interface CustomLayer {
  /** The Keras layers that the Python class makes in `__init__`, in that order, by attribute name. */
  readonly layers?: (config: Readonly<Record<string, Json>>) => { readonly [attribute: string]: SubLayer };
  /** The layer's own weights, in the order of `add_weight`; if left out, all that the file has, under their names there. */
  readonly weights?: (inputs: readonly Shape[], config: Readonly<Record<string, Json>>) => readonly CustomWeight[];
  /** Builds the outputs from the inputs with the ops of pathgrad. Nothing is computed here, so it may not look at values. */
  readonly forward: (inputs: readonly Tensor[], context: CustomContext) => Tensor | readonly Tensor[];
  /** `pass` hands the first input's mask on (`supports_masking = True`); by default the result has none. */
  readonly mask?: 'pass';
}

/** For a layer without weights and inner layers, its forward alone. */
export type CustomLayers = { readonly [name: string]: CustomLayer | CustomLayer['forward'] };

/** Keras's own layers that are a call of the layer they wrap: the kernel of SpectralNormalization is stored normalized. */
const wrappers: ReadonlyMap<string, CustomLayer> = new Map([
  ['SpectralNormalization', { forward: ([x], { layers }) => layers['layer']!(x!), mask: 'pass' as const }],
]);

export const wrapperNames = (): string[] => [...wrappers.keys()];

const registered = new Map<string, CustomLayer>();

/**
 * Registers a layer class for every model that is loaded afterwards.
 * @param className the class's name in Python, without package; `Lambda` means every Lambda
 * @param layer its TypeScript, or its forward alone
 * @throws if the name is taken already
 * @example
 * registerLayer('Scale', {
 *   weights: ([x]) => [{ name: 'factor', shape: [x.at(-1)] }],
 *   forward: ([x], { weights }) => mul(x, weights.factor),
 * });
 */
export function registerLayer(className: string, layer: CustomLayer | CustomLayer['forward']): void {
  if (registered.has(className)) {
    const hint = 'unregisterLayer first, or give it to one model: loadModel(file, { layers: { … } })';
    throw failure('registerLayer', `'${className}' is registered already`, {}, hint);
  }
  registered.set(className, checked(className, layer));
}

/** Forgets a registered layer. @returns whether there was one */
export function unregisterLayer(className: string): boolean {
  return registered.delete(className);
}

function checked(name: string, layer: CustomLayer | CustomLayer['forward']): CustomLayer {
  const definition = typeof layer === 'function' ? { forward: layer } : layer;
  if (typeof definition?.forward !== 'function') {
    throw failure(
      'custom layer',
      `'${name}' has no forward`,
      { got: typeof layer },
      'give a function, or { forward: … }',
    );
  }
  return definition;
}

/** Whether a model has a layer that `find` knows: what runs custom layers is loaded for such a model only. */
export function usesCustom({ layers }: ModelSpec, find: FindCustom, prefix = ''): boolean {
  const known = (layer: LayerSpec, path: string): boolean =>
    find(layer, path) !== undefined ||
    (layer.model ? usesCustom(layer.model, find, `${path}/`) : false) ||
    (layer.layer ? known(layer.layer, `${path}/${layer.layer.name}`) : false);
  return layers.some((layer) => known(layer, prefix + layer.name));
}

export type FindCustom = (spec: LayerSpec, path: string) => CustomLayer | undefined;

/** How one model finds its layers: given ones by path, name or class, then registered ones by class. */
export function customFinder(given: CustomLayers = {}): FindCustom {
  const own = new Map(Object.entries(given).map(([name, layer]) => [name, checked(name, layer)]));
  return (spec, path) => {
    const { name, className, registeredName } = spec;
    const names = [path, name, className, ...(registeredName === null ? [] : [registeredName])];
    const found = names.find((each) => own.has(each));
    if (found !== undefined) return own.get(found);
    const known = registered.get(className) ?? (registeredName === null ? undefined : registered.get(registeredName));
    return known ?? (spec.layer ? wrappers.get(className) : undefined);
  };
}
