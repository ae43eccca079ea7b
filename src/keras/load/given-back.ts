/**
 * A file read into bytes that can be given back at once, without waiting for a garbage collection: a buffer that can be resized
 * (ECMAScript 2024) gives its pages to the system when it shrinks. Loaded where a path is opened.
 */
import { allLayers } from '../../model/lookup.ts';
import { failure } from '../../tensor/errors.ts';
import type { OpenFile } from '../../tensor/platform.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { ModelLayer } from '../model/layer.ts';
import type { OpenedModel } from './open.ts';
import type { Read } from './source.ts';

/** Bytes that one call reads: systems read no more than 2 GiB at once. */
const mostAtOnce = 2 ** 30;

type Resizable = ArrayBuffer & { resize(bytes: number): void };

/** The buffers that were made here; those of a caller are the caller's. */
const own = new WeakSet<ArrayBufferLike>();

/** Null in engines that have no such buffers, or that decode no texts in them. */
function resizable(bytes: number): Resizable | null {
  const make = (size: number): Resizable => {
    const Kind = ArrayBuffer as unknown as new (bytes: number, most: { maxByteLength: number }) => Resizable;
    return new Kind(size, { maxByteLength: size });
  };
  if (!('resize' in ArrayBuffer.prototype)) return null;
  try {
    new TextDecoder().decode(new Uint8Array(make(1)));
    return make(bytes);
  } catch {
    return null;
  }
}

/** @param text the path, for errors */
export async function readGivenBack(
  { handle, size, name }: { readonly handle: OpenFile; readonly size: number; readonly name: string },
  text: string,
): Promise<Read> {
  const buffer = resizable(size);
  if (!buffer) return { bytes: await handle.readFile(), name };
  const bytes = new Uint8Array(buffer, 0, size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(size - at, mostAtOnce), at);
    if (bytesRead === 0) throw failure(text, 'became shorter while it was read', { bytes: size, read: at });
    at += bytesRead;
  }
  own.add(buffer);
  return { bytes, name };
}

/** Gives the bytes of a model's file back if nobody reads them any more: every weight lies in an array of its own. Views on them are empty then. */
export function giveBack({ file, weights, graph, bytes }: OpenedModel): void {
  // The frequencies of words are read by the host part, whenever it asks for them.
  const asked = [file, weights].some(
    ({ weights: store }) => store.layout === 'paths' && store.entries.some(({ key }) => key.endsWith('/idf_weights')),
  );
  const done = ({ custom, stored }: ModelLayer): boolean =>
    !custom && (stored?.arrays ?? []).every(({ data, shape }) => data.length === 0 || sizeOf(shape) === 0);
  if (asked || file.hasReference || !own.has(bytes.buffer) || !allLayers(graph.layers).every(done)) return;
  (bytes.buffer as Resizable).resize(0);
}
