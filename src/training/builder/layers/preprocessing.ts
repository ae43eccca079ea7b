/** Layers in front of a model: scaling, categories, texts. Source: Keras 3.15. */
import { anything, count, type Field, flag, type LayerOptions, layerClass, oneOf } from '../fields.ts';
import { type DataFormat, dataFormat } from './shared.ts';

/** `scale x + offset`. */
export const rescaling = layerClass<
  LayerOptions & { readonly scale: number | readonly number[]; readonly offset?: number | readonly number[] }
>('Rescaling', { scale: {}, offset: anything(0) });
/** Options of `normalization`. */
export interface NormalizationOptions extends LayerOptions {
  readonly axis?: number | readonly number[] | null;
  /** 0 by default; `moments(data)` finds mean and variance. Given together with `variance`. */
  readonly mean?: number | readonly number[] | null;
  readonly variance?: number | readonly number[] | null;
  readonly invert?: boolean;
}
/** `(x - mean) / sqrt(variance)` per feature. */
export const normalization = layerClass<NormalizationOptions>('Normalization', {
  axis: {
    fallback: -1,
    write: (axis: number | readonly number[] | null) =>
      typeof axis === 'number' ? [axis] : ((axis ?? []) as number[]),
  },
  mean: anything(null),
  variance: anything(null),
  invert: flag(false),
});
const modes: Field = oneOf(['multi_hot', 'one_hot', 'count'], 'multi_hot');
/** Whole numbers as vectors. */
export const categoryEncoding = layerClass<
  LayerOptions & { readonly numTokens: number; readonly outputMode?: 'multi_hot' | 'one_hot' | 'count' }
>('CategoryEncoding', { numTokens: count, outputMode: modes });
/** Numbers as the interval that they lie in. */
export const discretization = layerClass<
  LayerOptions & {
    readonly binBoundaries: readonly number[];
    readonly outputMode?: 'int' | 'one_hot' | 'multi_hot' | 'count';
  }
>('Discretization', { binBoundaries: {}, outputMode: oneOf(['int', 'one_hot', 'multi_hot', 'count'], 'int') });
/** Options of the lookups. */
export interface LookupOptions<T> extends LayerOptions {
  /** The words or numbers in the order of their ids. */
  readonly vocabulary: readonly T[];
  readonly maxTokens?: number | null;
  readonly numOovIndices?: number;
  readonly maskToken?: T | null;
  readonly outputMode?: 'int' | 'one_hot' | 'multi_hot' | 'count';
}
const lookup = {
  vocabulary: {},
  maxTokens: anything(null),
  numOovIndices: { fallback: 1, write: count.write! },
  maskToken: anything(null),
  outputMode: oneOf(['int', 'one_hot', 'multi_hot', 'count'], 'int'),
};
/** Texts as ids. */
export const stringLookup = layerClass<LookupOptions<string>>('StringLookup', lookup);
/** Whole numbers as ids. */
export const integerLookup = layerClass<LookupOptions<number>>('IntegerLookup', lookup);
/** Options of `textVectorization`. */
export interface TextVectorizationOptions extends LayerOptions {
  /** The words in the order of their ids, without padding and unknown (`vocabularyOf(texts)` finds them). */
  readonly vocabulary: readonly string[];
  readonly maxTokens?: number | null;
  readonly standardize?: 'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | null;
  readonly split?: 'whitespace' | 'character' | null;
  readonly outputMode?: 'int' | 'multi_hot' | 'count';
  readonly outputSequenceLength?: number | null;
  readonly ngrams?: number | readonly number[] | null;
}
const orNull = (words: readonly string[], fallback: string): Field => ({
  fallback,
  write: (value: string | null, subject: string) =>
    value === null ? null : oneOf(words, fallback).write!(value as never, subject, {}),
});
/** Texts as words, words as ids. */
export const textVectorization = layerClass<TextVectorizationOptions>('TextVectorization', {
  vocabulary: {},
  maxTokens: anything(null),
  standardize: orNull(['lower_and_strip_punctuation', 'lower', 'strip_punctuation'], 'lower_and_strip_punctuation'),
  split: orNull(['whitespace', 'character'], 'whitespace'),
  outputMode: oneOf(['int', 'multi_hot', 'count'], 'int'),
  outputSequenceLength: anything(null),
  ngrams: anything(null),
});
/** Options of `resizing`. */
export interface ResizingOptions extends LayerOptions {
  readonly height: number;
  readonly width: number;
  readonly interpolation?: 'bilinear' | 'nearest' | 'bicubic' | 'lanczos3' | 'lanczos5';
  readonly dataFormat?: DataFormat;
}
/** Pictures of another size. */
export const resizing = layerClass<ResizingOptions>('Resizing', {
  height: count,
  width: count,
  interpolation: oneOf(['bilinear', 'nearest', 'bicubic', 'lanczos3', 'lanczos5'], 'bilinear'),
  dataFormat,
});
/** The middle of pictures. */
export const centerCrop = layerClass<
  LayerOptions & { readonly height: number; readonly width: number; readonly dataFormat?: DataFormat }
>('CenterCrop', { height: count, width: count, dataFormat });
