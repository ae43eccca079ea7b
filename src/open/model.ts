/**
 * What the command line and the page explain: a model whose inputs are arrays, or a transformer with the tokenizer that reads texts for it. What both
 * surfaces ask of either is here. The code of transformers is a chunk of its own: only types of it may be imported.
 */
import type { CallableModel } from '../graph/callable.ts';
import { isTransformer } from '../model/is-transformer.ts';
import type { Model } from '../model/model.ts';
import { failure, PathgradError } from '../tensor/errors.ts';
import { placeholder, type Tensor } from '../tensor/tensor.ts';
import type { LoadedTransformer, TextTokenizer, TransformerLayer } from '../transformers/index.ts';

/** Ids and what a transformer takes beside them. */
export type TransformerInput = { readonly input_ids: Tensor } & Readonly<Record<string, Tensor>>;

/** What is asked of a transformer: of one as it was loaded, or of one that is looked at in one position. */
export interface Transformer extends CallableModel {
  readonly outputs: readonly { readonly name: string }[];
  readonly layers: readonly TransformerLayer[];
  readonly config: LoadedTransformer['config'];
  readonly tokenizer: TextTokenizer | null;
  readonly tokenizerHint?: string | null;
  readonly task: LoadedTransformer['task'];
  /** Names of the classes. */
  readonly labels: readonly string[];
  predictAll(x: TransformerInput, options?: { readonly batchSize?: number }): Promise<Tensor[]>;
}

export type AnyModel = Model | Transformer;

export { isTransformer };

/**
 * An encoder without a head, as people without a program are told of it; null for other errors.
 * @throws nothing
 */
export function bareEncoder(error: unknown, file: string): PathgradError | null {
  if (!(error instanceof PathgradError) || !error.message.includes('holds an encoder without a classifier'))
    return null;
  const hint =
    'open a model that was trained for a task (BertForSequenceClassification and the like), or a folder of sentence-transformers, whose modules.json makes similarities of it; a program can give loadTransformer a head';
  return failure(
    file,
    'is an encoder alone: it gives vectors of words, and nothing that could be predicted or explained',
    {},
    hint,
    error,
  );
}

/** What people call the model: its own name, or the file's where that is one that Keras made up or a class of transformers. */
export function titleOf(model: AnyModel, path: string): string {
  const madeUp =
    isTransformer(model) || /^(sequential|functional|model|main_graph|torch[-_]jit)(_\d+)?$/i.test(model.name);
  const file = path
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1);
  return madeUp && file ? file : model.name;
}

/** What whoever uses the model should know of how it is computed. */
export const noticesOf = (model: AnyModel): readonly string[] => (isTransformer(model) ? [] : model.notices);

/** An output by name; of a transformer the one that its head gives. */
export interface Output {
  readonly name: string;
  /** With the batch axis first; null is any size. */
  readonly shape: readonly (number | null)[];
}

export function outputsOf(model: AnyModel): readonly Output[] {
  if (!isTransformer(model)) return model.outputs.map(({ name, shape }) => ({ name, shape: shape ?? [] }));
  // The config need not name the classes: what the head gives says how many there are.
  // What is of another size for texts of another length has a place for each position.
  const shapes = (length: number) => model.apply([placeholder([1, length], 'int32')]).map(({ shape }) => shape);
  const length = Math.min(3, model.config.positions);
  const [made, shorter] = [shapes(length), shapes(length - 1 || 1)];
  return made.map((shape, i) => ({
    name: model.outputs[i]!.name,
    shape: shape.map((size, axis) => (axis === 0 || size !== shorter[i]![axis] ? null : size)),
  }));
}

/** Whether a transformer says something of every position: labels of words, an answer, a masked word. */
export const judgesWords = ({ task }: Transformer): boolean =>
  task === 'token-classification' || task === 'question-answering' || task === 'masked-lm';

/** The names that a transformer's config gives its classes, but for those that transformers makes up; none for other models. */
export function classNames(model: AnyModel, classes: number): readonly string[] {
  if (!isTransformer(model)) return [];
  const { labels } = model;
  return labels.length === classes && labels.some((label) => !/^LABEL_\d+$/.test(label)) ? labels : [];
}

/** The layers, those inside others too: path and class. */
export function layersOf({ layers }: { readonly layers: readonly TreeLayer[] }): (readonly [string, string])[] {
  return layers.flatMap((layer) => [[layer.path, layer.className] as const, ...layersOf(layer)]);
}

interface TreeLayer {
  readonly path: string;
  readonly className: string;
  readonly layers: readonly TreeLayer[];
}

/** The layers as a text. */
export function summaryOf(model: AnyModel): string {
  return isTransformer(model) ? treeOf(model.layers) : model.summary();
}

/** The layers as a tree, by their names, with their classes. */
function treeOf(layers: readonly TransformerLayer[]): string {
  const lines = (layer: TransformerLayer, depth: number): [string, string][] => [
    [`${'  '.repeat(depth)}${layer.name}`, layer.className],
    ...layer.layers.flatMap((inside) => lines(inside, depth + 1)),
  ];
  const all = layers.flatMap((layer) => lines(layer, 0));
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, className]) => `${name.padEnd(width)}  ${className}`).join('\n');
}

/** The layer of a transformer whose result is explained: token and position embeddings, after their normalization. */
export function embeddingsOf({ layers }: Transformer): string {
  return `${layers[0]!.path}/embeddings`;
}

/** The layer of a transformer that gives the vectors of words as its table has them, before positions and normalization. */
export function wordVectorsOf(model: Transformer): string {
  const found = layersOf(model).find(([, className]) => className === 'Embedding');
  return found?.[0] ?? embeddingsOf(model);
}

/** @throws PathgradError where texts cannot be read: the files had no tokenizer */
export function tokenizerOf({ name, tokenizer, tokenizerHint }: Transformer): TextTokenizer {
  if (tokenizer) return tokenizer;
  throw failure(name, 'has no tokenizer, and texts need one', {}, tokenizerHint ?? undefined);
}

/** Rows of so many positions whose work is about `work` multiplications: the blocks' matrices, forward and twice backward. */
export function rowsWithin(work: number, { config: { layers, width, inner } }: Transformer, positions: number) {
  const perPosition = 3 * layers * (4 * width ** 2 + 2 * width * inner + 2 * positions * width);
  return Math.max(2, Math.floor(work / (perPosition * positions)));
}

/** A file that states no input shape gets it from its first input. */
export async function fixShapes(model: AnyModel, row: readonly Tensor[]): Promise<void> {
  if (!isTransformer(model) && !model.hasInputShape) await model.predict(row, { encoded: true });
}

/** All outputs for these rows, one tensor per entry of `model.inputs`; `kwargs` are what a transformer takes beside its ids. */
export async function predictRows(
  model: AnyModel,
  rows: readonly Tensor[],
  kwargs: Readonly<Record<string, Tensor>> = {},
  options: { readonly batchSize?: number } = {},
): Promise<readonly Tensor[]> {
  if (isTransformer(model)) return model.predictAll({ input_ids: rows[0]!, ...kwargs }, options);
  return model.predictAll(rows, { ...options, encoded: true });
}
