/**
 * From symbolic tensors to the config of a functional model, its layers in Keras's order: by distance from the outputs, then as they were
 * met on the way from the outputs back. Nothing recurses over the graph. Source: `map_graph` and `Functional.get_config` of Keras 3.15.
 */
import { failure } from '../../tensor/errors.ts';
import type { Config } from '../settings.ts';
import type { ConfigValue } from '../types.ts';
import { serialized } from './fields.ts';
import { type Argument, type LayerNode, SymbolicTensor, tensorsIn } from './symbolic.ts';

/** One call of a layer. */
interface GraphCall {
  readonly layer: LayerNode;
  readonly call: number;
  readonly sources: readonly SymbolicTensor[];
}

interface Met {
  /** Every call after those that it needs. */
  readonly calls: readonly GraphCall[];
  /** When each layer was first met on the way back. */
  readonly met: ReadonlyMap<LayerNode, number>;
}

const keyOf = ({ layer, call }: { readonly layer: LayerNode; readonly call: number }): string => `${layer.id}:${call}`;

/** All calls that the outputs need. */
function walk(outputs: readonly SymbolicTensor[]): Met {
  const met = new Map<LayerNode, number>();
  const state = new Map<string, 'open' | 'done'>();
  const calls: GraphCall[] = [];
  const stack = [...outputs].reverse().map(({ layer, call }) => ({ layer, call }));
  while (stack.length > 0) {
    const at = stack.at(-1)!;
    const key = keyOf(at);
    if (state.get(key) === 'done') {
      stack.pop();
      continue;
    }
    const sources = sourcesOf(at);
    if (state.get(key) === 'open') {
      state.set(key, 'done');
      calls.push({ ...at, sources });
      stack.pop();
      continue;
    }
    state.set(key, 'open');
    if (!met.has(at.layer)) met.set(at.layer, met.size);
    for (const { layer, call } of [...sources].reverse())
      if (!state.has(keyOf({ layer, call }))) stack.push({ layer, call });
  }
  return { calls, met };
}

function sourcesOf({ layer, call }: { readonly layer: LayerNode; readonly call: number }): SymbolicTensor[] {
  if (layer.className === 'InputLayer') return [];
  const { inputs, options } = layer.calls[call]!;
  return [...tensorsIn(inputs), ...[...options.values()].flatMap(tensorsIn)];
}

/** Layers in Keras's order, and which calls of each belong to the model. */
export interface Ordered {
  readonly layers: readonly LayerNode[];
  readonly callsOf: ReadonlyMap<LayerNode, readonly number[]>;
}

/** @throws PathgradError where an output needs an input that is not among `inputs`, or one of them is no input */
export function orderLayers(
  subject: string,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): Ordered {
  const { calls, met } = walk(outputs);
  for (const { layer } of inputs)
    if (layer.className !== 'InputLayer')
      throw failure(subject, `an input is what ${layer.subject} gives`, {}, 'models begin at input({ shape })');
  const given = new Set(inputs.map(({ layer }) => layer));
  for (const { layer } of calls)
    if (layer.className === 'InputLayer' && !given.has(layer)) {
      throw failure(
        subject,
        `its outputs need ${layer.subject}, which is not among its inputs`,
        {},
        'add it to inputs',
      );
    }
  const depths = new Map<string, number>();
  const depthOf = new Map<LayerNode, number>();
  for (const one of [...calls].reverse()) {
    const depth = Math.max(depths.get(keyOf(one)) ?? 0, depthOf.get(one.layer) ?? 0);
    depthOf.set(one.layer, depth);
    for (const source of one.sources) depths.set(keyOf(source), Math.max(depth + 1, depths.get(keyOf(source)) ?? 0));
  }
  const index = new Map(met);
  for (const { layer } of inputs) if (!depthOf.has(layer)) [depthOf.set(layer, 0), index.set(layer, -1)];
  const layers = [...depthOf.keys()].sort((a, b) => depthOf.get(b)! - depthOf.get(a)! || index.get(a)! - index.get(b)!);
  const callsOf = new Map<LayerNode, number[]>(layers.map((layer) => [layer, []]));
  for (const { layer, call } of calls) callsOf.get(layer)!.push(call);
  for (const list of callsOf.values()) list.sort((a, b) => a - b);
  return { layers, callsOf };
}

/** What a model was built with: tensors in a list, or by name. */
export type Structure = SymbolicTensor | readonly SymbolicTensor[] | { readonly [name: string]: SymbolicTensor };

/** The tensors of a structure; those of a dict sorted by name, as Keras has them. */
export function flatten(structure: Structure): SymbolicTensor[] {
  if (structure instanceof SymbolicTensor) return [structure];
  if (Array.isArray(structure)) return [...(structure as readonly SymbolicTensor[])];
  return Object.entries(structure as { readonly [name: string]: SymbolicTensor })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, tensor]) => tensor);
}

/** The config of the model, as `get_config` gives it. `shapeOf` says what a tensor's shape is, where it is known. */
export function functionalConfig(
  name: string,
  inputs: Structure,
  outputs: Structure,
  { layers, callsOf }: Ordered,
  nameOf: (layer: LayerNode) => string,
  shapeOf: (tensor: SymbolicTensor) => readonly (number | null)[],
): Config {
  const history = ({ layer, call, index }: SymbolicTensor): [string, number, number] => [
    nameOf(layer),
    layer.className === 'InputLayer' ? 0 : callsOf.get(layer)!.indexOf(call),
    index,
  ];
  const argument = (value: Argument): ConfigValue => {
    if (value instanceof SymbolicTensor) {
      const config = { shape: shapeOf(value), dtype: 'float32', keras_history: history(value) };
      return { class_name: '__keras_tensor__', config };
    }
    return Array.isArray(value) ? (value as readonly Argument[]).map(argument) : (value as ConfigValue);
  };
  /** Ends of the model; here Keras counts the call that made a model inside it, too. */
  const end = (tensor: SymbolicTensor): ConfigValue => {
    const [layer, call, index] = history(tensor);
    return [layer, tensor.layer.className === 'Functional' ? call + 1 : call, index];
  };
  const refs = (structure: Structure): ConfigValue => {
    if (structure instanceof SymbolicTensor) return end(structure);
    if (Array.isArray(structure)) return (structure as readonly SymbolicTensor[]).map(end);
    return Object.fromEntries(Object.entries(structure).map(([key, tensor]) => [key, end(tensor)]));
  };
  const entries = layers.map((layer): Config => {
    const nodes = callsOf
      .get(layer)!
      .filter(() => layer.className !== 'InputLayer')
      .map((call): Config => {
        const { inputs: given, options } = layer.calls[call]!;
        return {
          args: [argument(given)],
          kwargs: Object.fromEntries([...options].map(([key, value]) => [key, argument(value)])),
        };
      });
    return { ...serialized(layer, nameOf), name: nameOf(layer), inbound_nodes: nodes };
  });
  return { name, trainable: true, layers: entries, input_layers: refs(inputs), output_layers: refs(outputs) };
}
