/**
 * Paths of words for discretized integrated gradients (Sanyal and Ren 2021): from a word to its baseline by way of other words' vectors, each
 * among the nearest of the one before, and made monotonic: no dimension ever moves away from the baseline. Choices are those of inseq's path
 * builder: the same neighbours, the same preferences, the same points.
 */

/** 'greedy' prefers anchors that need moving least to be monotonic, 'maxcount' those with most dimensions that are monotonic already. */
export type Anchors = 'greedy' | 'maxcount';

export interface WordPathOptions {
  readonly nSteps: number;
  readonly anchors: Anchors;
  /** How many of the nearest words an anchor is chosen among. */
  readonly neighbors: number;
}

/** Vectors of words, `dim` numbers each. */
export class Words {
  readonly count: number;
  readonly dim: number;
  private readonly vectors: Float64Array;
  private readonly near = new Map<number, Int32Array>();

  constructor(vectors: Float64Array, dim: number) {
    this.vectors = vectors;
    this.dim = dim;
    this.count = vectors.length / dim;
  }

  vector(word: number): Float64Array {
    return this.vectors.subarray(word * this.dim, (word + 1) * this.dim);
  }

  /** The word whose vector this is, the first of several; null where there is none. */
  find(vector: Float64Array): number | null {
    for (let word = 0; word < this.count; word++) {
      const own = word * this.dim;
      let i = 0;
      while (i < this.dim && this.vectors[own + i] === vector[i]) i++;
      if (i === this.dim) return word;
    }
    return null;
  }

  /** The words nearest to `word`, itself left out, the nearest first. */
  nearest(word: number, count: number): Int32Array {
    const known = this.near.get(word);
    if (known) return known;
    const here = this.vector(word);
    const distances = Float64Array.from({ length: this.count }, (_, other) => distance(here, this.vector(other)));
    const found = Int32Array.from({ length: this.count }, (_, other) => other)
      .filter((other) => other !== word)
      .sort((a, b) => distances[a]! - distances[b]! || a - b)
      .slice(0, count);
    this.near.set(word, found);
    return found;
  }
}

/**
 * `nSteps` vectors from the baseline's to the word's, one after another.
 * @param stay the word takes one step: it is a special token, in whose neighbourhood no word means anything
 */
export function wordPath(
  words: Words,
  word: number,
  baseline: Float64Array,
  stay: boolean,
  { nSteps, anchors, neighbors }: WordPathOptions,
): Float64Array {
  const { dim } = words;
  const out = new Float64Array(nSteps * dim);
  const end = words.find(baseline);
  const met = new Set<number>(end === null ? [word] : [word, end]);
  let at = word;
  let vector = words.vector(word);
  for (let step = nSteps - 1; step > 0; step--) {
    out.set(vector, step * dim);
    if (step === 1) break;
    if (!stay && at !== end) {
      const next = words
        .nearest(at, neighbors)
        .filter((other) => !met.has(other))
        .reduce<{ word: number; cost: number } | null>((best, other) => {
          const cost = costOf(words.vector(other), baseline, words.vector(at), nSteps, anchors);
          return best === null || cost < best.cost ? { word: other, cost } : best;
        }, null);
      // Without a neighbour left, the baseline itself; where that is no word, the point moves on by itself.
      if (next) at = next.word;
      else at = end ?? at;
      met.add(at);
    }
    vector = stay ? vector : monotonic(next(words, at, end, baseline), baseline, vector, nSteps);
  }
  out.set(baseline, 0);
  return out;
}

const next = (words: Words, at: number, end: number | null, baseline: Float64Array): Float64Array =>
  at === end ? baseline : words.vector(at);

function costOf(
  anchor: Float64Array,
  baseline: Float64Array,
  from: Float64Array,
  nSteps: number,
  anchors: Anchors,
): number {
  if (anchors === 'greedy') return distance(anchor, monotonic(anchor, baseline, from, nSteps));
  let off = 0;
  for (let i = 0; i < anchor.length; i++) if (!between(anchor[i]!, baseline[i]!, from[i]!)) off++;
  return off;
}

/** Whether `anchor` lies on the way from `from` to `baseline`. */
function between(anchor: number, baseline: number, from: number): boolean {
  if (baseline > from) return baseline >= anchor && anchor >= from;
  return baseline <= anchor && anchor <= from;
}

/** The anchor, its dimensions that are not on the way replaced by an n-th of the way. */
function monotonic(anchor: Float64Array, baseline: Float64Array, from: Float64Array, nSteps: number): Float64Array {
  return anchor.map((value, i) => {
    const [b, x] = [baseline[i]!, from[i]!];
    return between(value, b, x) ? value : x - (1 / nSteps) * (x - b);
  });
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
