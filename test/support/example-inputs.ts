/** The four example models with inputs of ours, and the explainers that fit them. */
import { strFromU8 } from 'fflate';
import type { BaselineKind, ForwardKwargs } from '../../src/attribution/frame/types.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { encodeText, parseVocabulary, readPng } from '../../src/inputs/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { projectFile } from './golden.ts';

export interface ExampleModel {
  readonly name: string;
  readonly model: CallableModel;
  readonly X: Tensor;
  /** The layer of the embedding; null for pictures. */
  readonly layer: string | null;
  readonly baselines: number | BaselineKind;
  readonly forwardKwargs?: ForwardKwargs;
}

const lines = (file: string): string[] =>
  strFromU8(projectFile(`examples/${file}`))
    .trim()
    .split('\n');

function encoded(texts: readonly string[], vocabularyFile: string, length: number, truncating: 'pre' | 'post'): Tensor {
  const vocabulary = parseVocabulary(strFromU8(projectFile(`examples/${vocabularyFile}`)), vocabularyFile);
  const rows = texts.map((text) => encodeText(text, vocabulary, { length, truncating }).ids);
  return tensor(Int32Array.from(rows.flatMap((ids) => Array.from(ids))), [texts.length, length]);
}

/** @param most samples of each */
export async function exampleModels(most: number): Promise<ExampleModel[]> {
  const [sentences, headlines] = [lines('sentences.txt').slice(0, most), lines('headlines.txt').slice(0, most)];
  const pictures = Array.from({ length: Math.min(10, most) }, (_, i) =>
    readPng(projectFile(`examples/digits/${i}.png`)),
  );
  const transformer = await loadTransformer(
    Object.fromEntries(
      [
        ['config', 'config.json'],
        ['weights', 'tf_model.h5'],
        ['tokenizer', 'tokenizer.json'],
        ['tokenizerConfig', 'tokenizer_config.json'],
      ].map(([key, file]) => {
        const bytes = projectFile(`examples/imdb-distilbert/${file}`);
        return [key, key === 'weights' ? bytes : (JSON.parse(strFromU8(bytes)) as object)];
      }),
    ) as unknown as Parameters<typeof loadTransformer>[0],
  );
  const pieces = transformer.tokenizer!.encode(sentences);
  return [
    {
      name: 'imdb-cnn',
      model: await loadModel(projectFile('examples/imdb-cnn.h5')),
      X: encoded(sentences, 'imdb-vocab.txt', 100, 'pre'),
      layer: 'embedding',
      baselines: 0,
    },
    {
      name: 'mnist-cnn',
      model: await loadModel(projectFile('examples/mnist-cnn.h5')),
      X: tensor(Float32Array.from(pictures.flatMap(({ data }) => [...data])), [pictures.length, 28, 28, 1]),
      layer: null,
      baselines: 0,
    },
    {
      name: 'agnews-bilstm',
      model: await loadModel(projectFile('examples/agnews-bilstm.h5')),
      X: encoded(headlines, 'agnews-vocab.txt', 60, 'post'),
      layer: 'embedding',
      baselines: 0,
    },
    {
      name: 'imdb-distilbert',
      model: transformer,
      X: pieces.input_ids,
      layer: 'distilbert/embeddings',
      baselines: transformer.tokenizer!.baseline(),
      forwardKwargs: { attention_mask: pieces.attention_mask },
    },
  ];
}
