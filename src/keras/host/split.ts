/**
 * Cuts a model in two: layers that look up texts and ids, which run on plain values, and the graph behind them, whose inputs are their
 * results. Invariant: no layer of the first part waits for one of the second, so the first part runs once per batch, before.
 */
import type { InputInfo } from '../../graph/callable.ts';
import type { InputSource, RawInput } from '../../model/definition.ts';
import { type ArrayInput, type Fed, type Feedable, inputType, readOne, splitInputs } from '../../model/inputs.ts';
import type { SymbolicShape } from '../../model/layer.ts';
import { allLayers } from '../../model/lookup.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { tensorsOf } from '../config/nodes.ts';
import type { TensorRef } from '../config/spec.ts';
import type { LayerTree, ModelLayer } from '../model/layer.ts';
import { type HostArray, readHostArray } from './values.ts';

export interface HostPart {
  readonly inputs: readonly RawInput[];
  /** The model behind the lookups; its inputs are described by `infos`. */
  readonly graph: LayerTree;
  readonly infos: readonly InputInfo[];
  readonly sources: readonly InputSource[];
  /** One array per entry of `infos`, from what the file's model takes. */
  readonly read: (x: Feedable) => Fed[];
}

const keyOf = ({ layer, node, tensor }: TensorRef): string => `${layer}:${node}:${tensor}`;

/** The two parts, or null for a model without layers of the first kind and without inputs of texts. */
export function splitHost(graph: LayerTree, file: string, dtype: FloatDType): HostPart | null {
  const { spec } = graph;
  const own = [...graph.byName.values()];
  const inner = allLayers(graph.layers).find((layer) => layer.host && !own.includes(layer));
  if (inner)
    throw failure(
      inner.subject,
      'a layer that looks up texts or ids must not be inside another model',
      {},
      'build one flat model',
    );
  const inputs = spec.inputs.map((ref, i): RawInput => {
    const { batchShape, dtype: stored } = graph.byName.get(ref.layer)!.spec;
    const shape = batchShape ? [null, ...batchShape.slice(1)] : null;
    return { name: spec.inputNames[i]!, shape, dtype: stored === 'string' ? 'string' : inputType(stored, dtype) };
  });
  if (own.every((layer) => !layer.host) && inputs.every((input) => input.dtype !== 'string')) return null;

  const kinds = new Map<string, RawInput['dtype']>(spec.inputs.map((ref, i) => [keyOf(ref), inputs[i]!.dtype]));
  const calls = spec.callOrder.filter(({ layer }) => graph.byName.get(layer)!.host);
  const isHost = (name: string): boolean => graph.byName.get(name)!.host !== null;
  for (const { layer, node } of calls) {
    const found = graph.byName.get(layer)!;
    const { args, kwargs } = found.spec.calls[node]!;
    const given = tensorsOf({ args, kwargs: args.length === 0 ? kwargs : new Map() });
    if (found.host!.many ? given.length < 2 : given.length !== 1) {
      const problem = `${found.host!.many ? 'two inputs or more are' : 'exactly one input is'} needed`;
      throw failure(found.subject, problem, { given: given.length });
    }
    const late = given.find((ref) => !kinds.has(keyOf(ref)) && !isHost(ref.layer));
    if (late) {
      const hint = 'such layers run before the graph: only inputs and other lookups may feed them';
      throw failure(found.subject, `it looks up what layer '${late.layer}' computes`, {}, hint);
    }
  }
  const frontier = frontierOf(graph, kinds);
  const shapes = shapesOf(graph, inputs);
  const infos = frontier.map((ref): InputInfo => {
    const host = graph.byName.get(ref.layer)!.host;
    const type = host ? (host.result === 'int' ? 'int32' : dtype) : (kinds.get(keyOf(ref)) as InputInfo['dtype']);
    return { name: ref.layer, shape: shapes.get(keyOf(ref)) ?? [null], dtype: type };
  });
  const rest = spec.callOrder.filter(({ layer }) => !isHost(layer));
  const cut = { ...spec, inputs: frontier, inputNames: infos.map((info) => info.name), callOrder: rest };
  const read = (x: Feedable): Fed[] => {
    const given = splitInputs(
      file,
      inputs.map((input) => input.name),
      x,
    );
    return run(graph, calls, frontier, infos, inputs, given, file);
  };
  const sources = frontier.map((ref) => sourceOf(graph, ref));
  return { inputs, graph: { ...graph, spec: cut }, infos, sources, read };
}

/** The inputs of the file that a tensor of the first part is made from. */
function sourceOf(graph: LayerTree, ref: TensorRef): InputSource {
  const { spec } = graph;
  const raw = new Set<string>();
  const open = [ref];
  const seen = new Set<string>();
  for (let from = open.pop(); from; from = open.pop()) {
    const key = keyOf(from);
    if (seen.has(key)) continue;
    seen.add(key);
    const input = spec.inputs.findIndex((each) => keyOf(each) === key);
    if (input >= 0) raw.add(spec.inputNames[input]!);
    else open.push(...tensorsOf(graph.byName.get(from.layer)!.spec.calls[from.node]!));
  }
  const { host, spec: layer } = graph.byName.get(ref.layer)!;
  const fed = host?.lookup ? tensorsOf(layer.calls[ref.node]!) : [];
  const direct = fed.length === 1 && spec.inputs.some((each) => keyOf(each) === keyOf(fed[0]!));
  return { raw: [...raw], lookup: direct ? { layer: ref.layer, ...host!.lookup! } : null };
}

/** Tensors of the first part (and plain inputs) that the second part reads, each once, in order of reading. */
function frontierOf(graph: LayerTree, kinds: ReadonlyMap<string, RawInput['dtype']>): TensorRef[] {
  const found = new Map<string, TensorRef>();
  const visit = (ref: TensorRef, reader: ModelLayer | null): void => {
    const kind = kinds.get(keyOf(ref));
    if (kind === 'string') {
      const hint = 'texts go through StringLookup, TextVectorization or Hashing first';
      throw failure(reader?.subject ?? graph.spec.name, `it takes the texts of input '${ref.layer}'`, {}, hint);
    }
    if (kind !== undefined || graph.byName.get(ref.layer)!.host) found.set(keyOf(ref), ref);
  };
  for (const { layer, node } of graph.spec.callOrder) {
    const reader = graph.byName.get(layer)!;
    if (!reader.host) for (const ref of tensorsOf(reader.spec.calls[node]!)) visit(ref, reader);
  }
  for (const ref of graph.spec.outputs) visit(ref, null);
  return [...found.values()];
}

function shapesOf(graph: LayerTree, inputs: readonly RawInput[]): Map<string, SymbolicShape> {
  const shapes = new Map<string, SymbolicShape>();
  graph.spec.inputs.forEach((ref, i) => {
    if (inputs[i]!.shape) shapes.set(keyOf(ref), inputs[i]!.shape!);
  });
  for (const { layer, node } of graph.spec.callOrder) {
    const { host, spec } = graph.byName.get(layer)!;
    if (!host) continue;
    const [first] = tensorsOf(spec.calls[node]!);
    const from = first && shapes.get(keyOf(first));
    shapes.set(keyOf({ layer, node, tensor: 0 }), host.shape(from ?? [null, 1]));
  }
  return shapes;
}

function run(
  graph: LayerTree,
  calls: readonly { readonly layer: string; readonly node: number }[],
  frontier: readonly TensorRef[],
  infos: readonly InputInfo[],
  inputs: readonly RawInput[],
  given: readonly unknown[],
  file: string,
): Fed[] {
  const arrays = new Map<string, HostArray>();
  const needed = new Set(
    calls.flatMap(({ layer, node }) => tensorsOf(graph.byName.get(layer)!.spec.calls[node]!).map(keyOf)),
  );
  // The derived graph has other inputs; those of the file are read from its InputLayers.
  const refs = inputs.map((_, i): TensorRef => ({ layer: inputLayers(graph)[i]!, node: 0, tensor: 0 }));
  refs.forEach((ref, i) => {
    const { name, shape, dtype } = inputs[i]!;
    if (!needed.has(keyOf(ref))) return;
    const kind = dtype === 'string' ? 'string' : dtype === 'int32' ? 'int' : 'float';
    const expected = shape ?? [null, 1];
    arrays.set(keyOf(ref), readHostArray(`${file}, input '${name}'`, given[i], expected, kind));
  });
  const computed = (ref: TensorRef) => {
    const array = arrays.get(keyOf(ref));
    if (array) return array;
    throw failure(file, `nothing computes output ${ref.tensor} of layer '${ref.layer}'`);
  };
  for (const { layer, node } of calls) {
    const found = graph.byName.get(layer)!;
    const from = tensorsOf(found.spec.calls[node]!).map(computed);
    arrays.set(keyOf({ layer, node, tensor: 0 }), found.host!.call(from));
  }
  return frontier.map((ref, i): Fed => {
    const source = refs.findIndex((each) => keyOf(each) === keyOf(ref));
    if (source >= 0) return readOne(file, infos[i]!, given[source] as ArrayInput, true);
    const array = computed(ref);
    return readOne(file, infos[i]!, { data: array.values as number[], shape: array.shape }, true);
  });
}

function inputLayers(graph: LayerTree): string[] {
  return graph.spec.inputs.map((ref) => ref.layer);
}
