/**
 * A whole model from its config: chains a Sequential, wires a functional model, and proves the result sound (check.ts).
 * Source: `from_config` of Sequential and Functional in Keras 1.2, 2.15 and 3.15.
 */
import { Guard } from '../../guard/guard.ts';
import { isEmbedding } from '../../model/lookup.ts';
import { failure } from '../../tensor/errors.ts';
import { alignNodes, checkGraph } from './check.ts';
import { describe, field, isRecord, type JsonRecord, listAt } from './json.ts';
import { isModelEntry, readLayer, type Scope, type TranslateKeras1, type UnwiredLayer } from './layer.ts';
import { flattenRefs, readCalls, readStructure } from './nodes.ts';
import type { Call, Dialect, Json, LayerSpec, ModelSpec, RefStructure, TensorRef } from './spec.ts';

/**
 * @param config parsed `model_config` (or the text of `model.to_json()`, parsed): `{class_name, config}`
 * @param dialect which Keras wrote it (`detectDialect` of container.ts)
 * @param name what to call the file in errors
 * @param keras1 `translateKeras1` for a config in Keras 1's words
 * @throws PathgradError naming the layer where keys are missing, layers unknown, or calls form a cycle
 */
export function normaliseModel(
  config: Json,
  dialect: Dialect,
  name: string,
  keras1: TranslateKeras1 | null = null,
): ModelSpec {
  if (!isRecord(config)) throw failure(name, 'a model config must be an object', { found: describe(config) });
  if (!isModelEntry(config)) {
    const hint =
      'Sequential and Functional models can be read; a subclassed model is Python code and keeps no graph in its file';
    throw failure(
      name,
      'is not the config of a Sequential or Functional model',
      { class: field(config, 'class_name') },
      hint,
    );
  }
  const spec = readModel(config, { dialect, subject: name, depth: 0, trainable: true, keras1, readModel });
  new Guard(name, 0).take('calls', countCalls(spec));
  return spec;
}

/** Calls of layers in one application of a model, those in a nested model as often as it is called. */
function countCalls({ layers }: ModelSpec): number {
  return layers.reduce((total, layer) => {
    const once = layer.model ? 1 + countCalls(layer.model) : 1;
    return total + layer.calls.length * once;
  }, 0);
}

function readModel(entry: JsonRecord, scope: Scope): ModelSpec {
  const config = field(entry, 'config');
  const className = String(field(entry, 'class_name'));
  const own = isRecord(config) ? field(config, 'name') : null;
  const name = typeof own === 'string' ? own : String(field(entry, 'name') ?? className.toLowerCase());
  const inner: Scope = { ...scope, depth: scope.depth + 1 };
  const spec =
    isRecord(config) && field(config, 'output_layers') !== null
      ? functional(name, config, inner)
      : sequential(name, config, inner);
  return checkGraph(spec, scope.subject);
}

function sequential(name: string, config: Json, scope: Scope): ModelSpec {
  const entries = Array.isArray(config) ? config : isRecord(config) ? listAt(config, 'layers', scope.subject) : [];
  const first: Json = entries[0] ?? null;
  if (isRecord(first) && field(first, 'class_name') === 'Merge') {
    const hint = 'rebuild it as a functional model';
    throw failure(scope.subject, 'a Sequential that starts with a Merge of branches is not supported', {}, hint);
  }
  const read = (entries as readonly Json[]).map((entry) => readLayer(entry, scope));
  const explicitInput = read[0]?.className === 'InputLayer';
  const built = isRecord(config) ? field(config, 'build_input_shape') : null;
  const chain = explicitInput ? read : [inputFor(read[0], built, scope), ...read];
  if (read.length === 0) throw failure(scope.subject, 'a Sequential model without layers');
  const layers = chain.map((layer, i): LayerSpec => {
    const before = chain[i - 1];
    const calls: Call[] = before === undefined ? [] : [callOn({ layer: before.name, node: 0, tensor: 0 })];
    return { ...layer, calls };
  });
  const ends = { input: refTo(chain[0]!), output: refTo(chain.at(-1)!) };
  return assemble(name, 'sequential', layers, ends, explicitInput, scope.dialect);
}

function refTo(layer: UnwiredLayer): TensorRef {
  return { layer: layer.name, node: 0, tensor: 0 };
}

function callOn(ref: TensorRef): Call {
  return { args: [{ kind: 'tensor', ref }], kwargs: new Map() };
}

/** The InputLayer that Keras adds before the first layer of a Sequential, named as Keras names it. */
function inputFor(first: UnwiredLayer | undefined, built: Json, scope: Scope): UnwiredLayer {
  const inner = first?.model?.layers.find((layer) => layer.name === first.model?.inputs[0]?.layer);
  const fromBuild = Array.isArray(built) ? (built as (number | null)[]) : undefined;
  const batchShape = first?.batchShape ?? inner?.batchShape ?? first?.layer?.batchShape ?? fromBuild;
  const dtype = inner?.dtype ?? (first && isEmbedding(first.className) ? 'int32' : (first?.dtype ?? 'float32'));
  const name = `${first?.name ?? scope.subject}_input`;
  return {
    className: 'InputLayer',
    storedClass: 'InputLayer',
    name,
    config: { name, batch_shape: batchShape ?? null, dtype },
    trainable: scope.trainable,
    dtype,
    module: null,
    registeredName: null,
    ...(batchShape === undefined ? {} : { batchShape }),
  };
}

function functional(name: string, config: JsonRecord, scope: Scope): ModelSpec {
  const entries = listAt(config, 'layers', scope.subject);
  const unwired = entries.map((entry) => readLayer(entry, scope));
  const known = new Set(unwired.map((layer) => layer.name));
  const layers = unwired.map((layer, i): LayerSpec => {
    const entry = entries[i];
    const nodes = isRecord(entry) ? field(entry, 'inbound_nodes') : null;
    return { ...layer, calls: readCalls(nodes, known, `${scope.subject}/${layer.name}`) };
  });
  const ends = {
    input: readStructure(field(config, 'input_layers'), `${scope.subject}@input_layers`),
    output: readStructure(field(config, 'output_layers'), `${scope.subject}@output_layers`),
  };
  return assemble(name, 'functional', layers, ends, true, scope.dialect);
}

function assemble(
  name: string,
  kind: ModelSpec['kind'],
  layers: readonly LayerSpec[],
  ends: { input: RefStructure; output: RefStructure },
  explicitInput: boolean,
  dialect: Dialect,
): ModelSpec {
  const aligned = alignNodes(layers, ends, dialect.major);
  const inputs = flattenRefs(aligned.input);
  const outputs = flattenRefs(aligned.output);
  return {
    kind,
    name,
    layers: aligned.layers,
    inputs: inputs.map(({ ref }) => ref),
    outputs: outputs.map(({ ref }) => ref),
    inputNames: inputs.map((leaf) => leaf.name || leaf.ref.layer),
    outputNames: outputs.map((leaf) => leaf.name || leaf.ref.layer),
    inputStructure: aligned.input,
    outputStructure: aligned.output,
    callOrder: [],
    explicitInput,
    dialect,
  };
}
