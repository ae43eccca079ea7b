/** Rows of the real test sets that lie beside the project, read as the models were trained: our tokenizer, our IDX reader. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8 } from 'fflate';
import { encodeText, type NumericArray, parseVocabulary, readIdx, takeRows } from '../../src/inputs/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { csvRows, readCsv } from './csv.ts';
import { projectFile } from './golden.ts';
import { sharedFolder } from './shared.ts';

const LENGTH = 100;

function shared(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(sharedFolder, 'data', path)));
}

/** Token ids [rows, 100] and labels of IMDB test reviews, in file order. */
export function reviewTokens(rows: readonly number[]): Tensor {
  return reviews(rows).tokens;
}

/** Texts of IMDB test reviews, as they are in the file. */
export function reviewTexts(rows: readonly number[]): string[] {
  const records = readCsv(shared('imdb/imdb_test.csv.gz'), 'imdb_test.csv.gz');
  return rows.map((row) => records[row]!['text']!);
}

/** Token ids [7600, 60] and labels (0 to 3) of all AG News test texts, as examples/agnews_text.py has it. */
export function news(): { tokens: Tensor; labels: readonly number[] } {
  const vocabulary = parseVocabulary(strFromU8(projectFile('examples/agnews-vocab.txt')));
  const rows = csvRows(shared('ag_news/test.csv'), 'test.csv');
  const ids = rows.map(([, title, text]) =>
    Array.from(encodeText(`${title} ${text}`, vocabulary, { length: 60, truncating: 'post' }).ids),
  );
  return { tokens: tensor(ids, undefined, 'int32'), labels: rows.map(([label]) => Number(label) - 1) };
}

export function reviews(rows: readonly number[]): { tokens: Tensor; labels: readonly number[] } {
  const vocabulary = parseVocabulary(strFromU8(projectFile('examples/imdb-vocab.txt')));
  const records = readCsv(shared('imdb/imdb_test.csv.gz'), 'imdb_test.csv.gz');
  const chosen = rows.map((row) => records[row]!);
  const ids = new Int32Array(rows.length * LENGTH);
  chosen.forEach(({ text = '' }, i) => {
    ids.set(encodeText(text, vocabulary, { length: LENGTH }).ids, i * LENGTH);
  });
  return { tokens: tensor(ids, [rows.length, LENGTH], 'int32'), labels: chosen.map(({ label }) => Number(label)) };
}

/** Bytes [rows, 28, 28] of MNIST test images. */
export function mnistPixels(rows: readonly number[]): NumericArray {
  return takeRows(readIdx(shared('mnist/t10k-images-idx3-ubyte.gz'), 'images'), rows, 'images');
}

export function mnistLabels(rows: readonly number[]): readonly number[] {
  return Array.from(takeRows(readIdx(shared('mnist/t10k-labels-idx1-ubyte.gz'), 'labels'), rows, 'labels').data);
}

/** Bytes to [rows, 28, 28, 1] in [0, 1], float32. */
export function scaled({ data, shape }: NumericArray): Tensor {
  return tensor(
    Float32Array.from(data, (value) => value / 255),
    [...shape, 1],
  );
}
