/** Rows of IDX and .npy files. Bytes for a model of pictures are pictures; integers for an Embedding are token ids. */
import { basename } from 'node:path';
import { isIntegerArray, type NumericArray, type Picture, readIdx, readNpy, takeRows } from '../../inputs/index.ts';
import { embeddingOf } from '../../keras/model/embedding.ts';
import type { Model } from '../../model/model.ts';
import { allocate } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { readBytes } from '../files.ts';
import type { Arguments } from '../flags.ts';
import type { Batch } from './batch.ts';
import { imageBatch, readsPictures } from './image.ts';
import { checkIds, padIds, readVocabulary } from './text.ts';

const MANY_ROWS = 1000; // more than anyone explains by accident

/** --idx and --npy. */
export function readArrays(
  args: Arguments,
  model: Model,
  kind: 'idx' | 'npy',
  indices: readonly number[] | null,
): Batch {
  const path = args.text(kind)!;
  const bytes = readBytes(path);
  const stored = kind === 'idx' ? readIdx(bytes, path) : readNpy(bytes, path);
  const whole = withBatchAxis(stored, model);
  const count = whole.shape[0]!;
  if (count === 0) throw failure(path, 'holds no row', { shape: stored.shape });
  if (!indices && count > MANY_ROWS) {
    throw failure(path, `has ${count} rows`, {}, 'choose some: --index 0,1,9');
  }
  const rows = indices ?? Array.from({ length: count }, (_, row) => row);
  const array = takeRows(whole, rows, path);
  const titles = rows.map((row) => `${basename(path)} [${row}]`);
  if (array.data instanceof Uint8Array && (readsPictures(model) || (kind === 'idx' && array.shape.length === 3))) {
    return imageBatch(args, model, toPictures(array, path), titles, titles);
  }
  const shape = fitShape(array, model, path);
  return embeddingOf(model) && shape.length === 2
    ? tokenBatch(args, model, array, titles, path)
    : numberBatch(model, array, shape, titles);
}

/** An array of exactly one row's shape is one row. */
function withBatchAxis(array: NumericArray, model: Model): NumericArray {
  const row = model.inputs[0]!.shape.slice(1);
  const single =
    model.hasInputShape &&
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

/** The shape that the model takes, if the rows have as many numbers; an error with both shapes otherwise. */
function fitShape(array: NumericArray, model: Model, path: string): number[] {
  const expected = model.inputs[0]!.shape;
  const found = array.shape;
  if (!model.hasInputShape) return [...found];
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

function tokenBatch(
  args: Arguments,
  model: Model,
  array: NumericArray,
  titles: readonly string[],
  path: string,
): Batch {
  const embedding = embeddingOf(model)!;
  const vocabulary = readVocabulary(args);
  checkIds(array.data, embedding, path);
  const length = array.shape[1]!;
  const data = Int32Array.from(array.data);
  const samples = titles.map((title, i) => {
    const { tokens, padding } = padIds(data.subarray(i * length, (i + 1) * length), length, {}, vocabulary);
    return { title, parts: [{ name: model.inputs[0]!.name, kind: 'text' as const, text: { tokens, padding } }] };
  });
  return { kind: 'text', inputs: [{ data, shape: [titles.length, length] }], samples, notices: [], vocabulary };
}

function numberBatch(model: Model, array: NumericArray, shape: readonly number[], titles: readonly string[]): Batch {
  const { dtype } = model.inputs[0]!;
  const data = allocate(dtype, array.data.length);
  data.set(array.data);
  const notices = isIntegerArray(array) && dtype !== 'int32' ? ['whole numbers are fed to the model as they are'] : [];
  const kinds = { 2: 'table', 3: 'series' } as const;
  const kind = kinds[shape.length as 2 | 3] ?? 'array';
  const samples = titles.map((title) => ({ title, parts: [{ name: model.inputs[0]!.name, kind }] }));
  return { kind: 'array', inputs: [{ data, shape }], samples, notices, vocabulary: null };
}
