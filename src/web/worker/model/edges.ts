/** How the layers of a model hang together: whose results each takes, of the layers that lie beside it. */
import type { LayerCall } from '../../../graph/callable.ts';
import type { Model } from '../../../model/model.ts';
import { type AnyModel, isTransformer } from '../../../open/model.ts';
import { placeholder, type Tensor } from '../../../tensor/tensor.ts';
import type { LayerEdges, ReplyOf } from '../../protocol/index.ts';
import type { State } from '../state.ts';
import { modelIn } from './model.ts';

/** Stands for sizes that the file leaves open. */
const ANY = 16;

const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/');

/** @returns null where the graph cannot be made before the first input */
export function edges(state: State): ReplyOf<'edges'> {
  const model = modelIn(state);
  if (!isTransformer(model) && !model.hasInputShape) return null;
  const probes = isTransformer(model)
    ? [placeholder([1, 4], 'int32')]
    : model.inputs.map(({ shape, dtype }) => placeholder([1, ...shape.slice(1).map((dim) => dim ?? ANY)], dtype));
  return edgesOf(model, probes);
}

function edgesOf(model: AnyModel, probes: readonly Tensor[]): LayerEdges[] {
  const { calls, given } = isTransformer(model) ? { calls: [], given: [] } : begin(model, probes);
  /** The layers that gave a tensor: an inner one, and those that it is the last part of. */
  const makers = new Map<Tensor, string[]>(given);
  model.apply(probes, {
    onOutputs: ({ layer, inputs, outputs }: LayerCall): null => {
      calls.push({ path: layer.path, inputs });
      for (const output of outputs) {
        // What only hands on its input did not make it.
        if (inputs.includes(output)) continue;
        makers.set(output, [...(makers.get(output) ?? []), layer.path]);
      }
      return null;
    },
  });
  const from = new Map<string, Set<string>>(lookups(model));
  for (const { path, inputs } of calls) {
    const own = from.get(path) ?? new Set<string>();
    for (const maker of makersOf(inputs, parentOf(path), makers)) if (maker !== path) own.add(maker);
    from.set(path, own);
  }
  return [...from].map(([path, own]) => ({ path, from: [...own] }));
}

type Call = { path: string; inputs: readonly Tensor[] };

/** Where inputs come from: their own layers, or those that look them up, which run before the model does. */
function begin(model: Model, probes: readonly Tensor[]): { calls: Call[]; given: [Tensor, string[]][] } {
  const known = new Set(model.layers.map(({ path }) => path));
  const given = probes.flatMap((probe, i): [Tensor, string[]][] => {
    const { lookup, raw } = model.inputSources[i]!;
    const name = lookup?.layer ?? raw[0]!;
    return known.has(name) ? [[probe, [name]]] : [];
  });
  return { calls: [], given };
}

const lookups = (model: AnyModel): [string, Set<string>][] =>
  isTransformer(model)
    ? []
    : model.inputSources.flatMap(({ lookup, raw }): [string, Set<string>][] =>
        lookup ? [[lookup.layer, new Set(raw)]] : [],
      );

/** The nearest layers beside, going back from tensors. */
function makersOf(
  inputs: readonly Tensor[],
  parent: string,
  makers: ReadonlyMap<Tensor, readonly string[]>,
): Set<string> {
  const found = new Set<string>();
  const seen = new Set<Tensor>();
  const open = [...inputs];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const beside = makers.get(node)?.find((path) => parentOf(path) === parent);
    if (beside !== undefined) found.add(beside);
    else open.push(...node.inputs);
  }
  return found;
}
