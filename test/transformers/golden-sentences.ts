/** The models of `test/golden/transformers/sentence-models.json.gz`: folders of sentence-transformers, weights made of their names. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { TransformerFiles } from '../../src/transformers/index.ts';
import { writeSafetensors } from '../support/safetensors.ts';
import { valuesOf } from './golden-heads.ts';

export interface SentenceModel {
  readonly name: string;
  readonly files: Record<string, Record<string, unknown>>;
  readonly weights: Record<string, Record<string, number[]>>;
  readonly texts: string[];
  readonly vectors: number[][];
}

export function sentenceModels(): SentenceModel[] {
  const file = new URL('../golden/transformers/sentence-models.json.gz', import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as SentenceModel[];
}

/** The files of a folder by path. */
export function sentenceFiles({ files, weights }: SentenceModel): Record<string, Uint8Array> {
  const json = Object.entries(files).map(([path, value]) => [path, new TextEncoder().encode(JSON.stringify(value))]);
  const arrays = Object.entries(weights).map(([path, shapes]) => [path, weightsOf(path, shapes)]);
  return Object.fromEntries([...json, ...arrays]) as Record<string, Uint8Array>;
}

/** What `loadTransformer` takes of them. */
export function sentenceFilesOf(all: Readonly<Record<string, Uint8Array>>): TransformerFiles {
  return {
    config: all['config.json']!,
    weights: all['model.safetensors']!,
    tokenizer: all['tokenizer.json']!,
    tokenizerConfig: all['tokenizer_config.json']!,
    modules: all['modules.json']!,
    moduleFiles: Object.fromEntries(Object.entries(all).filter(([path]) => path.includes('/'))),
    sentenceConfig: all['sentence_bert_config.json']!,
    promptConfig: all['config_sentence_transformers.json']!,
  };
}

function weightsOf(path: string, shapes: Readonly<Record<string, number[]>>): Uint8Array {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const tensors = Object.entries(shapes).map(
    ([name, shape]) => [name, { shape, data: valuesOf(folder + name, shape) }] as const,
  );
  return writeSafetensors(Object.fromEntries(tensors));
}
