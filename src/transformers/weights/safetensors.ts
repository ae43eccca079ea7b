/**
 * The arrays of `model.safetensors` by the path of their layer: PyTorch's names as the encoders ask for them. Dots become slashes and a
 * number joins the name before it (`bert.encoder.layer.0` is `bert/encoder/layer.0`); a model saved without a head has no name in front.
 * `kernel` is the `weight` of a linear layer, transposed; `gamma` and `beta` are those of a normalization.
 * Invariant: a tensor is in memory once, in the dtype of the model; what nothing took is an error.
 */
import type { ModelWeight, WeightChange } from '../../graph/callable.ts';
import type { ModelSource } from '../../keras/load/source.ts';
import { isFloatType, openSafetensors } from '../../safetensors/safetensors.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import { leaves, pathOf } from './names.ts';
import {
  checkSize,
  checkTaken,
  checkWeightFinite,
  checkWeightShape,
  misfit,
  Taken,
  type WeightSource,
} from './source.ts';
import { transposeOf } from './transpose.ts';

type Floats = Float32Array | Float64Array;

interface Stored {
  readonly file: string;
  readonly name: string;
  /** As the file has it. */
  readonly shape: Shape;
  readonly data: Floats;
  /** Whether `data` is in the order of the transpose. */
  readonly transposed: boolean;
}

export interface StoredTensors {
  readonly file: string;
  /** By PyTorch's name. */
  readonly tensors: ReadonlyMap<string, Stored>;
}

/** Tables, of which rows are looked up, lie as they are computed with; the weights of linear layers are wanted transposed. */
const table = /(embed[a-z]*|tok_embeddings|relative_attention_bias)\.weight$/;
/** Numbers of positions that old versions saved. */
const buffers = /(^|\.)(position_ids|token_type_ids)$/;

/**
 * Reads all floats of the files, one tensor after another.
 * @param expected by tensor, which file an index says holds it; null without an index
 * @param most elements that a tensor may have: what is larger is of another model, and is refused before it is read
 * @throws PathgradError for a tensor in two files, one that the index lists and no file has, or one that is not finite
 */
export async function readTensors(
  sources: readonly ModelSource[],
  dtype: FloatDType,
  expected: ReadonlyMap<string, string> | null = null,
  most = Number.POSITIVE_INFINITY,
): Promise<StoredTensors> {
  const tensors = new Map<string, Stored>();
  let label = '';
  for (const source of sources) {
    const file = await openSafetensors(source);
    if (label === '') label = file.name;
    try {
      for (const place of file.tensors) {
        if (buffers.test(place.name) && !isFloatType(place.dtype)) continue;
        if (tensors.has(place.name))
          throw failure(file.name, `has tensor '${place.name}', which another shard has as well`);
        checkSize(`${file.name}, tensor '${place.name}'`, place.shape, most);
        const transposed = place.shape.length === 2 && place.name.endsWith('.weight') && !table.test(place.name);
        const data = await file.read(place, dtype, transposed);
        tensors.set(place.name, { file: file.name, name: place.name, shape: place.shape, data, transposed });
      }
    } finally {
      await file.close();
    }
  }
  for (const [name, file] of expected ?? []) {
    if (!tensors.has(name)) throw failure(file, `lacks tensor '${name}', which the index says it holds`);
  }
  return { file: label, tensors };
}

export class SafetensorsWeights implements WeightSource {
  readonly file: string;
  readonly dtype: FloatDType;
  readonly #base: string;
  readonly #taken: Taken;
  /** By the path of the layer, a slash, and PyTorch's name of the array. */
  readonly #entries = new Map<string, Stored>();
  readonly #unread = new Set<string>();

  /**
   * @param base the first part of the encoder's paths @param change other numbers for weights that are taken
   * @throws PathgradError where the tensors are those of another architecture
   */
  constructor(stored: StoredTensors, base: string, dtype: FloatDType, change: WeightChange | null = null) {
    this.file = stored.file;
    this.dtype = dtype;
    this.#base = base;
    this.#taken = new Taken(this.file, change);
    const bare = ![...stored.tensors.keys()].some((name) => name.startsWith(`${base}.`));
    for (const [name, tensor] of stored.tensors) {
      const path = pathOf(bare ? `${base}.${name}` : name);
      this.#entries.set(path, tensor);
      this.#unread.add(path);
    }
    if (!this.has(`${base}/embeddings`)) {
      const found = [...new Set([...stored.tensors.keys()].map((name) => name.split('.')[0]!))].slice(0, 6);
      throw failure(this.file, `holds no ${base} encoder, which config.json asks for`, { found });
    }
  }

  has(path: string): boolean {
    if (this.#lookUp(path)) return true;
    for (const key of this.#entries.keys()) if (key.startsWith(`${path}/`)) return true;
    return false;
  }

  sizeOf(path: string, axis: number): number {
    const { shape } = this.#find(path)[1];
    return (path.endsWith('/kernel') ? [...shape].reverse() : shape).at(axis) ?? 0;
  }

  take(path: string, shape: Shape, why: string): Tensor {
    const [key, stored] = this.#find(path);
    const turned = path.endsWith('/kernel');
    const found = turned ? [...stored.shape].reverse() : stored.shape;
    checkWeightShape(this.file, path, shape, found, why);
    const data =
      turned === stored.transposed || shape.length < 2
        ? stored.data
        : transposeOf(stored.data, stored.transposed ? [...stored.shape].reverse() : stored.shape);
    checkWeightFinite(this.file, path, data);
    this.#unread.delete(key);
    return this.#taken.tensor(path, () => adopt(data, shape));
  }

  change(path: string, tensor: Tensor): Tensor {
    return this.#taken.tensor(path, () => tensor);
  }

  get taken(): readonly ModelWeight[] {
    return this.#taken.list;
  }

  finish(optional: RegExp): void {
    checkTaken(this.file, this.#base, this.#unread, optional);
  }

  #lookUp(path: string): [string, Stored] | null {
    const at = path.lastIndexOf('/');
    const leaf = path.slice(at + 1);
    for (const name of leaves[leaf] ?? [leaf]) {
      const key = `${path.slice(0, at)}/${name}`;
      const found = this.#entries.get(key);
      if (found) return [key, found];
    }
    return null;
  }

  #find(path: string): [string, Stored] {
    const found = this.#lookUp(path);
    if (found) return found;
    const hint = `${didYouMean(path, [...this.#entries.keys()])} ${misfit}`;
    throw failure(this.file, `lacks the weight '${path}', which config.json implies`, {}, hint);
  }
}
