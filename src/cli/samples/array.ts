/** Rows of IDX and .npy files. Bytes for a model of pictures are pictures; integers for an Embedding are token ids. */
import { basename } from 'node:path';
import { isIntegerArray, type NumericArray, type Picture, readIdx, readNpy, takeRows } from '../../inputs/index.ts';
import { embeddingOf } from '../../keras/model/embedding.ts';
import type { RawInput } from '../../model/definition.ts';
import type { Model } from '../../model/model.ts';
import type { InputRows } from '../../open/input-rows.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { readBytes } from '../files.ts';
import type { Arguments } from '../flags/flags.ts';
import type { Batch, ImageView } from './batch.ts';
import { fittedRows, readsPictures } from './image.ts';
import { batchOf } from './join.ts';
import { type RowChoice, rowNumbers } from './rows.ts';
import { checkIds, padIds, readVocabulary } from './text.ts';

/** --idx and --npy. */
export function readArrays(args: Arguments, model: Model, kind: 'idx' | 'npy', choice: RowChoice): Batch {
  const path = args.text(kind)!;
  const bytes = readBytes(path);
  const [input] = model.rawInputs;
  const stored = kind === 'idx' ? readIdx(bytes, path) : readNpy(bytes, path);
  const { rows, numbers, notices } = arrayRows(args, model, input!, stored, path, choice, kind === 'idx');
  const titles = numbers.map((row) => `${basename(path)} [${row}]`);
  return { ...batchOf(model, new Map([[input!.name, rows]]), { titles, notices }), vocabulary: readVocabulary(args) };
}

export interface ArrayRows {
  readonly rows: InputRows;
  /** Of each row, its number in the file. */
  readonly numbers: readonly number[];
  readonly notices: readonly string[];
}

/**
 * Rows of an array for one of the model's inputs.
 * @param pixels whether bytes of three axes are pictures, whatever the model takes
 */
export function arrayRows(
  args: Arguments,
  model: Model,
  input: RawInput,
  stored: NumericArray,
  path: string,
  choice: RowChoice,
  pixels = false,
): ArrayRows {
  const known = model.hasInputShape ? input : { ...input, shape: null };
  const whole = withBatchAxis(stored, known);
  const count = whole.shape[0]!;
  if (count === 0)
    throw failure(path, 'holds no row', { shape: stored.shape }, 'give a file with a row for each input');
  if (input.dtype === 'string') throw failure(path, `holds numbers, and '${input.name}' takes texts`);
  const numbers = rowNumbers(choice, count);
  const array = takeRows(whole, numbers, path);
  if (array.data instanceof Uint8Array && (readsPictures(input) || (pixels && array.shape.length === 3))) {
    const names = numbers.map((row) => `${basename(path)} [${row}]`);
    const rows = fittedRows(args, model, input, toPictures(array, path), names);
    return { rows, numbers, notices: rows.notices };
  }
  const shape = fitShape(array, known, path);
  const tokens = model.rawInputs.length === 1 && embeddingOf(model) !== null && shape.length === 2;
  const fed = { count: numbers.length, feed: { data: array.data, shape } };
  if (tokens) return { rows: { ...fed, part: tokenParts(args, model, array, path) }, numbers, notices: [] };
  const wholes = isIntegerArray(array) && input.dtype !== 'int32';
  const kind = ({ 2: 'table', 3: 'series' } as const)[shape.length as 2 | 3] ?? 'array';
  const view = readsPictures(input) ? numbersAsPictures(array.data, shape) : null;
  const notices = wholes ? ['whole numbers are fed to the model as they are'] : [];
  const part: InputRows['part'] = view ? (row) => ({ kind: 'image', image: view(row) }) : () => ({ kind });
  return { rows: { ...fed, part }, numbers, notices };
}

/** Ranges of numbers that pictures have; of others the least and the largest number are black and white. */
const RANGES = [
  [0, 1],
  [-1, 1],
  [0, 255],
] as const;

/** How numbers that are fed as they are look as pictures: `[rows, height, width, 1 or 3]`, black and white by the range that holds all of them. */
function numbersAsPictures(data: ArrayLike<number>, shape: readonly number[]): ((row: number) => ImageView) | null {
  const [, height = 0, width = 0, channels = 0] = shape;
  if (shape.length !== 4 || (channels !== 1 && channels !== 3)) return null;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    low = Math.min(low, data[i]!);
    high = Math.max(high, data[i]!);
  }
  const [black, white] = RANGES.find(([from, to]) => low >= from && high <= to) ?? [low, high > low ? high : low + 1];
  const size = height * width * channels;
  return (row) => ({
    data: Float64Array.from({ length: size }, (_, i) => (data[row * size + i]! - black) / (white - black)),
    shape: [height, width, channels],
    arrange: (values) => Float64Array.from(values),
  });
}

/** An array of exactly one row's shape is one row. */
function withBatchAxis(array: NumericArray, input: RawInput): NumericArray {
  const row = input.shape?.slice(1);
  const single =
    row !== undefined &&
    array.shape.length === row.length &&
    row.every((dim, axis) => dim === null || dim === array.shape[axis]);
  const scalar = array.shape.length === 0;
  return single || scalar ? { data: array.data, shape: [1, ...array.shape] } : array;
}

function toPictures({ data, shape }: NumericArray, path: string): Picture[] {
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || (channels !== 1 && channels !== 3)) {
    throw failure(
      path,
      'rows are no pictures',
      { shape },
      'pictures are [rows, height, width] or [rows, height, width, 1 or 3]',
    );
  }
  const size = height * width * channels;
  return Array.from({ length: count }, (_, i) => ({
    height,
    width,
    channels,
    data: Float64Array.from(data.subarray(i * size, (i + 1) * size), (value) => value / 255),
    notices: [],
  }));
}

/** The shape that the input takes, if the rows have as many numbers; an error with both shapes otherwise. */
function fitShape(array: NumericArray, { shape: expected }: RawInput, path: string): number[] {
  const found = array.shape;
  if (!expected) return [...found];
  const same =
    expected.length === found.length &&
    expected.every((dim, axis) => axis === 0 || dim === null || dim === found[axis]);
  if (same) return [...found];
  const row = expected.slice(1);
  const full = row.every((dim) => dim !== null) ? (row as readonly number[]) : null;
  if (full && sizeOf(full) === sizeOf(found.slice(1))) return [found[0]!, ...full];
  const takes = row.map((dim) => dim ?? 'any');
  throw failure(path, 'rows do not have the shape that the model takes', { rows: found.slice(1), takes });
}

function tokenParts(args: Arguments, model: Model, array: NumericArray, path: string): InputRows['part'] {
  const embedding = embeddingOf(model)!;
  const vocabulary = readVocabulary(args);
  checkIds(array.data, embedding, path);
  const length = array.shape[1]!;
  return (row) => {
    const ids = array.data.subarray(row * length, (row + 1) * length);
    const { tokens, padding } = padIds(ids, length, {}, vocabulary);
    return { kind: 'text', text: { tokens, padding } };
  };
}
