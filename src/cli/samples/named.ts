/** Files for inputs by name: --input NAME=FILE, one or several for each, and the arrays of --npz. What a file is, its bytes and its ending say. */
import { basename, extname } from 'node:path';
import { notA } from '../../guard/content.ts';
import { encodeText, isPicture, readIdx, readNpy, readNpz } from '../../inputs/index.ts';
import { isWav } from '../../inputs/wav.ts';
import type { RawInput } from '../../model/definition.ts';
import type { Model } from '../../model/model.ts';
import { columnRows } from '../../open/columns.ts';
import type { InputRows } from '../../open/input-rows.ts';
import { textRows } from '../../open/own-texts.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { isFolder, readBytes } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { arrayRows } from './array.ts';
import type { Batch } from './batch.ts';
import { pictureFiles, pictureRows } from './image.ts';
import { batchOf } from './join.ts';
import type { RowChoice } from './rows.ts';
import { soundRows } from './sound.ts';
import { readTable } from './table.ts';
import { chooseLines, readVocabulary } from './text.ts';

interface Named {
  readonly rows: InputRows;
  readonly titles: readonly string[];
  readonly notices: readonly string[];
}

/** --npz: the arrays that have the inputs' names; of a model with one input the only array. */
export function readNpzFile(args: Arguments, model: Model, choice: RowChoice): Batch {
  const path = args.text('npz')!;
  const arrays = readNpz(readBytes(path), path);
  const names = [...arrays.keys()];
  const inputs = model.rawInputs;
  const only = inputs.length === 1 && names.length === 1 && !names.includes(inputs[0]!.name) ? names[0]! : null;
  const found = inputs.map((input) => {
    const array = arrays.get(only ?? input.name);
    if (!array) throw failure(path, `has no array '${input.name}'`, { arrays: names }, didYouMean(input.name, names));
    return arrayRows(args, model, input, array, `${path}, '${only ?? input.name}'`, choice);
  });
  const rows = new Map(inputs.map(({ name }, i) => [name, found[i]!.rows]));
  const left = names.filter((name) => name !== only && !inputs.some((input) => input.name === name));
  const notices = left.length > 0 ? [`${path}: arrays that are no input's are left out: ${left.join(', ')}`] : [];
  return batchOf(model, rows, {
    titles: found[0]!.numbers.map((row) => `${basename(path)} [${row}]`),
    notices: [...notices, ...found.flatMap((one) => one.notices)],
  });
}

/** --input NAME=FILE for each input of the model. */
export async function readNamed(args: Arguments, model: Model, choice: RowChoice): Promise<Batch> {
  const inputs = model.rawInputs;
  const names = inputs.map(({ name }) => name);
  const files = new Map<string, string[]>();
  for (const text of args.all('input')) {
    const at = text.indexOf('=');
    if (at < 1 || at === text.length - 1)
      throw usage('--input', `'${text}' is no NAME=FILE`, `for example --input ${names[0]}=rows.npy`);
    const name = text.slice(0, at);
    if (!names.includes(name)) throw usage('--input', `the model has no input '${name}'`, didYouMean(name, names));
    files.set(name, [...(files.get(name) ?? []), text.slice(at + 1)]);
  }
  const missing = names.filter((name) => !files.has(name));
  if (missing.length > 0)
    throw usage(
      '--input',
      `no file for ${missing.map((name) => `'${name}'`).join(', ')}`,
      `add --input ${missing[0]}=FILE`,
    );
  const all = [...files.values()].flat();
  if (all.filter((file) => file === '-').length > 1)
    throw usage('--input', 'the standard input can feed one input alone');
  const read: Named[] = [];
  for (const input of inputs) read.push(await namedRows(args, model, input, files.get(input.name)!, choice));
  const counts = read.map(({ rows }) => rows.count);
  const titles = read[0]!.titles.map((title, row) =>
    counts.every((count) => count > row) ? [...new Set(read.map((one) => one.titles[row]!))].join(', ') : title,
  );
  return batchOf(model, new Map(inputs.map(({ name }, i) => [name, read[i]!.rows])), {
    titles,
    notices: read.flatMap(({ notices }) => notices),
  });
}

async function namedRows(
  args: Arguments,
  model: Model,
  input: RawInput,
  given: readonly string[],
  choice: RowChoice,
): Promise<Named> {
  const { files, notices } = pictureFiles(given);
  const [path] = files;
  const titles = files.map((file) => basename(file));
  const head = path === '-' || isFolder(path!) ? new Uint8Array(0) : readBytes(path!);
  // By its bytes; what is cut or damaged, by its name, is told by its reader.
  if (isPicture(head) || /\.(png|jpe?g|webp)$/i.test(path!)) {
    const rows = await pictureRows(args, model, input, files);
    return { rows, titles, notices: [...notices, ...rows.notices] };
  }
  if (isWav(head) || /\.wav$/i.test(path!)) return { rows: soundRows(args, input, files), titles, notices };
  if (files.length > 1)
    throw usage('--input', `'${input.name}' has several files`, 'only pictures and sounds come one to a file');
  const numbered = (numbers: readonly number[]): string[] => numbers.map((row) => `${basename(path!)} [${row}]`);
  const array = arrayIn(head, path!, input.name);
  if (array) {
    const found = arrayRows(args, model, input, array, path!, choice);
    return { rows: found.rows, titles: numbered(found.numbers), notices: found.notices };
  }
  const kind = begins(head, 'PAR1') ? 'parquet' : byEnding[extname(path!).toLowerCase()];
  if (kind === 'text') return textFile(args, input, path!, choice);
  if (!kind) {
    const hint = 'pictures, .wav, .npy, .npz, .idx, .csv, .tsv, .ndjson, .json, .parquet and .txt are read';
    throw notA(path!, 'a file that is read', head, hint);
  }
  const table = await readTable(args, kind, path!, choice);
  return { rows: columnRows(table, input, table.columns), titles: numbered(table.rows), notices: table.notices };
}

const byEnding: Readonly<Record<string, 'csv' | 'ndjson' | 'text' | 'parquet'>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'ndjson',
  '.txt': 'text',
  '.parquet': 'parquet',
};

const begins = (bytes: Uint8Array, text: string): boolean =>
  [...text].every((sign, i) => bytes[i] === sign.charCodeAt(0));

/** The array of a .npy, .npz or IDX file; null for other files. */
function arrayIn(bytes: Uint8Array, path: string, name: string) {
  if (begins(bytes, '\x93NUMPY') || /\.npy$/i.test(path)) return readNpy(bytes, path);
  if (/\.idx|-ubyte/.test(path)) return readIdx(bytes, path);
  if (!begins(bytes, 'PK') && !/\.npz$/i.test(path)) return null;
  const arrays = readNpz(bytes, path);
  const found = arrays.get(name) ?? (arrays.size === 1 ? [...arrays.values()][0] : undefined);
  if (!found)
    throw failure(path, `has no array '${name}'`, { arrays: [...arrays.keys()] }, didYouMean(name, [...arrays.keys()]));
  return found;
}

/** Lines of a file for an input of texts, or of ids by a vocabulary. */
function textFile(args: Arguments, input: RawInput, path: string, choice: RowChoice): Named {
  const texts = chooseLines(path, choice);
  if (input.dtype === 'string') return { rows: textRows(texts, input.shape?.length === 1), titles: texts, notices: [] };
  const vocabulary = readVocabulary(args);
  if (!vocabulary || input.dtype !== 'int32') {
    const hint = input.dtype === 'int32' ? '--vocab FILE says which id each word has' : 'give numbers: .npy or .csv';
    throw failure(path, `holds texts, and '${input.name}' takes numbers`, {}, hint);
  }
  const width = input.shape?.[1] ?? null;
  const length = width ?? texts.reduce((most, text) => Math.max(most, encodeText(text, vocabulary).ids.length), 0);
  const encoded = texts.map((text) => encodeText(text, vocabulary, { length }));
  const data = new Int32Array(texts.length * length);
  encoded.forEach(({ ids }, row) => {
    data.set(ids, row * length);
  });
  const part: InputRows['part'] = (row) => ({ kind: 'text', text: encoded[row]! });
  return {
    rows: { count: texts.length, feed: { data, shape: [texts.length, length] }, part },
    titles: texts,
    notices: [],
  };
}
