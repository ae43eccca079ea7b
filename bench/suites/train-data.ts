/**
 * What the train suite learns from: the training sets of the three example models, tokenized as those were, where they lie beside the
 * project, else random rows of the same shapes. Rows are shuffled once, by seed; every contender takes them in this order.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8 } from 'fflate';
import { randomUniform } from '../../src/graph/random.ts';
import { encodeText, gunzip, parseVocabulary, readCsv, readIdx, textsOf } from '../../src/inputs/index.ts';
import { projectFile } from '../../test/support/golden.ts';
import { sharedFolder } from '../../test/support/shared.ts';
import { shuffled } from '../statistics.ts';

/** Rows one after the other, with the number of each one's class. */
export interface TrainRows {
  readonly x: Int32Array | Float32Array;
  readonly labels: Int32Array;
  /** Of one row. */
  readonly shape: readonly number[];
  readonly source: string;
}

interface Wanted {
  readonly rows: number;
  readonly shape: readonly number[];
  readonly classes: number;
  /** How many different ids there are; null for pixels. */
  readonly vocabulary: number | null;
}

const file = (path: string): string => join(sharedFolder, 'data', path);
const bytes = (path: string): Uint8Array => new Uint8Array(readFileSync(file(path)));
const order = (count: number, rows: number): number[] =>
  shuffled(
    Array.from({ length: count }, (_, i) => i),
    randomUniform(7),
  ).slice(0, rows);

/** Rows whose class shows in them, so that there is something to learn: ids or pixels of one class lie higher on average. */
function invented({ rows, shape, classes, vocabulary }: Wanted): TrainRows {
  const next = randomUniform(3);
  const size = shape.reduce((a, b) => a * b, 1);
  const x = vocabulary === null ? new Float32Array(rows * size) : new Int32Array(rows * size);
  const labels = Int32Array.from({ length: rows }, () => Math.floor(classes * next()));
  for (let i = 0; i < x.length; i++) {
    const own = (labels[Math.floor(i / size)]! + next()) / classes;
    const value = next() < 0.3 ? own : next();
    x[i] = vocabulary === null ? value : Math.floor(vocabulary * value);
  }
  return { x, labels, shape, source: 'random rows' };
}

function encoded(
  texts: readonly string[],
  labels: readonly number[],
  rows: number,
  vocabularyFile: string,
  options: { length: number; truncating?: 'post' },
): Pick<TrainRows, 'x' | 'labels'> {
  const vocabulary = parseVocabulary(strFromU8(projectFile(vocabularyFile)));
  const chosen = order(texts.length, rows);
  const x = new Int32Array(chosen.length * options.length);
  chosen.forEach((row, i) => {
    x.set(encodeText(texts[row]!, vocabulary, options).ids, i * options.length);
  });
  return { x, labels: Int32Array.from(chosen, (row) => labels[row]!) };
}

export async function imdbRows(rows: number): Promise<TrainRows> {
  const shape = [100];
  const name = 'imdb/imdb_train.csv.gz';
  if (!existsSync(file(name))) return invented({ rows, shape, classes: 2, vocabulary: 10_000 });
  const table = await readCsv(gunzip(bytes(name), name), 'imdb_train.csv');
  const labels = textsOf(table, 'label').map(Number);
  const read = encoded(textsOf(table, 'text'), labels, rows, 'examples/imdb-vocab.txt', { length: 100 });
  return { ...read, shape, source: 'IMDB training set' };
}

export async function agnewsRows(rows: number): Promise<TrainRows> {
  const shape = [60];
  const name = 'ag_news/train_subset.csv';
  if (!existsSync(file(name))) return invented({ rows, shape, classes: 4, vocabulary: 1000 });
  const table = await readCsv(bytes(name), 'train_subset.csv', { header: false });
  const labels = textsOf(table, '0').map((label) => Number(label) - 1);
  const how = { length: 60, truncating: 'post' } as const;
  const read = encoded(textsOf(table, '1'), labels, rows, 'examples/agnews-vocab.txt', how);
  return { ...read, shape, source: 'AG News subset' };
}

export async function mnistRows(rows: number): Promise<TrainRows> {
  const shape = [28, 28, 1];
  const names = ['mnist/train-images-idx3-ubyte.gz', 'mnist/train-labels-idx1-ubyte.gz'] as const;
  if (!existsSync(file(names[0]))) return invented({ rows, shape, classes: 10, vocabulary: null });
  const [images, labels] = names.map((name) => readIdx(bytes(name), name).data);
  const chosen = order(labels!.length, rows);
  const x = new Float32Array(chosen.length * 784);
  chosen.forEach((row, i) => {
    for (let j = 0; j < 784; j++) x[784 * i + j] = images![784 * row + j]! / 255;
  });
  return { x, labels: Int32Array.from(chosen, (row) => labels![row]!), shape, source: 'MNIST training set' };
}
