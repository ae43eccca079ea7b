/** What Keras's `adapt` finds in data: mean and variance for a Normalization, the words for a TextVectorization. */
import { textVectorization } from '../../keras/host/text.ts';
import { Options } from '../../keras/layers/options.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions, checkWhole } from '../../tensor/options.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { snake } from '../settings.ts';
import type { TextVectorizationOptions } from './layers/preprocessing.ts';

/**
 * Mean and variance per feature (the last axis), over all else: `layers.normalization(moments(x))`.
 * @param x `[N, ..., features]`
 * @returns as many of each as there are features, computed in double in one pass (Welford 1962); the variance is that of the population
 * @throws PathgradError for no rows, and for a value that is not finite, with its row
 */
export function moments(x: { readonly data: ArrayLike<number>; readonly shape: Shape }): {
  mean: number[];
  variance: number[];
} {
  const { data, shape } = x;
  const features = shape.at(-1) ?? 0;
  if (features < 1 || sizeOf(shape) !== data.length || data.length === 0)
    throw failure('moments', 'data has rows of features', { shape, values: data.length });
  const mean = new Array<number>(features).fill(0);
  const squares = new Array<number>(features).fill(0);
  for (let row = 0; row * features < data.length; row++) {
    for (let f = 0; f < features; f++) {
      const value = data[row * features + f]!;
      if (!Number.isFinite(value)) throw failure('moments', `row ${row}, feature ${f} is not finite`, { value });
      const change = value - mean[f]!;
      mean[f]! += change / (row + 1);
      squares[f]! += change * (value - mean[f]!);
    }
  }
  const rows = data.length / features;
  return { mean, variance: squares.map((sum) => sum / rows) };
}

/** How texts are cut, and how many ids there may be: as `layers.textVectorization` takes them. */
export type VocabularyOptions = Pick<TextVectorizationOptions, 'maxTokens' | 'standardize' | 'split' | 'ngrams'>;

/**
 * The words of texts, the most frequent first, those as frequent in reverse order, as Keras sorts them; ready for
 * `layers.textVectorization({ vocabulary, … })` with the same options.
 * @param options `maxTokens` counts padding and the unknown word, as there
 */
export function vocabularyOf(texts: Iterable<string>, options: VocabularyOptions = {}): string[] {
  checkOptions<VocabularyOptions>('vocabularyOf', options, { maxTokens: 1, standardize: 1, split: 1, ngrams: 1 });
  const { maxTokens = null, standardize = 'lower_and_strip_punctuation', split = 'whitespace' } = options;
  if (maxTokens !== null) checkWhole('vocabularyOf', 'maxTokens', maxTokens, 3);
  const given = { ...options, standardize, split, vocabulary: ['-'] };
  const config = Object.fromEntries(Object.entries(given).map(([key, value]) => [snake(key), value ?? null]));
  const context = { subject: 'vocabularyOf', className: 'TextVectorization', flipKernels: false };
  const layerOptions = new Options(config as ConstructorParameters<typeof Options>[0], {
    ...context,
    dialect: { major: 3, version: null, backend: null },
  });
  const { lookup } = textVectorization.create(layerOptions, { vocabulary: null, frequencies: null });
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of lookup!.split!(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  counts.delete('');
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || byCodePoint(b, a)).map(([word]) => word);
  return maxTokens === null ? sorted : sorted.slice(0, maxTokens - 2);
}

/** The order of UTF-8, which UTF-16 keeps but for characters of two units. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((letter, i) => letter !== right[i]);
  if (at < 0) return left.length - right.length;
  return left[at]!.codePointAt(0)! - (right[at]?.codePointAt(0) ?? -1);
}
