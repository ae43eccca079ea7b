/**
 * What a model is trained for or judged by: its loss, its metrics, and labels as the numbers that these take. What is not said is told from the last
 * op of the model and from the labels. Invariant: a label that the model has no class for is an error with its row.
 */
import { outputKind } from '../../attribution/frame/output-kind.ts';
import type { AnyModel } from '../../open/model.ts';
import { type UsualLoss, usualLoss, usualLossOfScores } from '../../open/usual-loss.ts';
import { failure, PathgradError, problemOf } from '../../tensor/errors.ts';
import { type Identifier, lossOf, metricOf, type Truth } from '../../training/index.ts';
import { oneRow } from '../explain-batch.ts';
import { chooseOutput, type OutputChoice } from '../flags/choices.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import type { Labelled } from './data.ts';

export interface Goal {
  readonly output: OutputChoice;
  readonly loss: Identifier;
  readonly metrics: readonly string[];
  /** Names of the classes by number; null where labels are numbers. */
  readonly classes: readonly string[] | null;
  /** The class, or the number, of each row; of several columns theirs in turn. */
  readonly values: Float64Array;
  /** How many numbers `values` has for a row. */
  readonly width: number;
  /** Labels of these rows as the loss takes them. */
  truth(rows: ArrayLike<number>): Truth;
  /** How the loss was found, for people. */
  readonly said: string;
}

/** @throws UsageError for flags, PathgradError for labels that the model cannot learn */
export function goalOf(args: Arguments, model: AnyModel, data: Labelled): Goal {
  const output = chooseOutput(args, model);
  const kind = outputKind(model.apply(oneRow(model, data.batch))[output.index]!);
  if (data.columns) return goalOfColumns(args, output, kind, data, data.columns);
  const asked = args.text('loss');
  const one = output.classes === 1;
  const numbers = one && (asked === undefined ? kind === 'scores' || kind === 'unknown' : !isOfClasses(asked));
  const { loss, why } = asked === undefined ? orAsked(usualLoss(kind, one), ofClasses) : { loss: asked, why: '' };
  const { name } = named('loss', asked, () => lossOf(loss, { truth: [1, 1], predicted: [1, output.classes] }));
  const whole = data.labels.every((label) => isNumber(label));
  const asNumbers = numbers && (whole || asked === undefined) && !args.has('labels');
  const classes = asNumbers ? null : classesOf(args, output, data);
  const values = asNumbers ? numbersOf(data) : classNumbers(data, classes!, output, args.has('labels'));
  const metrics = metricsOf(args, asNumbers ? 'mae' : 'accuracy');
  const sparse = /^Sparse|crossentropy$/i.test(name) && !/^(Binary|Categorical)/.test(name);
  return {
    ...{ output, loss, metrics, classes, values, width: 1 },
    truth: (rows) => truthOf(values, rows, output.classes, sparse),
    said: `${instance(name)}${asked === undefined ? ` (${why})` : ''}`,
  };
}

/** A column for each score: yes or no of each, or numbers. */
function goalOfColumns(
  args: Arguments,
  output: OutputChoice,
  kind: ReturnType<typeof outputKind>,
  { batch }: Labelled,
  { names, cells }: NonNullable<Labelled['columns']>,
): Goal {
  const flag = `--label ${names.join(',')}`;
  const width = names.length;
  if (width !== output.classes) {
    const hint = 'a column for each score of the output, in its order';
    throw usage('--label', `names ${width} columns, and the model gives ${output.classes} numbers a row`, hint);
  }
  if (args.has('labels')) throw usage('--labels', `does not go with ${flag}`, 'the columns name the classes');
  const values = Float64Array.from({ length: width * batch.samples.length }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const cell = cells[column]![row]!;
    const read = /^(true|yes)$/i.test(cell.trim()) ? '1' : /^(false|no)$/i.test(cell.trim()) ? '0' : cell;
    if (isNumber(read)) return Number(read);
    const { title } = batch.samples[row]!;
    throw failure(title, `the label '${cell}' of '${names[column]}' is no number`, {}, '0 or 1 of each, or numbers');
  });
  const asked = args.text('loss');
  const binary = values.every((value) => value === 0 || value === 1);
  const { loss: found, why } =
    asked === undefined ? orAsked(usualLossOfScores(kind, binary), ofEach) : { loss: asked, why: '' };
  const { name } = named('loss', asked, () => lossOf(found, { truth: [1, width], predicted: [1, width] }));
  return {
    ...{
      output,
      loss: found,
      metrics: metricsOf(args, isOfClasses(name) ? 'binary_accuracy' : 'mae'),
      classes: null,
      values,
      width,
    },
    truth: (rows) => ({
      data: Float64Array.from({ length: rows.length * width }, (_, i) => {
        return values[rows[Math.floor(i / width)]! * width + (i % width)]!;
      }),
      shape: [rows.length, width],
    }),
    said: `${instance(name)} of ${width} columns${asked === undefined ? ` (${why})` : ''}`,
  };
}

/** @throws UsageError where the model's end does not say the loss */
function orAsked(usual: UsualLoss | null, example: string): UsualLoss {
  if (usual) return usual;
  throw usage('--loss', 'is needed: the end of the model does not say it', `name it: --loss ${example}`);
}

const ofClasses = 'sparse_categorical_crossentropy for probabilities of one class per row';
const ofEach = 'binary_crossentropy for probabilities of each column';

const instance = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text));
const isClass = (text: string, count: number): boolean =>
  isNumber(text) && Number.isInteger(Number(text)) && Number(text) >= 0 && Number(text) < count;
/** Losses of one score that compare with a class. */
const isOfClasses = (loss: string): boolean => /crossentropy|hinge|focal|bce/i.test(loss);

/** What `make` gives; an error of the library about a name is one of the flag. */
export function named<T>(flag: string, given: string | undefined, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (given === undefined || !(error instanceof PathgradError)) throw error;
    const problem = problemOf(error);
    throw usage(`--${flag}`, problem, error.hint);
  }
}

function metricsOf(args: Arguments, otherwise: string): readonly string[] {
  const given = args.text('metrics');
  const names = given?.split(',').map((name) => name.trim()) ?? [otherwise];
  const told = names.map((name) =>
    /^acc(uracy)?$/i.test(name)
      ? name.toLowerCase()
      : named('metrics', given, () => metricOf(name, { truth: [1, 1], predicted: [1, 1] })).name,
  );
  const twice = names.find((_, i) => told.indexOf(told[i]!) !== i);
  if (twice !== undefined) throw usage('--metrics', `names '${twice}' twice`, 'once is enough');
  return names;
}

/** Names of the classes: those of --labels, folders, 0 to K - 1 for whole numbers, else the words of the labels in order. */
function classesOf(args: Arguments, { classes, labels }: OutputChoice, data: Labelled): readonly string[] {
  const count = Math.max(2, classes);
  if (labels) return labels;
  const known = Array.from({ length: count }, (_, i) => String(i));
  const whole = data.labels.every((label) => /^\s*[+-]?\d+(\.0*)?\s*$/.test(label));
  if (whole && !data.folders) return known;
  const words = data.folders ?? [...new Set(data.labels)].sort((a, b) => (a < b ? -1 : 1));
  if (words.length === count) return words;
  if (data.folders) {
    const found = `holds ${words.length === 1 ? 'one class' : `${words.length} classes`} of pictures, and the model has ${count}`;
    const details = { folders: words.length > 12 ? [...words.slice(0, 12), '…'] : words };
    throw failure(
      args.all('image').join(', '),
      found,
      details,
      `a folder of pictures for each of ${count} classes; or --labels names them all`,
    );
  }
  const where = args.text('label')!;
  const details = { classes: count, labels: words.length > 12 ? [...words.slice(0, 12), '…'] : words };
  const hint = `--labels says which class is which: --labels ${words.slice(0, 2).join(',')},…`;
  const many = words.length === 1 ? 'one label alone' : `${words.length} different labels`;
  throw failure(where, `has ${many}, and the model ${count} classes`, details, hint);
}

/** @param asked whether --labels names the classes */
function classNumbers(
  { labels, batch }: Labelled,
  classes: readonly string[],
  { classes: width }: OutputChoice,
  asked: boolean,
): Float64Array {
  const numbers = new Map(classes.map((name, i) => [name, i]));
  // Numbers of classes that the model names are meant where no label is such a name.
  const named = labels.some((label) => numbers.has(label.trim()));
  const own = classes.every((name, i) => name === String(i)) || !(named || asked);
  return Float64Array.from(labels, (label, row) => {
    const found = numbers.get(label.trim()) ?? (own && isClass(label, classes.length) ? Number(label) : undefined);
    if (found !== undefined) return found;
    const many = Math.max(2, width);
    const hint = own
      ? `classes are the numbers 0 to ${many - 1}; --labels names others, in their order: --labels 1,2,…`
      : `one of ${classes.slice(0, 12).join(', ')}`;
    throw failure(batch.samples[row]!.title, `the label '${label}' is no class of the model`, { classes: many }, hint);
  });
}

function numbersOf({ labels, batch }: Labelled): Float64Array {
  return Float64Array.from(labels, (label, row) => {
    if (isNumber(label)) return Number(label);
    const hint = 'the model gives a number; --loss binary_crossentropy is for classes';
    throw failure(batch.samples[row]!.title, `the label '${label}' is no number`, {}, hint);
  });
}

function truthOf(values: Float64Array, rows: ArrayLike<number>, classes: number, sparse: boolean): Truth {
  const own = Array.from(rows, (row) => values[row]!);
  if (classes === 1) return { data: Float64Array.from(own), shape: [own.length, 1] };
  if (sparse) return { data: Int32Array.from(own), shape: [own.length] };
  const data = new Float64Array(own.length * classes);
  own.forEach((value, i) => {
    data[i * classes + value] = 1;
  });
  return { data, shape: [own.length, classes] };
}

/** A thing of the output that is trained, by its name where the model has several. */
export function forOutput<T>(model: AnyModel, { name }: OutputChoice, value: T): T | { readonly [output: string]: T } {
  return model.outputs.length === 1 ? value : { [name]: value };
}
