/**
 * The data layout message of a dataset in chunks: how large they are and what indexes them.
 * Source: HDF5 file format specification 3.0, IV.A.2.i; version 5 differs from 4 only in the width of sizes in the index.
 */
import { failure } from '../../tensor/errors.ts';
import { isAddress, uint64, uintOf } from '../bytes.ts';

export interface Chunking {
  /** Shape of a chunk, in elements. */
  readonly shape: readonly number[];
  /** Whether filters leave chunks alone that reach beyond the dataset. */
  readonly edgesUnfiltered: boolean;
  readonly index: 'tree-1' | 'single' | 'implicit' | 'fixed-array' | 'extensible-array' | 'tree-2';
  /** Of the index, or of the single chunk or the first of implicit ones; undefined where nothing was ever written. */
  readonly address: number | undefined;
  /** Of a single chunk with filters: its stored bytes, and the filters it skips. */
  readonly single?: { readonly bytes: number; readonly skipped: number };
}

const INDEXES = [undefined, 'single', 'implicit', 'fixed-array', 'extensible-array', 'tree-2'] as const;
/** Bytes of an index's own settings, which are in its header, too. */
const SETTINGS = [0, 0, 0, 1, 5, 6];

/**
 * @param rank of the dataset
 * @returns null where the dataset is not in chunks but was never written
 */
export function readChunking(
  view: DataView,
  at: number,
  rank: number,
  elementBytes: number,
  subject: string,
): Chunking | null {
  const version = view.getUint8(at);
  if (version < 1 || version > 5) throw failure(subject, `unknown data layout version ${version}`);
  const kind = view.getUint8(at + (version < 3 ? 2 : 1));
  if (kind === 3) throw failure(subject, 'is a virtual dataset, whose values lie in others; these are not followed');
  if (kind === 1) return null;
  if (kind !== 2) throw failure(subject, `data layout class ${kind} (version ${version}) is not supported`);
  const modern = version > 3;
  const flags = modern ? view.getUint8(at + 2) : 0;
  const axes = view.getUint8(at + (modern ? 3 : version < 3 ? 1 : 2));
  const width = modern ? view.getUint8(at + 4) : 4;
  let next = at + (modern ? 5 : version < 3 ? 16 : 11);
  const sizes = Array.from({ length: axes }, (_, axis) => uintOf(Math.min(width, 8), view, next + width * axis));
  const [shape, bytes] = [sizes.slice(0, -1), sizes.at(-1)];
  if (shape.length !== rank || bytes !== elementBytes || shape.some((size) => !(size > 0 && size < 2 ** 32))) {
    throw failure(subject, 'its chunks do not fit its shape and type', { chunk: shape, rank, bytes, elementBytes });
  }
  const common = { shape, edgesUnfiltered: (flags & 1) !== 0 };
  const known = (address: number): number | undefined => (isAddress(address) ? address : undefined);
  if (!modern) return { ...common, index: 'tree-1', address: known(uint64(view, at + (version < 3 ? 8 : 3))) };
  next += width * axes;
  const type = view.getUint8(next);
  const index = INDEXES[type];
  if (index === undefined) throw failure(subject, `unknown index of chunks ${type}`);
  next += 1 + SETTINGS[type]!;
  if (index !== 'single' || (flags & 2) === 0) return { ...common, index, address: known(uint64(view, next)) };
  const single = { bytes: uint64(view, next), skipped: view.getUint32(next + 8, true) };
  return { ...common, index, address: known(uint64(view, next + 12)), single };
}
