/** `save_weights('m.weights.json', max_shard_size=…)` of Keras 3.10 and later: weights in several HDF5 files and an index. */
import { openHdf5 } from '../../hdf5/file.ts';
import { readHdf5 } from '../../hdf5/parts.ts';
import { failure } from '../../tensor/errors.ts';
import { pathStore } from '../weights/store.ts';
import type { KerasFile } from './container.ts';
import { type NamedBytes, openShards, readGiven } from './shards.ts';
import { isShardIndex, type ModelSource } from './source.ts';

/**
 * @param sources an index whose shards lie beside it, or a list: index and shards
 * @param first what was read of a single source
 */
export async function openSharded(
  sources: ModelSource | readonly ModelSource[],
  first: NamedBytes | null = null,
): Promise<KerasFile> {
  const many = Array.isArray(sources);
  const files = first ? [first] : await readGiven(many ? sources : [sources as ModelSource]);
  const index = files.find(({ bytes }) => isShardIndex(bytes));
  if (!index) {
    const hint = 'shards are listed in an index (.weights.json): give it with them';
    throw failure('weights', 'there is no index among the files', { files: files.map(({ name }) => name) }, hint);
  }
  const shards = await openShards(files, many ? null : (sources as ModelSource));
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
