/** The weights of a transformer from whichever files they lie in: told apart by their first bytes, read once, handed out as often as a model is made. */
import type { WeightChange } from '../../graph/callable.ts';
import { parseJson } from '../../guard/json.ts';
import { readHdf5 } from '../../hdf5/parts.ts';
import { openShards, readGiven, shardNames, sibling } from '../../keras/load/shards.ts';
import { isArchitectureText, isShardIndex, type ModelSource, readSource } from '../../keras/load/source.ts';
import { openRanges } from '../../safetensors/ranges.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import type { TransformerConfig } from '../config/config.ts';
import { readTensors, SafetensorsWeights } from './safetensors.ts';
import type { WeightSource } from './source.ts';
import { TfWeights } from './tf.ts';

export type { WeightSource } from './source.ts';

/** Makes a source, with the layers' paths under `base`. */
export type MakeWeights = (base: string, change: WeightChange | null) => Promise<WeightSource>;

interface Given {
  readonly source: ModelSource;
  readonly name: string;
  readonly kind: 'safetensors' | 'json' | 'hdf5';
}

/** @throws PathgradError naming the file and what is wrong with it */
export async function readWeights(
  weights: ModelSource | readonly ModelSource[],
  dtype: FloatDType,
  config: TransformerConfig,
): Promise<MakeWeights> {
  const most = largestWeight(config);
  const sources = Array.isArray(weights) ? (weights as readonly ModelSource[]) : [weights as ModelSource];
  const given = await Promise.all(sources.map(look));
  const index = given.find(({ kind }) => kind === 'json');
  const stored = given.some(({ kind }) => kind === 'safetensors');
  if (index && (stored || (await isOfSafetensors(index)))) {
    return fromSafetensors(await shardsOf(index, given, sources.length === 1), dtype, most);
  }
  if (stored) {
    const other = given.find(({ kind }) => kind !== 'safetensors');
    if (other)
      throw failure(other.name, 'is given beside safetensors files and is none', {}, 'give files of one format');
    return fromSafetensors({ sources: given.map(({ source }) => source), expected: null }, dtype, most);
  }
  const files = await hdf5Files(sources, sources.length > 1);
  return (base, change) => readHdf5(() => new TfWeights(files, base, dtype, change, most));
}

/** Elements of the largest array that a model of these sizes can have, with room for a head that the config does not describe. */
function largestWeight(config: TransformerConfig): number {
  const { vocabulary, positionRows, width, inner, embeddingWidth, labels } = config;
  const rows = Math.max(vocabulary, positionRows, 4 * width, 2 * inner, labels.length, 2 ** 16);
  return rows * Math.max(width, inner, embeddingWidth);
}

async function fromSafetensors({ sources, expected }: Shards, dtype: FloatDType, most: number): Promise<MakeWeights> {
  const tensors = await readTensors(sources, dtype, expected, most);
  return async (base, change) => new SafetensorsWeights(tensors, base, dtype, change);
}

/** What the first bytes are: a safetensors file starts with the length of its header, which is JSON. */
async function look(source: ModelSource): Promise<Given> {
  const ranges = await openRanges(source);
  try {
    const head = new Uint8Array(Math.min(9, ranges.size));
    await ranges.read(0, head);
    const name = ranges.name;
    if (isArchitectureText(head)) return { source, name, kind: 'json' };
    const isHeader = head[8] === 0x7b && head[5] === 0 && head[6] === 0 && head[7] === 0;
    const kind = isHeader || name.endsWith('.safetensors') ? 'safetensors' : 'hdf5';
    return { source, name, kind };
  } finally {
    await ranges.close();
  }
}

async function hdf5Files(sources: readonly ModelSource[], several: boolean) {
  const files = await readGiven(sources);
  if (files.some(({ bytes }) => isShardIndex(bytes))) return openShards(files, several ? null : sources[0]!);
  return files.map(({ bytes, name }) => ({ bytes, name: name === 'model' ? 'tf_model.h5' : name }));
}

interface Shards {
  readonly sources: readonly ModelSource[];
  /** By tensor, the file that holds it. */
  readonly expected: ReadonlyMap<string, string> | null;
}

async function isOfSafetensors({ source, name }: Given): Promise<boolean> {
  return /safetensors/.test(name) || /\.safetensors"/.test(new TextDecoder().decode((await readSource(source)).bytes));
}

/** The shards that the index names: those given with it, or, where it stands alone, those beside it. */
async function shardsOf(index: Given, given: readonly Given[], alone: boolean): Promise<Shards> {
  const text = new TextDecoder().decode((await readSource(index.source)).bytes);
  const json = parseJson(text, index.name);
  const names = shardNames(json, index.name, 'safetensors');
  const byName = new Map(given.map((file) => [file.name, file.source]));
  const sources = names.map((name) => {
    const found = byName.get(name) ?? (alone ? sibling(index.source, name) : null);
    if (found !== null) return found;
    const hint = 'give all files as a list: the index and every shard, under their own names';
    throw failure(index.name, `the shard '${name}' is missing`, { given: [...byName.keys()] }, hint);
  });
  const { weight_map: map } = json as { weight_map: Record<string, string> };
  return { sources, expected: new Map(Object.entries(map)) };
}
