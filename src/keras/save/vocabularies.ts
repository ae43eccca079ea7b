/**
 * Vocabularies of layers that look up texts and ids: `.keras` keeps those of adapted layers beside the config, legacy files in it, without
 * the words that the layer adds itself. Source: `save_assets` and `get_config` of the layers of Keras 3.15 and tf_keras 2.21.
 */
import { failure } from '../../tensor/errors.ts';
import { field, isRecord, type JsonRecord } from '../config/json.ts';
import type { Json, LayerSpec, ModelSpec } from '../config/spec.ts';
import { layerPaths } from '../weights/paths.ts';
import type { KerasOrigin } from './origin.ts';

export interface Asset {
  readonly layer: LayerSpec;
  /** Groups of the archive that it lies in. */
  readonly paths: readonly string[];
  /** Null where the config has them. */
  readonly words: readonly string[] | null;
  /** Inverse document frequencies, for `tf_idf`. */
  readonly frequencies: ArrayLike<number> | null;
}

/**
 * What an archive keeps beside config and weights.
 * @param whole for an archive, not for weights alone
 */
export function assetsOf({ spec, filesOf }: KerasOrigin, whole: boolean): Asset[] {
  if (!filesOf) return [];
  return [...layerPaths(spec)].flatMap(([layer, path]) => {
    const { vocabulary, frequencies } = filesOf(layer);
    if (!vocabulary && !frequencies) return [];
    const paths = layer.className === 'TextVectorization' ? [`${path}/_lookup_layer`, path] : [path];
    // With its words Keras 3 takes as many, and puts the zeros of `pad_to_max_tokens` behind them itself.
    const cut = whole && spec.dialect.major === 3 && frequencies && vocabulary;
    const stored = cut ? Array.from(frequencies).slice(0, vocabulary.length) : frequencies;
    return [{ layer, paths, words: vocabulary, frequencies: stored }];
  });
}

/**
 * A config whose layers have their words, for a file that keeps nothing beside it.
 * @throws PathgradError for a layer whose frequencies have no place there
 */
export function withVocabularies(config: JsonRecord, origin: KerasOrigin): JsonRecord {
  const found = new Map(assetsOf(origin, false).map((asset) => [asset.layer, asset]));
  if (found.size === 0) return config;
  const weighed = [...found.values()].find(({ frequencies }) => frequencies);
  if (weighed) {
    const hint = `format: 'keras' keeps them`;
    throw failure(`layer '${weighed.layer.name}'`, 'legacy .h5 has no place for the frequencies of tf_idf', {}, hint);
  }
  return inModel(config, origin.spec, found);
}

function inModel(entry: JsonRecord, spec: ModelSpec, found: ReadonlyMap<LayerSpec, Asset>): JsonRecord {
  const config = field(entry, 'config') as JsonRecord;
  const specs = spec.explicitInput ? spec.layers : spec.layers.slice(1);
  const layers = (field(config, 'layers') as readonly Json[]).map((layer, i): Json => {
    const own = specs[i]!;
    if (own.model) return inModel(layer as JsonRecord, own.model, found);
    const asset = found.get(own);
    const options = isRecord(layer) ? field(layer, 'config') : null;
    if (!asset?.words || !isRecord(options)) return layer;
    return { ...(layer as JsonRecord), config: { ...options, vocabulary: plainWords(own, asset.words) } };
  });
  return { ...entry, config: { ...config, layers } };
}

/** Without the mask and the unknown words that begin the list. */
function plainWords({ config, className }: LayerSpec, words: readonly string[]): Json {
  const texts = className !== 'IntegerLookup';
  const special =
    className === 'TextVectorization' ? ['', '[UNK]'] : [config['mask_token'], config['oov_token']].map(String);
  const first = words.findIndex((word) => !special.includes(word));
  const plain = first < 0 ? [] : words.slice(first);
  return texts ? plain : plain.map(Number);
}
