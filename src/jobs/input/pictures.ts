/** Rows of a folder of pictures: a row per file, in the order of their names. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { pictureFiles, pictureRows } from '../../cli/samples/image.ts';
import { readThrough } from '../storage/ranged.ts';
import { evenChunks } from './chunks.ts';
import type { JobInput } from './input.ts';
import { arraysBetween } from './rows.ts';

export function pictureInput(path: string): JobInput {
  let list: readonly string[] | null = null;
  const files = (): readonly string[] => {
    list ??= pictureFiles([path]).files;
    return list;
  };
  return {
    kind: 'pictures',
    scan: async (chunkRows) => {
      const hash = createHash('sha256');
      let bytes = 0;
      for (const file of files()) {
        bytes += statSync(file).size;
        hash.update(`${basename(file)}\n${await readThrough(file)}\n`);
      }
      const rows = files().length;
      return { index: evenChunks(rows, chunkRows), rows, sha256: hash.digest('hex'), bytes };
    },
    read: async ({ rows }, chunk) => {
      const [from, to] = [rows[chunk]!, rows[chunk + 1]!];
      return arraysBetween(path, [from, to], async (args, model, input, at) => {
        const chosen = at.map((i) => files()[from + i]!);
        return { fed: await pictureRows(args, model, input, chosen), titles: chosen.map((file) => basename(file)) };
      });
    },
  };
}
