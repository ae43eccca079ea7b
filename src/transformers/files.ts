/** The files of a model that transformers saved, from a folder (in Node), a URL that ends in `/`, or one by one. */
import { DATA_JSON, parseJson } from '../guard/json.ts';
import { isShardIndex, type ModelSource, readSource } from '../keras/load/source.ts';
import { failure, PathgradError } from '../tensor/errors.ts';

/** JSON as an object, as text that starts with `{`, or where to find it. */
export type JsonSource = ModelSource | Readonly<Record<string, unknown>>;

export interface TransformerFiles {
  /** `config.json`. */
  readonly config: JsonSource;
  /** `tf_model.h5`; its index `tf_model.h5.index.json`, whose shards lie beside it; or the shards, with or without the index. */
  readonly weights: ModelSource | readonly ModelSource[];
  /** `tokenizer.json`; left out where texts are tokenized elsewhere. */
  readonly tokenizer?: JsonSource;
  /** `vocab.txt`, in place of `tokenizer.json`. */
  readonly vocab?: ModelSource;
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig?: JsonSource;
}

const names = {
  config: 'config.json',
  weights: 'tf_model.h5',
  index: 'tf_model.h5.index.json',
  tokenizer: 'tokenizer.json',
  vocab: 'vocab.txt',
  tokenizerConfig: 'tokenizer_config.json',
} as const;

/** Where the files of a folder or URL are. @throws where one that is needed is missing: what is there, and what to do */
export async function filesIn(place: string | URL): Promise<TransformerFiles> {
  const text = String(place);
  if (/^https?:/i.test(text)) return filesAt(text);
  if (typeof process === 'undefined' || !process.versions?.node) {
    const hint = 'give a URL, or the files: { config, weights, tokenizer }';
    throw failure(text, 'a folder can be opened in Node only', {}, hint);
  }
  const { readdir } = await import('node:fs/promises');
  const found = await readdir(/^file:/i.test(text) ? new URL(text) : text).catch((cause: unknown) => {
    throw failure(text, 'is not a folder that can be read', { error: String(cause) }, undefined, cause);
  });
  const weights = found.includes(names.weights) || !found.includes(names.index) ? names.weights : names.index;
  for (const name of [names.config, weights]) {
    if (found.includes(name)) continue;
    throw failure(text, `has no ${name}`, { files: found.slice(0, 12) }, missingHint(name, found));
  }
  const path = (name: string): string => `${text.replace(/[\\/]$/, '')}/${name}`;
  const optional = (name: string, key: string): Record<string, string> =>
    found.includes(name) ? { [key]: path(name) } : {};
  return {
    config: path(names.config),
    weights: path(weights),
    ...optional(names.tokenizer, 'tokenizer'),
    ...optional(names.vocab, 'vocab'),
    ...optional(names.tokenizerConfig, 'tokenizerConfig'),
  };
}

function missingHint(name: string, found: readonly string[]): string {
  if (name === names.config) return 'save the model with save_pretrained(), which writes config.json';
  if (found.some((file) => /^tf_model-\d+-of-/.test(file))) {
    return `the weights are cut into several files, which ${names.index} lists: it is missing`;
  }
  const other = found.some((file) => /\.(safetensors|bin)$/.test(file));
  const convert =
    'in Python: TFAutoModelForSequenceClassification.from_pretrained(folder, from_pt=True).save_pretrained(folder)';
  return other
    ? `weights of PyTorch are not read; ${convert}`
    : 'save the model with a TensorFlow class of transformers';
}

/** Of a URL it is not known which files there are: those that may be missing are asked for. */
async function filesAt(url: string): Promise<TransformerFiles> {
  const at = (name: string): string => `${url.replace(/\/$/, '')}/${name}`;
  const optional = async (name: string, key: string): Promise<Record<string, Uint8Array>> => {
    try {
      return { [key]: (await readSource(at(name))).bytes };
    } catch (error) {
      if (error instanceof PathgradError && /status (404|403)/.test(error.message)) return {};
      throw error;
    }
  };
  const whole = await optional(names.weights, 'weights');
  const extra = await Promise.all([
    optional(names.tokenizer, 'tokenizer'),
    optional(names.vocab, 'vocab'),
    optional(names.tokenizerConfig, 'tokenizerConfig'),
  ]);
  return Object.assign({ config: at(names.config), weights: at(names.index) }, whole, ...extra) as TransformerFiles;
}

/** The file of the weights, or all its shards. */
export async function readWeights(
  weights: TransformerFiles['weights'],
): Promise<{ bytes: Uint8Array; name: string }[]> {
  const { openShards, readGiven } = await import('../keras/load/shards.ts');
  const files = Array.isArray(weights) ? await readGiven(weights) : [await readSource(weights as ModelSource)];
  if (files.some(({ bytes }) => isShardIndex(bytes)))
    return openShards(files, Array.isArray(weights) ? null : (weights as ModelSource));
  return files.map(({ bytes, name }) => ({ bytes, name: name === 'model' ? names.weights : name }));
}

/** Parsed JSON and what to call it. */
export async function readJson(source: JsonSource, name: string): Promise<unknown> {
  const text = await jsonText(source);
  if (typeof text !== 'string') return text;
  return parseJson(text, name, DATA_JSON);
}

async function jsonText(source: JsonSource): Promise<unknown> {
  if (typeof source === 'string' && source.trimStart().startsWith('{')) return source;
  if (isSource(source)) return new TextDecoder().decode((await readSource(source)).bytes);
  return source;
}

function isSource(source: JsonSource): source is ModelSource {
  if (typeof source === 'string' || source instanceof URL) return true;
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return true;
  return typeof Blob !== 'undefined' && source instanceof Blob;
}
