/**
 * From the input flags to one batch for the model, and what is shown of each sample. Which kind of model it is follows from
 * its input and layers: an Embedding reads tokens, axes of height and width a picture, everything else plain numbers.
 */
import type { Table } from '../../inputs/index.ts';
import type { Model } from '../../model/model.ts';
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { looksUpTexts } from '../../open/own-texts.ts';
import { failure } from '../../tensor/errors.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { readArrays } from './array.ts';
import type { Batch } from './batch.ts';
import { readImages } from './image.ts';
import { readNamed, readNpzFile } from './named.ts';
import { ownTexts } from './own-texts.ts';
import { piecesOf } from './pieces.ts';
import { type RowChoice, readRows } from './rows.ts';
import { readSounds } from './sound.ts';
import { labelled, readTableFile, type TableKind, tableBatch, tableKinds, textColumns } from './table.ts';
import { chooseLines, readTexts, readTokens } from './text.ts';

export const kinds = [
  'text',
  'text-file',
  'tokens',
  'image',
  'idx',
  'npy',
  'npz',
  ...tableKinds,
  'wav',
  'input',
] as const;

export type Kind = (typeof kinds)[number];

/** Kinds of which --index and --rows choose rows. */
const withRows: readonly Kind[] = ['text-file', 'idx', 'npy', 'npz', ...tableKinds, 'input'];
/** Kinds that can feed several inputs. */
const several: readonly Kind[] = ['npz', ...tableKinds, 'input'];
const ofTables = ['columns', 'label', 'drop'] as const;

const isTable = (kind: Kind): kind is TableKind => tableKinds.includes(kind as TableKind);

/** What says how texts or pictures are read. */
const readingFlags = {
  text: ['vocab', 'word-index', 'index-from', 'length', 'padding', 'truncating'],
  image: ['pixels', 'invert', 'size'],
} as const;

/** The batch that the flags describe. Errors name the flag or the file. */
export async function readBatch(args: Arguments, model: AnyModel): Promise<Batch> {
  const batch = await readGiven(args, model);
  for (const [kind, flags] of Object.entries(readingFlags)) {
    const stray = flags.find((flag) => args.has(flag));
    if (stray && !batch.samples.some(({ parts }) => parts.some((part) => part.kind === kind)))
      throw usage(`--${stray}`, `is for ${kind === 'text' ? 'texts' : 'pictures'}, and there are none`, 'leave it out');
  }
  return batch;
}

async function readGiven(args: Arguments, model: AnyModel): Promise<Batch> {
  const given = kinds.filter((kind) => args.has(kind));
  if (given.length !== 1) {
    const hint = `give one of ${kinds.map((kind) => `--${kind}`).join(', ')}`;
    throw usage(
      'input',
      given.length === 0 ? 'is missing' : `is of several kinds: ${given.map((k) => `--${k}`).join(', ')}`,
      hint,
    );
  }
  const kind = given[0]!;
  for (const flag of ['index', 'rows'] as const) {
    if (args.has(flag) && !withRows.includes(kind))
      throw usage(
        `--${flag}`,
        `does not go with --${kind}`,
        `it chooses rows of ${withRows.map((one) => `--${one}`).join(', ')}`,
      );
  }
  const stray = ofTables.find((flag) => args.has(flag) && !isTable(kind));
  if (stray)
    throw usage(`--${stray}`, `does not go with --${kind}`, 'it is about the columns of --csv, --ndjson and --parquet');
  if (args.has('separator') && kind !== 'csv') throw usage('--separator', 'is of --csv', 'leave it out');
  if (args.has('rate') && kind !== 'wav') throw usage('--rate', 'is of --wav', 'leave it out');
  if (args.has('text-pair') && kind !== 'text')
    throw usage('--text-pair', 'needs --text', 'the two texts that are read together');
  const rows = readRows(args);
  if (isTransformer(model))
    return isTable(kind)
      ? batchOfTable(args, model, await readTableFile(args, kind, rows), kind)
      : piecesOf(args, model, kind, rows, null);
  if (args.has('text-pair'))
    throw usage('--text-pair', 'is for transformers', `${model.name} reads one text at a time`);
  if (model.rawInputs.length > 1 && !several.includes(kind)) {
    const names = model.rawInputs.map(({ name }) => name);
    const hint = `a file for each: --input ${names[0]}=FILE --input ${names[1]}=FILE; or a table (--csv), or an .npz file with these names`;
    throw failure(model.name, `has ${names.length} inputs`, { inputs: names }, hint);
  }
  return readKind(args, model, kind, rows);
}

async function readKind(args: Arguments, model: Model, kind: Kind, rows: RowChoice): Promise<Batch> {
  switch (kind) {
    case 'text':
    case 'text-file': {
      const texts = kind === 'text' ? args.all('text') : chooseLines(args.text('text-file')!, rows);
      return looksUpTexts(model)
        ? ownTexts(args, model, texts, `--${kind}`)
        : readTexts(args, model, texts, `--${kind}`);
    }
    case 'tokens':
      return readTokens(args, model);
    case 'image':
      return readImages(args, model);
    case 'wav':
      return readSounds(args, model);
    case 'idx':
    case 'npy':
      return readArrays(args, model, kind, rows);
    case 'npz':
      return readNpzFile(args, model, rows);
    case 'input':
      return readNamed(args, model, rows);
    default:
      return batchOfTable(args, model, await readTableFile(args, kind, rows), kind);
  }
}

/** Rows of a table: columns of texts for a model that reads texts, else columns that feed inputs by name. */
export function batchOfTable(args: Arguments, model: AnyModel, table: Table, kind: string): Batch {
  if (isTransformer(model)) return piecesOf(args, model, kind, {}, textColumns(args, table, 2));
  const vocabulary = args.has('vocab') || args.has('word-index');
  return vocabulary && !looksUpTexts(model)
    ? labelled(args, table, readTexts(args, model, textColumns(args, table, 1) as string[], `--${kind}`))
    : tableBatch(args, model, table);
}
