/**
 * The header of a safetensors file: 8 bytes with its length, JSON of names, dtypes, shapes and places, then the arrays without gaps.
 * Invariant: a place lies in the file, holds exactly its shape, and shares no byte with another; the places cover all bytes.
 * Source: the description of the format in huggingface/safetensors ("Format").
 */
import { Guard } from '../guard/guard.ts';
import { DATA_JSON, parseJson } from '../guard/json.ts';
import { damaged, failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Ranges } from './ranges.ts';

/** Bytes of an element by the names of the format. */
export const widths = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
} as const;

export type StoredType = keyof typeof widths;

export interface TensorPlace {
  readonly name: string;
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** First byte in the file, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** What a name in a header may be at most: paths of layers. */
const longestName = 4096;

/** @throws PathgradError naming the file and the tensor that is wrong */
export async function readHeader(ranges: Ranges): Promise<readonly TensorPlace[]> {
  const { name: file, size } = ranges;
  const head = new Uint8Array(8);
  if (size < 10) throw failure(file, 'is no safetensors file: it is too short', { bytes: size });
  await ranges.read(0, head);
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  const details = { header: length, bytes: size };
  if (length < 2 || length > size - 8)
    throw failure(file, 'is no safetensors file: its header would be longer than the file', details, how(head));
  if (length > DATA_JSON.characters) {
    const limited = { ...details, limit: DATA_JSON.characters };
    throw failure(
      file,
      'has a header that is longer than is read',
      limited,
      'save the model in shards: max_shard_size',
    );
  }
  const bytes = new Uint8Array(length);
  await ranges.read(8, bytes);
  if (bytes[0] !== 0x7b) throw failure(file, 'is no safetensors file: its header is not JSON', {}, how(head));
  const text = new TextDecoder().decode(bytes);
  const json = parseJson(text, `${file}, header`, DATA_JSON);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw failure(file, 'has a header that is no object');
  const guard = new Guard(file, size);
  const places: TensorPlace[] = [];
  for (const [name, entry] of Object.entries(json as object)) {
    if (name === '__metadata__') continue;
    guard.take('objects', 1);
    places.push(readPlace(file, name, entry, 8 + length, size));
  }
  checkTwice(file, text, places.length);
  checkCover(file, places, 8 + length, size);
  return places;
}

/** Why no pickle is opened, whatever it holds. */
export const pickles = 'pickles of PyTorch are never opened, since they may run code';

function how(head: Uint8Array): string {
  const pickled = (head[0] === 0x50 && head[1] === 0x4b) || head[0] === 0x80;
  return pickled
    ? `${pickles}; in Python: model.save_pretrained(folder, safe_serialization=True)`
    : 'in Python: model.save_pretrained(folder), which writes model.safetensors';
}

function readPlace(file: string, name: string, entry: unknown, start: number, size: number): TensorPlace {
  const where = `${file}, tensor '${name}'`;
  if (name.length > longestName) throw failure(file, 'has a tensor of a name too long', { characters: name.length });
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(widths, dtype)) {
    const hint = `known: ${Object.keys(widths).join(', ')}`;
    throw failure(where, 'is of a dtype that is not known', { dtype: dtype ?? 'missing' }, hint);
  }
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || shape.length > 32 || !shape.every(whole))
    throw failure(where, 'has no usable shape', { shape });
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole)) {
    throw failure(where, 'has no usable data_offsets', { data_offsets: offsets });
  }
  const [from, to] = offsets as [number, number];
  const bytes = sizeOf(shape) * widths[dtype as StoredType];
  if (to - from !== bytes) {
    throw failure(where, 'does not have as many bytes as its shape', {
      shape,
      dtype,
      expected: bytes,
      found: to - from,
    });
  }
  if (start + to > size) throw damaged(where, 'lies beyond the end of the file', { ends: start + to, bytes: size });
  return { name, dtype: dtype as StoredType, shape, from: start + from, to: start + to };
}

/** JSON.parse keeps the last of two equal keys: fewer are left than the text has. */
function checkTwice(file: string, text: string, count: number): void {
  const written = text.match(/"data_offsets"\s*:/g)?.length ?? 0;
  if (written !== count)
    throw failure(file, 'lists a tensor twice, or more data_offsets than tensors', { tensors: count, written });
}

function checkCover(file: string, places: readonly TensorPlace[], start: number, size: number): void {
  let end = start;
  let before = 'the header';
  for (const { name, from, to } of [...places].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      const problem = from < end ? `tensor '${name}' overlaps ${before}` : `there is a gap before tensor '${name}'`;
      throw failure(file, problem, { starts: from, expected: end });
    }
    end = to;
    before = `tensor '${name}'`;
  }
  if (end !== size) throw failure(file, 'has bytes after its last tensor', { ends: end, bytes: size });
}
