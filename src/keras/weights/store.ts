/**
 * Stored arrays as they come out of a file, before anything is known about the layers they belong to.
 * Invariant: `data.length` is the product of `shape`, in row-major order; values are read when asked for, not when the file is opened.
 * Source: `save_weights_to_hdf5_group` (Keras 1, 2), `saving_lib` (Keras 2.12+ and 3), Keras 0.x `save_weights`.
 */
import type { Hdf5Dataset, Hdf5File, Hdf5Group, NumericArray } from '../../hdf5/file.ts';
import { failure } from '../../tensor/errors.ts';

/** float16 and bfloat16 widen to Float32Array without loss; 64-bit integers are Float64Array and exact. */
export type StoredData = NumericArray;

export interface StoredArray {
  /** File and dataset, for error messages: `model.h5/model_weights/dense_1/dense_1/kernel:0`. */
  readonly path: string;
  /** `kernel`, `bias`, `gamma`, … (Keras 2/3 names), from the layer's class or else from the stored name; else undefined. */
  readonly name: string | undefined;
  /**
   * The sub-object inside the layer, `''` for the layer itself: `forward_layer`, `backward_layer`, `query_dense`,
   * `cell/cells/lstm_cell_1`, `layer`. The single cell of an LSTM, GRU or SimpleRNN counts as the layer itself.
   */
  readonly part: string;
  readonly shape: readonly number[];
  /** As stored: `float32`, `float16`, `bfloat16`, `float64`, `int64`, … */
  readonly dtype: string;
  readonly data: StoredData;
}

/** A dataset that holds a weight. */
export interface StoredEntry {
  /** Legacy: the weight name (`dense_1/kernel:0`). Paths: from the root, with forward slashes (`layers/dense/vars/0`). */
  readonly key: string;
  readonly dataset: Pick<Hdf5Dataset, 'label' | 'shape' | 'dtype' | 'read'>;
}

export interface StoredLayer {
  readonly name: string;
  /** File and group, for errors. */
  readonly source: string;
  readonly entries: readonly StoredEntry[];
}

/**
 * `legacy`: layer names × weight names. `paths`: class-name counters. `sequence`: Keras 0.x, by position. `named`: one list, whose names
 * begin with a layer's. `none`: no weights at all.
 */
export type WeightStore =
  | { readonly layout: 'legacy' | 'sequence'; readonly label: string; readonly layers: readonly StoredLayer[] }
  | {
      readonly layout: 'paths';
      readonly label: string;
      readonly entries: readonly StoredEntry[];
      /** True where Keras 2.13 wrote `_layer_checkpoint_dependencies` for `layers` (keys read `layers` here). */
      readonly checkpointDependencies: boolean;
    }
  | { readonly layout: 'named'; readonly label: string; readonly entries: readonly StoredEntry[] }
  | { readonly layout: 'none'; readonly label: string };

const DEPENDENCIES = '_layer_checkpoint_dependencies';

/** Finds the weights of an HDF5 file, whichever layout it has. */
export function readWeightStore(file: Hdf5File): WeightStore {
  const { root } = file;
  const group = root.group('model_weights') ?? root;
  if (listNames(group, 'layer_names') !== undefined) return legacyStore(group);
  if (root.attributes.get('nb_layers') !== undefined) return sequenceStore(root);
  const known = (name: string): boolean => /^(layers|_layer_checkpoint_dependencies)([\\/]|$)/.test(name);
  if (root.names.some(known)) return pathStore([file]);
  throw failure(
    file.name,
    'holds no Keras weights',
    { members: root.names.slice(0, 8), attributes: root.attributes.names.slice(0, 8) },
    'expected layer_names, a group of layers, or nb_layers at the root or in model_weights',
  );
}

/**
 * A list of texts that Keras split into `name0`, `name1`, … because it outgrew an HDF5 attribute; undefined if there is none. No file
 * can hold two groups or datasets of one name, so a name listed twice is refused: lists of lists would multiply.
 */
function listNames(group: Hdf5Group, name: string): readonly string[] | undefined {
  const names = joinedNames(group, name);
  if (names === undefined || new Set(names).size === names.length) return names;
  const twice = names.find((text, i) => names.indexOf(text) !== i);
  throw failure(`${group.label}@${name}`, 'lists a name twice', { name: twice });
}

function joinedNames(group: Hdf5Group, name: string): readonly string[] | undefined {
  const whole = group.attributes.texts(name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.attributes.texts(`${name}${i}`);
    if (part === undefined) return i === 0 ? undefined : parts;
    for (const text of part) parts.push(text);
  }
}

function legacyStore(group: Hdf5Group): WeightStore {
  const layers = (listNames(group, 'layer_names') ?? []).map((name): StoredLayer => {
    const found = group.find(name);
    if (found?.kind !== 'group') throw failure(group.label, `layer_names lists '${name}', but there is no such group`);
    const weights = listNames(found, 'weight_names') ?? [];
    return { name, source: found.label, entries: weights.map((key) => ({ key, dataset: datasetAt(found, key) })) };
  });
  return { layout: 'legacy', label: group.label, layers };
}

function datasetAt(group: Hdf5Group, path: string): Hdf5Dataset {
  const found = group.find(path);
  if (found?.kind !== 'dataset') throw failure(group.label, `the weight '${path}' is listed, but not in the file`);
  return found;
}

function sequenceStore(root: Hdf5Group): WeightStore {
  const count = wholeNumber(root, 'nb_layers');
  const layers = Array.from({ length: count }, (_, i): StoredLayer => {
    const group = root.group(`layer_${i}`);
    if (group === undefined) throw failure(root.label, `nb_layers is ${count}, but layer_${i} is missing`);
    const keys = Array.from({ length: wholeNumber(group, 'nb_params') }, (_, j) => `param_${j}`);
    const entries = keys.map((key) => ({ key, dataset: datasetAt(group, key) }));
    return { name: `layer_${i}`, source: group.label, entries };
  });
  return { layout: 'sequence', label: root.label, layers };
}

function wholeNumber(group: Hdf5Group, name: string): number {
  const value = group.attributes.get(name);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 65536) return value;
  throw failure(`${group.label}@${name}`, 'must be a whole number below 65536', { value });
}

/** The new layout; several files are the shards of one model. Random seeds are no weights. */
export function pathStore(files: readonly Hdf5File[]): WeightStore {
  const entries: StoredEntry[] = [];
  let checkpointDependencies = false;
  for (const { root } of files) {
    for (const dataset of root.datasets()) {
      const stored = dataset.path.replaceAll('\\', '/');
      if (/(^|\/)_?seed_generators?\//.test(stored)) continue;
      if (stored.includes(DEPENDENCIES)) checkpointDependencies = true;
      entries.push({ key: stored.replaceAll(DEPENDENCIES, 'layers'), dataset });
    }
  }
  return { layout: 'paths', label: files[0]?.name ?? '', entries, checkpointDependencies };
}

/** The arrays of one layer, as stored: nothing is flipped or transposed, and shapes are for the layer to check. */
export interface LayerWeights {
  /**
   * In the order of Keras's `layer.weights`. Sub-objects follow their order of creation: Bidirectional forward then backward,
   * attention query, key, value, output, stacked cells by their number; `part` says which one an array belongs to.
   */
  readonly arrays: readonly StoredArray[];
  /** File and group that were read for this layer, for error messages: `model.h5/model_weights/dense_1`. */
  readonly source: string;
}
