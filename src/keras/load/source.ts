/** Bytes from wherever a caller keeps a model: a path (in Node), a URL, bytes in memory, a Blob or File (in a browser). */
import { failure } from '../../tensor/errors.ts';
import { nodeModule, type OpenFile, type PlatformBlob, type PlatformUrl } from '../../tensor/platform.ts';
import { isArchive, isHdf5 } from './container.ts';

export type ModelSource = string | PlatformUrl | Uint8Array | ArrayBuffer | PlatformBlob;

/** Typed arrays cannot be longer in every engine we run in. */
const largest = 2 ** 31;

/** What was read, and what to call it in errors. */
export interface Read {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/**
 * @param once whether the reader is soon done with the bytes and may give them back (`giveBack`)
 * @returns the whole content
 */
export async function readSource(source: ModelSource, once = false): Promise<Read> {
  if (source instanceof Uint8Array) return { bytes: source, name: 'model' };
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), name: 'model' };
  if (typeof Blob !== 'undefined' && source instanceof Blob) {
    const name = 'name' in source && typeof source.name === 'string' ? source.name : 'model';
    return { bytes: new Uint8Array(await source.arrayBuffer()), name };
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw failure('loadModel', 'the source must be a path, a URL, bytes or a File', { got: typeof source });
  }
  const text = String(source);
  if (/^https?:/i.test(text)) return fetchBytes(text);
  return readPath(source, text, once);
}

/** JSON rather than HDF5 or a zip archive. */
export function isArchitectureText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 64).find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return start === 0x7b;
}

/** The JSON that lists the files that weights were cut into. */
export function isShardIndex(bytes: Uint8Array): boolean {
  return isArchitectureText(bytes) && /"weight_map"\s*:/.test(new TextDecoder().decode(bytes));
}

async function fetchBytes(url: string): Promise<{ bytes: Uint8Array; name: string }> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw failure(url, 'cannot be fetched', { error: String(cause) }, undefined, cause);
  });
  if (!response.ok) throw failure(url, 'cannot be fetched', { status: response.status });
  return { bytes: new Uint8Array(await response.arrayBuffer()), name: nameIn(url.replace(/[?#].*$/, '')) };
}

async function readPath(source: string | URL, text: string, once: boolean): Promise<Read> {
  const { handle, size, name } = await openPath(source, text);
  try {
    if (size > largest) {
      const bytes = new Uint8Array(4096);
      const start = bytes.subarray(0, (await handle.read(bytes, 0, 4096, 0)).bytesRead);
      if (!isArchive(start) && !isHdf5(start)) throw (await import('./on-demand.ts')).foreign(start, name, size);
      throw failure(text, 'is too big to read', { bytes: size, limit: largest });
    }
    if (once) return await (await import('./on-demand.ts')).readGivenBack({ handle, size, name }, text);
    return { bytes: await handle.readFile(), name };
  } catch (error) {
    throw unreadable(text, error);
  } finally {
    await handle.close();
  }
}

/** A file in Node, open for reading. @throws PathgradError where there is none, or it is a folder */
export async function openPath(
  source: string | PlatformUrl,
  text: string = String(source),
): Promise<{ handle: OpenFile; size: number; name: string }> {
  const files = nodeModule('node:fs/promises');
  if (!files) {
    const hint = 'give a URL that starts with https:, a File from an <input>, or the bytes';
    throw failure(text, 'a path can be opened in Node only', {}, hint);
  }
  const path = /^file:/i.test(text) ? new URL(text) : source;
  try {
    // Before it is opened: opening a pipe waits for whoever writes into it.
    const found = await files.stat(path);
    if (found.isDirectory()) {
      const hint =
        'a folder of transformers opens with loadTransformer; give the model.json of TensorFlow.js in it; of a SavedModel, in Python: tf_keras.models.load_model(folder).save("model.h5")';
      throw failure(text, 'is a folder, not a model file', {}, hint);
    }
    if (!found.isFile()) throw failure(text, 'is not a regular file');
    return { handle: await files.open(path), size: found.size, name: nameIn(text) };
  } catch (error) {
    throw unreadable(text, error);
  }
}

function unreadable(text: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  if (code === 'ENOENT' || code === 'ENOTDIR') return failure(text, 'no such file', {}, 'check the path', error);
  return code === null ? error : failure(text, 'cannot be read', { error: code }, undefined, error);
}

export function nameIn(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1) || path;
}
