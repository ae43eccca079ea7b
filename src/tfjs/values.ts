/**
 * The values of weights in the bytes of a group's shards. A weight may begin in one shard and end in another.
 * Invariant: the weights fill the shards exactly. Source: `decodeWeights` of tfjs-core 4.22, which computes `stored * scale + min` in float64
 * and rounds to float32.
 */
import type { StoredEntry } from '../keras/weights/store.ts';
import { failure } from '../tensor/errors.ts';
import { widened } from '../tensor/half.ts';
import type { Group, WeightSpec } from './manifest.ts';

/**
 * The weights of a group; values are made when they are read.
 * @param shards by the path in the manifest
 * @throws PathgradError where the shards are shorter or longer than the weights
 */
export function entriesOf(
  { label, paths, weights }: Group,
  shards: ReadonlyMap<string, Uint8Array>,
  file: string,
): StoredEntry[] {
  const parts = paths.map((path) => shards.get(path)!);
  const found = parts.reduce((sum, part) => sum + part.length, 0);
  const needed = weights.reduce((sum, weight) => sum + weight.bytes, 0);
  if (found !== needed) {
    const sizes = paths.slice(0, 8).map((path, i) => `${path}: ${parts[i]!.length}`);
    const problem =
      found < needed ? 'its shards are too short for its weights' : 'its shards are too long for its weights';
    const hint = `a shard is of another model, damaged or not whole: load ${file} with the files that were written with it`;
    throw failure(label, problem, { needed, found, shards: sizes }, hint);
  }
  let at = 0;
  return weights.map((weight) => {
    const from = at;
    at += weight.bytes;
    const { name: key, label, shape, dtype } = weight;
    const read = () => valuesOf(weight, between(parts, from, weight.bytes));
    return { key, dataset: { label, shape, dtype: dtype === 'float16' ? 'float32' : dtype, read } };
  });
}

/** A copy, so that wider values lie where their kind may lie. */
function between(parts: readonly Uint8Array[], from: number, length: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  let start = 0;
  for (const part of parts) {
    const first = Math.max(from, start);
    const end = Math.min(from + length, start + part.length);
    if (first < end) copy.set(part.subarray(first - start, end - start), first - from);
    start += part.length;
  }
  return copy;
}

function valuesOf({ stored, affine, dtype }: WeightSpec, { buffer }: Uint8Array<ArrayBuffer>) {
  if (stored === 'float32') return new Float32Array(buffer);
  if (stored === 'int32') return new Int32Array(buffer);
  if (stored === 'float16') return widened(new Uint16Array(buffer), 'float16');
  const whole = stored === 'uint16' ? new Uint16Array(buffer) : new Uint8Array(buffer);
  if (affine === null) return whole;
  const value = (each: number): number => each * affine.scale + affine.min;
  return dtype === 'int32'
    ? Int32Array.from(whole, (each) => Math.round(value(each)))
    : Float32Array.from(whole, (each) => value(each));
}
