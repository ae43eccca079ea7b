/**
 * The loss that a model is usually trained with, told from its last op: what the command line and the page take where nobody names one. Source: what
 * Keras's documents compile such models with.
 */
import type { OutputKind } from '../attribution/frame/output-kind.ts';
import type { Identifier } from '../training/index.ts';

export interface UsualLoss {
  readonly loss: Identifier;
  /** For people: what of the model says so. */
  readonly why: string;
}

/**
 * Of one label per row: a class, or a number.
 * @param kind of the output
 * @param one whether the output is one number a row
 * @returns null where the model's end does not say it
 */
export function usualLoss(kind: OutputKind, one: boolean): UsualLoss | null {
  if (one && kind === 'probabilities') return { loss: 'binary_crossentropy', why: 'the model ends in a sigmoid' };
  if (one) return { loss: 'mean_squared_error', why: 'the model gives one number' };
  if (kind === 'distribution') return { loss: 'sparse_categorical_crossentropy', why: 'the model ends in a softmax' };
  if (kind !== 'scores') return null;
  const loss = { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } };
  return { loss, why: 'of logits: the model ends in a score per class' };
}

/** Of one label per score: yes or no of each (`binary`), or numbers. */
export function usualLossOfScores(kind: OutputKind, binary: boolean): UsualLoss | null {
  if (kind === 'probabilities') return { loss: 'binary_crossentropy', why: 'the model ends in sigmoids' };
  if (kind === 'distribution') return { loss: 'categorical_crossentropy', why: 'the model ends in a softmax' };
  if (kind !== 'scores') return null;
  if (!binary) return { loss: 'mean_squared_error', why: 'the model gives numbers, and so do the columns' };
  const loss = { class_name: 'BinaryCrossentropy', config: { from_logits: true } };
  return { loss, why: 'of logits: the columns are 0 or 1' };
}
