/**
 * Which entry of the output is explained, for each sample. All forms end as one array of weights over the output's entries:
 * the explained score of a sample is the dot product of its row with the output's row, and that row is the cotangent.
 */
import { isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor, tensor } from '../../tensor/tensor.ts';
import { rowSize } from './arrays.ts';
import type { TargetValue } from './types.ts';

export interface ResolvedTarget {
  /** The target as given, `[N]` or `[N, axes]`; null when none was. */
  readonly tensor: Tensor | null;
  /** `[N, outputs]` weights of the output's entries. */
  readonly weights: Float64Array;
  /** +1 or -1 per sample when a scalar output is explained for a label; null otherwise. */
  readonly sign: Float64Array | null;
}

/** Whether the output is one number per sample: `[N]` or `[N, 1]`. */
export function isScalarOutput(shape: Shape): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

/**
 * @param shape of the output, batch axis first (its size does not matter)
 * @param alibi allows what alibi lets pass: row sums for targets that name only one axis (ledger Q11, Q12)
 */
export function resolveTarget(value: TargetValue | null, shape: Shape, rows: number, alibi: boolean): ResolvedTarget {
  const width = rowSize(shape);
  const output = ['N', ...shape.slice(1)];
  if (value === null) {
    const summed = alibi && shape.length > 2 && shape.at(-1) === 1;
    if (!isScalarOutput(shape) && !summed) throw missing(shape);
    return { tensor: null, weights: new Float64Array(rows * width).fill(1), sign: null };
  }
  const indices = readTarget(value, rows);
  if (isScalarOutput(shape)) {
    const labels = column(indices, output);
    const wrong = labels.findIndex((t) => t !== 0 && t !== 1);
    if (wrong >= 0) {
      const hint = 'a scalar output takes the labels 0 and 1; leave the target out for a regression';
      throw failure('target', `${labels[wrong]} is no label of a scalar output`, { sample: wrong, output }, hint);
    }
    const sign = Float64Array.from(labels, (t) => 2 * t - 1);
    return { tensor: indices, weights: sign.slice(), sign };
  }
  if (alibi && indices.rank === 1 && shape.length > 2 && rows === shape.length) return sumRows(indices, shape, rows);
  const flat = flatIndices(indices, shape, output);
  const weights = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) weights[row * width + flat[row]!] = 1;
  return { tensor: indices, weights, sign: null };
}

function missing(shape: Shape): Error {
  const output = ['N', ...shape.slice(1)];
  const hint =
    shape.length === 2
      ? `a class from 0 to ${shape[1]! - 1} (one per sample or one for all), or a function of the predictions`
      : `one tuple of ${shape.length - 1} indices per sample, or a function of the predictions`;
  return failure('target', 'the model has several outputs per sample: say which one to explain', { output }, hint);
}

function readTarget(value: TargetValue, rows: number): Tensor {
  if (typeof value === 'number') return checkIntegers(tensor(new Float64Array(rows).fill(value)), rows);
  if (value instanceof Tensor || Array.isArray(value)) {
    return checkIntegers(value instanceof Tensor ? value : tensor(value, undefined, 'float64'), rows);
  }
  if (ArrayBuffer.isView(value)) return checkIntegers(tensor(value as TypedArray), rows);
  const hint =
    "give an integer, one per sample (list, typed array or Tensor), a function of the predictions, or several: 'all', { classes }, { top }";
  throw failure('target', 'cannot be read', { got: value }, hint);
}

function checkIntegers(t: Tensor, rows: number): Tensor {
  const wrong = t.data.findIndex((v) => v !== (v | 0));
  if (wrong >= 0 || t.dtype === 'bool')
    throw failure('target', 'targets are integers', { got: t.dtype === 'bool' ? 'bool' : t.data[wrong] });
  if (t.rank === 0 || t.rank > 2 || t.shape[0] !== rows) {
    throw failure(
      'target',
      'needs one entry per sample',
      { samples: rows, got: t.shape },
      'or a single integer for all',
    );
  }
  const negative = t.data.findIndex((v) => v < 0);
  if (negative >= 0) throw failure('target', `${t.data[negative]} is negative`, {}, 'classes count from 0');
  return isFloat(t.dtype) ? tensor(t.data, t.shape, 'int32') : t;
}

function column(indices: Tensor, output: readonly unknown[]): TypedArray {
  if (indices.rank === 1) return indices.data;
  throw failure('target', 'needs one integer per sample for this output', { got: indices.shape, output });
}

function flatIndices(indices: Tensor, shape: Shape, output: readonly unknown[]): Int32Array {
  const axes = shape.slice(1);
  if (axes.length > 1 && (indices.rank !== 2 || indices.shape[1] !== axes.length)) {
    const problem = `this output needs a tuple of ${axes.length} indices per sample`;
    throw failure('target', problem, { output, got: indices.shape }, `e.g. [[${axes.map(() => 0).join(', ')}], …]`);
  }
  const values = axes.length > 1 ? indices.data : column(indices, output);
  return Int32Array.from({ length: indices.shape[0]! }, (_, row) =>
    axes.reduce((flat, size, axis) => {
      const t = values[row * axes.length + axis]!;
      if (t < size) return flat * size + t;
      const where = axes.length > 1 ? `axis ${axis + 1}` : `${size} classes`;
      throw failure('target', `${t} is out of range for ${where}`, { sample: row, output }, `use 0 to ${size - 1}`);
    }, 0),
  );
}

/** @throws where the score of a regression or a similarity is asked for a label 0, whose score would be `1 - p` */
export function checkLabels({ sign }: ResolvedTarget): void {
  const sample = sign?.indexOf(-1) ?? -1;
  if (sample < 0) return;
  const hint = 'leave the target out: the score itself is explained';
  throw failure('target', 'the model gives a number and no probability: there is no label 0', { sample }, hint);
}

/** Ledger Q11: a 1-D target on a higher-rank output takes `y[i, t_i]` whole, which sums it. */
function sumRows(indices: Tensor, shape: Shape, rows: number): ResolvedTarget {
  const inner = sizeOf(shape.slice(2));
  const weights = new Float64Array(rows * rowSize(shape));
  indices.data.forEach((t, row) => {
    if (t >= shape[1]!) throw failure('target', `${t} is out of range for axis 1`, { sample: row, shape });
    weights.fill(1, (row * shape[1]! + t) * inner, (row * shape[1]! + t + 1) * inner);
  });
  return { tensor: indices, weights, sign: null };
}

/** The explained score of each sample: its weights times its predictions. */
export function targetScores(
  { weights }: { readonly weights: ArrayLike<number> },
  predictions: TypedArray,
  rows: number,
): Float64Array {
  const width = weights.length / rows;
  const scores = new Float64Array(rows);
  for (let at = 0; at < weights.length; at++) {
    // A zero weight must not turn an infinite entry that nobody asked for into NaN.
    if (weights[at] !== 0) scores[Math.floor(at / width)]! += weights[at]! * predictions[at]!;
  }
  return scores;
}

/** The class of highest score for each row: `target: predictedClass` explains what the model predicted. */
export function predictedClass(predictions: Tensor): Int32Array {
  const [rows, classes] = [predictions.shape[0]!, rowSize(predictions.shape)];
  if (predictions.rank !== 2) {
    throw failure(
      'predictedClass',
      'predictions must be [N, K]',
      { got: predictions.shape },
      'write a target function',
    );
  }
  return Int32Array.from({ length: rows }, (_, row) => {
    const scores: ArrayLike<number> = predictions.data.subarray(row * classes, (row + 1) * classes);
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[k]! > scores[best]!) best = k;
    return best;
  });
}
