/**
 * Small random models of transformers in memory: config, `tf_model.h5` as transformers lays it out, and the forward pass written
 * with plain loops in double, against which the engine is tested.
 */
import { erf } from '../../kernels/reference/elementwise.ts';
import { randomNormal } from '../../src/graph/random.ts';
import type { TransformerFiles } from '../../src/transformers/index.ts';
import { type H5Data, legacyTree, writeH5 } from '../support/h5.ts';

export interface Sizes {
  readonly kind: 'distilbert' | 'bert';
  readonly vocabulary: number;
  readonly positions: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly layers: number;
  readonly labels: number;
}

export const small: Sizes = {
  ...{ kind: 'distilbert', vocabulary: 40, positions: 16, width: 8, heads: 2, inner: 12, layers: 2, labels: 3 },
};

export type Weights = Map<string, { data: Float32Array; shape: number[] }>;

export function configOf(s: Sizes): Record<string, unknown> {
  const id2label = Object.fromEntries(Array.from({ length: s.labels }, (_, i) => [`${i}`, `label ${i}`]));
  const shared = { vocab_size: s.vocabulary, max_position_embeddings: s.positions, id2label, pad_token_id: 0 };
  if (s.kind === 'distilbert') {
    const sizes = { dim: s.width, n_heads: s.heads, hidden_dim: s.inner, n_layers: s.layers, activation: 'gelu' };
    return { model_type: 'distilbert', architectures: ['DistilBertForSequenceClassification'], ...shared, ...sizes };
  }
  const sizes = {
    ...{ hidden_size: s.width, num_attention_heads: s.heads, intermediate_size: s.inner, num_hidden_layers: s.layers },
    ...{ type_vocab_size: 2, hidden_act: 'gelu', layer_norm_eps: 1e-12 },
  };
  return { model_type: 'bert', architectures: ['BertForSequenceClassification'], ...shared, ...sizes };
}

/** Random weights by TensorFlow's paths, without the name of the model in front. */
export function randomWeights(s: Sizes, seed = 1, scale = 0.4): Weights {
  const weights: Weights = new Map();
  const add = (path: string, shape: number[], centre = 0): void => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = randomNormal(size, seed * 1000 + weights.size);
    weights.set(path, { data: Float32Array.from(values, (z) => centre + scale * z), shape });
  };
  const dense = (path: string, from: number, to: number): void => {
    add(`${path}/kernel`, [from, to]);
    add(`${path}/bias`, [to]);
  };
  const norm = (path: string): void => {
    add(`${path}/gamma`, [s.width], 1);
    add(`${path}/beta`, [s.width]);
  };
  const base = s.kind;
  add(`${base}/embeddings/word_embeddings/weight`, [s.vocabulary, s.width]);
  add(`${base}/embeddings/position_embeddings/embeddings`, [s.positions, s.width]);
  if (base === 'bert') add('bert/embeddings/token_type_embeddings/embeddings', [2, s.width]);
  norm(`${base}/embeddings/LayerNorm`);
  for (let i = 0; i < s.layers; i++) {
    const at = `${base}/${base === 'bert' ? 'encoder' : 'transformer'}/layer_._${i}`;
    const names =
      base === 'bert'
        ? ['self/query', 'self/key', 'self/value', 'output/dense']
        : ['q_lin', 'k_lin', 'v_lin', 'out_lin'];
    for (const name of names) dense(`${at}/attention/${name}`, s.width, s.width);
    norm(base === 'bert' ? `${at}/attention/output/LayerNorm` : `${at}/sa_layer_norm`);
    dense(base === 'bert' ? `${at}/intermediate/dense` : `${at}/ffn/lin1`, s.width, s.inner);
    dense(base === 'bert' ? `${at}/output/dense` : `${at}/ffn/lin2`, s.inner, s.width);
    norm(base === 'bert' ? `${at}/output/LayerNorm` : `${at}/output_layer_norm`);
  }
  dense(base === 'bert' ? 'bert/pooler/dense' : 'pre_classifier', s.width, s.width);
  dense('classifier', s.width, s.labels);
  return weights;
}

/** `tf_model.h5` as `save_pretrained` writes it. */
export async function writeModel(s: Sizes, weights: Weights): Promise<Uint8Array> {
  const model =
    s.kind === 'bert' ? 'tf_bert_for_sequence_classification' : 'tf_distil_bert_for_sequence_classification';
  const groups: Record<string, Record<string, H5Data>> = {};
  for (const [path, value] of weights) {
    const group = path.split('/')[0]!;
    groups[group] ??= {};
    groups[group][`${model}/${path}:0`] = value;
  }
  return writeH5(legacyTree(groups));
}

export async function makeFiles(s: Sizes, weights: Weights = randomWeights(s)): Promise<TransformerFiles> {
  return { config: configOf(s), weights: await writeModel(s, weights) };
}

type Matrix = number[][];

/** The logits of one text in double, by plain loops. `mask` hides positions; `segments` are BERT's. */
export function forward(s: Sizes, weights: Weights, ids: number[], mask: number[], segments?: number[]): number[] {
  const get = (path: string): { data: Float32Array; shape: number[] } => weights.get(path)!;
  const row = (path: string, i: number): number[] => {
    const { data, shape } = get(path);
    return Array.from(data.subarray(i * shape[1]!, (i + 1) * shape[1]!));
  };
  const dense = (x: Matrix, path: string): Matrix => {
    const { data, shape } = get(`${path}/kernel`);
    const bias = get(`${path}/bias`).data;
    return x.map((v) => Array.from(bias, (b, j) => v.reduce((sum, a, k) => sum + a * data[k * shape[1]! + j]!, b)));
  };
  const norm = (x: Matrix, path: string): Matrix => {
    const [gamma, beta] = [get(`${path}/gamma`).data, get(`${path}/beta`).data];
    return x.map((v) => {
      const mean = v.reduce((a, b) => a + b) / v.length;
      const variance = v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length;
      return v.map((a, j) => ((a - mean) / Math.sqrt(variance + 1e-12)) * gamma[j]! + beta[j]!);
    });
  };
  const plus = (a: Matrix, b: Matrix): Matrix => a.map((v, i) => v.map((x, j) => x + b[i]![j]!));
  const base = s.kind;
  let x: Matrix = ids.map((id) => row(`${base}/embeddings/word_embeddings/weight`, id));
  x = plus(
    x,
    ids.map((_, p) => row(`${base}/embeddings/position_embeddings/embeddings`, p)),
  );
  if (base === 'bert') {
    x = plus(
      x,
      ids.map((_, p) => row('bert/embeddings/token_type_embeddings/embeddings', segments?.[p] ?? 0)),
    );
  }
  x = norm(x, `${base}/embeddings/LayerNorm`);
  for (let i = 0; i < s.layers; i++) {
    const at = `${base}/${base === 'bert' ? 'encoder' : 'transformer'}/layer_._${i}`;
    const bert = base === 'bert';
    const [q, k, v] = (bert ? ['self/query', 'self/key', 'self/value'] : ['q_lin', 'k_lin', 'v_lin']).map((name) =>
      dense(x, `${at}/attention/${name}`),
    ) as [Matrix, Matrix, Matrix];
    const size = s.width / s.heads;
    const context = q.map(() => new Array<number>(s.width).fill(0));
    for (let h = 0; h < s.heads; h++) {
      const part = (m: number[]): number[] => m.slice(h * size, (h + 1) * size);
      q.forEach((query, a) => {
        const scores = k.map((key, b) =>
          mask[b] ? part(query).reduce((sum, z, j) => sum + z * part(key)[j]!, 0) / Math.sqrt(size) : -Infinity,
        );
        const top = Math.max(...scores);
        const weightsOf = scores.map((score) => Math.exp(score - top));
        const total = weightsOf.reduce((m, n) => m + n);
        v.forEach((value, b) => {
          part(value).forEach((z, j) => {
            context[a]![h * size + j]! += (z * weightsOf[b]!) / total;
          });
        });
      });
    }
    const attended = dense(context, `${at}/attention/${bert ? 'output/dense' : 'out_lin'}`);
    x = norm(plus(attended, x), bert ? `${at}/attention/output/LayerNorm` : `${at}/sa_layer_norm`);
    const wide = dense(x, bert ? `${at}/intermediate/dense` : `${at}/ffn/lin1`).map((z) =>
      z.map((a) => 0.5 * a * (1 + erf(a / Math.SQRT2))),
    );
    const narrow = dense(wide, bert ? `${at}/output/dense` : `${at}/ffn/lin2`);
    x = norm(plus(narrow, x), bert ? `${at}/output/LayerNorm` : `${at}/output_layer_norm`);
  }
  const pooled = dense([x[0]!], base === 'bert' ? 'bert/pooler/dense' : 'pre_classifier')[0]!;
  const active = pooled.map((z) => (base === 'bert' ? Math.tanh(z) : Math.max(z, 0)));
  return dense([active], 'classifier')[0]!;
}

export function softmaxOf(x: readonly number[]): number[] {
  const top = Math.max(...x);
  const e = x.map((v) => Math.exp(v - top));
  const total = e.reduce((a, b) => a + b);
  return e.map((v) => v / total);
}
