/** What a model's files and files of settings hash to. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { placeOf } from '../../open/place.ts';
import { readThrough } from '../storage/ranged.ts';

/** Beside a model.json or an ONNX file: weights in files of their own. */
const WEIGHTS = /\.(bin|data|onnx_data|weights|safetensors)$/i;

/** Of a file its SHA-256, with the weights beside it where its format keeps them apart; of a folder that of all its files, by name. */
export async function hashModel(given: string): Promise<{ sha256: string; bytes: number }> {
  const { kind, path } = await placeOf(given);
  const folder = kind === 'transformers' ? path : dirname(path);
  const beside =
    kind === 'transformers' ? () => true : kind === 'tfjs' || kind === 'onnx' ? WEIGHTS.test.bind(WEIGHTS) : null;
  const names = beside ? readdirSync(folder).filter((name) => beside(name) && !name.startsWith('.')) : [];
  const files = [...new Set([...(kind === 'transformers' ? [] : [path]), ...names.map((name) => join(folder, name))])]
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() || file === path)
    .sort();
  const hash = createHash('sha256');
  let bytes = 0;
  for (const file of files) {
    hash.update(`${basename(file)}\n${await readThrough(file)}\n`);
    bytes += statSync(file).size;
  }
  return { sha256: hash.digest('hex'), bytes };
}
