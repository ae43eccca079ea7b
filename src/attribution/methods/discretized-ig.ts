/**
 * Discretized integrated gradients (Sanyal and Ren: "Discretized integrated gradients for explaining language models", 2021): the path of each word
 * goes through the vectors of other words instead of the empty space between them,
 * `sum_k df/dx_t (p_k) * (p_{k+1} - p_k)`, `p_0` the baseline and `p_{n-1}` the word. All words of a text move together, each from vector to vector.
 */
import type { LayerInfo } from '../../graph/callable.ts';
import { isEmbedding } from '../../model/lookup.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkList, checkWhole } from '../../tensor/options.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { inDType, toTensor } from '../frame/arrays.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { toForward } from '../frame/forward.ts';
import { chooseLayer } from '../frame/layer.ts';
import type { Findings } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { gradientsOf, inChunks } from '../frame/rows.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import type { ArrayInput, LayerSelector } from '../frame/types.ts';
import { Gathered } from '../path/gathered.ts';
import { checkPoints } from '../path/points.ts';
import { type Anchors, type WordPathOptions, Words, wordPath } from '../words/word-paths.ts';

/** What the constructor of `DiscretizedIG` takes, beside layer, output, backend and batch size. */
export interface DiscretizedIGOptions<M> extends ExplainerOptions<M> {
  /** The words' vectors `[words, dim]`; those of `layer` by default, which then is an Embedding. */
  readonly words?: ArrayInput;
  /** Points on each word's path, both ends among them; 50 by default. */
  readonly nSteps?: number;
  /** 'trapezoid' (the default) takes each step by the gradients at both its ends, 'left' by that where it starts, as the paper and inseq do. */
  readonly rule?: 'left' | 'trapezoid';
  /** Which of a word's neighbours is next: 'greedy' (the default) or 'maxcount', see `wordPath`. */
  readonly anchors?: Anchors;
  /** How many of the nearest words are looked at; 50 by default. */
  readonly neighbors?: number;
  /** Numbers of words that go to the baseline in one step: what starts, ends or separates texts. */
  readonly specialTokens?: readonly number[];
}

const own: Readonly<Record<Exclude<keyof DiscretizedIGOptions<never>, keyof ExplainerOptions<never>>, 1>> = {
  words: 1,
  nSteps: 1,
  rule: 1,
  anchors: 1,
  neighbors: 1,
  specialTokens: 1,
};

const anchorings = ['greedy', 'maxcount'] as const;
const rules = ['left', 'trapezoid'] as const;

/**
 * Attributions `[N, words, dim]` add up to `f(x) - f(b)` as far as the sum over so few and uneven points does; where they miss it a warning says
 * by how much. Units are those of the explained score.
 */
export class DiscretizedIG<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  private readonly source: { words: () => Words };
  private readonly given: Words | null;
  private readonly selector: LayerSelector<M> | null;

  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that is no Embedding where no words are given */
  constructor(model: M, options: DiscretizedIGOptions<M> = {}) {
    const settings = checkSettings('DiscretizedIG', options, own);
    const { nSteps = 50, rule = 'trapezoid', anchors = 'greedy', neighbors = 50, specialTokens = [] } = options;
    checkPoints(nSteps, 50, 2);
    checkWhole('neighbors', 'how many words are looked at', neighbors, 1);
    if (!anchorings.includes(anchors)) {
      throw failure('anchors', `unknown choice '${String(anchors)}'`, {}, didYouMean(String(anchors), anchorings));
    }
    if (!rules.includes(rule))
      throw failure('rule', `unknown rule '${String(rule)}'`, {}, didYouMean(String(rule), rules));
    checkList('specialTokens', specialTokens, 'numbers of words, e.g. [101, 102]');
    toTensor('specialTokens', specialTokens, 'int32', 'int32');
    const source = { words: (): Words => missing() };
    super(model, options, settings, {
      name: 'DiscretizedIG',
      params: { nSteps, rule, anchors, neighbors, specialTokens: [...specialTokens] },
      baselines: 'used',
      completeness: 'nSteps',
      prunes: true,
      attribute: (problem) =>
        attribute(problem, () => source.words(), { nSteps, anchors, neighbors, rule, special: new Set(specialTokens) }),
    });
    this.source = source;
    this.given = options.words === undefined ? null : wordsOf(toTensor('words', options.words, null, 'float64'));
    this.selector = (options.layer ?? null) as LayerSelector<M> | null;
    this.look(model);
  }

  override resetPredictor(model: M): void {
    super.resetPredictor(model);
    this.look(model);
  }

  /** The words of this model: read when they are first needed, since layers load their weights at the first call. */
  private look(model: M): void {
    if (!this.given) embeddingOf(model, this.selector);
    let found = this.given;
    this.source.words = () => {
      found ??= wordsOf(vectorsOf(model, this.selector));
      return found;
    };
  }
}

function missing(): never {
  const hint =
    "give the words' vectors, [words, dim], as the option words, or an Embedding as layer; for what is no text use GuidedIG";
  throw failure('DiscretizedIG', 'needs to know the vectors of the words that a path may go through', {}, hint);
}

/** @throws PathgradError for a layer that is no Embedding, and for none */
function embeddingOf<M extends Explainable>(model: M, selector: LayerSelector<M> | null): LayerInfo {
  const layer = chooseLayer(toForward(model, undefined, 'float32'), model, selector)?.layer;
  return layer && isEmbedding(layer.className) ? layer : missing();
}

/** The weights of an Embedding. */
function vectorsOf<M extends Explainable>(model: M, selector: LayerSelector<M> | null): Tensor {
  const layer = embeddingOf(model, selector);
  if (!('weights' in layer)) return missing();
  const [first] = layer.weights as readonly { readonly tensor: Tensor }[];
  return first?.tensor instanceof Tensor ? first.tensor : missing();
}

function wordsOf(vectors: Tensor): Words {
  if (vectors.rank !== 2 || vectors.size === 0) {
    throw failure('words', 'needs a vector per word, [words, dim]', { got: vectors.shape });
  }
  return new Words(Float64Array.from(vectors.data), vectors.shape[1]!);
}

/** What the paths of an explainer are made by. */
interface Walk extends WordPathOptions {
  readonly rule: 'left' | 'trapezoid';
  /** Words that go to the baseline in one step. */
  readonly special: ReadonlySet<number>;
}

async function attribute(problem: Problem, wordsOfModel: () => Words, walk: Walk): Promise<Findings> {
  const { samples, shapes, to, from, dtypes } = problem;
  const { nSteps } = walk;
  const [shape] = shapes;
  const hint = 'attribute to the output of the embedding layer, [N, words, dim]: option layer';
  if (shapes.length !== 1 || shape!.length !== 3) {
    const elsewhere = `${hint}; for what is no text use GuidedIG or IntegratedGradients`;
    throw failure('DiscretizedIG', 'is for texts: it needs vectors of words', { got: shapes }, elsewhere);
  }
  const words = wordsOfModel();
  const beyond = [...walk.special].find((word) => word < 0 || word >= words.count);
  if (beyond !== undefined) {
    throw failure(
      'specialTokens',
      'has a number that is no word',
      { got: beyond, words: words.count },
      'words count from 0',
    );
  }
  if (shape![2] !== words.dim) {
    const details = { got: shapes, dim: words.dim };
    throw failure('DiscretizedIG', 'needs vectors of words, as long as those of the words', details, hint);
  }
  const width = to[0]!.length / samples;
  const scores = problem.scores.map(() => new Gathered(problem));
  let [current, path]: [number, Float64Array] = [-1, new Float64Array(0)];
  // All points of a text, then those of the next: the paths of one text are kept at a time.
  const pathOf = (sample: number): Float64Array => {
    if (sample === current) return path;
    const [text, baseline] = [to, from].map((all) => all[0]!.subarray(sample * width, (sample + 1) * width));
    [current, path] = [sample, pathOfText(words, text!, baseline!, walk, sample)];
    return path;
  };
  await inChunks(problem, samples * nSteps, async (first, count) => {
    const [points, moves] = [new Float64Array(count * width), new Float64Array(count * width)];
    const at = Array.from({ length: count }, (_, r) => {
      const step = (first + r) % nSteps;
      return { sample: Math.floor((first + r) / nSteps), step, alpha: step / (nSteps - 1) };
    });
    for (const [r, { sample, step }] of at.entries()) {
      const all = pathOf(sample);
      const point = (k: number): Float64Array => all.subarray(k * width, (k + 1) * width);
      points.set(point(step), r * width);
      const [ahead, behind] = [point(Math.min(step + 1, nSteps - 1)), point(Math.max(step - 1, 0))];
      const [here, move] = [point(step), moves.subarray(r * width, (r + 1) * width)];
      for (let i = 0; i < width; i++) {
        move[i] = walk.rule === 'left' ? ahead[i]! - here[i]! : (ahead[i]! - behind[i]!) / 2;
      }
    }
    const rows = { samples: Int32Array.from(at, ({ sample }) => sample), values: [inDType(points, dtypes[0]!)] };
    for (const [s, all] of (await gradientsOf(problem, rows)).entries()) {
      for (const [r, point] of at.entries()) {
        scores[s]!.add(0, point, all.subarray(r * width, (r + 1) * width), (i) => moves[r * width + i]!);
      }
    }
  });
  return { scores, steps: new Int32Array(samples).fill(nSteps) };
}

/** The points of a text, `[nSteps, words, dim]`. */
function pathOfText(
  words: Words,
  text: Float64Array,
  baseline: Float64Array,
  walk: Walk,
  sample: number,
): Float64Array {
  const { dim } = words;
  const out = new Float64Array(walk.nSteps * text.length);
  for (let place = 0; place < text.length / dim; place++) {
    const [from, to] = [place * dim, (place + 1) * dim];
    const word = words.find(text.subarray(from, to));
    if (word === null) {
      const hint = 'the layer must give the vectors of words as they are, without positions or scaling';
      throw failure('DiscretizedIG', 'a vector of the text is that of no word', { sample, place }, hint);
    }
    const path = wordPath(words, word, baseline.subarray(from, to), walk.special.has(word), walk);
    for (let step = 0; step < walk.nSteps; step++) {
      out.set(path.subarray(step * dim, (step + 1) * dim), step * text.length + from);
    }
  }
  return out;
}
