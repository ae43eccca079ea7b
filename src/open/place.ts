/** What lies at a path in Node: a file of some kind, or a folder that holds a model, told by the names in it. */
import { failure } from '../tensor/errors.ts';
import { nodeModule } from '../tensor/platform.ts';
import { type FileKind, kindOf, TELLING } from './kind.ts';

export interface Place {
  readonly kind: Exclude<FileKind, 'safetensors' | 'config' | 'tokenizer' | 'saved-model' | 'pickle'> | 'transformers';
  /** The file or folder to read: for a file of transformers the folder around it. */
  readonly path: string;
}

const savedModel =
  'in Python: tf_keras.models.load_model(folder).save("model.h5") where Keras made it; else python -m tf2onnx.convert --saved-model folder --output model.onnx';
const pickle =
  'in Python: model.save_pretrained(folder) of transformers writes model.safetensors; torch.onnx.export(model, example, "model.onnx") any network, skl2onnx one of scikit-learn';

/** @throws PathgradError for folders without a model, and for what belongs to a folder and lies alone */
export async function placeOf(path: string): Promise<Place> {
  const { readdir, stat } = nodeModule('node:fs/promises')!;
  const found = await stat(path).catch(() => null);
  if (!found) return { kind: 'keras', path }; // its reader says that it is missing
  if (found.isDirectory()) return folderAt(path.replace(/(?<=.)[\\/]+$/, ''), await readdir(path));
  if (!found.isFile()) return { kind: 'keras', path };
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const folder = path.slice(0, path.length - name.length).replace(/(?<=.)[\\/]+$/, '') || '.';
  const kind = kindOf(await firstBytes(path), name);
  const beside = await readdir(folder);
  const isWeights = /^tf_model\b.*\.h5$/.test(name) || kind === 'safetensors';
  if (kind === 'config' || kind === 'tokenizer' || (isWeights && beside.includes('config.json')))
    return folderAt(folder, beside);
  if (kind === 'safetensors') {
    const hint = 'weights alone say no architecture: put config.json and the tokenizer of the model beside them';
    throw failure(path, 'is a file of safetensors without a config.json beside it', {}, hint);
  }
  if (kind === 'saved-model') return folderAt(folder, beside);
  if (kind === 'pickle') throw failure(path, 'is a pickle of Python, which is code: it is never opened', {}, pickle);
  return { kind, path };
}

function folderAt(path: string, names: readonly string[]): Place {
  const inside = (name: string): string => `${path}/${name}`;
  if (names.includes('modules.json')) return { kind: 'transformers', path };
  const onnx = names.filter((name) => name.endsWith('.onnx'));
  const weights = names.some((name) => /^(tf_model|model|pytorch_model).*\.(h5|safetensors|bin)$/.test(name));
  if (names.includes('metadata.json') && names.includes('model.weights.h5')) {
    throw failure(path, 'is an unpacked .keras archive', {}, `pack it again: (cd ${path} && zip -r ../model.keras .)`);
  }
  if (names.includes('config.json') && (weights || onnx.length === 0)) return { kind: 'transformers', path };
  if (names.includes('saved_model.pb'))
    throw failure(path, 'is a SavedModel of TensorFlow, which holds a graph and no layers', {}, savedModel);
  if (names.includes('model.json')) return { kind: 'tfjs', path: inside('model.json') };
  if (onnx.length === 1) return { kind: 'onnx', path: inside(onnx[0]!) };
  const files = names.slice(0, 12);
  if (weights) {
    const save = 'save the model with save_pretrained(), which writes config.json beside its weights';
    throw failure(path, 'holds weights of transformers without a config.json', { files }, save);
  }
  const hint = 'a folder of transformers has config.json, weights and a tokenizer; of other models give the file';
  throw failure(path, 'is a folder without a model that pathgrad knows', { files }, hint);
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const { open } = nodeModule('node:fs/promises')!;
  const file = await open(path);
  try {
    const bytes = new Uint8Array(TELLING);
    return bytes.subarray(0, (await file.read(bytes, 0, TELLING, 0)).bytesRead);
  } finally {
    await file.close();
  }
}
