/**
 * The arrays of a `tf_model.h5` by the path of their layer. transformers saves them with `save_weights`: the name of a dataset is the
 * layer's group, the name of the model, then the path; in shards (`tf_model-00001-of-00004.h5`) datasets lie at their paths. A decoder
 * that is tied to the embeddings (masked LM, pre-training) lists them a second time. Invariant: an array is handed out once, in the shape that the config
 * implies, finite; what the encoder leaves unread is an error, since then config and weights do not belong together.
 */
import type { ModelWeight, WeightChange } from '../../graph/callable.ts';
import { openHdf5 } from '../../hdf5/file.ts';
import { readWeightStore, type StoredEntry } from '../../keras/weights/store.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { type Shape, sameShape } from '../../tensor/shape.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import {
  checkSize,
  checkTaken,
  checkWeightFinite,
  checkWeightShape,
  misfit,
  Taken,
  type WeightSource,
} from './source.ts';

export interface WeightFile {
  readonly bytes: Uint8Array;
  readonly name: string;
}

export class TfWeights implements WeightSource {
  readonly file: string;
  readonly dtype: FloatDType;
  readonly #base: string;
  readonly #entries = new Map<string, StoredEntry>();
  readonly #unread = new Set<string>();
  readonly #taken: Taken;

  /**
   * @param files one, or the shards of one @param change other numbers for weights that are taken
   * @param most elements that an array may have: what is larger is of another model, and is refused before it is read
   * @throws PathgradError where the bytes are no HDF5 file of weights, or those of another architecture
   */
  constructor(
    files: readonly WeightFile[],
    base: string,
    dtype: FloatDType,
    change: WeightChange | null,
    most: number,
  ) {
    const file = files[0]!.name;
    this.file = file;
    this.#taken = new Taken(file, change);
    this.dtype = dtype;
    this.#base = base;
    for (const entry of files.length === 1 ? entriesOf(files[0]!) : files.flatMap(shardEntries)) {
      const path = pathOf(entry.key, base);
      checkSize(entry.dataset.label, entry.dataset.shape, most);
      const first = this.#entries.get(path);
      if (first) {
        if (!sameValues(first, entry)) throw failure(file, `has two weights '${path}' that differ`);
        continue;
      }
      this.#entries.set(path, entry);
      this.#unread.add(path);
    }
    if (![...this.#entries.keys()].some((path) => path.startsWith(`${base}/`))) {
      const found = [...new Set([...this.#entries.keys()].map((path) => path.split('/')[0]!))].slice(0, 6);
      throw failure(file, `holds no ${base} encoder, which config.json asks for`, { found });
    }
  }

  has(path: string): boolean {
    return [...this.#entries.keys()].some((key) => key === path || key.startsWith(`${path}/`));
  }

  sizeOf(path: string, axis: number): number {
    return this.#find(path).dataset.shape.at(axis) ?? 0;
  }

  take(path: string, shape: Shape, why: string): Tensor {
    const { dataset } = this.#find(path);
    checkWeightShape(this.file, path, shape, dataset.shape, why);
    const data = dataset.read();
    const own = this.dtype === 'float64' ? Float64Array.from(data as Float32Array) : floats(data as Float32Array);
    checkWeightFinite(this.file, path, own);
    this.#unread.delete(path);
    return this.#taken.tensor(path, () => adopt(own, shape));
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

  #find(path: string): StoredEntry {
    const entry = this.#entries.get(path);
    if (entry) return entry;
    const hint = `${didYouMean(path, [...this.#entries.keys()])} ${misfit}`;
    throw failure(this.file, `lacks the weight '${path}', which config.json implies`, {}, hint);
  }
}

function entriesOf({ bytes, name }: WeightFile): readonly StoredEntry[] {
  const store = readWeightStore(openHdf5(bytes, name));
  if (store.layout === 'legacy') return store.layers.flatMap(({ entries }) => entries);
  const hint = 'transformers writes tf_model.h5 with save_pretrained of a TensorFlow class';
  throw failure(name, 'is not a tf_model.h5 of transformers', { layout: store.layout }, hint);
}

function shardEntries({ bytes, name }: WeightFile): StoredEntry[] {
  return [...openHdf5(bytes, name).root.datasets()].map((dataset) => ({ key: dataset.path, dataset }));
}

function sameValues({ dataset: a }: StoredEntry, { dataset: b }: StoredEntry): boolean {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const [x, y] = [a.read(), b.read()];
  return x.length === y.length && (x as Float32Array).every((value, i) => Object.is(value, y[i]));
}

/** Aligned float32 values stay views on the file's bytes. */
function floats(data: ArrayLike<number>): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** `tf_bert_model/bert/encoder/layer_._0/…/kernel:0` as `bert/encoder/layer.0/…/kernel`. */
function pathOf(key: string, base: string): string {
  const parts = key.replace(/:\d+$/, '').split('/');
  const at = parts.lastIndexOf(base);
  const kept = at >= 0 ? parts.slice(at) : parts.length > 2 ? parts.slice(1) : parts;
  return kept.map((part) => part.replace(/^(layer|albert_layer_groups|albert_layers)_\._(\d+)$/, '$1.$2')).join('/');
}
