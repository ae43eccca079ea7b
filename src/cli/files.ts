/**
 * Files of the command line. Invariant: an output file is whole or was never touched: it is written under another name in
 * the same folder and renamed, and the folder is checked before the work starts. What is no file (`-`, a device, a pipe) is written into.
 */
import * as fs from 'node:fs';
import { accessSync, constants, openAsBlob, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { notText } from '../guard/content.ts';
import { failure } from '../tensor/errors.ts';
import { visible } from '../tensor/visible.ts';
import { writeBeside } from '../tensor/write-beside.ts';
import { type Arguments, usage } from './flags/flags.ts';
import type { Terminal } from './print/terminal.ts';

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

/** What to do about a path that leads nowhere: help texts name files of `examples/`, which is not in the package. */
export function pathHint(path: string): string {
  return /^(\.\/)?examples\//.test(path) && !isFolder('examples')
    ? "examples/ is a folder of pathgrad's repository: git clone it, and run pathgrad there"
    : 'check the path';
}

/** The bytes of a file, or of the standard input for `-`; an error says what is wrong with the path. */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path === STANDARD ? 0 : path));
  } catch (error) {
    throw failure(path, reasonOf(error), {}, pathHint(path), error);
  }
}

/** The text of a UTF-8 file, without a byte order mark. */
export function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw notText(path, bytes, error);
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
    throw failure(path, reasonOf(error), {}, pathHint(path), error);
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
    throw failure(folder, reasonOf(error), {}, pathHint(folder), error);
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
const outputFlags = ['html', 'png', 'svg', 'json', 'table', 'out', 'log'] as const;

/** A device, a pipe: what must not be replaced by a file. */
export function isSpecial(path: string): boolean {
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

/** Files that lie in a folder of a model and belong to it. */
const ofModels = /\.(json|h5|safetensors|txt|bin|onnx|model|jinja)$/i;

/** What reads `output`, if that is a file which the command reads: the model, a flag's file, or one of a folder that is read. */
function readerOf(output: string, args: Arguments): string | null {
  const same = (a: string, b: string): boolean => {
    const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
    return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
  };
  const reads = (path: string, belongs: (name: string) => boolean): boolean =>
    same(path, output) || (isFolder(path) && belongs(output) && same(path, dirname(resolve(output))));
  if (output === STANDARD || !exists(output) || isSpecial(output)) return null;
  if (args.positionals.some((path) => reads(path, (name) => ofModels.test(name)))) return 'the model';
  for (const flag of args.given) {
    if ([...outputFlags, 'text', 'text-pair'].includes(flag)) continue;
    // NAME=FILE, as --input has it.
    const paths = args.all(flag).flatMap((value) => [value, ...value.split(/^[^=]*=/).slice(1)]);
    if (paths.some((path) => reads(path, () => true))) return `--${flag}`;
  }
  return null;
}

/** Throws unless what the flags name can be written, each to a file of its own that nothing is read from: asked before long work. */
export function checkOutputs(args: Arguments): void {
  const files = outputFlags.flatMap((flag) => args.text(flag) ?? []);
  for (const file of files) checkWritable(file);
  for (const flag of outputFlags) {
    const file = args.text(flag);
    const reader = file === undefined ? null : readerOf(file, args);
    if (reader !== null)
      throw usage(`--${flag}`, `'${file}' is read as ${reader}, and would be overwritten`, 'give it another name');
  }
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
  // From here on Ctrl-C does not end the process between two files.
  terminal.signal.throwIfAborted();
  for (const { path, content } of files) {
    if (path === STANDARD) terminal.file(content);
    else writeWhole(path, content);
    if (path !== STANDARD && !args.has('quiet')) terminal.err(`wrote ${visible(path)}\n`);
  }
  return files.map(({ path }) => path);
}

/** Whether a file goes to where results are printed: then nothing else does. */
export const takesOut = (args: Arguments): boolean => outputFlags.some((flag) => args.text(flag) === STANDARD);

/** Writes a file whole or not at all; an existing one is replaced, and a link stays one. What is no file is written into. */
export function writeWhole(path: string, content: Uint8Array | string): void {
  if (isSpecial(path)) {
    writeInto(path, content);
    return;
  }
  try {
    writeBeside(fs, path, content);
  } catch (error) {
    throw failure(path, reasonOf(error), {}, 'nothing was written', error);
  }
}

/**
 * Writes a folder whole or not at all: under another name beside, which it gives up for its own. One that is there is replaced.
 * @param files by their paths inside
 */
export function writeFolder(given: string, files: Readonly<Record<string, Uint8Array>>): void {
  const path = resolve(exists(given) ? fs.realpathSync(given) : given);
  const beside = fs.mkdtempSync(join(dirname(path), `.${basename(path)}.`));
  const [made, old] = [join(beside, 'made'), join(beside, 'old')];
  try {
    for (const [name, bytes] of Object.entries(files)) {
      fs.mkdirSync(dirname(join(made, name)), { recursive: true });
      writeFileSync(join(made, name), bytes, { flush: true });
    }
    if (exists(path)) fs.renameSync(path, old);
    fs.renameSync(made, path);
  } catch (error) {
    if (!exists(path) && exists(old)) fs.renameSync(old, path);
    throw failure(given, reasonOf(error), {}, 'nothing was written', error);
  } finally {
    fs.rmSync(beside, { recursive: true, force: true });
  }
}

function writeInto(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw failure(path, reasonOf(error), {}, 'it may have taken a part', error);
  }
}
