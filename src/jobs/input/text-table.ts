/**
 * Chunks of NDJSON, CSV and text files. A chunk is read alone, behind the head of the file (the header of CSV, the first row of NDJSON, whose columns
 * all rows have); where that fails each row is read alone, and those that cannot be read are failed rows.
 */
import { basename } from 'node:path';
import { notText } from '../../guard/content.ts';
import { readCsv, readNdjson, type Table } from '../../inputs/index.ts';
import { separatorOf } from '../../inputs/table/csv.ts';
import { ROW_LIMIT } from '../../inputs/table/table.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { type RangedFile, readThrough } from '../storage/ranged.ts';
import { Chunker, type ChunkIndex, type Scanned } from './chunks.ts';
import { type Lines, RowScanner } from './lines.ts';
import type { FailedRow } from './rows.ts';
import { isGzip, isOneArray } from './unpack.ts';

export type TextKind = 'ndjson' | 'csv' | 'text';

/** What all chunks of a file are read with. */
interface Head {
  readonly rules: Lines;
  readonly separator: string;
  /** Whether the first record is a header. */
  readonly header: boolean;
  readonly bytes: Uint8Array;
}

export interface TextChunk {
  readonly table: Table | null;
  readonly failed: readonly FailedRow[];
  readonly seen: number;
}

/** Bytes at a time, of the head too. */
const PIECE = 2 ** 20;
/** A character of UTF-8 has up to 4 bytes, one of a row as JavaScript counts them up to 3. */
const ROW_BYTES = 3 * ROW_LIMIT;

export class TextTable {
  readonly #file: RangedFile;
  readonly #path: string;
  readonly #kind: TextKind;
  readonly #separator: string | null;
  #head: Head | null = null;

  constructor(file: RangedFile, kind: TextKind, separator: string | null) {
    this.#file = file;
    this.#path = file.name;
    this.#kind = kind;
    this.#separator = separator;
  }

  /** Cuts the file into chunks and hashes it, in one pass. @throws for a file without rows */
  async scan(chunkRows: number): Promise<Scanned> {
    const head = await this.#openHead();
    const chunker = new Chunker(chunkRows);
    let skip = head.header ? 1 : 0;
    const scanner = new RowScanner(head.rules, 0, (start, end) => {
      if (skip > 0) skip--;
      else chunker.add(start, end);
    });
    let bytes = 0;
    const sha256 = await readThrough(this.#file, (piece) => {
      bytes += piece.length;
      scanner.add(piece);
    });
    scanner.end();
    const index = chunker.index();
    const rows = index.rows.at(-1)!;
    if (rows === 0) throw failure(this.#path, 'holds no row', { bytes }, 'give a file with a row for each input');
    return { index, rows, sha256, bytes };
  }

  /** The rows of a chunk. */
  async read({ rows, bytes }: ChunkIndex, chunk: number): Promise<TextChunk> {
    const head = await this.#openHead();
    const [from, first, end] = [rows[chunk]!, bytes![chunk]!, bytes![chunk + 1]!];
    const seen = rows[chunk + 1]! - from;
    if (end - first <= ROW_BYTES) {
      const content = await this.#file.read(first, end);
      try {
        const table = await this.#parse(head, content, from, this.#path);
        if (table.rows.length === seen) return { table, failed: [], seen };
      } catch (error) {
        if (!(error instanceof PathgradError)) throw error;
      }
    }
    return this.#oneByOne(head, first, end, from);
  }

  /** Each row alone. */
  async #oneByOne(head: Head, first: number, end: number, from: number): Promise<TextChunk> {
    const places: [number, number][] = [];
    const scanner = new RowScanner(head.rules, first, (start, stop) => places.push([start, stop]));
    for (let at = first; at < end; at += PIECE) scanner.add(await this.#file.read(at, Math.min(end, at + PIECE)));
    scanner.end();
    const tables: Table[] = [];
    const failed: FailedRow[] = [];
    for (const [i, [start, stop]] of places.entries()) {
      const row = from + i;
      // What cannot be fetched is no fault of the row.
      const content = stop - start > ROW_BYTES ? null : await this.#file.read(start, stop);
      try {
        if (content === null)
          throw failure(basename(this.#path), 'has a row that is too long', { row, bytes: stop - start });
        const table = await this.#parse(head, content, row, `${basename(this.#path)}, row ${row}`);
        if (table.rows.length !== 1) throw failure(basename(this.#path), 'has a row that is not one', { row });
        tables.push(table);
      } catch (error) {
        if (!(error instanceof PathgradError)) throw error;
        // The place in what was read is none of the file.
        failed.push({ row, error: error.message.replace(/(, row \d+), line \d+/, '$1') });
      }
    }
    const [one] = tables;
    const table = one
      ? {
          ...one,
          name: this.#path,
          cells: one.columns.map((_, c) => tables.flatMap(({ cells }) => cells[c]!)),
          rows: tables.flatMap(({ rows }) => rows),
        }
      : null;
    return { table, failed, seen: places.length };
  }

  /** The rows of these bytes, the first of which has this number. */
  async #parse(
    { bytes: head, header, separator }: Head,
    content: Uint8Array,
    row: number,
    name: string,
  ): Promise<Table> {
    const numbered = (table: Table, skip: number): Table => ({
      ...table,
      name: this.#path,
      notices: [],
      cells: table.cells.map((column) => column.slice(skip)),
      rows: table.rows.slice(skip).map((_, i) => row + i),
    });
    const own = withoutMark(content);
    if (this.#kind === 'text') {
      const lines = decode(own, name).split('\n');
      const texts = lines.map((line) => line.replace(/\r$/, '')).filter((line) => line.trim() !== '');
      return numbered({ name, columns: ['text'], cells: [texts], rows: texts.map((_, i) => i), notices: [] }, 0);
    }
    if (this.#kind === 'csv')
      return numbered(await readCsv(joined(header ? head : new Uint8Array(0), own), name, { separator, header }), 0);
    return numbered(await readNdjson(joined(head, own), name), 1);
  }

  async #openHead(): Promise<Head> {
    this.#head ??= await this.#readHead();
    return this.#head;
  }

  async #readHead(): Promise<Head> {
    const start = await this.#file.read(0, PIECE);
    if ((start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff))
      throw failure(this.#path, 'is UTF-16 text', {}, 'a job reads UTF-8: save it so');
    if (isGzip(start))
      throw failure(this.#path, 'is compressed with gzip', {}, 'a job reads rows in any order: gunzip it first');
    const text = Buffer.from(withoutMark(start)).toString('utf8');
    if (this.#kind === 'ndjson' && isOneArray(text))
      throw failure(
        this.#path,
        'is one array of rows',
        {},
        'a job reads a row per line: jq -c ".[]" makes NDJSON of it',
      );
    const separator = this.#separator ?? separatorOf(text);
    const rules: Lines = this.#kind === 'csv' ? { kind: 'csv', separator: separator.charCodeAt(0) } : { kind: 'lines' };
    if (this.#kind === 'text') return { rules, separator, header: false, bytes: new Uint8Array(0) };
    const bytes = await this.#firstRow(rules);
    if (this.#kind === 'ndjson') return { rules, separator, header: false, bytes };
    // As `readCsv` tells: a first row of numbers alone is no header.
    const { cells } = await readCsv(bytes, this.#path, { separator, header: false });
    const numeric = cells.every(([cell]) => String(cell).trim() !== '' && Number.isFinite(Number(cell)));
    return { rules, separator, header: !numeric, bytes };
  }

  async #firstRow(rules: Lines): Promise<Uint8Array> {
    let found: [number, number] | null = null;
    const scanner = new RowScanner(rules, 0, (start, end) => {
      found ??= [start, end];
    });
    for (let at = 0; found === null; at += PIECE) {
      const piece = await this.#file.read(at, at + PIECE);
      if (piece.length === 0) {
        scanner.end();
        break;
      }
      scanner.add(piece);
      if (found === null && at > ROW_BYTES) throw failure(this.#path, 'has a first row that is too long');
    }
    if (found === null)
      throw failure(this.#path, 'is empty', {}, 'give a table with a row of column names and rows below it');
    return withoutMark(await this.#file.read(...(found as [number, number])));
  }
}

const decode = (bytes: Uint8Array, name: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw notText(name, bytes, error);
  }
};

const withoutMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/** A head and what follows it, with a line break between them. */
function joined(head: Uint8Array, rest: Uint8Array): Uint8Array {
  if (head.length === 0) return rest;
  const open = head.at(-1) !== 0x0a && head.at(-1) !== 0x0d;
  return Buffer.concat([head, open ? Buffer.from('\n') : Buffer.alloc(0), rest]);
}
