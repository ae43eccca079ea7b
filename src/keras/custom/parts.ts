/**
 * Puts the inner layers of custom layers into a model's description, so that weights are bound and layers built as for any other.
 * Keys of `parts` are attribute names; layer `i` of a list is `name/i`.
 */
import { failure } from '../../tensor/errors.ts';
import type { JsonRecord } from '../config/json.ts';
import { NESTING_LIMIT, readLayer } from '../config/layer.ts';
import { normaliseModel } from '../config/model.ts';
import type { Json, LayerSpec, ModelSpec } from '../config/spec.ts';
import type { FindCustom, SubLayer } from './custom.ts';

interface Walk {
  readonly find: FindCustom;
  readonly file: string;
  readonly model: ModelSpec;
  readonly depth: number;
}

/** The model with `parts` in every custom layer that has inner layers. */
export function withParts(spec: ModelSpec, find: FindCustom, file: string): ModelSpec {
  return inModel(spec, '', { find, file, model: spec, depth: 0 });
}

function inModel(spec: ModelSpec, prefix: string, walk: Walk): ModelSpec {
  const layers = spec.layers.map((layer) => inLayer(layer, prefix, { ...walk, model: spec }));
  return layers.every((layer, i) => layer === spec.layers[i]) ? spec : { ...spec, layers };
}

function inLayer(layer: LayerSpec, prefix: string, walk: Walk): LayerSpec {
  const path = `${prefix}${layer.name}`;
  if (walk.depth > NESTING_LIMIT)
    throw failure(walk.file, `custom layers are nested deeper than ${NESTING_LIMIT}`, { path });
  const definition = walk.find(layer, path);
  const deeper = { ...walk, depth: walk.depth + 1 };
  if (definition) {
    const wanted = Object.entries(definition.layers?.(layer.config) ?? {}).flatMap(([key, part]) => flat(key, part));
    const wrapped: [string, LayerSpec][] = layer.layer ? [['layer', layer.layer]] : [];
    const made = wanted.map(([key, part]): [string, LayerSpec] => [key, read(key, part, layer, walk)]);
    const parts = new Map([...wrapped, ...made].map(([key, part]) => [key, inLayer(part, `${path}/`, deeper)]));
    return { ...layer, custom: true, ...(parts.size > 0 ? { parts } : {}) };
  }
  if (layer.model) {
    const model = inModel(layer.model, `${path}/`, deeper);
    return model === layer.model ? layer : { ...layer, model };
  }
  if (layer.layer) {
    const inner = inLayer(layer.layer, `${path}/`, deeper);
    return inner === layer.layer ? layer : { ...layer, layer: inner };
  }
  return layer;
}

function flat(key: string, part: SubLayer): [string, { readonly className: string }][] {
  if (!Array.isArray(part)) return [[key, part as { readonly className: string }]];
  return (part as readonly SubLayer[]).flatMap((item, i) => flat(`${key}/${i}`, item));
}

/** `{ className, ...options }` as the LayerSpec that a file would give, named after the attribute. */
function read(key: string, part: { readonly className: string }, layer: LayerSpec, walk: Walk): LayerSpec {
  const subject = `${walk.file}, custom layer '${layer.name}' (${layer.className})`;
  const scope = {
    dialect: walk.model.dialect,
    subject,
    depth: walk.depth,
    trainable: layer.trainable,
    keras1: null,
    readModel: (entry: JsonRecord) => normaliseModel(entry, walk.model.dialect, `${subject}/${key}`),
  };
  return { ...readLayer(entryOf(part, key, subject), scope), calls: [] };
}

/** `{ class_name, config }`; the layers of a Sequential are named by class and position. */
function entryOf(part: { readonly className: string }, name: string, subject: string): { [key: string]: Json } {
  if (typeof part?.className !== 'string') {
    const hint = "write { className: 'Dense', units: 4 }, or an array of such";
    throw failure(subject, `inner layer '${name}' has no className`, { got: JSON.stringify(part) }, hint);
  }
  const { className, ...options } = part as { readonly className: string; readonly layers?: readonly SubLayer[] };
  const config = { name, ...options } as { [key: string]: Json };
  if (className === 'Sequential' && Array.isArray(options.layers)) {
    config['layers'] = options.layers.map((inner, i) => {
      const each = inner as { readonly className: string };
      return entryOf(each, `${String(each?.className).toLowerCase()}_${i}`, subject);
    });
  }
  return { class_name: className, config };
}
