/**
 * How much of what a model drops while it is trained, place by place. Source: `configuration_*.py` and `modeling_*.py` of transformers 4:
 * what one field of a config falls back to is in the code of the classes.
 */
import type { Fields } from './fields.ts';

/** Probabilities from 0 to 1; all are 0 when a model is used. */
export interface Dropouts {
  /** Of the sum of the embeddings. */
  readonly embeddings: number;
  /** Of what attention and the feed-forward net add to their input, and of DeBERTa's table of distances. */
  readonly hidden: number;
  /** Of the shares of attention. */
  readonly attention: number;
  /** Within the feed-forward net, before its last layer. */
  readonly inner: number;
  /** Of what a classifier's first layer reads, where it has several. */
  readonly before: number;
  /** Of what the last layer of a classifier of texts reads, of one of tokens, and of question answering. */
  readonly classifier: number;
  readonly tokens: number;
  readonly answer: number;
}

/** BERT's fields, which its heirs share. `classifiers`: the field that classifiers have of their own, which may be null. */
export function bertDropouts(
  read: Fields,
  { classifiers = 'classifier_dropout', fallback = 0.1 }: { classifiers?: string | null; fallback?: number } = {},
): Dropouts {
  const hidden = read.share('hidden_dropout_prob', fallback);
  const own =
    classifiers !== null && (read.raw(classifiers) ?? null) !== null ? read.share(classifiers, hidden) : hidden;
  const attention = read.share('attention_probs_dropout_prob', fallback);
  return { embeddings: hidden, hidden, attention, inner: 0, before: own, classifier: own, tokens: own, answer: 0 };
}
