/** The data sets of the examples, read as Python's scripts beside read them: `imdb_text.py`, `agnews_text.py`, `mnist_data.py` say how in full. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Tensor, tensor } from '../../src/index.ts';
import {
  encodeText,
  parseVocabulary,
  readCsv,
  readIdx,
  textsOf,
  tokenize,
  type Vocabulary,
} from '../../src/inputs/index.ts';

/** Inputs and class numbers. */
export interface Labelled {
  readonly x: Tensor;
  readonly y: Int32Array;
}

interface Texts {
  readonly texts: readonly string[];
  readonly labels: Int32Array;
}

const SPECIAL = ['<pad>', '<start>', '<unknown>'];

/** `size` tokens by falling count, ties by code point. */
export function buildVocabulary(texts: readonly string[], size: number): Vocabulary {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of tokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
  return parseVocabulary([...SPECIAL, ...ranked.slice(0, size - SPECIAL.length)].join('\n'));
}

/** Ids `[N, length]`. */
export function encode(
  texts: readonly string[],
  vocabulary: Vocabulary,
  length: number,
  truncating: 'pre' | 'post',
): Tensor {
  const ids = new Int32Array(texts.length * length);
  for (const [row, text] of texts.entries())
    ids.set(encodeText(text, vocabulary, { length, truncating }).ids, row * length);
  return tensor(ids, [texts.length, length], 'int32');
}

/** Reviews and whether they are positive. */
export async function reviews(folder: string, split: 'train' | 'test'): Promise<Texts> {
  const name = `imdb_${split}.csv.gz`;
  const table = await readCsv(gunzipSync(await readFile(join(folder, 'imdb', name))), name);
  return { texts: textsOf(table, 'text'), labels: Int32Array.from(textsOf(table, 'label'), Number) };
}

/** News and which of four kinds they are. The test file has title and description apart, the other has both in one. */
export async function news(folder: string, split: 'train' | 'test'): Promise<Texts> {
  const name = split === 'train' ? 'train_subset.csv' : 'test.csv';
  const table = await readCsv(await readFile(join(folder, 'ag_news', name)), name, { header: false });
  const column = (i: number): string[] => textsOf(table, table.columns[i]!);
  const [title, rest] = [column(1), split === 'test' ? column(2) : null];
  const texts = rest ? title.map((text, i) => `${text} ${rest[i]}`) : title;
  return { texts, labels: Int32Array.from(column(0), (label) => Number(label) - 1) };
}

/** Digits `[N, 28, 28, 1]` in [0, 1]. */
export async function digits(folder: string, split: 'train' | 't10k'): Promise<Labelled> {
  const read = async (name: string): Promise<ReturnType<typeof readIdx>> =>
    readIdx(gunzipSync(await readFile(join(folder, 'mnist', name))), name);
  const images = await read(`${split}-images-idx3-ubyte.gz`);
  const labels = await read(`${split}-labels-idx1-ubyte.gz`);
  const scaled = Float32Array.from(images.data, (byte) => Number(byte) / 255);
  return { x: tensor(scaled, [...images.shape, 1]), y: Int32Array.from(labels.data, Number) };
}
