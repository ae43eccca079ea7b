/** What the labels of a batch must be, told with the row that is not: Keras gives NaN, wrong numbers or an error of a kernel there. */
import { failure } from '../../tensor/errors.ts';
import { type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Loss } from '../types.ts';

type Truth = Parameters<Loss['check']>[0];

/** `finite` numbers in the shape of the predictions, `unit` ones between 0 and 1 there, or class numbers. */
export type Labels = 'finite' | 'unit' | 'class';

/** @throws PathgradError naming the loss, what is wrong and, for values, the row */
export function checkLabels(
  subject: string,
  labels: Labels,
  truth: Truth,
  predicted: Shape,
  ignored: number | null,
): void {
  const { data, shape } = truth;
  const rows = predicted[0] ?? 1;
  if ((shape[0] ?? 1) !== rows) {
    throw failure(subject, `${shape[0] ?? 1} rows of labels for ${rows} of predictions`, {
      labels: shape,
      predictions: predicted,
    });
  }
  const fits = labels === 'class' ? classShape(shape, predicted) : sameShape(...ranked(shape, predicted));
  if (!fits)
    throw failure(
      subject,
      'labels do not fit the predictions',
      { labels: shape, predictions: predicted },
      hintFor(labels, shape, predicted),
    );
  const perRow = sizeOf(shape.slice(1));
  const classes = predicted[predicted.length - 1] ?? 1;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const problem = labels === 'class' ? classProblem(value, classes, ignored) : numberProblem(value, labels);
    if (problem !== null)
      throw failure(subject, `row ${Math.floor(i / Math.max(perRow, 1))}: ${problem}`, { label: value });
  }
}

function numberProblem(value: number, labels: Labels): string | null {
  if (!Number.isFinite(value)) return 'the label is no finite number';
  if (labels === 'unit' && (value < 0 || value > 1)) return 'the label is not between 0 and 1';
  return null;
}

function classProblem(value: number, classes: number, ignored: number | null): string | null {
  if (value === ignored) return null;
  if (!Number.isInteger(value)) return 'the label is no class number';
  return value < 0 || value >= classes ? `there are classes 0 to ${classes - 1}` : null;
}

/** Class numbers have the shape of the predictions without their last axis, or 1 in its place. */
function classShape(shape: Shape, predicted: Shape): boolean {
  const wanted = predicted.slice(0, -1);
  return sameShape(shape, wanted) || sameShape(shape, [...wanted, 1]);
}

/** Both without a last axis of 1 that only one of them has. */
function ranked(a: Shape, b: Shape): [Shape, Shape] {
  if (a.length === b.length + 1 && a[a.length - 1] === 1) return [a.slice(0, -1), b];
  if (b.length === a.length + 1 && b[b.length - 1] === 1) return [a, b.slice(0, -1)];
  return [a, b];
}

function hintFor(labels: Labels, shape: Shape, predicted: Shape): string | undefined {
  if (labels === 'class' && sameShape(shape, predicted))
    return "one number a class: 'categorical_crossentropy' takes those";
  if (labels !== 'class' && classShape(shape, predicted))
    return "class numbers: 'sparse_categorical_crossentropy' takes those";
  return undefined;
}
