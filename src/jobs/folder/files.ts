/**
 * Files of a job's folder. Invariant: a file is whole or was never there (`writeBeside`); what a thread was writing when it was ended bears the
 * thread's mark, and goes with it.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../cli/files.ts';
import { failure } from '../../tensor/errors.ts';
import { markIn, writeBeside } from '../../tensor/write-beside.ts';

export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/**
 * @param mark of the thread that writes
 * @throws PathgradError where the disk is full or the folder is gone; what is unfinished is removed
 */
export function commitFile(path: string, content: Uint8Array | string, mark?: string): void {
  try {
    writeBeside(fs, path, content, mark);
  } catch (error) {
    const hint = 'finished chunks are kept: make room, then pathgrad job resume';
    throw failure(path, reasonOf(error), {}, hint, error);
  }
}

/** Which unfinished files are to go: one thread's, or those that nobody has written into for so long. */
export type Unfinished = { readonly mark: string } | { readonly olderThanMs: number };

/** Removes what was left unfinished by threads and processes that were ended. */
export function removeUnfinished(folder: string, which: Unfinished): void {
  for (const name of fs.readdirSync(folder)) {
    const mark = markIn(name);
    if (mark === null) continue;
    const path = join(folder, name);
    const goes =
      'mark' in which
        ? mark === which.mark
        : Date.now() - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= which.olderThanMs;
    // A model that was being fetched is a folder.
    if (goes) fs.rmSync(path, { recursive: true, force: true });
  }
}

/** Null where there is no such file, or it is no JSON: it is then made anew. */
export function readJsonFile<T>(path: string): T | null {
  try {
    return JSON.parse(fs.readFileSync(path, 'utf8')) as T;
  } catch {
    return null;
  }
}
