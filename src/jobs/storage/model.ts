/**
 * Models behind a network: fetched once, when the job begins, into a folder of the job's, from where all its workers read them. A file, with the weights
 * that a model.json names; or, of an address that ends in `/`, the files of a folder.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { drawMark } from '../../tensor/write-beside.ts';
import type { JobManifest } from '../folder/manifest.ts';
import { isRemote, openPlace, type RemotePlace, transportOf } from './open.ts';
import { baseOf, placeFrom } from './place.ts';
import { NoRanges, patience, readWhole } from './remote.ts';
import { listBucket } from './s3.ts';

/** Files of a folder of transformers, of which servers give no list. */
const usualNames = [
  'config.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'tf_model.h5',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
] as const;
/** Of a folder in a bucket. */
const MOST_FILES = 200;

/** Whether a model is not on a disk here. */
export const isFetched = (model: string): boolean => /^(s3|https?):\/\//i.test(model);

/** Where threads read the model of a job. */
export const modelPath = (folder: string, { path, copy }: JobManifest['model']): string =>
  copy === undefined ? path : join(folder, copy);

/** @returns what the manifest keeps @throws PathgradError where it is not there or may not be read */
export async function fetchModel(
  model: string,
  folder: string,
  signal?: AbortSignal,
): Promise<{ readonly path: string; readonly copy: string }> {
  const place = placeFrom(model, 'MODEL') as RemotePlace;
  const beside = join(folder, `.model.${drawMark()}.part`);
  mkdirSync(beside);
  try {
    const names = place.name.endsWith('/')
      ? await fetchFolder(place, beside, signal)
      : await fetchFile(place, beside, signal);
    const hash = createHash('sha256');
    for (const name of [...names].sort()) hash.update(`${name}\n`).update(readFileSync(join(beside, name)));
    const own = `model-${hash.digest('hex').slice(0, 16)}`;
    // The same content may be in use by workers: it stays.
    if (!existsSync(join(folder, own))) renameSync(beside, join(folder, own));
    return { path: place.name, copy: place.name.endsWith('/') ? own : `${own}/${names[0]}` };
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/** A place beside another. */
function besideOf(place: RemotePlace, name: string): RemotePlace {
  if (place.kind === 's3') {
    const key = place.key.slice(0, place.key.lastIndexOf('/') + 1) + name;
    return { ...place, key, name: `s3://${place.bucket}/${key}` };
  }
  const url = new URL(name.split('/').map(encodeURIComponent).join('/'), place.url);
  return { kind: 'http', url, name: url.href };
}

async function fetchFile(place: RemotePlace, into: string, signal?: AbortSignal): Promise<string[]> {
  const name = baseOf(place);
  await save(place, into, name, signal);
  if (!name.endsWith('.json')) return [name];
  const weights = shardsIn(readFileSync(join(into, name), 'utf8'));
  for (const one of weights) await save(besideOf(place, one), into, one, signal);
  return [name, ...weights];
}

/** Files that a model.json of TensorFlow.js names. */
function shardsIn(text: string): string[] {
  try {
    const { weightsManifest = [] } = JSON.parse(text) as { weightsManifest?: { paths: string[] }[] };
    return weightsManifest.flatMap(({ paths }) => paths.map(String));
  } catch {
    return []; // its reader says what is wrong
  }
}

/** Files that an index of weights names. */
function indexedShards(text: string): string[] {
  try {
    const { weight_map: map = {} } = JSON.parse(text) as { weight_map?: object };
    return [...new Set(Object.values(map).map(String))];
  } catch {
    return [];
  }
}

async function fetchFolder(place: RemotePlace, into: string, signal?: AbortSignal): Promise<string[]> {
  if (place.kind === 's3') {
    const found = await listBucket(place, MOST_FILES + 1);
    if (found.length === 0) throw failure(place.name, 'holds nothing', {}, 'check bucket and key');
    if (found.length > MOST_FILES)
      throw failure(
        place.name,
        'holds more files than a model has',
        { most: MOST_FILES },
        'name the folder of the model',
      );
    const names = found
      .map(({ key }) => key.slice(place.key.length))
      .filter((name) => name !== '' && !name.endsWith('/'));
    for (const name of names) await save(besideOf(place, name), into, name, signal);
    return names;
  }
  const names: string[] = [];
  for (const name of usualNames) if (await saved(besideOf(place, name), into, name, signal)) names.push(name);
  for (const name of names.filter((one) => one.endsWith('.index.json'))) {
    for (const shard of indexedShards(readFileSync(join(into, name), 'utf8'))) {
      await save(besideOf(place, shard), into, shard, signal);
      names.push(shard);
    }
  }
  if (!names.includes('config.json'))
    throw failure(
      place.name,
      'has no config.json',
      {},
      'a folder of transformers is read by its address; of other models give the file',
    );
  return names;
}

/** @returns whether the file is there */
async function saved(place: RemotePlace, into: string, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await save(place, into, name, signal);
    return true;
  } catch (error) {
    if (error instanceof PathgradError && error.message.startsWith(`${place.name}: is not there`)) return false;
    throw error;
  }
}

async function save(place: RemotePlace, into: string, name: string, signal?: AbortSignal): Promise<void> {
  const path = join(into, normalize(name));
  // Names are of other people's files.
  if (!path.startsWith(`${into}/`)) throw failure(place.name, 'names a file outside of its folder', { file: name });
  const room = (size: number): void => {
    const { bavail, bsize } = statfsSync(into);
    if (size > bavail * bsize)
      throw failure(place.name, 'does not fit on the disk', { bytes: size, free: bavail * bsize }, 'make room');
  };
  const begin = (size: number | null): void => {
    room(size ?? 0);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  };
  const add = async (piece: Uint8Array): Promise<void> => writeFileSync(path, piece, { flag: 'a' });
  try {
    const file = await openPlace(place, null, signal);
    begin(file.size);
    for await (const piece of file.pieces()) await add(piece);
  } catch (error) {
    if (!(error instanceof NoRanges) || !isRemote(place)) throw error;
    await readWhole(transportOf(place), begin, add, { ...patience, signal });
  }
}
