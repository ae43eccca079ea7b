/** The user's examples and their answers. Invariant: an answer is one that the model can give. */
import type { InputData, Predicted, SampleInput, SampleRow, Tunable } from '../protocol/index.ts';

/** More than these would take the worker too long, and the table of them is no table any more. */
export const MOST_EXAMPLES = 1000;

export interface Example {
  readonly input: SampleInput;
  readonly title: string;
  readonly answer: number;
  readonly before?: Predicted;
  readonly after?: Predicted;
}

/** What an input is called in the list. */
export function titleOf(input: InputData): string {
  switch (input.kind) {
    case 'text':
      return input.second === undefined ? input.text : `${input.text} | ${input.second}`;
    case 'image':
      return input.title || 'drawing';
    case 'numbers':
      return input.title ?? input.text;
    case 'fields':
      return input.fields.map(({ input: name, values }) => `${name} ${values.join(' ')}`).join(', ');
  }
}

/** What an answer is called. */
export function answerName(tunable: Tunable, labels: readonly string[], answer: number): string {
  if (tunable.answers === 'number') return String(answer);
  if (tunable.answers === 'yes-no') return labels[answer] ?? (answer === 1 ? 'yes' : 'no');
  return labels[answer] === undefined ? `class ${answer}` : `${answer}: ${labels[answer]}`;
}

/** The answer that a word of a file stands for. @throws Error naming the row */
export function answerOf(tunable: Tunable, labels: readonly string[], wanted: string, row: number): number {
  const text = wanted.trim();
  const named = labels.indexOf(text);
  const number = text === '' ? Number.NaN : Number(text);
  const most = tunable.answers === 'classes' ? tunable.classes : 2;
  if (tunable.answers !== 'number' && named >= 0) return named;
  const fits =
    tunable.answers === 'number' ? Number.isFinite(number) : Number.isInteger(number) && number >= 0 && number < most;
  if (fits) return number;
  if (tunable.answers === 'yes-no' && /^(yes|true|no|false)$/i.test(text)) return /^[yt]/i.test(text) ? 1 : 0;
  const hint =
    tunable.answers === 'number'
      ? 'the model gives a number'
      : `give the number of a class, 0 to ${most - 1}, or its name; names are given in part 3`;
  throw new Error(`row ${row}: the answer “${text}” is none that the model can give\nhint: ${hint}`);
}

/** Samples of a file as examples. */
export function examplesOf(
  samples: readonly { readonly row: SampleRow; readonly wanted: string }[],
  tunable: Tunable,
  labels: readonly string[],
): Example[] {
  return samples.map(({ row, wanted }, i) => ({
    input: row.input,
    title: row.name ?? (row.input.kind === 'file' ? row.input.name : titleOf(row.input)),
    answer: answerOf(tunable, labels, wanted, i + 1),
  }));
}
