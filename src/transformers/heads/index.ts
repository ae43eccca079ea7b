/** What stands on top of an encoder: the heads of transformers' classes, or one of the caller's own. */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { familyOf } from '../config/config.ts';
import { isNewClassifier, newClassifier } from './fresh.ts';
import { type Head, ownHead } from './own.ts';
import { answerHead, maskedLmHead, tokenHead } from './positions.ts';
import { sequenceHead } from './sequence.ts';
import type { HeadParts, MadeHead } from './types.ts';

export { configFor, isNewClassifier, type NewClassifier } from './fresh.ts';
export type { DenseHead, DenseLayer, Head } from './own.ts';
export type { Encoding, HeadParts, MadeHead, OutputKind, Task } from './types.ts';

/** Heads by how the name of a class ends. */
const byClass: Readonly<Record<string, (parts: HeadParts) => MadeHead>> = {
  ForSequenceClassification: sequenceHead,
  ForTokenClassification: tokenHead,
  ForQuestionAnswering: answerHead,
  ForMaskedLM: maskedLmHead,
};

/** How the names of the classes end that have a head of their own. */
export const headClasses = Object.keys(byClass);

/** @param head of the caller's own, in place of the one that the file holds @throws for classes without a head, and heads that are not known */
export function chooseHead(parts: HeadParts, head: Head | null): MadeHead {
  const { config, encoder, weights } = parts;
  if (isNewClassifier(head)) return newClassifier(parts, head, parts.deviation);
  if (head) return ownHead(head, config, encoder, weights);
  const { savedClass } = config;
  const { classes } = familyOf(config);
  const ending =
    savedClass === null ? null : savedClass.startsWith(classes) ? savedClass.slice(classes.length) : savedClass;
  if (ending !== null && Object.hasOwn(byClass, ending)) return byClass[ending]!(parts);
  const bare = ending === null || ending === 'Model' || ending === '';
  // An encoder, or a file that says nothing: a classifier is known by its weights.
  if (ending === null && weights.has('classifier')) return sequenceHead(parts);
  if (bare) {
    const hint = 'give the option head: a function of the hidden states, or dense layers';
    throw failure(weights.file, 'holds an encoder without a classifier', { class: savedClass ?? 'not stated' }, hint);
  }
  const supported = [...headClasses, 'Model'].map((name) => `${classes}${name}`);
  const nearest = didYouMean(savedClass!, supported);
  const hint = `${nearest.startsWith('did') ? nearest : `supported: ${supported.join(', ')}.`} Its encoder can be used with the option head.`;
  throw failure('config.json', 'is of an architecture that is not supported', { architecture: savedClass }, hint);
}
