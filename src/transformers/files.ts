/** The files of a model that transformers saved, from a folder (in Node), a URL that ends in `/`, or one by one. */
import { DATA_JSON, parseJson } from '../guard/json.ts';
import { type ModelSource, readSource } from '../keras/load/source.ts';
import { pickles } from '../safetensors/header.ts';
import { failure, PathgradError } from '../tensor/errors.ts';
import { nodeModule, type PlatformUrl } from '../tensor/platform.ts';
import { unreadTokenizers } from './tokenizer/unread.ts';

/** JSON as an object, as text that starts with `{`, or where to find it. */
export type JsonSource = ModelSource | Readonly<Record<string, unknown>>;

/** The files of a transformers folder, each as a path, URL, Blob, bytes or parsed JSON. */
export interface TransformerFiles {
  /** `config.json`. */
  readonly config: JsonSource;
  /**
   * `model.safetensors` or `tf_model.h5`; the index of either, whose shards lie beside it; or the shards, of `tf_model.h5` with or
   * without the index.
   */
  readonly weights: ModelSource | readonly ModelSource[];
  /** `tokenizer.json`; left out where texts are tokenized elsewhere. */
  readonly tokenizer?: JsonSource;
  /** `vocab.txt`, in place of `tokenizer.json`. */
  readonly vocab?: ModelSource;
  /** Names of files of tokenizers that are not read (`spiece.model`, `merges.txt`): where there is no other, the message names them. */
  readonly unreadTokenizers?: readonly string[];
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig?: JsonSource;
  /** `special_tokens_map.json`, for what `tokenizer_config.json` leaves out. */
  readonly specialTokensMap?: JsonSource;
  /** `modules.json` of sentence-transformers: the model makes a vector of a text. */
  readonly modules?: JsonSource;
  /** What lies in the folders of those modules, by path: `1_Pooling/config.json`, `2_Dense/model.safetensors`. */
  readonly moduleFiles?: Readonly<Record<string, ModelSource>>;
  /** `sentence_bert_config.json`: where texts are cut, and whether they are lowercased. */
  readonly sentenceConfig?: JsonSource;
  /** `config_sentence_transformers.json`: what is put before each text. */
  readonly promptConfig?: JsonSource;
}

/** What the files of a folder are called. */
export const names = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  vocab: 'vocab.txt',
  tokenizerConfig: 'tokenizer_config.json',
  specialTokensMap: 'special_tokens_map.json',
  modules: 'modules.json',
  sentenceConfig: 'sentence_bert_config.json',
  promptConfig: 'config_sentence_transformers.json',
} as const;
/** Those that a model may do without. */
const optionalNames = [
  ...(['tokenizer', 'vocab', 'tokenizerConfig', 'specialTokensMap', 'modules'] as const),
  ...(['sentenceConfig', 'promptConfig'] as const),
];
/** Where a folder has several, the first counts: safetensors is what transformers writes today. */
const weightNames = [
  'model.safetensors',
  'model.safetensors.index.json',
  'tf_model.h5',
  'tf_model.h5.index.json',
] as const;

/** Where the files of a folder or URL are. @throws where one that is needed is missing: what is there, and what to do */
export async function filesIn(place: string | PlatformUrl): Promise<TransformerFiles> {
  const text = String(place);
  if (/^https?:/i.test(text)) return filesAt(text);
  if (!nodeModule('node:fs/promises')) {
    const hint = 'give a URL, or the files: { config, weights, tokenizer }';
    throw failure(text, 'a folder can be opened in Node only', {}, hint);
  }
  const folder = text.replace(/[\\/]$/, '');
  const sentence = await moduleFilesIn(folder);
  // Old folders of sentence-transformers keep the encoder in a folder of its own.
  const inner = sentence && sentence.encoder !== '' ? `${folder}/${sentence.encoder}` : folder;
  const found = await listFolder(inner);
  if (!found.includes(names.config)) {
    const hint = 'save the model with save_pretrained(), which writes config.json';
    throw failure(text, 'has no config.json', { files: found.slice(0, 12) }, hint);
  }
  const weights = weightNames.find((name) => found.includes(name));
  if (!weights) throw failure(text, 'has no model.safetensors', { files: found.slice(0, 12) }, missingHint(found));
  const path = (name: string): string => `${inner}/${name}`;
  const optional = optionalNames.filter((key) => found.includes(names[key])).map((key) => [key, path(names[key])]);
  const files = { ...Object.fromEntries(optional), ...sentence?.files };
  return { config: path(names.config), weights: path(weights), unreadTokenizers: unreadTokenizers(found), ...files };
}

async function listFolder(folder: string): Promise<string[]> {
  const { readdir } = nodeModule('node:fs/promises')!;
  return readdir(/^file:/i.test(folder) ? new URL(folder) : folder).catch((cause: unknown) => {
    throw failure(folder, 'is not a folder that can be read', { error: String(cause) }, undefined, cause);
  });
}

/** What sentence-transformers adds to a folder; null where there is no `modules.json`. */
async function moduleFilesIn(folder: string): Promise<{ encoder: string; files: Partial<TransformerFiles> } | null> {
  const top = await listFolder(folder);
  if (!top.includes(names.modules)) return null;
  const modules = `${folder}/${names.modules}`;
  const { listModules } = await import('./sentence/modules.ts');
  const [encoder, ...rest] = listModules(await readJson(modules, names.modules));
  const moduleFiles: Record<string, string> = {};
  for (const { path } of rest) {
    // A module without settings need not have a folder.
    if (path === '' || !top.includes(path.split(/[\\/]/)[0]!)) continue;
    for (const file of await listFolder(`${folder}/${path}`))
      moduleFiles[`${path}/${file}`] = `${folder}/${path}/${file}`;
  }
  const promptConfig = top.includes(names.promptConfig) ? { promptConfig: `${folder}/${names.promptConfig}` } : {};
  return { encoder: encoder!.path, files: { modules, moduleFiles, ...promptConfig } };
}

function missingHint(found: readonly string[]): string {
  const shard = found.find((file) => /^(tf_model|model)-\d+-of-/.test(file));
  if (shard) {
    const index = shard.endsWith('.h5') ? weightNames[3] : weightNames[1];
    return `the weights are cut into several files, which ${index} lists: it is missing`;
  }
  const pickled = found.some((file) => /\.(bin|pt|pth)$/.test(file));
  return pickled
    ? `${pickles}; in Python: AutoModel….from_pretrained(folder).save_pretrained(folder, safe_serialization=True)`
    : 'save the model with save_pretrained(), which writes model.safetensors';
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
  let weights = '';
  for (const name of weightNames) {
    weights = at(name);
    if (await exists(weights)) break;
  }
  const extra = await Promise.all(optionalNames.map((key) => optional(names[key], key)));
  const files = Object.assign({ config: at(names.config), weights }, ...extra) as TransformerFiles;
  if (!files.modules) return files;
  const { listModules } = await import('./sentence/modules.ts');
  const [encoder, ...rest] = listModules(await readJson(files.modules, names.modules));
  if (encoder!.path !== '') {
    throw failure(
      url,
      `keeps its encoder in ${encoder!.path}`,
      {},
      'save it again with sentence-transformers, or give the files',
    );
  }
  const wanted = rest.flatMap(({ path }) => (path === '' ? [] : [`${path}/config.json`, `${path}/model.safetensors`]));
  const found = await Promise.all(wanted.map((name) => optional(name, name)));
  return { ...files, moduleFiles: Object.assign({}, ...found) as Record<string, Uint8Array> };
}

/** Whether the server has it; where it does not say, it is tried. */
async function exists(url: string): Promise<boolean> {
  const response = await fetch(url, { method: 'HEAD' }).catch(() => null);
  return response !== null && (response.ok || response.status === 405 || response.status === 501);
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

export function isSource(source: JsonSource): source is ModelSource {
  if (typeof source === 'string' || source instanceof URL) return true;
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return true;
  return typeof Blob !== 'undefined' && source instanceof Blob;
}
