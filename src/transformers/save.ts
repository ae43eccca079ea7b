/**
 * A transformer as the files of a folder that transformers reads: the weights under the names and in the layouts of PyTorch's classes, the
 * config, and what belongs to texts as it was read. Invariant: `from_pretrained` of the class that `config.json` names gives the same model.
 */
import { readSource } from '../keras/load/source.ts';
import { type TensorToWrite, writeSafetensors } from '../safetensors/write.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { familyOf } from './config/config.ts';
import type { Json } from './config/fields.ts';
import { isSource, type JsonSource, names, readJson, type TransformerFiles } from './files.ts';
import { headClasses } from './heads/index.ts';
import { type ModelParts, partsOf, TransformerModel } from './model.ts';
import { writeTfWeights } from './save-h5.ts';
import { listModules } from './sentence/modules.ts';
import { torchName } from './weights/names.ts';
import { transposeOf } from './weights/transpose.ts';

/** Bytes by the paths of files in the folder. */
export type SavedFiles = Readonly<Record<string, Uint8Array>>;

/** What `saveTransformer` writes. */
export interface SaveTransformerOptions {
  /** `'tf_model.h5'` is for the TensorFlow classes of transformers below 5; `'safetensors'` by default. */
  readonly weights?: 'safetensors' | 'tf_model.h5';
}

/**
 * The files of a model as `save_pretrained` writes them: `model.safetensors` (or `tf_model.h5`), `config.json`, and of `tokenizer.json`, `vocab.txt` and the
 * settings beside them those that the model was loaded from, as they were; of sentence-transformers its modules, too.
 * Weights are stored in the model's float type.
 * @throws PathgradError for a head of one's own, which no class of transformers has, and for what TensorFlow's classes do not have
 */
export async function saveTransformer(
  model: TransformerModel,
  options: SaveTransformerOptions = {},
): Promise<SavedFiles> {
  if (!(model instanceof TransformerModel))
    throw failure('saveTransformer', 'needs a model that loadTransformer gave', { got: typeof model });
  checkOptions<SaveTransformerOptions>('saveTransformer', options, { weights: 1 });
  const { weights: format = 'safetensors' } = options;
  if (format !== 'safetensors' && format !== 'tf_model.h5')
    throw failure('saveTransformer', "weights is 'safetensors' or 'tf_model.h5'", { got: format });
  const parts = partsOf(model);
  if (parts.head.task === 'own') {
    const hint =
      "head: { labels } makes a classifier that transformers knows; model.weights has the arrays of one's own";
    throw failure(model.name, "has a head of one's own, which no class of transformers reads", {}, hint);
  }
  const { files } = parts;
  const listed = files.modules ? listModules(await readJson(files.modules, names.modules)) : [];
  const folder = listed[0]?.path ? `${listed[0].path}/` : '';
  const modules = new Set(listed.slice(1).map(({ path }) => path));
  const saved: Record<string, Uint8Array> = await textFiles(files, folder);
  saved[`${folder}config.json`] = new TextEncoder().encode(`${JSON.stringify(configOf(parts), null, 2)}\n`);
  if (format === 'tf_model.h5') return { ...saved, [format]: writeTfWeights(parts, classOf(parts)) };
  const stored = new Map<string, Map<string, TensorToWrite>>();
  for (const { layer, name, tensor } of parts.weights.taken) {
    const [file, key] = modules.has(layer)
      ? [`${layer}/model.safetensors`, `linear.${name === 'kernel' ? 'weight' : name}`]
      : [`${folder}model.safetensors`, nameOf(parts, torchName(layer, name))];
    const { data, shape } = tensor as { data: Float32Array | Float64Array; shape: readonly number[] };
    const dtype = parts.dtype === 'float64' ? 'F64' : 'F32';
    const turned = name === 'kernel';
    const own = {
      dtype,
      shape: turned ? [...shape].reverse() : shape,
      data: turned ? transposeOf(data, shape) : data,
    } as const;
    stored.set(file, (stored.get(file) ?? new Map<string, TensorToWrite>()).set(key, own));
  }
  for (const [file, tensors] of stored) saved[file] = writeSafetensors(tensors, { format: 'pt' });
  return saved;
}

/** Encoders that are saved alone have their name in front of nothing. */
function nameOf(parts: ModelParts, name: string): string {
  const start = `${parts.base}.`;
  return parts.head.task === 'embedding' && name.startsWith(start) ? name.slice(start.length) : name;
}

/** The class that the model is of: as the file says, or the one that its head makes of it. */
function classOf({ config, head }: ModelParts): string {
  const { classes } = familyOf(config);
  if (config.savedClass !== null && head.task !== 'embedding') return config.savedClass;
  return `${classes}${head.task === 'embedding' ? 'Model' : headClasses[0]!}`;
}

function configOf(parts: ModelParts): Json {
  const { json, dtype } = parts;
  const key = json['dtype'] !== undefined ? 'dtype' : 'torch_dtype';
  return { ...json, architectures: [classOf(parts)], [key]: dtype };
}

/** What is about texts and poolings, as it was read. Pickles are left out. */
async function textFiles(files: TransformerFiles, folder: string): Promise<Record<string, Uint8Array>> {
  const inner = ['tokenizer', 'vocab', 'tokenizerConfig', 'specialTokensMap', 'sentenceConfig'] as const;
  const outer = ['modules', 'promptConfig'] as const;
  const found: [string, JsonSource | undefined][] = [
    ...inner.map((key): [string, JsonSource | undefined] => [`${folder}${names[key]}`, files[key]]),
    ...outer.map((key): [string, JsonSource | undefined] => [names[key], files[key]]),
    ...Object.entries(files.moduleFiles ?? {}).filter(([name]) => /\.json$/.test(name)),
  ];
  const saved: Record<string, Uint8Array> = {};
  for (const [name, source] of found) if (source !== undefined) saved[name] = await bytesOf(source);
  return saved;
}

async function bytesOf(source: JsonSource): Promise<Uint8Array> {
  if (typeof source === 'string' && source.trimStart().startsWith('{')) return new TextEncoder().encode(source);
  if (isSource(source)) return (await readSource(source)).bytes;
  return new TextEncoder().encode(`${JSON.stringify(source, null, 2)}\n`);
}
