/**
 * What the input flags come to: one batch for the model, and what is shown of each sample. Invariant: `inputs` and the `parts` of each sample go
 * by the model's inputs, in its order.
 */
import type { Vocabulary } from '../../inputs/index.ts';
import type { InputRows } from '../../open/input-rows.ts';
import type { ImageView, SamplePart, TextView } from '../../open/sample.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { EncodedTexts } from '../../transformers/index.ts';

export type { ImageView, SamplePart, TextView } from '../../open/sample.ts';

export interface Sample {
  /** File, row or text. */
  readonly title: string;
  /** One per input of the model. */
  readonly parts: readonly SamplePart[];
  /** The right answer as the file has it, where a column of them is named. */
  readonly label?: string;
  /** The word that is judged, of models that judge words. */
  readonly at?: string;
  /** The text that it is compared with, of models that say how alike two are. */
  readonly other?: string;
}

/** All samples of one of the model's inputs, batch axis first. */
export interface BatchInput {
  readonly data: TypedArray;
  readonly shape: readonly number[];
}

export interface Batch {
  /** What the samples are as a whole: `array` for tables, series and several inputs. */
  readonly kind: 'text' | 'image' | 'array';
  /** One per input of the model. */
  readonly inputs: readonly BatchInput[];
  readonly samples: readonly Sample[];
  /** What the inputs were made of, by the names of `model.rawInputs`; left out where `inputs` are all there is. */
  readonly fed?: ReadonlyMap<string, InputRows['feed']>;
  /** What a transformer takes beside its ids, a row per sample. */
  readonly kwargs?: Readonly<Record<string, Tensor>>;
  /** What the tokenizer of a transformer gave for texts. */
  readonly encoded?: EncodedTexts;
  /** What a user should know about how inputs were read. */
  readonly notices: readonly string[];
  readonly vocabulary: Vocabulary | null;
}

/** The only part of a sample that is a text; undefined where it has none. */
export const textOf = ({ parts }: Sample): TextView | undefined => (parts.length === 1 ? parts[0]!.text : undefined);

/** The only part of a sample that is a picture; undefined where it has none. */
export const imageOf = ({ parts }: Sample): ImageView | undefined => (parts.length === 1 ? parts[0]!.image : undefined);

/** All rows as the model takes them, one tensor per input. */
export const tensorsOf = ({ inputs }: Batch): Tensor[] => inputs.map(({ data, shape }) => tensor(data, shape));

/** Some rows as the model takes them. */
export function rowsFrom(
  { inputs, kwargs = {} }: Batch,
  from: number,
  to: number,
): Required<Pick<Batch, 'kwargs'>> & { readonly X: readonly Tensor[] } {
  const part = ({ data, shape }: BatchInput): Tensor => {
    const width = sizeOf(shape.slice(1));
    return tensor(data.slice(from * width, to * width), [to - from, ...shape.slice(1)]);
  };
  const X = inputs.map(part);
  return { X, kwargs: Object.fromEntries(Object.entries(kwargs).map(([name, rows]) => [name, part(rows)])) };
}
