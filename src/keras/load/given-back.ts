/**
 * A file read into bytes that can be given back at once, without waiting for a garbage collection: a buffer that can be resized
 * (ECMAScript 2024) gives its pages to the system when it shrinks. Loaded where a path is opened.
 */
import { failure } from '../../tensor/errors.ts';
import type { OpenFile } from '../../tensor/platform.ts';
import type { Read } from './source.ts';

/** Bytes that one call reads: systems read no more than 2 GiB at once. */
const mostAtOnce = 2 ** 30;

type Resizable = ArrayBuffer & { resize(bytes: number): void };

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
  return { bytes, name, release: () => buffer.resize(0) };
}
