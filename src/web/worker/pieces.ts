/**
 * Transformers on the page: what they take, and a text as pieces of words. The tokenizer comes with the model, so that nothing of
 * their chunk is imported here.
 */
import { failure } from '../../tensor/errors.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import type { LoadedTransformer, TextTokenizer, TransformerLayer } from '../../transformers/index.ts';
import type { ModelInfo } from '../protocol.ts';
import type { Sample } from './state.ts';

/** Multiplications per call of the model, about: half a second on two cores, so that a cancelled explanation ends soon. */
const workAtATime = 2e10;

/** The layer whose result is explained: token and position embeddings, after their normalization. */
export function embeddingsOf(model: LoadedTransformer): string {
  return `${model.layers[0]!.path}/embeddings`;
}

/** The model as the page describes it. */
export function describeTransformer(model: LoadedTransformer, file: string): ModelInfo {
  // The config need not name the classes: what the head gives says how many there are.
  const [scores] = model.apply([placeholder([1, 3], 'int32')]) as [Tensor];
  return {
    name: model.name,
    file,
    summary: summaryOf(model),
    takes: `word pieces: up to ${tokenizerOf(model).positions}`,
    tokens: 'pieces',
    labels: model.labels,
    kinds: ['text'],
    outputs: [{ name: 'label', classes: scores.shape[1]! }],
    picture: { height: null, width: null, channels: null },
    range: [0, 1],
  };
}

/** The layers as a tree, by their names, with their classes. */
export function summaryOf({ layers }: LoadedTransformer): string {
  const lines = (layer: TransformerLayer, depth: number): [string, string][] => [
    [`${'  '.repeat(depth)}${layer.name}`, layer.className],
    ...layer.layers.flatMap((inside) => lines(inside, depth + 1)),
  ];
  const all = layers.flatMap((layer) => lines(layer, 0));
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, className]) => `${name.padEnd(width)}  ${className}`).join('\n');
}

/** @throws PathgradError for a text of nothing but special tokens */
export function pieceSample(model: LoadedTransformer, text: string): Sample {
  const tokenizer = tokenizerOf(model);
  const encoded = tokenizer.encode(text);
  const { input_ids: ids, attention_mask } = encoded;
  const tokens = encoded.tokens[0]!;
  const fixed = Array.from(ids.data, (id) => id === tokenizer.clsId || id === tokenizer.sepId);
  if (fixed.every(Boolean)) throw failure('text', 'has no words', {}, 'type a sentence');
  const notices = encoded.notices.map((notice) => notice.replace(/^text 0/, 'The text'));
  if (tokens.includes('[UNK]')) notices.push('[UNK] stands for what the vocabulary has no pieces for');
  return {
    kind: 'text',
    title: text,
    data: ids.data as Int32Array,
    shape: ids.shape,
    notices,
    kwargs: { attention_mask },
    text: { tokens, padding: tokens.map(() => false), fixed },
  };
}

/** Rows of so many positions that go through the model at a time: its blocks' matrices, forward and twice backward. */
export function rowsOf({ config: { layers, width, inner } }: LoadedTransformer, positions: number): number {
  const perPosition = 3 * layers * (4 * width ** 2 + 2 * width * inner + 2 * positions * width);
  return Math.max(2, Math.floor(workAtATime / (perPosition * positions)));
}

export function tokenizerOf({ name, tokenizer }: LoadedTransformer): TextTokenizer {
  if (tokenizer) return tokenizer;
  throw failure(name, 'has no tokenizer', {}, 'drop tokenizer.json or vocab.txt with it');
}
