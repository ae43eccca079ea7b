/**
 * What Keras's part of a model is to `Model`: layers in a tree, masks beside the values, layers that look up texts before the graph. Dropout and noise
 * do nothing and batch normalization uses its stored statistics, as in `model.predict`.
 */
import type { Backend } from '../../backends/backend.ts';
import type { ApplyOptions } from '../../graph/callable.ts';
import type { ModelDefinition, ModelLayer } from '../../model/definition.ts';
import { inputType } from '../../model/inputs.ts';
import { Model } from '../../model/model.ts';
import { cast } from '../../ops/unary.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { tensorsOf } from '../config/nodes.ts';
import type { HostPart } from '../host/split.ts';
import type { KerasLayer, LayerTree } from './layer.ts';
import { runGraph } from './run.ts';

export interface ModelSettings {
  readonly file: string;
  readonly dtype: FloatDType;
  readonly backend?: Backend;
  /** The layers that run before the graph (`splitHost`), if there are any. */
  readonly host?: HostPart | null;
  /** As in `ModelDefinition`. */
  readonly reference?: () => Promise<string | null>;
}

export function kerasModel(graph: LayerTree, settings: ModelSettings): Model {
  return new Model(kerasDefinition(graph, settings));
}

export function kerasDefinition(tree: LayerTree, settings: ModelSettings): ModelDefinition {
  const { file, dtype, backend, host, reference } = settings;
  const graph = host?.graph ?? tree;
  const { spec } = graph;
  const inputs = tree.spec.inputs.map((ref) => tree.byName.get(ref.layer)!.spec);
  return {
    name: tree.spec.name,
    file,
    dtype,
    backend,
    reference,
    before: host,
    layers: tree.layers,
    inputs:
      host?.infos ??
      inputs.map(({ batchShape, dtype: stored }, i) => {
        // Whatever batch size a file states was that of its training.
        const shape = [null, ...(batchShape?.slice(1) ?? [])];
        return { name: spec.inputNames[i]!, shape, dtype: inputType(stored, dtype) };
      }),
    // A Sequential that was saved without ever seeing data takes the shape of the first input given to it.
    hasInputShape: host
      ? host.infos.every((info) => info.shape.length > 1)
      : inputs.every(({ batchShape }) => batchShape !== undefined),
    outputs: spec.outputNames,
    byName: 'dict' in spec.outputStructure,
    run: (xs, hooks) => run(graph, xs, hooks, settings),
    sources: spec.kind === 'functional' ? sourcesOf : undefined,
    async withWeights(change) {
      const { copyModel } = await import('../load/on-demand.ts');
      const copy = copyModel(graph, tree.layers, settings, change);
      return kerasDefinition(copy.graph, copy.settings);
    },
  };
}

function run(graph: LayerTree, inputs: readonly Tensor[], hooks: ApplyOptions, settings: ModelSettings): Tensor[] {
  const mask = readKeywords(settings.file, hooks.kwargs ?? {});
  const values = inputs.map((x, i) => ({ tensor: x, mask: i === 0 ? mask : null }));
  const session = {
    hooks,
    dtype: settings.dtype,
    counts: new Map<KerasLayer, number>(),
    bare: new Set<Tensor>(),
    origins: new Map<Tensor, Tensor>(),
  };
  return runGraph(graph, values, session).map((value) => value.tensor);
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

function sourcesOf(layer: ModelLayer): string {
  const sources = (layer as KerasLayer).spec.calls.map((call) =>
    tensorsOf(call)
      .map((ref) => ref.layer)
      .join(' + '),
  );
  return sources.join('; ');
}
