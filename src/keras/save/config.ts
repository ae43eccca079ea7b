/**
 * The config of a model as the two kinds of files have it: in `.keras` every object says its module, in legacy `.h5` layers do not.
 * A config of Keras 1 becomes one of Keras 2. Nothing else is changed, so that options which we do not read stay.
 * Source: `serialize_keras_object` of Keras 3.15 and tf_keras 2.21, and what `legacy` serialization leaves out.
 */
import { failure } from '../../tensor/errors.ts';
import { field, isRecord, type JsonRecord } from '../config/json.ts';
import type { Json, LayerSpec, ModelSpec } from '../config/spec.ts';
import { operationModule } from './operations.ts';
import type { KerasOrigin } from './origin.ts';

/** Where the classes of models live. */
const functional = { 3: 'keras.src.models.functional', 2: 'tf_keras.src.engine.functional' } as const;

/** Keys of a wrapper's config that hold a layer, or a list of them. */
const inside = ['layer', 'backward_layer', 'forward_layer', 'cell', 'cells'];

/** `{class_name, config}` of today's words: a config of Keras 1 is brought to Keras 2's. */
export function currentConfig({ spec, config }: KerasOrigin): JsonRecord {
  if (!isRecord(config)) throw failure(spec.name, 'has no config');
  return spec.dialect.major === 3 ? config : modelOf2(config, spec);
}

function modelOf2(entry: JsonRecord, spec: ModelSpec): JsonRecord {
  const given = field(entry, 'config');
  const list = Array.isArray(given) ? given : isRecord(given) ? field(given, 'layers') : null;
  // An InputLayer that the file does not have was put first.
  const specs = spec.explicitInput ? spec.layers : spec.layers.slice(1);
  const layers = (list as readonly Json[]).map((layer, i) =>
    layerOf2(layer as JsonRecord, specs[i]!, spec.dialect.major),
  );
  const config = { name: spec.name, ...(isRecord(given) ? given : {}), layers };
  return { ...entry, class_name: spec.kind === 'sequential' ? 'Sequential' : 'Functional', config };
}

function layerOf2(entry: JsonRecord, spec: LayerSpec, major: 1 | 2 | 3): JsonRecord {
  if (spec.model) return { ...entry, ...modelOf2(entry, spec.model) };
  if (major > 1) return { ...entry, config: explicit(spec.className, field(entry, 'config') as JsonRecord) };
  const { negative_slope: slope, ...rest } = spec.config;
  const config = spec.className === 'LeakyReLU' && slope !== undefined ? { ...rest, alpha: slope } : spec.config;
  const wrapped = spec.layer ? { layer: layerOf2(field(config, 'layer') as JsonRecord, spec.layer, major) } : {};
  return { ...entry, class_name: spec.className, config: { ...config, ...wrapped } };
}

/** Standalone Keras left out what was not there yet, and has another default today. */
function explicit(className: string, config: JsonRecord): JsonRecord {
  const own = /^GRU(Cell)?$/.test(className) && !Object.hasOwn(config, 'reset_after') ? { reset_after: false } : {};
  const nested = inside.flatMap((key) => {
    const value = field(config, key);
    const entry = (one: Json): Json =>
      isRecord(one) && isRecord(field(one, 'config'))
        ? { ...one, config: explicit(String(field(one, 'class_name')), field(one, 'config') as JsonRecord) }
        : one;
    if (Array.isArray(value)) return [[key, value.map(entry)] as const];
    return value === null ? [] : [[key, entry(value)] as const];
  });
  // The kernels of all ways to compute it are brought to the first one's.
  const local = /^LocallyConnected/.test(className) ? { implementation: 1 } : {};
  return { ...config, ...own, ...local, ...Object.fromEntries(nested) };
}

/** Names under which layers are exported, and where those live that are not. */
const exported: ReadonlyMap<string, string> = new Map([['GroupedQueryAttention', 'GroupQueryAttention']]);

/**
 * A model or layer with the modules of its classes.
 * @param operations recorded operations among the layers
 */
export function withModules(
  entry: JsonRecord,
  spec: LayerSpec | ModelSpec,
  operations: ReadonlySet<LayerSpec>,
  major: 1 | 2 | 3,
): JsonRecord {
  const config = field(entry, 'config');
  const stated = String(field(entry, 'class_name'));
  const model = 'kind' in spec ? spec : spec.model;
  if (model && isRecord(config)) {
    const specs = model.explicitInput ? model.layers : model.layers.slice(1);
    const layers = (field(config, 'layers') as readonly Json[]).map((layer, i) =>
      withModules(layer as JsonRecord, specs[i]!, operations, major),
    );
    return { ...modelModule(stated, major), ...entry, config: { ...config, layers } };
  }
  if ('kind' in spec) return entry;
  const custom = stated.includes('>');
  const className = exported.get(stated) ?? stated;
  const module = operations.has(spec) && major === 3 ? operationModule(stated) : 'keras.layers';
  const registered = custom ? stated : module === 'keras.layers' ? null : stated;
  const own = { module: custom ? null : module, registered_name: registered };
  return {
    ...own,
    ...entry,
    class_name: className,
    config: isRecord(config) ? { ...config, ...nestedWith(config) } : config,
  };
}

function modelModule(className: string, major: 1 | 2 | 3): JsonRecord {
  if (className === 'Sequential') return { module: 'keras', registered_name: null };
  if (className === 'Pipeline') return { module: 'keras.layers', registered_name: null };
  return { module: functional[major === 3 ? 3 : 2], registered_name: 'Functional' };
}

/** Layers in the options of a wrapper. */
function nestedWith(config: JsonRecord): JsonRecord {
  const entry = (value: Json): Json => {
    const inner = isRecord(value) ? field(value, 'config') : null;
    if (!isRecord(value) || !isRecord(inner) || typeof field(value, 'class_name') !== 'string') return value;
    return { module: 'keras.layers', registered_name: null, ...value, config: { ...inner, ...nestedWith(inner) } };
  };
  const found = inside.flatMap((key) => {
    const value = field(config, key);
    if (Array.isArray(value)) return [[key, value.map(entry)] as const];
    return value === null ? [] : [[key, entry(value)] as const];
  });
  return Object.fromEntries(found);
}

/** A model without the modules of its layers, as legacy files have it. */
export function withoutModules(entry: JsonRecord): JsonRecord {
  const { module: _, registered_name: registered, build_config: __, compile_config: ___, ...kept } = entry;
  const config = field(entry, 'config');
  const name = typeof registered === 'string' && registered.includes('>') ? { class_name: registered } : {};
  // The layers of a Pipeline keep their modules, there too.
  const models = ['Sequential', 'Functional', 'Model'].includes(String(field(entry, 'class_name')));
  if (!models || !isRecord(config) || !Array.isArray(field(config, 'layers'))) return { ...kept, ...name };
  const layers = (field(config, 'layers') as readonly Json[]).map((layer) => withoutModules(layer as JsonRecord));
  return { ...kept, ...name, config: { ...config, layers } };
}
