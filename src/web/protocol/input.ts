/** What the model is given, as the page says it to the worker: texts, pictures, numbers, one or many. */
/** How an input is given: words, pixels, bare numbers, or fields of a model that takes several things. */
export type InputKind = 'text' | 'image' | 'numbers' | 'fields';

/** A picture as the model gets it: row-major, channels last, 0 (black) to 1. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float64Array;
}

export type InputData =
  | { readonly kind: 'text'; readonly text: string; readonly second?: string }
  | { readonly kind: 'image'; readonly pixels: Pixels; readonly range: PixelRange; readonly title: string }
  | {
      readonly kind: 'numbers';
      readonly text: string;
      /** What the numbers are called, one name each. */
      readonly features?: readonly string[];
      /** Of a series: names of its channels, and steps per second. */
      readonly channels?: readonly string[];
      readonly rate?: number;
      /** Of what came from a file. */
      readonly title?: string;
    }
  | { readonly kind: 'fields'; readonly fields: readonly FieldData[] };

/** What one of several inputs of a model is given. */
export interface FieldData {
  readonly input: string;
  /** What the values are called; left out where they have no names. */
  readonly names?: readonly string[];
  /** As they are written: numbers, categories, or one text. */
  readonly values: readonly string[];
}

/** An input of many: a picture may still be a file. */
export type SampleInput =
  | InputData
  | {
      readonly kind: 'file';
      readonly file: File;
      readonly name: string;
      readonly invert: boolean;
      readonly range: PixelRange;
    };

/** One of several samples. */
export interface SampleRow {
  readonly input: SampleInput;
  /** Of a file of its own. */
  readonly name: string | null;
  /** The right answer as the file has it. */
  readonly wanted: string | null;
}

/** What the model says of a sample; `index` is null where it gives a single score. */
export type Predicted = { readonly index: number | null; readonly score: number } | { readonly failed: string };

/** What black and white are to the model. */
export type PixelRange = readonly [black: number, white: number];
