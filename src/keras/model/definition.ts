/** A Keras model as a `ModelDefinition`: its graph of layers, masks and keywords, and the part that runs before it. */
import type { Backend } from '../../backends/backend.ts';
import type { ApplyOptions } from '../../graph/callable.ts';
import type { ModelDefinition } from '../../model/definition.ts';
import { inputType } from '../../model/inputs.ts';
import { cast } from '../../ops/unary.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { shortened } from '../../tensor/visible.ts';
import { tensorsOf } from '../config/nodes.ts';
import type { HostPart } from '../host/split.ts';
import type { KerasOrigin } from '../save/origin.ts';
import type { LayerTree, ModelLayer } from './layer.ts';
import { runGraph } from './run.ts';

export interface ModelSettings {
  readonly file: string;
  readonly dtype: FloatDType;
  readonly backend?: Backend;
  /** The layers that run before the graph (`splitHost`), if there are any. */
  readonly host?: HostPart | null;
  /** Reads the JSON of the reference that lies inside the model's file; null if there is none. Not before it is asked for. */
  readonly reference?: () => Promise<string | null>;
  /** What the model was read as, so that it can be written again. */
  readonly origin?: KerasOrigin;
}

/** @param whole the graph as the file has it, with the layers that look up texts */
export function kerasDefinition(whole: LayerTree, settings: ModelSettings): ModelDefinition<ModelLayer> {
  const { file, dtype, backend, host, reference, origin } = settings;
  const graph = host?.graph ?? whole;
  const specOf = (name: string) => graph.byName.get(name)!.spec;
  const stated = graph.spec.inputs.map((ref, i) => {
    const { batchShape, dtype: stored } = specOf(ref.layer);
    // Whatever batch size a file states was that of its training.
    const shape = [null, ...(batchShape?.slice(1) ?? [])];
    return { name: graph.spec.inputNames[i]!, shape, dtype: inputType(stored, dtype) };
  });
  return {
    name: graph.spec.name,
    file,
    dtype,
    ...(backend ? { backend } : {}),
    layers: whole.layers,
    inputs: host?.infos ?? stated,
    hasInputShape: host
      ? host.infos.every((info) => info.shape.length > 1)
      : graph.spec.inputs.every((ref) => specOf(ref.layer).batchShape !== undefined),
    outputNames: graph.spec.outputNames,
    outputsByName: 'dict' in graph.spec.outputStructure,
    trains: true,
    run: (inputs, options) => run(graph, inputs, options, file, dtype),
    raw: host ?? null,
    ...(graph.spec.kind === 'functional' ? { sourcesOf } : {}),
    withWeights: async (change, frozen) => {
      const { copyModel } = await import('../load/on-demand.ts');
      const copy = copyModel(graph, whole.layers, settings, change, frozen);
      return kerasDefinition(copy.graph, copy.settings);
    },
    ...(reference ? { reference } : {}),
    ...(origin ? { origin } : {}),
    verify: async (model, source, options) =>
      (await import('../load/on-demand.ts')).verifyModel(model, source, options),
  };
}

function run(
  graph: LayerTree,
  inputs: readonly Tensor[],
  hooks: ApplyOptions,
  file: string,
  dtype: FloatDType,
): Tensor[] {
  const mask = readKeywords(file, hooks.kwargs ?? {});
  const values = inputs.map((x, i) => ({ tensor: x, mask: i === 0 ? mask : null }));
  const session = {
    hooks,
    dtype,
    training: hooks.training ?? null,
    counts: new Map<ModelLayer, number>(),
    bare: new Set<Tensor>(),
    origins: new Map<Tensor, Tensor>(),
  };
  const results = runGraph(graph, values, session);
  hooks.onMasks?.(results.map((value) => value.mask));
  return results.map((value) => value.tensor);
}

function sourcesOf(layer: ModelLayer): string {
  const sources = layer.spec.calls.map((call) =>
    tensorsOf(call)
      .map((ref) => ref.layer)
      .join(' + '),
  );
  return shortened(sources.join('; '));
}

function readKeywords(subject: string, kwargs: Readonly<Record<string, Tensor>>): Tensor | null {
  for (const [name, value] of Object.entries(kwargs)) {
    if (name === 'mask') continue;
    if (name === 'training' && value.constant?.every((flag) => flag === 0)) continue;
    const hint = name === 'training' ? 'models are applied for inference only' : didYouMean(name, ['mask', 'training']);
    throw failure(subject, `argument '${name}' is not one that the model takes`, {}, hint);
  }
  const mask = kwargs['mask'];
  return mask instanceof Tensor ? cast(mask, 'bool') : null;
}
