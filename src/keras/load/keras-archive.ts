/**
 * The `.keras` archive: a zip of config.json, metadata.json and the weights, whole or in shards. Only members with the names Keras
 * writes are unpacked, into memory, so that paths in the archive mean nothing; all of them share the archive's guard.
 */

import { Guard } from '../../guard/guard.ts';
import { CONFIG_BYTES } from '../../guard/json.ts';
import { openZip, type ZipMember } from '../../guard/zip.ts';
import { openHdf5 } from '../../hdf5/file.ts';
import { failure } from '../../tensor/errors.ts';
import { field, isRecord, parseJson } from '../config/json.ts';
import type { Json } from '../config/spec.ts';
import { pathStore, readWeightStore, type WeightStore } from '../weights/store.ts';
import { compileConfig, type KerasFile, textOrNull } from './container.ts';
import { shardNames } from './shards.ts';

const MODEL_SHARD = /^model_\d+\.weights\.h5$/;

/**
 * Opens a `.keras` file.
 * @param bytes of which `isArchive` is true
 * @param name what to call the file in errors
 * @throws PathgradError where it is damaged, or some other zip archive
 */
export function openKerasArchive(bytes: Uint8Array, name: string): KerasFile {
  const guard = new Guard(name, bytes.length);
  const members = openZip(bytes, name, guard);
  const pickle = [...members.keys()].find((key) => /(^|\/)data\.pkl$/.test(key));
  if (pickle !== undefined) {
    const hint =
      'a pickle is code and is never opened. In Python: torch.onnx.export(model, example, "model.onnx"), or save_pretrained(folder) of transformers';
    throw failure(name, 'is what torch.save wrote: a zip archive with a Python pickle', { pickle }, hint);
  }
  if (!members.has('config.json')) {
    const hint = 'a .keras file holds config.json, metadata.json and model.weights.h5 at its top';
    throw failure(
      name,
      'is a zip archive, but no .keras file: config.json is missing',
      { has: [...members.keys()].slice(0, 12) },
      hint,
    );
  }
  const metadata = jsonIn(members, 'metadata.json', name);
  const parsed = jsonIn(members, 'config.json', name);
  return {
    name,
    format: 'keras',
    kerasVersion: isRecord(metadata) ? textOrNull(field(metadata, 'keras_version')) : null,
    backend: null,
    config: parsed,
    trainingConfig: compileConfig(parsed),
    weights: archiveWeights(members, name, guard),
    hasReference: members.has('pathgrad.json'),
    vocabularies: vocabulariesIn(members),
  };
}

/** A member that holds JSON, or null where there is none. Its size is looked at before it is unpacked. */
function jsonIn(members: ReadonlyMap<string, ZipMember>, key: string, name: string): Json {
  const member = members.get(key);
  if (member === undefined) return null;
  const subject = `${name}/${key}`;
  if (member.size > CONFIG_BYTES) {
    throw failure(subject, 'is larger than a config is read', { bytes: member.size, limit: CONFIG_BYTES });
  }
  return parseJson(new TextDecoder().decode(member.read()), subject);
}

/** By path (`layers/text_vectorization`). */
function vocabulariesIn(members: ReadonlyMap<string, ZipMember>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, member] of members) {
    const path = /^assets\/(.+)\/vocabulary\.txt$/.exec(key)?.[1];
    if (path !== undefined) found.set(path, new TextDecoder().decode(member.read()));
  }
  return found;
}

function archiveWeights(members: ReadonlyMap<string, ZipMember>, name: string, guard: Guard): WeightStore {
  const whole = members.get('model.weights.h5');
  if (whole !== undefined) return readWeightStore(openHdf5(whole.read(), `${name}/model.weights.h5`, guard));
  if (!members.has('model.weights.json')) return { layout: 'none', label: name };
  const shards = shardNames(jsonIn(members, 'model.weights.json', name), `${name}/model.weights.json`);
  return pathStore(
    shards.map((shard) => {
      const member = MODEL_SHARD.test(shard) ? members.get(shard) : undefined;
      if (member === undefined)
        throw failure(`${name}/${shard}`, 'is listed in model.weights.json, but not in the archive');
      return openHdf5(member.read(), `${name}/${shard}`, guard);
    }),
  );
}
