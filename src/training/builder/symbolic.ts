/**
 * A model while it is written: layers with their options as a Keras config, and symbolic tensors that know which call of which layer makes
 * them. Nothing is computed here; `model` brings the graph to the config that Keras would save and builds that. Calls are only ever added.
 */
import { failure } from '../../tensor/errors.ts';
import { type Config, snake } from '../settings.ts';
import type { ConfigValue } from '../types.ts';

/** A tensor of a model that is being written: what a call of a layer gives. */
export class SymbolicTensor {
  /** The layer that makes it. */
  readonly layer: LayerNode;
  /** Which call of the layer, and which of its results. */
  readonly call: number;
  readonly index: number;

  /** Use `input` and layers. */
  constructor(layer: LayerNode, call: number, index: number) {
    this.layer = layer;
    this.call = call;
    this.index = index;
  }
}

/** What may stand in a call: tensors, lists of them, and constants. */
export type Argument = SymbolicTensor | ConfigValue | readonly Argument[];

/** Arguments of a call by name, in camel case: `mask`, `initialState`, `value`, `key`, `useCausalMask`. */
export type CallOptions = { readonly [name: string]: Argument | undefined };

interface Call {
  readonly inputs: Argument;
  readonly options: ReadonlyMap<string, Argument>;
}

let created = 0;

/** A layer while its model is written. */
export class LayerNode {
  readonly className: string;
  /** The name given, or the one that the first model with this layer gave it. */
  name: string | null;
  readonly trainable: boolean;
  /** The order in which layers were written decides their names. */
  readonly id: number;
  /** The config without name and `trainable`; layers inside are written by `write`, once they have names. */
  readonly write: (nameOf: (layer: LayerNode) => string) => Config;
  /** Wrapped layers and cells, in the order in which they get names. */
  readonly inner: readonly LayerNode[];
  /** How many tensors a call gives. */
  readonly results: (options: ReadonlyMap<string, Argument>) => number;
  readonly calls: Call[] = [];
  /** The model that it is, for one used as a layer. */
  readonly model: object | null;
  /** Called on a list of tensors, never on one. */
  readonly list: boolean;

  constructor(
    className: string,
    options: { readonly name?: string | undefined; readonly trainable?: boolean | undefined },
    write: LayerNode['write'],
    more: Partial<Pick<LayerNode, 'inner' | 'results' | 'model' | 'list'>> = {},
  ) {
    this.className = className;
    this.name = options.name ?? null;
    this.trainable = options.trainable ?? true;
    this.id = created++;
    this.write = write;
    this.inner = more.inner ?? [];
    this.results = more.results ?? (() => 1);
    this.model = more.model ?? null;
    this.list = more.list ?? false;
  }

  /** What errors call it. */
  get subject(): string {
    return this.name === null ? this.className : `layer '${this.name}' (${this.className})`;
  }

  call(inputs: Argument, options: CallOptions = {}): SymbolicTensor[] {
    if (tensorsIn(inputs).length === 0) {
      const hint = 'call it with what input({ shape }) or another layer gave';
      throw failure(this.subject, 'is called without a tensor of a model', { got: nameOf(inputs) }, hint);
    }
    if (this.list && !Array.isArray(inputs))
      throw failure(this.subject, 'is called on one tensor: it takes a list', {}, 'layer([x, y])');
    if (!isPlain(options)) {
      const hint = 'arguments by name: layer(x, { value, mask, initialState, ... })';
      throw failure(this.subject, 'the second argument of a call is an object', {}, hint);
    }
    const given = Object.entries(options).flatMap(([name, value]): [string, Argument][] =>
      value === undefined ? [] : [[snake(name), value]],
    );
    const call = { inputs, options: new Map(given) };
    this.calls.push(call);
    const at = this.calls.length - 1;
    return Array.from({ length: this.results(call.options) }, (_, i) => new SymbolicTensor(this, at, i));
  }
}

/** A layer to call: on a tensor, or on a list of them where it takes several. The same layer called again shares its weights. */
export interface LayerFunction {
  /** @returns what the layer gives; throws for a layer that gives several tensors */
  (inputs: SymbolicTensor | readonly SymbolicTensor[], options?: CallOptions): SymbolicTensor;
  /** All tensors that a call gives, for layers that give states or scores as well. */
  all(inputs: SymbolicTensor | readonly SymbolicTensor[], options?: CallOptions): SymbolicTensor[];
  /** The layer itself, for models and wrappers that hold it. */
  readonly node: LayerNode;
}

const nameOf = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : (value?.constructor?.name ?? String(value));

const isPlain = (options: unknown): boolean =>
  typeof options === 'object' && options !== null && !Array.isArray(options) && !(options instanceof SymbolicTensor);

/** A node as the function that calls it. */
export function functionOf(node: LayerNode): LayerFunction {
  const all: LayerFunction['all'] = (inputs, options) => node.call(inputs, options);
  const one = (inputs: SymbolicTensor | readonly SymbolicTensor[], options?: CallOptions): SymbolicTensor => {
    const results = all(inputs, options);
    if (results.length === 1) return results[0]!;
    throw failure(node.subject, `a call gives ${results.length} tensors`, {}, 'const [y, …] = layer.all(x)');
  };
  return Object.assign(one, { all, node });
}

/** The tensors among arguments, in order. */
export function tensorsIn(value: Argument): SymbolicTensor[] {
  if (value instanceof SymbolicTensor) return [value];
  return Array.isArray(value) ? (value as readonly Argument[]).flatMap(tensorsIn) : [];
}
