/**
 * The cosine similarity of texts as something that can be explained. It is a product of both texts, so that there is no one way to share it out
 * between them; what is asked here is, for each text, what its words do to the similarity while the other text stays as it is. With integrated
 * gradients the attributions of a text add up to the similarity less that of the text's baseline to the other text. (A path that
 * moves both texts at once ends at two baselines, which are alike: their similarity is near 1 and says nothing of the texts.)
 */
import type { Baselines } from '../../attribution/frame/types.ts';
import { IntegratedGradients } from '../../attribution/methods/integrated-gradients.ts';
import type { ApplyOptions, CallableModel, LayerInfo, Pruned } from '../../graph/callable.ts';
import { div, maximum, mul } from '../../ops/binary.ts';
import { sum } from '../../ops/reduce.ts';
import { sqrt, square } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkList, checkOptions } from '../../tensor/options.ts';
import type { PlatformAbortSignal } from '../../tensor/platform.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { LoadedTransformer } from '../load.ts';
import type { TransformerModel } from '../model.ts';
import { type EncodedTexts, type WordAttributions, wordAttributions } from '../tokenizer/index.ts';

type Kwargs = Readonly<Record<string, Tensor>>;

/**
 * The cosine of each text's vector and a given one, `[rows]`: what the model takes, and the forward kwarg `other`, `[rows, width]`. Every
 * method explains it.
 */
export class SimilarityModel implements CallableModel {
  readonly name: string;
  readonly inputs: CallableModel['inputs'];
  readonly outputs: readonly { readonly name: string }[] = [{ name: 'similarity' }];
  readonly layers: readonly LayerInfo[];
  /** A similarity has no label. */
  readonly scoreOnly = true;
  readonly dtype: CallableModel['dtype'];
  readonly #model: TransformerModel;

  /** @param model gives a vector per text: sentence-transformers, or an encoder with a head of one's own */
  constructor(model: TransformerModel) {
    checkModel('SimilarityModel', model);
    if (model.outputs.length !== 1 || (model.task !== 'embedding' && model.task !== 'own')) {
      throw failure(
        model.name,
        'gives no vector per text',
        { task: model.task },
        'open a folder of sentence-transformers',
      );
    }
    this.#model = model;
    this.name = `similarity of ${model.name}`;
    this.inputs = model.inputs;
    this.layers = model.layers;
    this.dtype = model.dtype;
  }

  apply(inputs: readonly Tensor[], options: ApplyOptions = {}): readonly Tensor[] {
    const { other, ...kwargs } = options.kwargs ?? {};
    if (!other) throw failure(this.name, 'needs the vector to compare with', {}, 'forwardKwargs: { other }');
    const [vector] = this.#model.apply(inputs, { ...options, kwargs });
    if (vector!.rank !== 2 || other.shape.join() !== vector!.shape.join()) {
      throw failure(this.name, 'vectors of other shapes', { vector: vector!.shape, other: other.shape });
    }
    return [cosine(vector!, other)];
  }

  prune(inputs: readonly Tensor[], { other, ...kwargs }: Kwargs): Pruned | null {
    const pruned = this.#model.prune(inputs, kwargs);
    return pruned && { ...pruned, kwargs: { ...pruned.kwargs, ...(other && { other }) } };
  }

  checkInputs(inputs: readonly Tensor[]): Promise<void> {
    return this.#model.checkInputs(inputs);
  }

  getLayer(selector: string | number): LayerInfo {
    return this.#model.getLayer(selector);
  }
}

/** Of rows: `[rows, width]` twice to `[rows]`. */
function cosine(a: Tensor, b: Tensor): Tensor {
  const length = (x: Tensor): Tensor => maximum(sqrt(sum(square(x), { axes: -1 })), 1e-8);
  return div(sum(mul(a, b), { axes: -1 }), mul(length(a), length(b)));
}

/** The cosine similarities of pairs of texts. */
export async function similarities(
  model: LoadedTransformer,
  pairs: readonly (readonly [string, string])[],
): Promise<Float64Array> {
  checkModel('similarities', model);
  // Its words for what gives no vectors.
  new SimilarityModel(model);
  checkPairs('similarities', pairs);
  const [first, second] = [0, 1].map((side) => pairs.map((pair) => pair[side]!)) as [string[], string[]];
  const [a, b] = [await vectorsOf(model, first), await vectorsOf(model, second)];
  const width = a.shape[1]!;
  return Float64Array.from(pairs, (_, i) => cosineOf(a, b, i, width));
}

function cosineOf(a: Tensor, b: Tensor, row: number, width: number): number {
  let [dot, x, y] = [0, 0, 0];
  for (let i = row * width; i < (row + 1) * width; i++) {
    dot += a.data[i]! * b.data[i]!;
    x += a.data[i]! ** 2;
    y += b.data[i]! ** 2;
  }
  return dot / Math.max(Math.sqrt(x * y), 1e-16);
}

async function vectorsOf(model: LoadedTransformer, texts: readonly string[]): Promise<Tensor> {
  return model.predict(tokenizerOf(model).encode(texts));
}

function tokenizerOf({
  tokenizer,
  name,
  tokenizerHint,
}: LoadedTransformer): NonNullable<LoadedTransformer['tokenizer']> {
  if (tokenizer) return tokenizer;
  throw failure(name, 'has no tokenizer, and texts need one', {}, tokenizerHint ?? undefined);
}

/** What explains it: by default integrated gradients at the embeddings. */
export interface SimilarityExplainer {
  /** Attributions of the similarity to one text's pieces, the other text held fixed. */
  explain(
    x: Tensor,
    options: { forwardKwargs: Record<string, Tensor>; baselines?: Baselines; signal?: PlatformAbortSignal },
  ): Promise<{ readonly attributions: readonly Tensor[]; readonly deltas: Tensor | null }>;
}

/** Steps and baseline of `explainSimilarity`. */
export interface SimilarityOptions {
  /** Points of the path, 50 by default. */
  readonly nSteps?: number;
  /** In place of the tokenizer's, which pads. */
  readonly baselines?: Baselines;
  /** Another method: `(model, layer) => new Saliency(model, { layer })`. It has no baselines unless they are given. */
  readonly explainer?: (model: SimilarityModel, layer: LayerInfo) => SimilarityExplainer;
  readonly signal?: PlatformAbortSignal;
}

/** What one text of a pair does to the similarity, the other being as it is. */
export interface TextSimilarity extends WordAttributions {
  readonly text: string;
  readonly tokens: readonly string[];
  /** Per token, special ones included. */
  readonly attributions: Float64Array;
  /**
   * The similarity of the text's baseline to the other text: words and rest add up to the similarity less this, but for `delta`. Null for methods
   * whose attributions do not add up.
   */
  readonly baseline: number | null;
  readonly delta: number | null;
}

/** The similarity of two texts, and what each word of each did for it. */
export interface SimilarityExplanation {
  readonly similarity: number;
  readonly texts: readonly [TextSimilarity, TextSimilarity];
}

/**
 * Which words of two texts make them alike: for each pair its cosine similarity, and for each text what each of its words adds to it.
 * @param model of sentence-transformers, opened with its tokenizer
 * @throws PathgradError for a model that gives no vectors, or has no tokenizer
 */
export async function explainSimilarity(
  model: LoadedTransformer,
  pairs: readonly (readonly [string, string])[],
  options: SimilarityOptions = {},
): Promise<SimilarityExplanation[]> {
  checkOptions<SimilarityOptions>('explainSimilarity', options, { nSteps: 1, baselines: 1, explainer: 1, signal: 1 });
  checkModel('explainSimilarity', model);
  checkPairs('explainSimilarity', pairs);
  const tokenizer = tokenizerOf(model);
  const similar = new SimilarityModel(model);
  const encoded = tokenizer.encode(pairs.flat());
  const vectors = await model.predict(encoded);
  const { input_ids: x, attention_mask, token_type_ids } = encoded;
  const forwardKwargs = {
    attention_mask,
    ...(model.config.segments > 0 && { token_type_ids }),
    other: swapped(vectors),
  };
  const layer = embeddingsOf(model);
  const { nSteps = 50, explainer, signal } = options;
  const method: SimilarityExplainer =
    explainer?.(similar, layer) ?? new IntegratedGradients(similar, { layer, nSteps });
  const baselines = options.baselines ?? (explainer ? undefined : tokenizer.baseline());
  const { attributions, deltas } = await method.explain(x, {
    forwardKwargs,
    ...(baselines !== undefined && { baselines }),
    ...(signal && { signal }),
  });
  const width = vectors.shape[1]!;
  const other = forwardKwargs.other;
  return pairs.map((_, i): SimilarityExplanation => {
    const similarity = cosineOf(vectors, other, 2 * i, width);
    const side = (row: number): TextSimilarity => {
      const values = perToken(attributions[0]!, row, x.shape[1]!);
      const delta = deltas ? deltas.data[row]! : null;
      const total = values.reduce((sum, value) => sum + value, 0);
      return textSimilarity(encoded, row, values, similarity, total, delta);
    };
    return { similarity, texts: [side(2 * i), side(2 * i + 1)] };
  });
}

function checkModel(subject: string, model: unknown): void {
  const { config, task } = (model ?? {}) as Partial<LoadedTransformer>;
  if (config && typeof task === 'string') return;
  throw failure(
    subject,
    'needs the model first',
    { got: model === null ? 'null' : typeof model },
    'loadTransformer gives it',
  );
}

/** @throws naming the pair that is none */
function checkPairs(subject: string, pairs: unknown): void {
  const hint = "a list of pairs: [['one text', 'another']]";
  checkList(subject, pairs, hint);
  const list = pairs as readonly unknown[];
  if (list.length === 0) throw failure(subject, 'no pair of texts given', {}, hint);
  list.forEach((pair, i) => {
    const two = Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string');
    if (!two) throw failure(subject, `entry ${i} is no pair of texts`, { got: pair }, hint);
  });
}

function textSimilarity(
  encoded: EncodedTexts,
  row: number,
  values: Float64Array,
  similarity: number,
  total: number,
  delta: number | null,
): TextSimilarity {
  const own = encoded.attention_mask.data.subarray(row * values.length, (row + 1) * values.length);
  const seen = Array.from(own).flatMap((visible, p) => (visible ? [p] : []));
  return {
    ...wordAttributions(encoded, values, row),
    text: encoded.texts[row]![0]!,
    tokens: seen.map((p) => encoded.tokens[row]![p]!),
    attributions: Float64Array.from(seen, (p) => values[p]!),
    baseline: delta === null ? null : similarity - (total - delta),
    delta,
  };
}

/** Each row of a pair in the place of the other. */
function swapped({ data, shape, dtype }: Tensor): Tensor {
  const width = shape[1]!;
  const out = data.slice();
  for (let row = 0; row < shape[0]!; row++)
    out.set(data.subarray((row ^ 1) * width, ((row ^ 1) + 1) * width), row * width);
  return tensor(out, shape, dtype);
}

/** The layer that makes floats of tokens. */
function embeddingsOf(model: TransformerModel): LayerInfo {
  const found = (model.layers[0] as { layers?: readonly LayerInfo[] }).layers?.find(({ path }) =>
    path.endsWith('embeddings'),
  );
  if (found) return found;
  throw failure(model.name, 'has no layer of embeddings', {}, 'give an explainer of your own');
}

/** The sum over what an attribution has beside rows and positions. */
function perToken({ data, shape }: Tensor, row: number, positions: number): Float64Array {
  const inner = data.length / (shape[0]! * positions);
  const from = row * positions * inner;
  return Float64Array.from({ length: positions }, (_, p) => {
    let sum = 0;
    for (let i = from + p * inner; i < from + (p + 1) * inner; i++) sum += data[i]!;
    return sum;
  });
}
