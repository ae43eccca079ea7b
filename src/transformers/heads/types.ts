/** What stands on top of an encoder, as the rest of the room sees it. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { TransformerConfig } from '../config/config.ts';
import type { Encoder } from '../encoders/encoder.ts';
import type { Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';

/** What a head function gets, as graph tensors. */
export interface Encoding {
  /** `[rows, positions, width]`. */
  readonly hidden: Tensor;
  /** BERT's pooled `[rows, width]`; null for DistilBERT and for encoders saved without a pooler. */
  readonly pooled: Tensor | null;
  /** 1 where a position is visible, `[rows, positions]` in the model's float type; null where all are. */
  readonly mask: Tensor | null;
}

/** What a classifier gives: probabilities, or what goes into its softmax or sigmoid. */
export type OutputKind = 'probabilities' | 'logits';

/**
 * What a model is for, and with it the shape of its outputs: a class per text `[rows, labels]`, a label per token `[rows, positions, labels]`,
 * where an answer starts and where it ends (two outputs `[rows, positions]`), a word per token `[rows, positions, vocabulary]`, a vector per
 * text `[rows, width]`, or what a head of one's own gives.
 */
export type Task =
  | 'sequence-classification'
  | 'token-classification'
  | 'question-answering'
  | 'masked-lm'
  | 'embedding'
  | 'own';

export interface MadeHead {
  readonly task: Task;
  readonly layers: readonly TransformerLayer[];
  /** Names of the outputs, in the order of `apply`. */
  readonly outputs: readonly string[];
  /** Whether the state of the first position is read, hidden or not. */
  readonly readsFirst?: boolean;
  /** Whether it reads no other. */
  readonly firstAlone?: boolean;
  /** The output is a number, of which there is no `1 - p`. */
  readonly scoreOnly?: boolean;
  readonly apply: (hidden: Tensor, mask: Tensor | null, session: Session) => readonly Tensor[];
  /** Whether hidden positions never reach the result, nor have a place in it. */
  readonly ignoresHidden: boolean;
}

/** What heads are made of. */
export interface HeadParts {
  readonly config: TransformerConfig;
  readonly weights: WeightSource;
  readonly encoder: Encoder;
  /** The first part of the encoder's paths. */
  readonly base: string;
  /** Of numbers that are drawn for new layers. */
  readonly deviation: number;
  /** Null: probabilities where there are some. */
  readonly output: OutputKind | null;
}
