/** `save_weights('m.weights.json', max_shard_size=…)` of Keras 3.10 and later: weights in several HDF5 files and an index. */
import { openHdf5 } from '../../hdf5/file.ts';
import { readHdf5 } from '../../hdf5/parts.ts';
import { failure } from '../../tensor/errors.ts';
import { pathStore } from '../weights/store.ts';
import type { KerasFile } from './container.ts';
import { type NamedBytes, openShards, readGiven } from './shards.ts';
import { isShardIndex, isTfjsModel, type ModelSource } from './source.ts';

/**
 * What a list of files holds, one of which lists the others: the `model.json` of TensorFlow.js, or an index of weights.
 * @param name what to call that file, if not by its own name
 */
export async function openFiles(
  sources: readonly ModelSource[],
  name?: string,
): Promise<{ readonly file: KerasFile; readonly bytes: Uint8Array }> {
  const files = await readGiven(sources);
  const model = files.find(({ bytes }) => isTfjsModel(bytes));
  if (!model) return { bytes: new Uint8Array(), file: await openSharded(files, null) };
  const { openTfjs } = await import('../../tfjs/open.ts');
  return { bytes: model.bytes, file: await openTfjs({ ...model, name: name ?? model.name }, files, null) };
}

/**
 * @param files the index, and what was given with it
 * @param place where the index came from, if its shards lie beside it
 */
export async function openSharded(files: readonly NamedBytes[], place: ModelSource | null): Promise<KerasFile> {
  const index = files.find(({ bytes }) => isShardIndex(bytes));
  if (!index) {
    const hint = 'shards are listed in a file (model.json of tfjs, .weights.json of Keras): give it with them';
    throw failure(
      'weights',
      'there is no model.json and no index among the files',
      { files: files.map(({ name }) => name) },
      hint,
    );
  }
  const shards = await openShards(files, place);
  return {
    name: index.name,
    format: 'hdf5',
    kerasVersion: null,
    backend: null,
    config: null,
    trainingConfig: null,
    weights: await readHdf5(() => pathStore(shards.map(({ bytes, name }) => openHdf5(bytes, name)))),
  };
}
