/**
 * Files of the command line. Invariant: an output file is whole or was never touched: it is written under another name in
 * the same folder and renamed, and the folder is checked before the work starts. What is no file (`-`, a device, a pipe) is written into.
 */
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  openAsBlob,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failure } from '../tensor/errors.ts';
import { visible } from '../tensor/visible.ts';
import { type Arguments, usage } from './flags.ts';
import type { Terminal } from './terminal.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read or written by you',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'lies below something that is not a folder',
  ENOSPC: 'does not fit on the disk',
  EROFS: 'lies on a disk that cannot be written to',
};

/** What is wrong, as the end of a sentence that begins with the file. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return reasons[code] ?? `cannot be read or written: ${error instanceof Error ? error.message : error}`;
}

/** In the place of a file: the standard input, or, as an output, where results are printed, whose place it takes. */
export const STANDARD = '-';

/** The bytes of a file, or of the standard input for `-`; an error says what is wrong with the path. */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path === STANDARD ? 0 : path));
  } catch (error) {
    throw failure(path, reasonOf(error), {}, 'check the path', error);
  }
}

/** The text of a UTF-8 file, without a byte order mark. */
export function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw failure(path, 'is not UTF-8 text', {}, 'save it as UTF-8', error);
  }
}

/** A file to read by pieces and ranges: of one larger than memory only what is asked for is read. */
export async function openBlob(path: string): Promise<Blob> {
  if (path === STANDARD) return new Blob([readBytes(path).slice()]);
  try {
    // A folder can be opened, and fails when it is read.
    if (statSync(path).isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' });
    accessSync(path, constants.R_OK);
    return await openAsBlob(path);
  } catch (error) {
    throw failure(path, reasonOf(error), {}, 'check the path', error);
  }
}

/** Names of the files in a folder, in order. */
export function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => join(folder, entry.name))
      .sort();
  } catch (error) {
    throw failure(folder, reasonOf(error), {}, 'check the path', error);
  }
}

/** Whether something with this name exists. */
export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The flags that name outputs, of all commands. */
const outputFlags = ['html', 'png', 'svg', 'json', 'table'] as const;

/** A device, a pipe: what must not be replaced by a file. */
function isSpecial(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Throws unless a file can be written there: asked before long work, not after it. */
export function checkWritable(path: string): void {
  if (path === STANDARD || isSpecial(path)) return;
  const folder = dirname(resolve(path));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw failure(path, 'is a folder, not a file');
  try {
    if (!statSync(folder).isDirectory()) throw failure(path, 'lies below something that is not a folder');
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw failure(
      path,
      `cannot be written: its folder ${reasonOf(error)}`,
      {},
      'make the folder, or choose another',
      error,
    );
  }
}

/** Throws unless what the flags name can be written, each to a file of its own: asked before long work. */
export function checkOutputs(args: Arguments): void {
  const files = outputFlags.flatMap((flag) => args.text(flag) ?? []);
  for (const file of files) checkWritable(file);
  const resolved = files.map((file) => resolve(file));
  const twice = files.find((_, i) => resolved.indexOf(resolved[i]!) < i);
  if (twice !== undefined) throw usage(twice, 'is to be written twice', 'give each output its own file');
}

/** Writes what the flags name, as the makers of their flags give it; all are made before the first is written. @returns the names of the files */
export function writeAll(
  args: Arguments,
  makers: Readonly<Record<string, () => Uint8Array | string | ReadonlyMap<string, string>>>,
  terminal: Terminal,
): string[] {
  const files = Object.entries(makers).flatMap(([flag, make]) => {
    const path = args.text(flag);
    if (path === undefined) return [];
    const made = make();
    if (!(made instanceof Map)) return [{ path, content: made as Uint8Array | string }];
    if (path === STANDARD && made.size > 1)
      throw usage(
        `--${flag}`,
        `would be ${made.size} files, and '-' is one`,
        'give a file name, and they are numbered',
      );
    return [...(made as ReadonlyMap<string, string>)].map(([name, content]) => ({ path: name, content }));
  });
  for (const { path, content } of files) {
    if (path === STANDARD) terminal.file(content);
    else writeWhole(path, content);
    if (path !== STANDARD && !args.has('quiet')) terminal.err(`wrote ${visible(path)}\n`);
  }
  return files.map(({ path }) => path);
}

/** Whether a file goes to where results are printed: then nothing else does. */
export const takesOut = (args: Arguments): boolean => outputFlags.some((flag) => args.text(flag) === STANDARD);

/** Writes a file whole or not at all; an existing one is replaced, and a link stays one. */
function writeWhole(given: string, content: Uint8Array | string): void {
  const path = exists(given) ? realpathSync(given) : given;
  if (isSpecial(path)) {
    writeInto(given, content);
    return;
  }
  const temporary = join(dirname(resolve(path)), `.${basename(path)}.${randomUUID()}.part`);
  try {
    writeFileSync(temporary, content, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw failure(given, reasonOf(error), {}, 'nothing was written', error);
  }
}

function writeInto(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw failure(path, reasonOf(error), {}, 'it may have taken a part', error);
  }
}
