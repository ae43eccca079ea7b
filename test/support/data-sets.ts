/** Rows of the real test sets that lie beside the project, read as the models were trained: our tokenizer, our IDX reader. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8 } from 'fflate';
import {
  encodeText,
  gunzip,
  type NumericArray,
  parseVocabulary,
  readCsv,
  readIdx,
  takeRows,
  textsOf,
} from '../../src/inputs/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { projectFile } from './golden.ts';
import { sharedFolder } from './shared.ts';

const LENGTH = 100;

function shared(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(sharedFolder, 'data', path)));
}

/** Token ids [rows, 100] and labels of IMDB test reviews, in file order. */
export async function reviewTokens(rows: readonly number[]): Promise<Tensor> {
  return (await reviews(rows)).tokens;
}

/** Texts of IMDB test reviews, as they are in the file. */
export async function reviewTexts(rows: readonly number[]): Promise<string[]> {
  return textsOf(await reviewTable(rows), 'text');
}

const reviewTable = (rows: readonly number[]) =>
  readCsv(gunzip(shared('imdb/imdb_test.csv.gz'), 'imdb_test.csv.gz'), 'imdb_test.csv', { rows });

/** Token ids [7600, 60] and labels (0 to 3) of all AG News test texts, as examples/agnews_text.py has it. */
export async function news(): Promise<{ tokens: Tensor; labels: readonly number[] }> {
  const vocabulary = parseVocabulary(strFromU8(projectFile('examples/agnews-vocab.txt')));
  const table = await readCsv(shared('ag_news/test.csv'), 'test.csv', { header: false });
  const [labels, titles, texts] = ['0', '1', '2'].map((column) => textsOf(table, column)) as [
    string[],
    string[],
    string[],
  ];
  const ids = titles.map((title, i) =>
    Array.from(encodeText(`${title} ${texts[i]}`, vocabulary, { length: 60, truncating: 'post' }).ids),
  );
  return { tokens: tensor(ids, undefined, 'int32'), labels: labels.map((label) => Number(label) - 1) };
}

export async function reviews(rows: readonly number[]): Promise<{ tokens: Tensor; labels: readonly number[] }> {
  const vocabulary = parseVocabulary(strFromU8(projectFile('examples/imdb-vocab.txt')));
  const table = await reviewTable(rows);
  const ids = new Int32Array(rows.length * LENGTH);
  textsOf(table, 'text').forEach((text, i) => {
    ids.set(encodeText(text, vocabulary, { length: LENGTH }).ids, i * LENGTH);
  });
  return { tokens: tensor(ids, [rows.length, LENGTH], 'int32'), labels: textsOf(table, 'label').map(Number) };
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
