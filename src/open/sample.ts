/** What is shown of one sample, input by input of the model: the command line and the page share it. */
import type { ShownPieces } from './pieces.ts';

export interface ImageView {
  /** Height x width x channels, as black (0) to white (1). */
  readonly data: Float64Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Puts values that lie as the model's input does (one row) into height x width x channels. */
  readonly arrange: (row: ArrayLike<number>) => Float64Array;
}

/** Tokens of a text, padding included; of a transformer also its words. */
export type TextView = {
  readonly tokens: readonly string[];
  readonly padding: readonly boolean[];
} & Partial<ShownPieces>;

/**
 * What one of the model's inputs is to people. Where the model looks up texts first, its inputs are the results of the lookups, and parts have the
 * names of what was looked up.
 */
export interface SamplePart {
  readonly name: string;
  /** `table`: one number or category per feature. `series`: steps x channels. `array`: anything else. */
  readonly kind: 'text' | 'image' | 'table' | 'series' | 'array';
  /** Of a table: names of the features. The row has as many elements, or several for each, as a category's code has. */
  readonly features?: readonly string[];
  /** Values as the file has them, one per feature: `41`, `Paris`. */
  readonly shown?: readonly string[];
  /** Of a series: names of the channels. */
  readonly channels?: readonly string[];
  /** Of a series: steps per second. */
  readonly rate?: number;
  readonly text?: TextView;
  readonly image?: ImageView;
}
