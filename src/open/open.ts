/** Opens what a path in Node holds, whichever format it is of: each format's code is loaded when a file of it is there. */
import type { LoadOptions } from '../keras/load/load.ts';
import { failure } from '../tensor/errors.ts';
import type { AnyModel } from './model.ts';

/** @throws PathgradError naming the path and what does not fit */
export async function openPath(path: string, options: LoadOptions = {}): Promise<AnyModel> {
  const folder = await transformerFolder(path);
  if (folder === null) return (await import('../keras/load/load.ts')).loadModel(path, options);
  if (options.weights !== undefined) {
    const hint = 'leave --weights out: the weights lie beside config.json';
    throw failure(path, 'is a folder of transformers, which takes no other weights', {}, hint);
  }
  return (await import('../transformers/index.ts')).loadTransformer(folder);
}

/** The folder, without its last slash, where it is one that transformers saved; null for anything else. */
export async function transformerFolder(path: string): Promise<string | null> {
  const { readdir } = await import('node:fs/promises');
  const found = await readdir(path).catch(() => null);
  return found?.includes('config.json') ? path.replace(/(?<=.)[\\/]+$/, '') : null;
}
