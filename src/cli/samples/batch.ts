/** What the input flags come to: one batch for the model, and what is shown of each sample. */
import type { Vocabulary } from '../../inputs/index.ts';
import type { ShownPieces } from '../../open/pieces.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { EncodedTexts } from '../../transformers/index.ts';

export interface ImageView {
  /** Height x width x channels, as black (0) to white (1). */
  readonly data: Float64Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Puts values that lie as the model's input does (one row) into height x width x channels. */
  readonly arrange: (row: ArrayLike<number>) => Float64Array;
}

export interface Sample {
  /** File, row or text. */
  readonly title: string;
  /** The word that is judged, of models that judge words. */
  readonly at?: string;
  /** The text that it is compared with, of models that say how alike two are. */
  readonly other?: string;
  /** Of a transformer with words, each the sum of its pieces. */
  readonly text?: { readonly tokens: readonly string[]; readonly padding: readonly boolean[] } & Partial<ShownPieces>;
  readonly image?: ImageView;
}

export interface Batch {
  readonly kind: 'text' | 'image' | 'array';
  /** All samples, batch axis first. */
  readonly X: { readonly data: TypedArray; readonly shape: readonly number[] };
  readonly samples: readonly Sample[];
  /** What a transformer takes beside its ids, a row per sample. */
  readonly kwargs?: Readonly<Record<string, Tensor>>;
  /** What the tokenizer of a transformer gave for texts. */
  readonly encoded?: EncodedTexts;
  /** What a user should know about how inputs were read. */
  readonly notices: readonly string[];
  readonly vocabulary: Vocabulary | null;
}

/** Some rows as the model takes them. */
export function rowsFrom(
  { X, kwargs = {} }: Batch,
  from: number,
  to: number,
): Required<Pick<Batch, 'kwargs'>> & { readonly X: Tensor } {
  const part = ({ data, shape }: Batch['X']): Tensor => {
    const width = sizeOf(shape.slice(1));
    return tensor(data.slice(from * width, to * width), [to - from, ...shape.slice(1)]);
  };
  return { X: part(X), kwargs: Object.fromEntries(Object.entries(kwargs).map(([name, rows]) => [name, part(rows)])) };
}
