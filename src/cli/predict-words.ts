/** What a transformer that judges words says of a whole text: the words that have a label, or the answer to a question. */

import type { AnyModel } from '../open/model.ts';
import { isTransformer, predictRows } from '../open/model.ts';
import { wordAt } from './question.ts';
import type { Batch, Sample } from './samples/batch.ts';
import { rowsFrom } from './samples/batch.ts';

/** A part of the text, and what is said of it. */
export interface Said {
  readonly text: string;
  readonly label: string;
  readonly score: number;
}

/** Longest answer, in tokens. */
const LONGEST = 30;

/** One list per text; null for models that judge texts. */
export async function wordsSaid(model: AnyModel, batch: Batch): Promise<Said[][] | null> {
  if (!isTransformer(model)) return null;
  const { task, labels } = model;
  if (task !== 'token-classification' && task !== 'question-answering') return null;
  const [first, second] = await predictRows(model, rowsFrom(batch, 0, batch.samples.length).X, batch.kwargs);
  const width = batch.X.shape[1]!;
  const rowOf = (data: ArrayLike<number>, row: number, size: number): number[] =>
    Array.from({ length: size }, (_, i) => data[row * size + i]!);
  return batch.samples.map((sample, row) => {
    if (task === 'question-answering')
      return answerIn(sample, rowOf(first!.data, row, width), rowOf(second!.data, row, width));
    const size = first!.shape[2]!;
    return labelled(sample, rowOf(first!.data, row, width * size), size, labels);
  });
}

/** Words whose likeliest label is not `O`, by their first piece. */
function labelled({ text }: Sample, scores: readonly number[], size: number, labels: readonly string[]): Said[] {
  const { tokens, padding, fixed = [], words = [] } = text!;
  const ids = [...tokens.keys()].filter((i) => !padding[i] && !fixed[i]);
  const places = words.length > 0 ? words.map(({ positions }) => positions[0]!) : ids;
  return places.flatMap((place) => {
    const own = scores.slice(place * size, (place + 1) * size);
    const best = own.indexOf(Math.max(...own));
    const label = labels[best] ?? `class ${best}`;
    return label === 'O' ? [] : [{ text: wordAt(text!, place), label, score: own[best]! }];
  });
}

/** The likeliest span of the second text, or of the only one: start times end. */
function answerIn({ text }: Sample, start: readonly number[], end: readonly number[]): Said[] {
  const { words = [], tokens, padding, fixed = [] } = text!;
  const last = words.some(({ sequence }) => sequence === 1) ? 1 : 0;
  const own = words.filter(({ sequence }) => sequence === last).flatMap(({ positions }) => positions);
  const places = own.length > 0 ? own : [...tokens.keys()].filter((i) => !padding[i] && !fixed[i]);
  let best = { from: places[0]!, to: places[0]!, score: -1 };
  for (const from of places)
    for (const to of places) {
      const score = start[from]! * end[to]!;
      if (to >= from && to - from < LONGEST && score > best.score) best = { from, to, score };
    }
  const inside = (place: number): boolean => place >= best.from && place <= best.to;
  const found = words.filter(({ positions, sequence }) => sequence === last && positions.some(inside));
  const spelled = found
    .map((word, i) => (i > 0 && found[i - 1]!.end === word.start ? word.text : ` ${word.text}`))
    .join('');
  const answer = spelled.trim() || tokens.slice(best.from, best.to + 1).join(' ');
  return [{ text: answer, label: 'answer', score: best.score }];
}
