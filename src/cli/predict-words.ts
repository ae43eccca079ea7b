/** What a transformer that judges words says of a whole text: the words that have a label, or the answer to a question. */

import type { AnyModel } from '../open/model.ts';
import { isTransformer, predictRows } from '../open/model.ts';
import type { ShownPieces } from '../open/pieces.ts';
import { placesOf, wordAt } from '../open/places.ts';
import type { Batch, Sample } from './samples/batch.ts';
import { rowsFrom, textOf } from './samples/batch.ts';

/** A part of the text, and what is said of it. */
export interface Said {
  readonly text: string;
  readonly label: string;
  readonly score: number;
}

/** One list per text; null for models that judge texts. */
export async function wordsSaid(model: AnyModel, batch: Batch, logits = false): Promise<Said[][] | null> {
  if (!isTransformer(model)) return null;
  const { task, labels } = model;
  if (task !== 'token-classification' && task !== 'question-answering') return null;
  const { encoded } = batch;
  if (task === 'question-answering' && !encoded) return null; // token ids have no text to answer from
  const outputs = await predictRows(model, rowsFrom(batch, 0, batch.samples.length).X, batch.kwargs);
  if (task === 'question-answering') {
    const { bestAnswers } = await import('../transformers/index.ts');
    return bestAnswers(encoded!, outputs, { logits }).map(({ text, score }) => [{ text, label: 'answer', score }]);
  }
  const [first] = outputs;
  const width = batch.inputs[0]!.shape[1]!;
  const rowOf = (data: ArrayLike<number>, row: number, size: number): number[] =>
    Array.from({ length: size }, (_, i) => data[row * size + i]!);
  return batch.samples.map((sample, row) => {
    const size = first!.shape[2]!;
    return labelled(sample, rowOf(first!.data, row, width * size), size, labels);
  });
}

/** Words whose likeliest label is not `O`, by their first piece. */
function labelled(sample: Sample, scores: readonly number[], size: number, labels: readonly string[]): Said[] {
  const text = textOf(sample);
  return placesOf(text as ShownPieces).flatMap((place) => {
    const own = scores.slice(place * size, (place + 1) * size);
    const best = own.indexOf(Math.max(...own));
    const label = labels[best] ?? `class ${best}`;
    return label === 'O' ? [] : [{ text: wordAt(text!, place), label, score: own[best]! }];
  });
}
