/**
 * Weights cut into several files, which an index lists: Keras's `m.weights.json` beside `m_00000.weights.h5`, transformers'
 * `tf_model.h5.index.json`. The shards lie beside the index, or are given with it.
 * Invariant: every file that the index names is there; a name in an index is the name of a file, never a path.
 */
import { failure } from '../../tensor/errors.ts';
import type { PlatformUrl } from '../../tensor/platform.ts';
import { field, isRecord, parseJson } from '../config/json.ts';
import { isShardIndex, type ModelSource, readSource } from './source.ts';

export interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly name: string;
}

export async function readGiven(sources: readonly ModelSource[]): Promise<NamedBytes[]> {
  if (sources.length === 0) throw failure('weights', 'no file is given', {}, 'give the index and its shards');
  return Promise.all(sources.map((source) => readSource(source)));
}

/** The files that `weight_map` names, each once. */
export function shardNames(index: unknown, subject: string, extension = 'h5'): string[] {
  const map = isRecord(index) ? field(index, 'weight_map') : null;
  if (!isRecord(map)) throw failure(subject, `has no 'weight_map'`);
  const listed = [...new Set(Object.values(map).flat())].sort();
  const bad = listed.find(
    (name) => typeof name !== 'string' || !/^[^/\\:]+$/.test(name) || !name.endsWith(`.${extension}`),
  );
  if (bad !== undefined) throw failure(subject, `lists what is not the name of a .${extension} file`, { name: bad });
  if (listed.length === 0) throw failure(subject, 'lists no files');
  return listed as string[];
}

/**
 * The shards of an index in its order.
 * @param files the index, and what was given with it
 * @param place where the index came from, if the shards lie beside it
 */
export async function openShards(files: readonly NamedBytes[], place: ModelSource | null): Promise<NamedBytes[]> {
  const index = files.find(({ bytes }) => isShardIndex(bytes))!;
  const names = shardNames(parseJson(new TextDecoder().decode(index.bytes), index.name), index.name);
  const given = new Map(files.map((file) => [file.name, file]));
  return Promise.all(
    names.map(async (name) => {
      const found = given.get(name);
      if (found) return found;
      const beside = place === null ? null : sibling(place, name);
      const problem = `the shard '${name}' is missing`;
      if (beside === null) {
        const hint = 'give all files as a list: the index and every shard, under their own names';
        throw failure(index.name, problem, { given: [...given.keys()] }, hint);
      }
      try {
        return await readSource(beside);
      } catch (cause) {
        const said = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
        throw failure(index.name, problem, { error: said }, 'all shards lie beside the index', cause);
      }
    }),
  );
}

/** The address of a file beside another; null for bytes, which have none. What follows a `?` stays: it may sign the address. */
export function sibling(place: ModelSource, name: string): string | PlatformUrl | null {
  const encoded = encodeURIComponent(name);
  if (place instanceof URL) return new URL(encoded + place.search, place);
  if (typeof place !== 'string') return null;
  if (/^(https?|file):/i.test(place)) return String(new URL(encoded + new URL(place).search, place));
  return place.slice(0, Math.max(place.lastIndexOf('/'), place.lastIndexOf('\\')) + 1) + name;
}
