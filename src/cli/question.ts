/**
 * What of a model's output is asked about: the row of scores of a classifier; of a transformer that says something of every position also which
 * position (--word, --token), whether an answer's start or its end (--answer), the word behind a mask.
 */
import { FocusedTransformer } from '../open/focus.ts';
import {
  type AnyModel,
  isTransformer,
  judgesWords,
  predictRows,
  type Transformer,
  tokenizerOf,
} from '../open/model.ts';
import type { Pieces, ShownPieces } from '../open/pieces.ts';
import { usualPlaces, wordAt } from '../open/places.ts';
import { othersOf, similarityOf } from '../open/similarity.ts';
import { didYouMean, nearestNames } from '../tensor/errors.ts';
import { tensor } from '../tensor/tensor.ts';
import { chooseOutput, type OutputChoice } from './flags/choices.ts';
import { type Arguments, number, oneOf, usage } from './flags/flags.ts';
import { type Batch, rowsFrom, tensorsOf, textOf } from './samples/batch.ts';

export interface Question {
  readonly model: AnyModel;
  readonly batch: Batch;
  readonly output: OutputChoice;
  /** A class per text that is named otherwise than by --target. */
  readonly target?: readonly number[];
}

/** Words that a prediction lists of a whole vocabulary. */
const LISTED = 20;

/** @throws UsageError for flags that this model has no use for */
export async function ask(args: Arguments, model: AnyModel, batch: Batch): Promise<Question> {
  const task = isTransformer(model) ? model.task : null;
  const positions = isTransformer(model) && judgesWords(model);
  for (const flag of ['word', 'token'] as const) {
    if (args.has(flag) && !positions) throw usage(`--${flag}`, 'is for models that judge words', 'leave it out');
  }
  if (args.has('word') && args.has('token')) throw usage('--word', 'does not go with --token', 'give one of them');
  if (args.has('answer') && task !== 'question-answering')
    throw usage('--answer', 'is for models that answer questions', 'leave it out');
  if (isTransformer(model) && task === 'embedding') return alike(args, model, batch);
  if (!isTransformer(model) || !positions) return { model, batch, output: chooseOutput(args, model) };
  if (task === 'question-answering') {
    const named = namedPlaces(args, batch);
    if (named && args.has('target')) throw usage('--target', 'does not go with --word or --token', 'give one of them');
    const output = answerOf(args, model, batch);
    const asked = args.has('classes') || args.has('top') || (args.text('target') ?? 'predicted') !== 'predicted';
    const target = named ?? (asked ? null : await answered(model, batch, output));
    return { model, batch, output, ...(target && { target }) };
  }
  const places = namedPlaces(args, batch) ?? (await usualPlaces(model, piecesIn(batch)));
  const asked = focusOn(model, batch, places);
  return { ...asked, output: task === 'masked-lm' ? wordOutput(args, model) : labelOutput(args, model) };
}

/** Where the answers that `predict` names start or end; null of token ids, which have no text to answer from. */
async function answered(
  model: Transformer,
  batch: Batch,
  { name, probabilities }: OutputChoice,
): Promise<number[] | null> {
  if (!batch.encoded) return null;
  const outputs = await predictRows(model, rowsFrom(batch, 0, batch.samples.length).X, batch.kwargs);
  const { bestAnswers } = await import('../transformers/index.ts');
  const answers = bestAnswers(batch.encoded, outputs, { logits: probabilities === false });
  return answers.map(({ start, end }) => (name === 'end' ? end : start));
}

/** How alike the two texts of each pair are: a row for each text, the other one staying as it is. */
async function alike(args: Arguments, model: Transformer, batch: Batch): Promise<Question> {
  for (const flag of ['target', 'classes', 'top', 'output', 'labels', 'logits'] as const) {
    if (args.has(flag))
      throw usage(`--${flag}`, 'is for models with classes', 'leave it out: one similarity is explained');
  }
  const other = await othersOf(model, tensorsOf(batch)[0]!, batch.kwargs ?? {});
  const label = (): string => 'similarity';
  const output = { index: 0, name: 'similarity', classes: 1, label, labels: null, probabilities: false };
  return { model: await similarityOf(model), batch: { ...batch, kwargs: { ...batch.kwargs, other } }, output };
}

/** What a transformer's batch was made of. */
function piecesIn(batch: Batch): Pieces {
  const { kwargs = {}, samples, notices } = batch;
  return { ids: tensorsOf(batch)[0]!, kwargs, texts: samples.map((sample) => textOf(sample) as ShownPieces), notices };
}

function focusOn(model: Transformer, batch: Batch, places: readonly number[]): Pick<Question, 'model' | 'batch'> {
  const samples = batch.samples.map((sample, row) => ({ ...sample, at: wordAt(textOf(sample)!, places[row]!) }));
  const [first] = places;
  if (places.every((place) => place === first)) {
    return { model: new FocusedTransformer(model, first!), batch: { ...batch, samples } };
  }
  const focus = new Int32Array(batch.inputs[0]!.data.length);
  const width = batch.inputs[0]!.shape[1]!;
  places.forEach((place, row) => {
    focus[row * width + place] = 1;
  });
  const kwargs = { ...batch.kwargs, focus: tensor(focus, [places.length, width]) };
  return { model: new FocusedTransformer(model, null), batch: { ...batch, samples, kwargs } };
}

/** What --word or --token names in each text, or null. */
function namedPlaces(args: Arguments, { samples, inputs }: Batch): number[] | null {
  const [word, token] = [args.text('word'), args.text('token')];
  if (token !== undefined) {
    const most = inputs[0]!.shape[1]! - 1;
    const fits = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= most;
    const place = number('token', token, fits, `a position from 0 to ${most}`);
    const short = samples.find((sample) => textOf(sample)!.padding[place]);
    if (short) throw usage('--token', `there is no token ${place} in '${short.title}'`, 'it is shorter');
    return samples.map(() => place);
  }
  if (word === undefined) return null;
  return samples.map((sample) => {
    const { words = [], tokens } = textOf(sample)!;
    const same = (given: string): boolean => given === word;
    const alike = (given: string): boolean => given.toLowerCase() === word.toLowerCase();
    const found = words.find((one) => same(one.text)) ?? words.find((one) => alike(one.text));
    const place = found?.positions[0] ?? tokens.findIndex(same);
    if (place >= 0) return place;
    const known = words.length > 0 ? words.map((one) => one.text) : tokens;
    const near = nearestNames(word, known).length > 0;
    const hint = near ? didYouMean(word, known) : `its words: ${known.slice(0, 40).join(', ')}`;
    throw usage('--word', `'${word}' is not in '${sample.title}'`, hint);
  });
}

/** Labels of one token. */
function labelOutput(args: Arguments, model: Transformer): OutputChoice {
  return { ...chooseOutput(args, model, 'positions'), probabilities: !args.has('logits') };
}

/** The words of the vocabulary. */
function wordOutput(args: Arguments, model: Transformer): OutputChoice {
  const tokenizer = tokenizerOf(model);
  const classes = model.config.vocabulary;
  const label = (i: number): string => (i < tokenizer.vocabulary ? tokenizer.token(i) : `token ${i}`);
  const labels = Array.from({ length: classes }, (_, i) => label(i));
  return { index: 0, name: 'word', classes, label, labels, listed: LISTED, probabilities: !args.has('logits') };
}

/** Positions as classes: where an answer starts or ends. */
function answerOf(args: Arguments, model: Transformer, { samples, inputs }: Batch): OutputChoice {
  const side = oneOf('answer', args.text('answer') ?? args.text('output') ?? 'start', ['start', 'end'] as const);
  const index = model.outputs.findIndex(({ name }) => name === side);
  const label = (i: number, row = 0): string => wordAt(textOf(samples[row]!)!, i);
  return { index, name: side, classes: inputs[0]!.shape[1]!, label, labels: null, probabilities: !args.has('logits') };
}
