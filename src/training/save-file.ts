/** Bytes to disk in Node, whole or not at all (`writeBeside`), with errors that say what to do. */
import { failure } from '../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../tensor/options.ts';
import { nodeModule } from '../tensor/platform.ts';
import { writeBeside } from '../tensor/write-beside.ts';

/** What `writeWhole` may do. */
export interface WriteOptions {
  /** Whether a file of that name may be replaced; false by default. */
  readonly overwrite?: boolean;
}

/**
 * Writes a file.
 * @param path where to; the folder must be there
 * @throws PathgradError where the file exists and `overwrite` is not set, where the disk is full, and outside Node
 * @example
 * await writeWhole('model.keras', await saveModel(model, { format: 'keras' }));
 */
export async function writeWhole(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
  checkOptions<WriteOptions>('writeWhole', options, { overwrite: 1 });
  const { overwrite = false } = options;
  checkBoolean('writeWhole, overwrite', overwrite);
  if (typeof path !== 'string' || path === '') throw failure('writeWhole', 'the path is a text', { got: path });
  if (!((bytes as unknown) instanceof Uint8Array))
    throw failure('writeWhole', 'writes bytes, a Uint8Array', { got: bytes }, 'await saveModel(model, { format })');
  const [files, writer] = [nodeModule('node:fs/promises'), nodeModule('node:fs')];
  if (!files || !writer)
    throw failure(path, 'a file can be written in Node only', {}, 'offer the bytes as a download: new Blob([bytes])');
  const found = await files.stat(path).catch(() => null);
  if (found?.isDirectory()) throw failure(path, 'is a folder', {}, 'give the name of a file');
  if (found && !found.isFile()) throw failure(path, 'is a device or a pipe', {}, 'give the name of a file');
  if (found && !overwrite) throw failure(path, 'exists already', {}, 'give another name, or overwrite: true');
  try {
    writeBeside(writer, path, bytes);
  } catch (error) {
    throw told(path, error);
  }
}

function told(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const hint =
    error.code === 'ENOSPC' ? 'the disk is full' : error.code === 'ENOENT' ? 'there is no such folder' : undefined;
  return failure(path, 'cannot be written', { error: error.code }, hint, error);
}
