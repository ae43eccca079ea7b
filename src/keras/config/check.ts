/**
 * Proves that a model's calls hang together: every tensor comes from a call that exists, and no call waits for itself.
 * The order it finds (Kahn's algorithm, iterative, stable in config order) is the order in which the calls can be made.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { flattenRefs, mapTensors, tensorsOf } from './nodes.ts';
import type { Call, CallRef, LayerSpec, ModelSpec, RefStructure, TensorRef } from './spec.ts';

interface Ends {
  readonly input: RefStructure;
  readonly output: RefStructure;
}

/**
 * Keras 1 and 2 count the call that built a nested model as its node 0, so the calls made in the outer model are 1, 2, … there.
 * Where all references to a layer are one too high for its calls, they are shifted down. Keras 3 counts so in the model's outputs alone.
 */
export function alignNodes(
  layers: readonly LayerSpec[],
  stated: Ends,
  major: 1 | 2 | 3,
): Ends & { layers: readonly LayerSpec[] } {
  const models = new Set(layers.filter(({ model }) => model?.kind === 'functional').map(({ name }) => name));
  const behind = (ref: TensorRef): TensorRef =>
    models.has(ref.layer) && ref.node > 0 ? { ...ref, node: ref.node - 1 } : ref;
  const ends = major === 3 && models.size > 0 ? { ...stated, output: mapStructure(stated.output, behind) } : stated;
  const used = new Map<string, { lowest: number; highest: number }>();
  const all = (major === 3 ? [] : [...flattenRefs(ends.input), ...flattenRefs(ends.output)]).map((leaf) => leaf.ref);
  for (const layer of layers) {
    for (const call of layer.calls) for (const ref of tensorsOf(call)) all.push(ref);
  }
  for (const { layer, node } of all) {
    const range = used.get(layer);
    used.set(layer, { lowest: Math.min(node, range?.lowest ?? node), highest: Math.max(node, range?.highest ?? node) });
  }
  const shifted = new Set(
    layers
      .filter(({ name, model, calls }) => {
        const range = used.get(name);
        return model !== undefined && range !== undefined && range.lowest >= 1 && range.highest === calls.length;
      })
      .map((layer) => layer.name),
  );
  if (shifted.size === 0) return { ...ends, layers };
  const change = (ref: TensorRef): TensorRef => (shifted.has(ref.layer) ? { ...ref, node: ref.node - 1 } : ref);
  const changeCall = (call: Call): Call => ({
    args: call.args.map((value) => mapTensors(value, change)),
    kwargs: new Map([...call.kwargs].map(([key, value]) => [key, mapTensors(value, change)])),
  });
  return {
    input: mapStructure(ends.input, change),
    output: major === 3 ? ends.output : mapStructure(ends.output, change),
    layers: layers.map((layer) => ({ ...layer, calls: layer.calls.map(changeCall) })),
  };
}

function mapStructure(structure: RefStructure, change: (ref: TensorRef) => TensorRef): RefStructure {
  if ('layer' in structure) return change(structure);
  if ('list' in structure) return { list: structure.list.map((item) => mapStructure(item, change)) };
  return { dict: new Map([...structure.dict].map(([key, item]) => [key, mapStructure(item, change)])) };
}

/** @returns the spec with its `callOrder`; throws where names repeat, references dangle or calls form a cycle */
export function checkGraph(spec: ModelSpec, subject: string): ModelSpec {
  const layers = new Map<string, LayerSpec>();
  for (const layer of spec.layers) {
    if (layers.has(layer.name)) throw failure(`${subject}/${layer.name}`, 'two layers of one model have this name');
    layers.set(layer.name, layer);
  }
  for (const ref of [...spec.inputs, ...spec.outputs]) checkRef(ref, layers, `${subject} (${spec.name})`);
  for (const layer of spec.layers) {
    for (const call of layer.calls) {
      const refs = tensorsOf(call);
      if (refs.length === 0) throw failure(`${subject}/${layer.name}`, 'is called without a tensor');
      for (const ref of refs) checkRef(ref, layers, `${subject}/${layer.name}`);
    }
  }
  return { ...spec, callOrder: orderCalls(spec, subject) };
}

function checkRef(ref: TensorRef, layers: ReadonlyMap<string, LayerSpec>, subject: string): void {
  const layer = layers.get(ref.layer);
  if (layer === undefined) {
    throw failure(
      subject,
      `refers to a layer '${ref.layer}' that is not in the model`,
      {},
      didYouMean(ref.layer, [...layers.keys()]),
    );
  }
  const calls = isSource(layer) ? 1 : layer.calls.length;
  if (ref.node >= calls) {
    throw failure(subject, `refers to call ${ref.node} of layer '${ref.layer}', which is called ${calls} times`);
  }
}

/** An InputLayer (or any layer that is never called, such as a constant) has one output without a call. */
function isSource(layer: LayerSpec): boolean {
  return layer.className === 'InputLayer' && layer.calls.length === 0;
}

function orderCalls(spec: ModelSpec, subject: string): CallRef[] {
  const waiting = new Map<string, number>();
  const readers = new Map<string, CallRef[]>();
  const ready: CallRef[] = [];
  const sources = new Set(spec.layers.filter(isSource).map((layer) => layer.name));
  let total = 0;
  for (const { name, calls } of spec.layers) {
    calls.forEach((call, node) => {
      total++;
      const needs = new Set(
        tensorsOf(call)
          .filter((ref) => !sources.has(ref.layer))
          .map(keyOf),
      );
      waiting.set(keyOf({ layer: name, node }), needs.size);
      for (const need of needs) {
        const list = readers.get(need) ?? [];
        readers.set(need, list);
        list.push({ layer: name, node });
      }
      if (needs.size === 0) ready.push({ layer: name, node });
    });
  }
  for (let i = 0; i < ready.length; i++) {
    for (const reader of readers.get(keyOf(ready[i]!)) ?? []) {
      const left = waiting.get(keyOf(reader))! - 1;
      waiting.set(keyOf(reader), left);
      if (left === 0) ready.push(reader);
    }
  }
  if (ready.length < total) {
    const stuck = spec.layers.find((layer) =>
      layer.calls.some((_, node) => waiting.get(keyOf({ layer: layer.name, node }))! > 0),
    );
    throw failure(`${subject}/${stuck?.name ?? ''}`, 'is part of a cycle: its input depends on its own output');
  }
  return ready;
}

function keyOf(call: CallRef): string {
  return `${call.node}:${call.layer}`;
}
