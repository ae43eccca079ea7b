/**
 * The `.keras` archive: a zip of config.json, metadata.json and the weights, whole or in shards. Only members with the names Keras
 * writes are unpacked, into memory, so that paths in the archive mean nothing.
 * Invariant: what is unpacked is bounded before it is allocated. Keras stores its members uncompressed, and weights hardly
 * compress when somebody re-zips them, so 20 times the archive (and 64 MiB for small ones) is beyond any honest file.
 */
import { strFromU8, type UnzipFileInfo, unzipSync } from 'fflate';
import { openHdf5 } from '../../hdf5/file.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { field, isRecord, parseJson } from '../config/json.ts';
import { pathStore, readWeightStore, type WeightStore } from '../weights/store.ts';
import { compileConfig, type KerasFile, textOrNull } from './container.ts';
import { shardNames } from './shards.ts';

const MEMBERS =
  /^(assets\/.+\/vocabulary\.txt|config\.json|metadata\.json|model\.weights\.h5|model\.weights\.json|model_\d+\.weights\.h5)$/;
const EXPANSION = 20;
const SMALL = 64 * 2 ** 20;

/**
 * Opens a `.keras` file.
 * @param bytes of which `isArchive` is true
 * @param name what to call the file in errors
 * @throws PathgradError where it is damaged, or some other zip archive
 */
export function openKerasArchive(bytes: Uint8Array, name: string): KerasFile {
  const members = unpack(bytes, name);
  const config = members.get('config.json');
  if (config === undefined) {
    const hint = 'a .keras file holds config.json, metadata.json and model.weights.h5 at its top';
    throw failure(
      name,
      'is a zip archive, but no .keras file: config.json is missing',
      { has: [...members.keys()] },
      hint,
    );
  }
  const about = members.get('metadata.json');
  const metadata = about === undefined ? null : parseJson(strFromU8(about), `${name}/metadata.json`);
  const parsed = parseJson(strFromU8(config), `${name}/config.json`);
  return {
    name,
    format: 'keras',
    kerasVersion: isRecord(metadata) ? textOrNull(field(metadata, 'keras_version')) : null,
    backend: null,
    config: parsed,
    trainingConfig: compileConfig(parsed),
    weights: archiveWeights(members, name),
    vocabularies: vocabulariesIn(members),
  };
}

/** By path (`layers/text_vectorization`). */
function vocabulariesIn(members: ReadonlyMap<string, Uint8Array>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [member, bytes] of members) {
    const path = /^assets\/(.+)\/vocabulary\.txt$/.exec(member)?.[1];
    if (path !== undefined) found.set(path, new TextDecoder().decode(bytes));
  }
  return found;
}

function unpack(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const limit = Math.max(SMALL, EXPANSION * bytes.length);
  const sizes = new Map<string, number>();
  let total = 0;
  const filter = (member: UnzipFileInfo): boolean => {
    if (!MEMBERS.test(member.name)) return false;
    if (sizes.has(member.name)) throw failure(`${name}/${member.name}`, 'is in the archive twice');
    sizes.set(member.name, member.originalSize);
    total += member.originalSize;
    if (total > limit) {
      throw failure(`${name}/${member.name}`, 'would unpack to more than the archive can honestly hold', {
        bytes: total,
        limit,
      });
    }
    return true;
  };
  let unpacked: Record<string, Uint8Array>;
  try {
    unpacked = unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof PathgradError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw failure(name, 'cannot be unpacked', { reader: said }, 'the archive is truncated or damaged', error);
  }
  const members = new Map(Object.entries(unpacked));
  for (const [member, size] of sizes) {
    const got = members.get(member)?.length ?? 0;
    if (got !== size) throw failure(`${name}/${member}`, 'is cut short', { bytes: got, needs: size });
  }
  return members;
}

function archiveWeights(members: ReadonlyMap<string, Uint8Array>, name: string): WeightStore {
  const whole = members.get('model.weights.h5');
  if (whole !== undefined) return readWeightStore(openHdf5(whole, `${name}/model.weights.h5`));
  const index = members.get('model.weights.json');
  if (index === undefined) return { layout: 'none', label: name };
  const subject = `${name}/model.weights.json`;
  const shards = shardNames(parseJson(strFromU8(index), subject), subject);
  return pathStore(
    shards.map((shard) => {
      const bytes = members.get(shard);
      if (bytes === undefined)
        throw failure(`${name}/${shard}`, 'is listed in model.weights.json, but not in the archive');
      return openHdf5(bytes, `${name}/${shard}`);
    }),
  );
}
