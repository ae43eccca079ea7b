/**
 * Tensors of a safetensors file as floats, one at a time: what is stored as float32 is read straight into the array that the caller
 * keeps, all else passes through a piece of a megabyte. Invariant: beside the results, never more than that is held.
 */
import type { ModelSource } from '../keras/load/source.ts';
import { allocate, type FloatDType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { widened } from '../tensor/half.ts';
import { readHeader, type StoredType, type TensorPlace } from './header.ts';
import { openRanges, type Ranges } from './ranges.ts';

export type { StoredType, TensorPlace } from './header.ts';

const PIECE = 2 ** 20;
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export interface SafetensorsFile {
  readonly name: string;
  readonly size: number;
  readonly tensors: readonly TensorPlace[];
  /**
   * The values of a tensor in row-major order, or, of a matrix `[n, m]`, those of its transpose `[m, n]`.
   * @throws PathgradError for tensors that hold no floats
   */
  readonly read: (place: TensorPlace, dtype: FloatDType, transposed?: boolean) => Promise<Float32Array | Float64Array>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a safetensors file.
 * @throws PathgradError naming the file and what is wrong with its header
 */
export async function openSafetensors(source: ModelSource): Promise<SafetensorsFile> {
  const ranges = await openRanges(source);
  try {
    const tensors = await readHeader(ranges);
    const pieces = new Pieces();
    const read: SafetensorsFile['read'] = (place, dtype, transposed = false) =>
      transposed ? readTransposed(ranges, pieces, place, dtype) : readStraight(ranges, pieces, place, dtype);
    return { name: ranges.name, size: ranges.size, tensors, read, close: ranges.close };
  } catch (error) {
    await ranges.close();
    throw error;
  }
}

/** The bytes that values pass through, the same for all tensors of a file: garbage of a megabyte per tensor is collected too late. */
class Pieces {
  readonly #spare: Uint8Array[] = [];

  /** At least `bytes`; of one's own until they are given back, so that reads at the same time do not share them. */
  take(bytes: number): Uint8Array {
    return (bytes <= PIECE && this.#spare.pop()) || new Uint8Array(Math.max(bytes, PIECE));
  }

  giveBack(piece: Uint8Array): void {
    if (piece.length === PIECE) this.#spare.push(piece);
  }
}

export function isFloatType(dtype: StoredType): boolean {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

async function readStraight(
  ranges: Ranges,
  pieces: Pieces,
  place: TensorPlace,
  dtype: FloatDType,
): Promise<Float32Array | Float64Array> {
  const width = widthOf(ranges, place);
  const count = (place.to - place.from) / width;
  const out = allocated(ranges, place, dtype, count);
  const same = place.dtype === 'F32' ? 'float32' : place.dtype === 'F64' ? 'float64' : null;
  if (same === dtype && littleEndian) {
    await ranges.read(place.from, new Uint8Array(out.buffer));
    return out;
  }
  await inPieces(ranges, pieces, place, width, Math.max(1, Math.floor(PIECE / Math.max(4, width))), (values, at) =>
    out.set(values, at),
  );
  return out;
}

async function readTransposed(
  ranges: Ranges,
  pieces: Pieces,
  place: TensorPlace,
  dtype: FloatDType,
): Promise<Float32Array | Float64Array> {
  const width = widthOf(ranges, place);
  const [rows, columns] = place.shape as [number, number];
  if (place.shape.length !== 2)
    throw failure(`${ranges.name}, tensor '${place.name}'`, 'is no matrix', { shape: place.shape });
  const out = allocated(ranges, place, dtype, rows * columns);
  if (out.length === 0) return out;
  // Whole rows at a time, a block of them so that writes down a column touch neighbours.
  const some = Math.max(1, Math.floor(PIECE / (Math.max(4, width) * columns)));
  await inPieces(ranges, pieces, place, width, some * columns, (values, at) => {
    const first = at / columns;
    const count = values.length / columns;
    for (let c = 0; c < columns; c++) {
      const to = c * rows + first;
      for (let r = 0; r < count; r++) out[to + r] = values[r * columns + c]!;
    }
  });
  return out;
}

/** @throws where an array of so many numbers cannot be had, for want of memory or because there is none of that length */
function allocated(
  { name }: Ranges,
  place: TensorPlace,
  dtype: FloatDType,
  count: number,
): Float32Array | Float64Array {
  try {
    return allocate(dtype, count) as Float32Array | Float64Array;
  } catch (cause) {
    const details = { shape: place.shape, elements: count };
    const hint = 'there is not so much memory';
    throw failure(`${name}, tensor '${place.name}'`, 'is too large to be read', details, hint, cause);
  }
}

function widthOf(ranges: Ranges, { name, dtype }: TensorPlace): number {
  if (isFloatType(dtype)) return dtype === 'F64' ? 8 : dtype === 'F32' ? 4 : 2;
  throw failure(`${ranges.name}, tensor '${name}'`, 'holds no floats', { dtype });
}

async function inPieces(
  ranges: Ranges,
  pieces: Pieces,
  { from, to, dtype }: TensorPlace,
  width: number,
  elements: number,
  take: (values: Float32Array | Float64Array, at: number) => void,
): Promise<void> {
  const most = Math.min(to - from, elements * width);
  if (most === 0) return;
  const piece = pieces.take(most);
  const wide = width === 2 ? pieces.take(2 * most) : null;
  try {
    for (let at = from; at < to; at += most) {
      const bytes = piece.subarray(0, Math.min(most, to - at));
      await ranges.read(at, bytes);
      take(floatsOf(bytes, dtype, width, wide), (at - from) / width);
    }
  } finally {
    pieces.giveBack(piece);
    if (wide) pieces.giveBack(wide);
  }
}

/** @param wide where the floats of halves go: twice as many bytes, or null for other types */
function floatsOf(
  bytes: Uint8Array,
  dtype: StoredType,
  width: number,
  wide: Uint8Array | null,
): Float32Array | Float64Array {
  if (!littleEndian) for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
  const { buffer, byteOffset, length } = bytes;
  if (dtype === 'F64') return new Float64Array(buffer as ArrayBuffer, byteOffset, length / 8);
  if (dtype === 'F32') return new Float32Array(buffer as ArrayBuffer, byteOffset, length / 4);
  const halves = new Uint16Array(buffer as ArrayBuffer, byteOffset, length / 2);
  const floats = new Float32Array(wide!.buffer as ArrayBuffer, wide!.byteOffset, length / 2);
  return widened(halves, dtype === 'F16' ? 'float16' : 'bfloat16', floats);
}
