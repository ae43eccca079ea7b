/** What --output and --labels mean for this model. Errors name the flag. */

import { outputIndex } from '../../attribution/frame/output.ts';
import { type AnyModel, classNames, isTransformer, outputsOf } from '../../open/model.ts';
import { largest } from '../../tensor/largest.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { exists, readText } from '../files.ts';
import { type Arguments, usage } from './flags.ts';
import { withFlags } from './in-flags.ts';

export interface OutputChoice {
  readonly index: number;
  readonly name: string;
  /** Number of classes; 1 for a model with one score per row. */
  readonly classes: number;
  /** Name of a class. */
  readonly label: (classIndex: number, row?: number) => string;
  /** All class names, or null where none were given. */
  readonly labels: readonly string[] | null;
  /** How many classes a prediction lists at most; all if left out. */
  readonly listed?: number;
  /** The one score is a number (a regression): there are no classes to choose from. */
  readonly number?: boolean;
  /** Names that transformers made up where a model has none: `LABEL_3`. */
  readonly madeUp?: readonly string[];
  /** Whether scores are probabilities, where the model's head says so. */
  readonly probabilities?: boolean;
}

/** The output that is explained or printed: the only one, or the one that --output names. */
/** @param of what a row of scores is of: the input, or each of its positions, one of which is looked at */
export function chooseOutput(args: Arguments, model: AnyModel, of: 'inputs' | 'positions' = 'inputs'): OutputChoice {
  const outputs = outputsOf(model);
  const names = outputs.map(({ name }) => name);
  const wanted = args.text('output');
  if (names.length > 1 && wanted === undefined) {
    throw usage('--output', `is needed, as the model has ${names.length} outputs`, `one of ${names.join(', ')}`);
  }
  // A name goes first, in case that it looks like a number.
  const selector = wanted !== undefined && !names.includes(wanted) && /^-?\d+$/.test(wanted) ? Number(wanted) : wanted;
  const index = withFlags(args, () => outputIndex('output', selector ?? 0, names, names.length));
  const { shape: whole } = outputs[index]!;
  const shape = of === 'positions' ? [null, ...whole.slice(2)] : whole;
  if (shape.length > 2) {
    const takes = `[${shape.map((dim) => dim ?? 'any').join(',')}]`;
    throw usage(
      names[index]!,
      `has an output of shape ${takes}`,
      'the command line explains one row of scores per input; the library explains any',
    );
  }
  const classes = shape.length === 2 ? (shape[1] ?? 1) : 1;
  const own = classNames(model, classes);
  const isNumber = isTransformer(model) && model.scoreOnly === true;
  // The one label of a probability is what speaks for it.
  const two = classes === 1 && own.length === 1 ? [`not ${own[0]}`, own[0]!] : own;
  const labels = isNumber ? null : (readLabels(args, classes) ?? (two.length > 0 ? two : null));
  if (isNumber && args.has('labels')) throw usage('--labels', 'is for models with classes', 'this one gives a number');
  const name = names[index]!;
  const label = (i: number): string => labels?.[i] ?? (classes === 1 ? name : `class ${i}`);
  const madeUp = isTransformer(model) && model.labels.length === classes ? model.labels : [];
  return { index, name, classes, labels, label, madeUp, ...(isNumber && { number: true, probabilities: false }) };
}

function readLabels(args: Arguments, classes: number): readonly string[] | null {
  const given = args.text('labels');
  if (given === undefined) return null;
  const labels = exists(given)
    ? readText(given)
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
    : given.split(',');
  const trimmed = labels.map((label) => label.trim());
  const expected = classes === 1 ? 2 : classes;
  if (trimmed.length !== expected) {
    throw usage(
      '--labels',
      `gives ${trimmed.length} names for ${expected} classes`,
      'names separated by commas, or a file with one per line',
    );
  }
  return trimmed;
}

/** The class with the highest score in each row; for one score per row, whether it is at least one half. */
export function argmaxRows({ data, shape }: Tensor): number[] {
  const width = shape.length === 2 ? shape[1]! : 1;
  return Array.from({ length: shape[0]! }, (_, row) => {
    const scores = Array.from(data.subarray(row * width, (row + 1) * width));
    return width === 1 ? Number(scores[0]! >= 0.5) : scores.indexOf(largest(scores));
  });
}
