/** What an encoder is: token ids to hidden states `[rows, positions, width]`, as one file per family makes it. */
import { reshape } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { SharedConfig, TransformerConfig } from '../config/config.ts';
import type { Fields } from '../config/fields.ts';
import { chain, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';

/** What the embeddings read, all int32 `[rows, positions]`. */
export interface Tokens {
  readonly ids: Tensor;
  /** Null: 0, 1, 2, … */
  readonly positions: Tensor | null;
  /** Null: all 0. DistilBERT has none. */
  readonly segments: Tensor | null;
}

export interface Encoder {
  readonly layer: TransformerLayer;
  /** The states, or those of the first position alone (`Session.last`). */
  readonly encode: (tokens: Tokens, session: Session) => Tensor;
  /** BERT's pooler: `[rows, positions, width]` to `[rows, width]`. */
  readonly pooler: Part | null;
}

/**
 * How an encoder tells positions apart. `fromIds`: the rows of its table are counted over tokens that are no padding, so that leaving out
 * padding changes none; without it they are 0, 1, 2, … `distances`: attention looks at how far two positions are apart.
 */
export interface PositionUse {
  readonly fromIds: boolean;
  readonly distances: boolean;
  /** What a hidden position itself comes to depends on how positions are hidden, and is nothing that a head should read. */
  readonly ownMask?: boolean;
}

/** The encoders of one `model_type`. */
export interface Family<C extends TransformerConfig = TransformerConfig> {
  /** What the encoder is called inside the models with heads, and the first part of its layers' paths: `bert`, `roberta`. */
  readonly base: string;
  /** How the names of the classes start: `Bert` of `BertForSequenceClassification`. */
  readonly classes: string;
  /** What hidden positions may not be left out of a text without: see `PositionUse`. */
  readonly positions: PositionUse;
  /** The sizes, from the fields that this family has, with its defaults. */
  readonly readConfig: (fields: Fields, shared: SharedConfig) => C;
  // A method, so that a family of a config of its own is a family of any.
  encoder(config: C, weights: WeightSource): Encoder;
}

/** The hidden state of the first position, `[CLS]`: `[rows, positions, width]` to `[rows, width]`. */
export function firstPosition(x: Tensor): Tensor {
  return reshape(slice(x, { 1: [0, 1] }), [x.shape[0]!, x.shape[2]!]);
}

/** Blocks one after another, as a layer. */
export function stackOf(path: string, className: string, blocks: readonly Part[]): Part {
  const layers = blocks.map(({ layer }) => layer);
  const layer = new TransformerLayer(path, className, layers);
  const [before, last] = [chain(blocks.slice(0, -1)), blocks.at(-1)];
  return { layer, run: (x, session) => (last ? session.last(layer, last, before(x, session)) : x) };
}
