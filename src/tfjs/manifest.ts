/**
 * The manifest of a tfjs model: groups of weights, each in the bytes of its shards one after the other.
 * Invariant: every weight has a known dtype, whole sizes and a name of its own; a path is the name of a file, and named once.
 */
import type { Guard } from '../guard/guard.ts';
import { describe, field, isRecord, type JsonRecord, listAt, textAt } from '../keras/config/json.ts';
import type { Json } from '../keras/config/spec.ts';
import { failure } from '../tensor/errors.ts';

/** Bytes of one value as it is stored. */
const WIDTHS = { float32: 4, float16: 2, int32: 4, uint16: 2, uint8: 1, bool: 1 } as const;
export type StoredType = keyof typeof WIDTHS;

/** A value is `stored * scale + min`. */
export interface Affine {
  readonly scale: number;
  readonly min: number;
}

export interface WeightSpec {
  readonly name: string;
  /** File and weight, for errors. */
  readonly label: string;
  readonly shape: readonly number[];
  /** What the values are once they are read. */
  readonly dtype: StoredType;
  /** What the bytes hold. */
  readonly stored: StoredType;
  readonly affine: Affine | null;
  readonly bytes: number;
}

export interface Group {
  /** File and group, for errors. */
  readonly label: string;
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

/** @throws PathgradError naming the group or weight that makes no sense */
export function readManifest(manifest: Json, file: string, guard: Guard): Group[] {
  if (manifest === null) return [];
  if (!Array.isArray(manifest)) throw failure(file, `'weightsManifest' must be a list`, { found: describe(manifest) });
  const groups = manifest.map((group: Json, i) => readGroup(group, `${file}/weightsManifest[${i}]`, file, guard));
  refuseTwice(
    groups.flatMap(({ paths }) => paths),
    file,
    'the shard',
  );
  refuseTwice(
    groups.flatMap(({ weights }) => weights.map(({ name }) => name)),
    file,
    'the weight',
  );
  return groups;
}

function refuseTwice(names: readonly string[], file: string, what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw failure(file, `${what} '${name}' is in the manifest twice`);
    seen.add(name);
  }
}

function readGroup(group: Json, label: string, file: string, guard: Guard): Group {
  if (!isRecord(group)) throw failure(label, 'must be an object', { found: describe(group) });
  const weights = listAt(group, 'weights', label);
  const paths = listAt(group, 'paths', label);
  guard.take('objects', weights.length + paths.length, label);
  return {
    label,
    paths: paths.map((path) => plainFile(path, label)),
    weights: weights.map((w) => readWeight(w, file)),
  };
}

/** Nothing leads out of the folder of the model. tfjs itself writes `./model.weights.bin`. */
function plainFile(path: Json, label: string): string {
  const name = typeof path === 'string' ? path.replace(/^\.\//, '') : '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no name of a file holds them
  if (/^[^/\\:?#\u0000-\u001f]+$/.test(name) && !/^\.+$/.test(name)) return name;
  const found = typeof path === 'string' ? path.slice(0, 80) : describe(path);
  throw failure(label, 'names a shard that is no plain file name', { path: found }, 'shards lie beside model.json');
}

function readWeight(weight: Json, file: string): WeightSpec {
  if (!isRecord(weight)) throw failure(file, 'has a weight that is no object', { found: describe(weight) });
  const name = textAt(weight, 'name', `${file}/weightsManifest`);
  const label = `${file}/${name}`;
  const shape = listAt(weight, 'shape', label);
  const bad = shape.find((dim) => typeof dim !== 'number' || !Number.isSafeInteger(dim) || dim < 0);
  if (bad !== undefined) throw failure(label, 'has a shape that makes no sense', { dimension: describe(bad) });
  const size = (shape as readonly number[]).reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(size)) throw failure(label, 'has a shape that makes no sense', { shape });
  const dtype = typeAt(weight, label);
  const quantization = field(weight, 'quantization');
  const { stored, affine } =
    quantization === null ? { stored: dtype, affine: null } : unpacking(quantization, dtype, label);
  return { name, label, shape: shape as readonly number[], dtype, stored, affine, bytes: size * WIDTHS[stored] };
}

function typeAt(record: JsonRecord, label: string): StoredType {
  const dtype = textAt(record, 'dtype', label);
  if (Object.hasOwn(WIDTHS, dtype)) return dtype as StoredType;
  throw failure(label, 'has a dtype that is not supported', { dtype }, `weights are ${Object.keys(WIDTHS).join(', ')}`);
}

function unpacking(quantization: Json, dtype: StoredType, label: string): Pick<WeightSpec, 'stored' | 'affine'> {
  if (!isRecord(quantization)) throw failure(label, `'quantization' must be an object`);
  const stored = typeAt(quantization, label);
  if (dtype !== 'float32' && dtype !== 'int32') throw failure(label, `is quantised, which ${dtype} cannot be`);
  if (stored === 'float16' && dtype === 'float32') return { stored, affine: null };
  if (stored !== 'uint8' && stored !== 'uint16')
    throw failure(
      label,
      'is quantised in a way that is not supported',
      { dtype, stored },
      'uint8, uint16 and float16 are',
    );
  const scale = field(quantization, 'scale');
  const min = field(quantization, 'min');
  const fits = typeof scale === 'number' && typeof min === 'number';
  if (fits && Number.isFinite(scale) && scale > 0 && Number.isFinite(min)) return { stored, affine: { scale, min } };
  const details = { scale: describe(scale), min: describe(min) };
  throw failure(
    label,
    'is quantised with a scale or min that makes no sense',
    details,
    'scale is above 0, both are finite',
  );
}
