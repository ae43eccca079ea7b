/**
 * What a folder of sentence-transformers says of the way from hidden states to a vector: `modules.json` and the configs in the folders that
 * it names. Invariant: a module that would change the vector and is not understood is an error that names it.
 * Source: `models/` of sentence-transformers 5.
 */
import type { ModelSource } from '../../keras/load/source.ts';
import { isFloatType, openSafetensors } from '../../safetensors/safetensors.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import { readJson, type TransformerFiles } from '../files.ts';
import { isObject, type Json } from '../tokenizer/json.ts';
import { type PoolingName, poolingNames } from './pooling.ts';

export type SentenceModule =
  | { readonly kind: 'pooling'; readonly path: string; readonly poolings: readonly PoolingName[] }
  | { readonly kind: 'normalize'; readonly path: string }
  | {
      readonly kind: 'dense';
      readonly path: string;
      /** `[inputs, outputs]`. */
      readonly kernel: Tensor;
      readonly bias: Tensor | null;
      readonly activation: string;
    };

/** More than any model has. */
const MODULES = 16;

export interface ListedModule {
  /** The last part of the name of its class. */
  readonly type: string;
  /** Its folder; the first is usually the folder itself, ''. */
  readonly path: string;
}

/** The modules that `modules.json` lists. @throws for a list that is none, or paths that lead out of the folder */
export function listModules(json: unknown, file = 'modules.json'): ListedModule[] {
  if (!Array.isArray(json) || json.length === 0 || json.length > MODULES) {
    throw failure(file, 'is no list of modules', { found: Array.isArray(json) ? json.length : typeof json });
  }
  const list = json.map((entry: unknown, i): ListedModule => {
    const { type, path } = isObject(entry) ? entry : {};
    if (typeof type !== 'string' || typeof path !== 'string') throw failure(file, `module ${i} has no type and path`);
    if (/^[\\/]|\.\.|:/.test(path)) throw failure(file, `module ${i} lies outside of the folder`, { path });
    return { type: type.split('.').at(-1)!, path: path.replace(/[\\/]$/, '') };
  });
  if (list[0]!.type === 'Transformer') return list;
  throw failure(
    file,
    `starts with '${list[0]!.type}' instead of a Transformer`,
    {},
    'no other encoder of texts is read',
  );
}

/** What follows the encoder. @throws PathgradError for a module that is not supported, and for files that are missing */
export async function readModules(
  files: TransformerFiles,
  width: number,
  dtype: FloatDType,
): Promise<SentenceModule[]> {
  const listed = listModules(await readJson(files.modules!, 'modules.json'));
  const modules: SentenceModule[] = [];
  let size = width;
  for (const { type, path } of listed.slice(1)) {
    if (type === 'Dropout') continue; // Nothing is dropped when a model is used.
    if (type === 'Normalize') modules.push({ kind: 'normalize', path });
    else if (type === 'Pooling') {
      const poolings = poolingsOf(await configOf(files, path), `${path}/config.json`, size);
      size *= poolings.length;
      modules.push({ kind: 'pooling', path, poolings });
    } else if (type === 'Dense') {
      const dense = await denseOf(files, path, size, dtype);
      size = dense.kernel.shape[1]!;
      modules.push(dense);
    } else {
      const known = ['Transformer', 'Pooling', 'Normalize', 'Dense', 'Dropout'];
      throw failure('modules.json', `has the module '${type}', which is not supported`, {}, didYouMean(type, known));
    }
  }
  const [first, ...rest] = modules;
  if (first?.kind === 'pooling' && !rest.some(({ kind }) => kind === 'pooling')) return modules;
  throw failure('modules.json', 'must pool the positions of a text first, and once', {
    modules: listed.map((module) => module.type),
  });
}

async function configOf(files: TransformerFiles, path: string): Promise<Json> {
  const name = `${path}/config.json`;
  const json = await readJson(fileAt(files, name), name);
  if (isObject(json)) return json;
  throw failure(name, 'must be a JSON object');
}

function fileAt({ moduleFiles = {} }: TransformerFiles, name: string): ModelSource {
  const found = Object.hasOwn(moduleFiles, name) ? moduleFiles[name] : undefined;
  if (found) return found;
  const hint = 'give it with the other files: moduleFiles';
  throw failure('modules.json', `${name} is missing`, { found: Object.keys(moduleFiles) }, hint);
}

function poolingsOf(config: Json, file: string, width: number): PoolingName[] {
  const size = config['word_embedding_dimension'] ?? width;
  if (size !== width) {
    throw failure(file, 'does not fit the encoder', { word_embedding_dimension: size, width });
  }
  if (config['include_prompt'] === false) {
    throw failure(file, 'leaves prompts out of the pooling, which is not supported', { include_prompt: false });
  }
  const known = Object.keys(poolingNames) as PoolingName[];
  const wrong = Object.keys(config).find((key) => key.startsWith('pooling_mode_') && typeof config[key] !== 'boolean');
  if (wrong !== undefined) throw failure(file, `'${wrong}' must be true or false`, { got: config[wrong] });
  const mode = config['pooling_mode'] ?? null;
  // A mode by its name stands in the place of all flags, of which the mean's is on where it is not named.
  if (mode !== null) return modesOf(mode, known, file);
  const found = known.filter((name) => config[poolingNames[name]] ?? name === 'mean');
  const other = Object.keys(config).find(
    (key) => key.startsWith('pooling_mode_') && config[key] === true && !Object.values(poolingNames).includes(key),
  );
  if (other)
    throw failure(
      file,
      `pools by ${other}, which is not supported`,
      {},
      didYouMean(other, Object.values(poolingNames)),
    );
  if (found.length === 0) throw failure(file, 'names no pooling', { supported: Object.values(poolingNames) });
  return found;
}

function modesOf(mode: unknown, known: readonly PoolingName[], file: string): PoolingName[] {
  const names = (Array.isArray(mode) ? mode : [mode]).map((one: unknown) => String(one).toLowerCase());
  const other = names.find((name) => !(known as readonly string[]).includes(name));
  if (other !== undefined || names.length === 0) {
    throw failure(file, `pools by '${other}', which is not supported`, {}, didYouMean(String(other), known));
  }
  return known.filter((name) => names.includes(name));
}

type Dense = Extract<SentenceModule, { kind: 'dense' }>;

async function denseOf(files: TransformerFiles, path: string, width: number, dtype: FloatDType): Promise<Dense> {
  const file = `${path}/config.json`;
  const config = await configOf(files, path);
  const { in_features: inputs, out_features: outputs, bias = true, activation_function: f } = config;
  const sized = Number.isInteger(outputs) && (outputs as number) >= 1 && (outputs as number) <= 2 ** 20;
  if (inputs !== width || !sized) {
    throw failure(file, 'does not fit what comes before it', { in_features: inputs, width, out_features: outputs });
  }
  const weights = `${path}/model.safetensors`;
  if (!files.moduleFiles?.[weights] && files.moduleFiles?.[`${path}/pytorch_model.bin`]) {
    const hint = 'save the model with safe_serialization=True, which writes model.safetensors';
    throw failure(`${path}/pytorch_model.bin`, 'is a pickle, which is never opened', {}, hint);
  }
  const opened = await openSafetensors(fileAt(files, weights));
  try {
    const take = async (name: string, shape: readonly number[], transposed: boolean): Promise<Tensor> => {
      const place = opened.tensors.find((one) => one.name === name);
      if (!place || place.shape.join() !== shape.join() || !isFloatType(place.dtype)) {
        const details = { expected: shape, found: place ? place.shape : 'none' };
        throw failure(weights, `has no tensor '${name}' that fits its config`, details);
      }
      return adopt(await opened.read(place, dtype, transposed), transposed ? [...shape].reverse() : shape);
    };
    const size = outputs as number;
    const kernel = await take('linear.weight', [size, width], true);
    const offset = bias === false ? null : await take('linear.bias', [size], false);
    return { kind: 'dense', path, kernel, bias: offset, activation: activationOf(f, file) };
  } finally {
    await opened.close();
  }
}

/** PyTorch's classes by our names. */
const activations: Readonly<Record<string, string>> = {
  ...{ Identity: 'linear', Tanh: 'tanh', ReLU: 'relu', GELU: 'gelu', Sigmoid: 'sigmoid', SiLU: 'silu', Mish: 'mish' },
};

function activationOf(name: unknown, file: string): string {
  if (name === undefined || name === null) return 'tanh'; // The default of the class.
  const last = String(name).split('.').at(-1)!;
  if (Object.hasOwn(activations, last)) return activations[last]!;
  throw failure(
    file,
    `has the activation '${String(name)}', which is not known`,
    {},
    didYouMean(last, Object.keys(activations)),
  );
}
