/** Rows of a `.npy` file by ranges of its bytes: a chunk's rows are read as a small file of the same kind. */
import { basename } from 'node:path';
import { arrayRows } from '../../cli/samples/array.ts';
import { type NumericArray, readNpy, takeRows } from '../../inputs/index.ts';
import { failure } from '../../tensor/errors.ts';
import { type RangedFile, readThrough } from '../storage/ranged.ts';
import { evenChunks } from './chunks.ts';
import type { JobInput } from './input.ts';
import { arraysBetween } from './rows.ts';

export function npyInput(file: RangedFile): JobInput {
  const path = file.name;
  let opened: NpyRows | null = null;
  const open = async (): Promise<NpyRows> => {
    opened ??= await openNpy(file);
    return opened;
  };
  return {
    kind: 'npy',
    scan: async (chunkRows) => {
      const { rows } = await open();
      return { index: evenChunks(rows, chunkRows), rows, sha256: await readThrough(file), bytes: file.size };
    },
    read: async ({ rows }, chunk) => {
      const [from, to] = [rows[chunk]!, rows[chunk + 1]!];
      const array = await (await open()).read(from, to);
      return arraysBetween(path, [from, to], async (args, model, input, at) => ({
        fed: arrayRows(args, model, input, takeRows(array, at, path), path, {}).rows,
        titles: at.map((i) => `${basename(path)} [${from + i}]`),
      }));
    },
  };
}

const HEADER = 2 ** 16;

interface NpyRows {
  readonly rows: number;
  read(from: number, to: number): Promise<NumericArray>;
}

/** @throws for what is no `.npy` file, arrays in Fortran order, and files cut short */
async function openNpy(file: RangedFile): Promise<NpyRows> {
  const path = file.name;
  const head = await file.read(0, HEADER);
  const long = head[6]! > 1;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const fixed = long ? 12 : 10;
  const start = head.length < 12 ? 0 : fixed + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const text = Buffer.from(head.subarray(fixed, start)).toString('latin1');
  const found = /'shape':\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  // What is not understood: its reader says what is wrong.
  if (found === undefined) readNpy(head, path);
  if (/'fortran_order':\s*True/.test(text)) {
    const hint = 'a job reads it by rows: numpy.save(file, numpy.ascontiguousarray(x))';
    throw failure(path, 'is in Fortran order', {}, hint);
  }
  const shape = (found ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => Number.parseInt(part, 10));
  const [rows = 0, ...row] = shape;
  if (rows === 0) throw failure(path, 'holds no row', { shape }, 'give a file with a row for each input');
  const total = file.size - start;
  const each = total / rows;
  const piece = (count: number, bytes: Uint8Array): Uint8Array => {
    const dict = text.replace(
      /'shape':\s*\([^)]*\)/,
      `'shape': (${[count, ...row].join(', ')}${row.length === 0 ? ',' : ''})`,
    );
    const header = Buffer.alloc(12);
    head.subarray(0, 6).forEach((byte, i) => {
      header[i] = byte;
    });
    header[6] = 2;
    header.writeUInt32LE(dict.length, 8);
    return Buffer.concat([header, Buffer.from(dict, 'latin1'), bytes]);
  };
  if (!Number.isInteger(each))
    throw failure(path, 'does not hold whole rows', { bytes: total, rows }, 'get the file anew');
  return {
    rows,
    read: async (from, to) => readNpy(piece(to - from, await file.read(start + from * each, start + to * each)), path),
  };
}
