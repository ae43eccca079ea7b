/**
 * What to explain, said in the words of a text: the class of a text, the label of a word, where an answer starts, the word behind a mask. Each
 * gives what the argument `target` of `explain` takes for the shape of the model's output (see `Task`).
 */
import type { TargetFunction } from '../attribution/frame/types.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkBoolean, checkOptions, checkWhole, type OptionNames } from '../tensor/options.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Task } from './heads/index.ts';
import { type EncodedTexts, type TextTokenizer, wordsOf } from './tokenizer/index.ts';
import { checkEncoded } from './tokenizer/words.ts';

/** Where in a text: a position among its tokens, or a word by its number in `wordsOf` or as it is spelled, its first token standing for it. */
export interface Place {
  readonly position?: number;
  readonly word?: number | string;
}

/** A place, and what the model says there: a label by name or number, or a token of the vocabulary. Left out: what it predicts. */
export interface TokenTarget extends Place {
  readonly label?: number | string;
}

/** What is asked of a model, so that other objects may be one. */
export interface TargetModel {
  readonly task: Task;
  readonly labels: readonly string[];
  readonly tokenizer?: TextTokenizer | null;
}

/**
 * The number of a class by its name. Of a model with one label, such as a regression, it is 1, with which the score itself is explained: 0 would
 * be what speaks against it.
 * @throws with the nearest names
 */
export function classTarget(model: TargetModel, label: string): number {
  const at = labelNumber(model, label);
  return model.labels.length === 1 && model.task === 'sequence-classification' ? 1 : at;
}

function labelNumber(model: TargetModel, label: string): number {
  checkModel('classTarget', model);
  const { labels } = model;
  if (typeof label !== 'string') throw failure('classTarget', 'needs the name of a label', { got: label });
  const at = labels.indexOf(label);
  if (at >= 0) return at;
  throw failure('classTarget', `the model has no label '${label}'`, {}, didYouMean(label, labels));
}

/**
 * Targets of a model that says something of each token, `[rows, positions, labels or vocabulary]`: token classifiers and masked language
 * models, for which the place may be left out: it is the text's mask.
 * @param wanted one for all texts, or one for each
 * @throws PathgradError for a place that the text does not have, and for a label that the model does not have
 */
export function tokenTarget(
  model: TargetModel,
  encoded: EncodedTexts,
  wanted: TokenTarget | readonly TokenTarget[] = {},
): number[][] | TargetFunction {
  checkModel('tokenTarget', model);
  checkEncoded('tokenTarget', encoded);
  if (model.task !== 'token-classification' && model.task !== 'masked-lm') {
    const hint = 'classTarget is for classifiers of texts, answerTarget for question answering';
    throw failure('tokenTarget', 'the model says nothing of single tokens', { task: model.task }, hint);
  }
  const all = spread(wanted, encoded, { position: 1, word: 1, label: 1 });
  const positions = all.map((one, row) => {
    const anywhere = one.position === undefined && one.word === undefined;
    return anywhere && model.task === 'masked-lm' ? maskOf(model, encoded, row) : positionOf(encoded, row, one);
  });
  const labels = all.map(({ label }) => (label === undefined ? null : labelOf(model, label)));
  if (labels.every((label) => label !== null)) return positions.map((position, row) => [position, labels[row]!]);
  return (predictions) => positions.map((position, row) => [position, labels[row] ?? best(predictions, row, position)]);
}

/**
 * Targets of question answering, whose outputs `start` and `end` are `[rows, positions]` (the argument `output` of an explainer chooses one).
 * @param wanted where the answer starts, or ends; left out: where in the context (the last text) the model thinks. `bestAnswers` looks at both ends.
 */
export function answerTarget(encoded: EncodedTexts, wanted: Place | readonly Place[] = {}): number[] | TargetFunction {
  checkEncoded('answerTarget', encoded);
  const all = spread(wanted, encoded, { position: 1, word: 1 });
  const places = all.map((one, row) =>
    one.position === undefined && one.word === undefined ? null : positionOf(encoded, row, one),
  );
  // Of one position there is nothing to choose, and its score is one number.
  if (encoded.input_ids.shape[1] === 1) return places.map(() => 1);
  if (places.every((place) => place !== null)) return places.map((place) => place!);
  return (predictions) => places.map((place, row) => place ?? bestIn(predictions, row, contextOf(encoded, row)));
}

/** An answer, and the tokens where it starts and ends. */
export interface Answer {
  /** As the context spells it. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Start times end where the outputs are probabilities; their sum where they are logits. */
  readonly score: number;
}

/**
 * The best answer for each text: of all spans of the last text (the context of a pair), the one of highest score.
 * @param outputs start and end, as `predictAll` gives them
 * @param options `maxTokens` of an answer, 30 by default; `logits` where the outputs are logits
 */
export function bestAnswers(
  encoded: EncodedTexts,
  outputs: readonly Tensor[],
  options: { maxTokens?: number; logits?: boolean } = {},
): Answer[] {
  checkOptions<{ maxTokens?: number; logits?: boolean }>('bestAnswers', options, { maxTokens: 1, logits: 1 });
  const { maxTokens = 30, logits = false } = options;
  checkWhole('bestAnswers', 'maxTokens', maxTokens, 1);
  checkBoolean('bestAnswers, logits', logits);
  checkEncoded('bestAnswers', encoded);
  const [start, end] = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [];
  if (!start || !end) throw failure('bestAnswers', 'needs the outputs start and end', {}, 'predictAll gives them');
  const { shape } = encoded.input_ids;
  for (const [name, output] of [
    ['start', start],
    ['end', end],
  ] as const) {
    if (output instanceof Tensor && output.shape.join() === shape.join()) continue;
    const details = { ids: shape, got: output instanceof Tensor ? output.shape : typeof output };
    throw failure('bestAnswers', `the output ${name} is not of these texts`, details, 'predictAll(encoded) gives it');
  }
  const length = shape[1]!;
  return encoded.texts.map((texts, row) => {
    const context = texts.length - 1;
    const inside = contextOf(encoded, row);
    let found: Answer | null = null;
    inside.forEach((from, i) => {
      for (const to of inside.slice(i, i + maxTokens)) {
        const [a, b] = [start.data[row * length + from]!, end.data[row * length + to]!];
        const score = logits ? a + b : a * b;
        if (found && score <= found.score) continue;
        const span = [encoded.offsets[row]![from]![0], encoded.offsets[row]![to]![1]] as const;
        found = { text: texts[context]!.slice(...span), start: from, end: to, score };
      }
    });
    if (found) return found;
    throw failure('bestAnswers', `text ${row} is empty`);
  });
}

function checkModel(subject: string, model: unknown): void {
  const { task, labels } = (model ?? {}) as Partial<TargetModel>;
  if (typeof task !== 'string' || !Array.isArray(labels))
    throw failure(
      subject,
      'needs the model first',
      { got: model === null ? 'null' : typeof model },
      'loadTransformer gives it',
    );
}

function spread<T extends object>(
  wanted: T | readonly T[],
  { texts }: EncodedTexts,
  names: OptionNames<T>,
): readonly T[] {
  for (const one of Array.isArray(wanted) ? wanted : [wanted]) checkOptions('target', one as T, names);
  if (!Array.isArray(wanted)) return texts.map(() => wanted as T);
  if (wanted.length === texts.length) return wanted as readonly T[];
  const details = { texts: texts.length, given: wanted.length };
  throw failure('target', 'needs one place for all texts, or one for each', details);
}

function positionOf(encoded: EncodedTexts, row: number, { position, word }: Place): number {
  const length = encoded.offsets[row]!.length;
  if (position !== undefined) {
    if (Number.isInteger(position) && position >= 0 && position < length) return position;
    throw failure('target', `text ${row} has no position ${position}`, { positions: length });
  }
  const words = wordsOf(encoded, row);
  const found = typeof word === 'string' ? words.find(({ text }) => text === word) : words[word ?? -1];
  if (found) return found.positions[0]!;
  if (word === undefined) throw failure('target', 'needs a position or a word', { text: row });
  const spelled = words.map(({ text }) => text);
  const hint = typeof word === 'string' ? didYouMean(word, spelled) : `it has ${words.length}`;
  throw failure('target', `text ${row} has no word ${typeof word === 'string' ? `'${word}'` : word}`, {}, hint);
}

function maskOf({ tokenizer }: TargetModel, { input_ids: ids }: EncodedTexts, row: number): number {
  const length = ids.shape[1]!;
  const own = Array.from(ids.data.subarray(row * length, (row + 1) * length));
  const masks = own.flatMap((id, p) => (id === tokenizer?.maskId ? [p] : []));
  if (masks.length === 1) return masks[0]!;
  const hint =
    masks.length > 1 ? 'say which: { position }' : 'write the mask token in the text, or say which token: { position }';
  throw failure('target', `text ${row} has ${masks.length} masks`, { mask: tokenizer?.maskId ?? 'none' }, hint);
}

function labelOf(model: TargetModel, label: number | string): number {
  if (typeof label === 'number') {
    const count = model.task === 'masked-lm' ? (model.tokenizer?.vocabulary ?? 0) : model.labels.length;
    if (Number.isInteger(label) && label >= 0 && (count === 0 || label < count || model.task === 'masked-lm'))
      return label;
    throw failure('target', `there is no label ${label}`, { labels: count });
  }
  if (model.task !== 'masked-lm') return labelNumber(model, label);
  if (model.tokenizer) return model.tokenizer.idOf(label);
  throw failure('target', 'a token by its spelling needs the tokenizer', { token: label }, 'give its id');
}

/** Positions of the last text: special tokens, padding and the question are none. */
function contextOf({ texts, sequences, offsets }: EncodedTexts, row: number): number[] {
  const context = texts[row]!.length - 1;
  return sequences[row]!.flatMap((s, p) => (s === context && offsets[row]![p] ? [p] : []));
}

/** Of some positions the one of highest score. @throws where there is none */
function bestIn({ data, shape }: Tensor, row: number, positions: readonly number[]): number {
  const from = row * shape[1]!;
  if (positions.length === 0) throw failure('target', `text ${row} is empty: it has no answer`);
  return positions.reduce((top, p) => (data[from + p]! > data[from + top]! ? p : top));
}

/** The number of the highest score at a position. */
function best({ data, shape }: Tensor, row: number, position: number): number {
  const width = shape.at(-1)!;
  const from = (row * shape[1]! + position) * width;
  let top = 0;
  for (let k = 1; k < width; k++) if (data[from + k]! > data[from + top]!) top = k;
  return top;
}
