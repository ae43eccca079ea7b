/**
 * Opening a model file as far as both `loadModel` and `inspectModel` go: bytes to a description of the model and its layers, with
 * what is unsupported collected; then the weights; then the model.
 */

import type { Backend } from '../../backends/backend.ts';
import { loadAccelerators } from '../../backends/wasm/accelerators.ts';
import { wasmBackend } from '../../backends/wasm/index.ts';
import { readHdf5 } from '../../hdf5/parts.ts';
import { allLayers } from '../../model/lookup.ts';
import { Model } from '../../model/model.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import { normaliseModel } from '../config/model.ts';
import type { LayerSpec, ModelSpec } from '../config/spec.ts';
import { type CustomLayers, customFinder, usesCustom } from '../custom/custom.ts';
import { loadRules } from '../layers/registry.ts';
import { buildGraph, type Problem } from '../model/build.ts';
import { kerasDefinition } from '../model/definition.ts';
import type { BuildSettings, LayerTree, ModelLayer } from '../model/layer.ts';
import { bindWeights } from '../weights/bind.ts';
import type { LayerWeights } from '../weights/store.ts';
import { detectDialect, isArchive, isHdf5, type KerasFile, openKeras, parseArchitecture } from './container.ts';
import { isArchitectureText, isShardIndex, type ModelSource, type Read, readSource } from './source.ts';

/** What `loadModel` takes beside the file: dtype, weights, backend, custom layers. */
export interface LoadOptions {
  /** The float type to compute in, whatever the file holds; float32 by default. */
  readonly dtype?: FloatDType;
  /**
   * Weights to use instead of the file's own, or for an architecture. Of sharded weights the index (`m.weights.json`), or a list of
   * files: the index and all its shards.
   */
  readonly weights?: ModelSource | readonly ModelSource[];
  /** What `model.to_json()` gave (the text, or where to find it), for a file of weights only. */
  readonly architecture?: ModelSource;
  /**
   * Kernels of files that Keras wrote on Theano are meant turned round in space. `flip` (default) computes what the model
   * computed there; `as-stored` what tf_keras makes of such files, which ignores the backend.
   */
  readonly theanoKernels?: 'flip' | 'as-stored';
  /** What to call the file in errors; its own name by default. */
  readonly name?: string;
  /**
   * The TypeScript of layers whose code is not in the file (`Lambda`, custom classes), by class name, or by name or path for one
   * layer. They come before what `registerLayer` knows.
   */
  readonly layers?: CustomLayers;
  /** Runs the model's plans; the plain TypeScript reference by default. */
  readonly backend?: Backend;
}

/** What is read of a model before its weights are put in place. */
export interface OpenedModel {
  readonly file: KerasFile;
  readonly spec: ModelSpec;
  readonly graph: LayerTree;
  readonly rules: BuildSettings['rules'];
  readonly problems: readonly Problem[];
  /** Where the weights come from. */
  readonly weights: KerasFile;
  /** Vocabularies beside the config, where the model looks up texts. */
  readonly filesOf: BuildSettings['filesOf'] | undefined;
  /** The source's content; a reference may lie in it. */
  readonly bytes: Uint8Array;
}

const known: OptionNames<LoadOptions> = {
  dtype: 1,
  weights: 1,
  architecture: 1,
  theanoKernels: 1,
  name: 1,
  layers: 1,
  backend: 1,
};

const onDemand = (): Promise<typeof import('./on-demand.ts')> => import('./on-demand.ts');

/** Opens and describes the model; problems are collected, not thrown. */
export async function openModel(
  source: ModelSource | readonly ModelSource[],
  options: LoadOptions,
): Promise<OpenedModel> {
  checkOptions('loadModel', options, known);
  const { architecture, weights: separate, name } = options;
  const { bytes, first } = await openSource(source, name);
  const weights = separate === undefined ? first : await openOne(separate);
  const file = architecture === undefined ? first : await openArchitecture(architecture);
  if (file.config === null) {
    const hint = 'give the text of model.to_json() as architecture, or save the whole model';
    throw failure(file.name, 'holds no model, only weights or other data', { format: file.format }, hint);
  }
  const find = customFinder(options.layers);
  const dialect = detectDialect(file, weights);
  const keras1 = dialect.major === 1 ? (await onDemand()).translateKeras1 : null;
  const plain = normaliseModel(file.config, dialect, file.name, keras1);
  const customCode = usesCustom(plain, find) ? await onDemand() : null;
  const spec = customCode ? customCode.withParts(plain, find, file.name) : plain;
  const rules = await loadRules(spec);
  const filesOf = rules.host?.hostFilesOf(weights.vocabularies ? weights : file, spec);
  const settings = {
    rules,
    file: file.name,
    dtype: options.dtype ?? 'float32',
    theanoKernels: options.theanoKernels ?? 'flip',
    find,
    customCode,
    ...(filesOf ? { filesOf } : {}),
  } as const;
  return { file, spec, weights, bytes, rules, filesOf, ...buildGraph(spec, settings) };
}

/** Hands every layer its arrays. */
export async function attachWeights({ graph, spec, weights }: OpenedModel): Promise<void> {
  const bound: ReadonlyMap<LayerSpec, LayerWeights> = await bindWeights(weights, spec);
  for (const layer of allLayers(graph.layers)) layer.stored = bound.get(layer.spec) ?? null;
}

export async function modelOf(opened: OpenedModel, options: LoadOptions): Promise<Model<ModelLayer>> {
  const { file, spec, graph, rules, filesOf, bytes } = opened;
  const { dtype = 'float32', backend } = options;
  // Of a file without one nothing is held.
  const reference = file.hasReference
    ? async (): Promise<string | null> => {
        const { embeddedReference } = await onDemand();
        return readHdf5(() => embeddedReference(bytes, file.name));
      }
    : null;
  if (dtype === 'float32' && (backend ?? wasmBackend) === wasmBackend) {
    await loadAccelerators(allLayers(graph.layers).flatMap(({ run }) => run?.accelerator ?? []));
  }
  const host = rules.host?.splitHost(graph, file.name, dtype) ?? null;
  const origin = { spec, config: file.config, trainingConfig: file.trainingConfig, ...(filesOf ? { filesOf } : {}) };
  const more = { ...(reference ? { reference } : {}), ...(backend ? { backend } : {}) };
  const model = new Model(kerasDefinition(graph, { file: file.name, dtype, host, origin, ...more }));
  if ('resizable' in bytes.buffer && bytes.buffer.resizable) (await onDemand()).giveBack(opened);
  return model;
}

async function openSource(
  source: ModelSource | readonly ModelSource[],
  name: string | undefined,
): Promise<{ bytes: Uint8Array; first: KerasFile }> {
  if (Array.isArray(source)) {
    if (source.length !== 1) return (await onDemand()).openGiven(source, name);
    return openSource(source[0], name);
  }
  const { bytes, name: own } = await readSource(source as ModelSource, true);
  return { bytes, first: await parsed({ bytes, name: name ?? own }, source as ModelSource) };
}

async function openOne(source: ModelSource | readonly ModelSource[]): Promise<KerasFile> {
  if (Array.isArray(source)) {
    if (source.length === 1) return openOne(source[0] as ModelSource);
    return (await onDemand()).openSharded(source);
  }
  return parsed(await readSource(source as ModelSource), source as ModelSource);
}

/** @param source where the bytes are from: shards lie beside their index */
async function parsed({ bytes, name }: Read, source: ModelSource): Promise<KerasFile> {
  if (isShardIndex(bytes)) return (await onDemand()).openSharded(source, { bytes, name });
  if (isArchitectureText(bytes)) {
    const text = new TextDecoder().decode(bytes);
    if (!text.includes('"modelTopology"') && !text.includes('"weightsManifest"')) return parseArchitecture(text, name);
    return (await onDemand()).openTfjs({ bytes, name }, [], source);
  }
  if (!isArchive(bytes) && !isHdf5(bytes)) throw (await onDemand()).foreign(bytes, name);
  const open = isArchive(bytes) ? (await onDemand()).openKerasArchive : openKeras;
  return readHdf5(() => open(bytes, name));
}

async function openArchitecture(source: ModelSource): Promise<KerasFile> {
  if (typeof source === 'string' && source.trimStart().startsWith('{'))
    return parseArchitecture(source, 'architecture');
  return parsed(await readSource(source), source);
}
