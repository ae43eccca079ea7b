/** What a file holds, without failing where it cannot be run: for `pathgrad inspect` and for people who were refused a model. */

import type { InputInfo } from '../../graph/callable.ts';
import type { RawInput } from '../../model/definition.ts';
import type { SymbolicShape } from '../../model/layer.ts';
import { allLayers } from '../../model/lookup.ts';
import type { Model } from '../../model/model.ts';
import { PathgradError } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Problem } from '../model/build.ts';
import type { ModelLayer } from '../model/layer.ts';
import { attachWeights, type LoadOptions, modelOf, type OpenedModel, openModel } from './open.ts';
import type { ModelSource } from './source.ts';

export interface LayerReport {
  readonly path: string;
  readonly className: string;
  /** One per output; empty where the shapes are not known. */
  readonly outputShapes: readonly SymbolicShape[];
  /** Numbers in the layer's own weights as the file has them; null where the weights could not be read. */
  readonly parameters: number | null;
  /** Why the layer cannot be run, else null. */
  readonly unsupported: string | null;
}

export interface ModelReport {
  readonly file: string;
  readonly format: 'hdf5' | 'keras' | 'json' | 'tfjs';
  readonly kerasVersion: string | null;
  readonly backend: string | null;
  readonly name: string;
  readonly kind: 'sequential' | 'functional';
  /** What `predict` takes: texts where the model looks them up. */
  readonly inputs: readonly RawInput[];
  readonly outputs: readonly { readonly name: string; readonly shape: SymbolicShape | null }[];
  /** All layers; those inside models and wrappers after the one that holds them. */
  readonly layers: readonly LayerReport[];
  readonly parameters: number | null;
  readonly unsupported: readonly { readonly path: string; readonly className: string; readonly reason: string }[];
  /** True if `loadModel` would give a model. */
  readonly runnable: boolean;
  /** What is wrong beyond unsupported layers (a missing weight, a shape that does not fit), else null. */
  readonly problem: string | null;
  /** The table of `model.summary()`, for a model that can be run and knows its input shape. */
  readonly summary: string | null;
}

/**
 * Describes a model file.
 * @throws only if there is no model to describe: the file is missing, damaged or not Keras's
 */
export async function inspectModel(
  source: ModelSource | readonly ModelSource[],
  options: LoadOptions = {},
): Promise<ModelReport> {
  const opened = await openModel(source, options);
  const { file, spec, graph, problems } = opened;
  const problem = await attempt(() => attachWeights(opened));
  const tried = problem === null ? await tryModel(opened, options) : { model: null, problem };
  // With unsupported layers the attempt only finds the shapes of the layers before them.
  const built = problems.length === 0 ? tried : { model: null, problem };
  const layers = allLayers(graph.layers).map((layer) => report(layer, problems, problem === null));
  const known = layers.every((layer) => layer.parameters !== null);
  return {
    file: file.name,
    format: file.format,
    kerasVersion: file.kerasVersion,
    backend: file.backend,
    name: spec.name,
    kind: spec.kind,
    inputs: built.model?.rawInputs ?? declaredInputs(opened),
    outputs: built.model?.outputs ?? spec.outputNames.map((name) => ({ name, shape: null })),
    layers,
    parameters: known ? layers.reduce((total, layer) => total + layer.parameters!, 0) : null,
    unsupported: problems.map(({ path, className, reason }) => ({ path, className, reason })),
    runnable: built.model !== null,
    problem: built.problem,
    summary: built.model?.hasInputShape ? built.model.summary() : null,
  };
}

async function attempt(f: () => Promise<void>): Promise<string | null> {
  try {
    await f();
    return null;
  } catch (error) {
    if (error instanceof PathgradError) return error.message;
    throw error;
  }
}

async function tryModel(
  opened: OpenedModel,
  options: LoadOptions,
): Promise<{ model: Model | null; problem: string | null }> {
  const made: Model[] = [];
  const problem = await attempt(async () => {
    made.push(await modelOf(opened, options));
  });
  return { model: made[0] ?? null, problem };
}

function report(layer: ModelLayer, problems: readonly Problem[], weightsKnown: boolean): LayerReport {
  const counted = (layer.stored?.arrays ?? []).reduce((total, array) => total + sizeOf(array.shape), 0);
  return {
    path: layer.path,
    className: layer.className,
    outputShapes: layer.outputShapes,
    parameters: weightsKnown ? counted : null,
    unsupported: problems.find((problem) => problem.path === layer.path)?.reason ?? null,
  };
}

function declaredInputs({ spec, graph }: OpenedModel): InputInfo[] {
  return spec.inputs.map((ref, i) => {
    const { batchShape, dtype } = graph.byName.get(ref.layer)!.spec;
    const type = /^u?int/.test(dtype) ? 'int32' : dtype === 'bool' ? 'bool' : 'float32';
    return { name: spec.inputNames[i]!, shape: [null, ...(batchShape?.slice(1) ?? [])], dtype: type };
  });
}
