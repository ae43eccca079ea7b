/**
 * Labelled rows from the input flags: what the model is fed with, and the right answers as files have them. Invariant: rows of all inputs and labels
 * go together, and every number that is fed is finite.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { readIdx, readNpy } from '../../inputs/index.ts';
import type { Feedable } from '../../model/inputs.ts';
import type { Model } from '../../model/model.ts';
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';
import { firstNotFinite } from '../../tensor/finite.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { isFolder, readBytes, readText } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { replaced } from '../flags/replaced.ts';
import type { Batch } from '../samples/batch.ts';
import { pictureFiles } from '../samples/image.ts';
import { readBatch } from '../samples/read.ts';
import { readRows, rowNumbers } from '../samples/rows.ts';
import { tableKinds } from '../samples/table.ts';
import { readColumns } from './labels.ts';

export interface Labelled {
  readonly batch: Batch;
  /** One per row, as the file has it. Of several columns the first one's. */
  readonly labels: readonly string[];
  /** Where there are several: their names, and the labels by column. */
  readonly columns: { readonly names: readonly string[]; readonly cells: readonly (readonly string[])[] } | null;
  /** Names of sub-folders, in order, where they are the classes. */
  readonly folders: readonly string[] | null;
  readonly notices: readonly string[];
}

/** @throws UsageError where labels are missing, PathgradError for files that do not fit */
export async function readLabelled(args: Arguments, model: AnyModel): Promise<Labelled> {
  const kind = tableKinds.find((one) => args.has(one));
  const path = args.text('label');
  if (kind) {
    if (path === undefined) throw usage('--label', 'is missing', 'the column of the right answers: --label COLUMN');
    const several = await readColumns(args, model, kind, path);
    if (several) {
      const { batch, names, cells } = several;
      const columns = names.length > 1 ? { names, cells } : null;
      return checked(args, model, { batch, labels: cells[0]!, columns, folders: null, notices: few(batch.notices) });
    }
    const batch = await readBatch(args, model);
    const labels = batch.samples.map(({ label, title }) => {
      if (label !== undefined) return label;
      throw failure(title, 'rows are steps of a series, which have no label each', {}, 'give a series a row: NDJSON');
    });
    return checked(args, model, { batch, labels, columns: null, folders: null, notices: few(batch.notices) });
  }
  if (path === undefined) {
    if (args.has('image') && !isTransformer(model)) return readFolders(args, model);
    throw usage('--label', 'is missing', 'a file of the right answers: --label FILE (IDX, .npy, or one per line)');
  }
  const batch = await readBatch(replaced(args, { label: null }), model);
  const all = labelsIn(path);
  const rows = ['index', 'rows'].some((flag) => args.has(flag));
  const labels = rows ? rowNumbers(readRows(args), all.length).map((row) => all[row] ?? '') : all;
  if (labels.length !== batch.samples.length) {
    const details = { labels: labels.length, rows: batch.samples.length };
    throw failure(path, 'holds another number of labels than there are rows', details, 'one label for each row');
  }
  return checked(args, model, { batch, labels, columns: null, folders: null, notices: few(batch.notices) });
}

function labelsIn(path: string): string[] {
  const extension = extname(path.replace(/\.gz$/, '')).toLowerCase();
  if (extension === '.npy' || /\.idx|-ubyte/.test(path)) {
    const bytes = readBytes(path);
    const { data, shape } = extension === '.npy' ? readNpy(bytes, path) : readIdx(bytes, path);
    if (sizeOf(shape.slice(1)) !== 1) throw failure(path, 'holds more than one label a row', { shape });
    return Array.from(data, String);
  }
  return readText(path)
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => line.trim());
}

/** Pictures by folders: the sub-folders of those that are given, or these themselves. */
async function readFolders(args: Arguments, model: Model): Promise<Labelled> {
  const notices: string[] = [];
  const found = args.all('image').flatMap((path) => {
    if (!isFolder(path)) {
      if (!existsSync(path)) throw failure(path, 'does not exist', {}, 'check the path');
      const hint = 'folders whose sub-folders are named after the classes; or --label FILE, one per line';
      throw usage('--image', `'${path}' is no folder of labelled pictures`, hint);
    }
    const inside = readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => join(path, name));
    return (inside.length > 0 ? inside : [path]).map((folder) => {
      const read = pictureFiles([folder]);
      notices.push(...read.notices);
      return { name: basename(resolve(folder)), files: read.files };
    });
  });
  const pairs = found.flatMap(({ name, files }) => files.map((file) => [file, name] as const));
  const folders = [...new Set(found.map(({ name }) => name))].sort((a, b) => (a < b ? -1 : 1));
  const batch = await readBatch(replaced(args, { image: pairs.map(([file]) => file) }), model);
  const samples = batch.samples.map((sample, row) => ({
    ...sample,
    title: `${pairs[row]![1]}/${basename(pairs[row]![0])}`,
  }));
  const labels = pairs.map(([, name]) => name);
  return checked(args, model, {
    batch: { ...batch, samples },
    labels,
    columns: null,
    folders,
    notices: few([...notices, ...batch.notices]),
  });
}

/** Of many rows each may have its note. */
function few(notices: readonly string[]): string[] {
  const MOST = 5;
  const left = notices.length - MOST;
  return left > 1 ? [...notices.slice(0, MOST), `and ${left} more notes of this kind`] : [...notices];
}

/** A text of nothing but padding and special tokens. */
function isBlank({ title, parts }: Batch['samples'][number]): boolean {
  return parts.some(({ text }) => {
    const { tokens, padding, fixed } = text ?? {};
    return tokens && (title.trim() === '' || tokens.every((_, i) => padding![i] || fixed?.[i]));
  });
}

/** Every number and every label, with the name of its row. */
function checked(args: Arguments, model: AnyModel, data: Labelled): Labelled {
  const { batch, labels, columns } = data;
  const source = [...tableKinds, 'text-file' as const]
    .map((kind) => args.text(kind))
    .find((path) => path !== undefined);
  const from = source === undefined ? '' : `${basename(source)}, `;
  if (batch.samples.length === 0) throw failure('input', 'holds no row', {}, 'labelled rows are needed');
  const title = (row: number): string => batch.samples[row]!.title;
  batch.inputs.forEach(({ data: values, shape }, i) => {
    if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
    const bad = firstNotFinite(values);
    if (bad < 0) return;
    const row = Math.floor(bad / (values.length / shape[0]!));
    const details = { at: bad % (values.length / shape[0]!), value: String(values[bad]) };
    const hint = 'leave the row out, or put a number in its place';
    throw failure(title(row), `is not finite as input '${model.inputs[i]!.name}'`, details, hint);
  });
  const blank = batch.samples.findIndex(isBlank);
  if (blank >= 0) throw failure(`${from}row ${blank}`, 'has no text', {}, 'leave the row out: --index, --rows');
  const all = columns?.cells ?? [labels];
  const empty = labels.findIndex((_, row) => all.some((list) => list[row]!.trim() === ''));
  if (empty >= 0) throw failure(title(empty), 'has no label', {}, 'leave the row out: --index, --rows');
  return data;
}

/** Some rows, in this order, as `fit` and `evaluate` take them. */
export function feedOf(model: AnyModel, { fed, inputs, kwargs }: Batch, rows: ArrayLike<number>): Feedable {
  if (isTransformer(model)) {
    const feeds = [['input_ids', inputs[0]!] as const, ...Object.entries(kwargs ?? {})];
    return Object.fromEntries(feeds.map(([name, feed]) => [name, some(feed, rows)])) as Feedable;
  }
  // Where the model looks up nothing first, what is read already is what it takes.
  const same = model.rawInputs === model.inputs || !fed;
  const feeds = same ? model.inputs.map(({ name }, i) => [name, inputs[i]!] as const) : [...fed];
  return Object.fromEntries(
    feeds.map(([name, feed]) => {
      if (!('strings' in feed)) return [name, some(feed, rows)];
      const width = sizeOf(feed.shape.slice(1));
      const strings = Array.from(rows, (row) => feed.strings.slice(row * width, (row + 1) * width)).flat();
      return [name, { strings, shape: [rows.length, ...feed.shape.slice(1)] }];
    }),
  ) as Feedable;
}

/** Rows of an array, in this order. */
function some(
  { data: source, shape }: { readonly data: ArrayLike<number>; readonly shape: readonly number[] },
  rows: ArrayLike<number>,
): { readonly data: Float64Array; readonly shape: readonly number[] } {
  const width = sizeOf(shape.slice(1));
  const Kind = ArrayBuffer.isView(source) ? (source.constructor as Float64ArrayConstructor) : Float64Array;
  const data = new Kind(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) data[i * width + k] = source[rows[i]! * width + k]!;
  return { data, shape: [rows.length, ...shape.slice(1)] };
}
