/** A folder of transformers with a tiny DistilBERT of random weights, as PyTorch saves it, and the tokenizer of the example. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { example } from './cli.ts';
import { type ToWrite, writeSafetensors } from './safetensors.ts';

const [width, inner, positions, vocabulary] = [8, 16, 32, 6000];

/** Uniform from -1 to 1, the same each time. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const heads = {
  /** A vector per text, as sentence-transformers has it: the mean of the hidden states. */
  Model: () => ({}),
  ForSequenceClassification: (labels: number) => ({
    ...{ 'pre_classifier.weight': [width, width], 'pre_classifier.bias': [width] },
    ...{ 'classifier.weight': [labels, width], 'classifier.bias': [labels] },
  }),
  ForTokenClassification: (labels: number) => ({ 'classifier.weight': [labels, width], 'classifier.bias': [labels] }),
  ForQuestionAnswering: () => ({ 'qa_outputs.weight': [2, width], 'qa_outputs.bias': [2] }),
  ForMaskedLM: () => ({
    ...{ 'vocab_transform.weight': [width, width], 'vocab_transform.bias': [width] },
    ...{ 'vocab_layer_norm.weight': [width], 'vocab_layer_norm.bias': [width] },
    ...{ 'vocab_projector.bias': [vocabulary] },
  }),
} satisfies Readonly<Record<string, (labels: number) => Record<string, number[]>>>;

const layer = 'distilbert.transformer.layer.0';
const dense = (path: string, inputs: number, outputs: number): Record<string, number[]> => ({
  [`${path}.weight`]: [outputs, inputs],
  [`${path}.bias`]: [outputs],
});
const norm = (path: string): Record<string, number[]> => ({ [`${path}.weight`]: [width], [`${path}.bias`]: [width] });

export interface TinyFiles {
  readonly weights: Uint8Array;
  readonly config: Readonly<Record<string, unknown>>;
}

/** @param head how the name of the class ends @param labels names of the classes */
export function tinyTransformer(head: keyof typeof heads, labels: readonly string[] = []): TinyFiles {
  const shapes: Record<string, readonly number[]> = {
    'distilbert.embeddings.word_embeddings.weight': [vocabulary, width],
    'distilbert.embeddings.position_embeddings.weight': [positions, width],
    ...norm('distilbert.embeddings.LayerNorm'),
    ...['q_lin', 'k_lin', 'v_lin', 'out_lin'].reduce(
      (all, name) => Object.assign(all, dense(`${layer}.attention.${name}`, width, width)),
      {},
    ),
    ...norm(`${layer}.sa_layer_norm`),
    ...dense(`${layer}.ffn.lin1`, width, inner),
    ...dense(`${layer}.ffn.lin2`, inner, width),
    ...norm(`${layer}.output_layer_norm`),
    ...heads[head](labels.length),
  };
  const draw = draws(7);
  const tensors = Object.entries(shapes).map(([name, shape]): [string, ToWrite] => {
    const size = shape.reduce((a, b) => a * b, 1);
    const scale = name.includes('orm.weight') ? 0.1 : 1;
    const offset = name.includes('orm.weight') ? 1 : 0;
    return [
      head === 'Model' ? name.replace('distilbert.', '') : name,
      { shape, data: Float32Array.from({ length: size }, () => offset + scale * draw()) },
    ];
  });
  const config = {
    architectures: [`DistilBert${head}`],
    model_type: 'distilbert',
    ...{ dim: width, hidden_dim: inner, n_heads: 2, n_layers: 1 },
    ...{ max_position_embeddings: positions, vocab_size: vocabulary, pad_token_id: 0, activation: 'gelu' },
    ...(labels.length > 0 && { id2label: Object.fromEntries(labels.entries()) }),
  };
  return { weights: writeSafetensors(Object.fromEntries(tensors)), config };
}

/** Writes the folder; gives its path. */
export function tinyFolder(path: string, head: keyof typeof heads, labels: readonly string[] = []): string {
  const { weights, config } = tinyTransformer(head, labels);
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}/model.safetensors`, weights);
  writeFileSync(`${path}/config.json`, JSON.stringify(config));
  if (head === 'Model') {
    const modules = ['', '1_Pooling', '2_Normalize'].map((at, i) => ({
      ...{ idx: i, name: String(i), path: at },
      type: `sentence_transformers.models.${at === '' ? 'Transformer' : at.slice(2)}`,
    }));
    writeFileSync(`${path}/modules.json`, JSON.stringify(modules));
    mkdirSync(`${path}/1_Pooling`, { recursive: true });
    const pooling = { word_embedding_dimension: width, pooling_mode_mean_tokens: true };
    writeFileSync(`${path}/1_Pooling/config.json`, JSON.stringify(pooling));
  }
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(example(`imdb-distilbert/${file}`), `${path}/${file}`);
  return path;
}
