/**
 * Model files of real size with random weights, which both sides read: Python makes them from fixed seeds (make_transformer.py,
 * make_nets.py), each once. They lie in the folder that PATHGRAD_NETS names and stay there, else in a temporary one that goes when
 * the process ends.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failure } from '../../src/tensor/errors.ts';
import { peersFolder } from './peer.ts';

let chosen: string | undefined;
const making = new Map<string, Promise<string>>();

/** @returns the folder of a transformer, with config.json and tf_model.h5 */
export const transformerFolder = (kind: 'distilbert' | 'minilm'): Promise<string> =>
  made(kind, `${kind}/tf_model.h5`, 'make_transformer.py', (folder) => [kind, join(folder, kind)], kind);

/** @param name of keras.applications @param size of its pictures @returns the Keras file */
export const pictureModel = (name: string, size: number): Promise<string> =>
  made(`${name}-${size}`, `${name}-${size}.keras`, 'make_nets.py', (folder) => [folder, `${name}:${size}`]);

/** Whether there is a Python that can make them. */
export const canMake = (): boolean => Boolean(process.env['PATHGRAD_PYTHON']);

function made(key: string, file: string, script: string, args: (folder: string) => string[], result = file) {
  const folder = (chosen ??= process.env['PATHGRAD_NETS'] ?? temporary());
  const make = async (): Promise<string> => {
    if (!existsSync(join(folder, file))) {
      const python = process.env['PATHGRAD_PYTHON'];
      if (!python) throw failure('PATHGRAD_PYTHON', 'is not set', {}, 'Python makes the random weights');
      await promisify(execFile)(python, [peersFolder + script, ...args(folder)], { maxBuffer: 1 << 26 });
    }
    return join(folder, result);
  };
  if (!making.has(key)) making.set(key, make());
  return making.get(key)!;
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-nets-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
