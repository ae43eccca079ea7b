/**
 * Copies in the folder of a job, of what cannot be read by ranges or comes once: the standard input, compressed files, models behind a network. Invariant:
 * a copy is named after its content, so that it is whole or not there, and another content never takes its place under a running worker.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../cli/files.ts';
import { failure } from '../../tensor/errors.ts';
import { drawMark } from '../../tensor/write-beside.ts';

const COPY = /^(input|model)-[0-9a-f]{16}(\.|$)/;

/** Whether a name in a job's folder is that of a copy. */
export const isCopy = (name: string): boolean => COPY.test(name);

/** Writes pieces to a file beside its place, hashing them. */
export class CopyFile {
  readonly #folder: string;
  readonly #beside: string;
  #file: number | null = null;
  #hash = createHash('sha256');
  bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#beside = join(folder, `.input.${drawMark()}.part`);
  }

  /** Begins (again) from nothing. @param size of all of it, where it is known; @throws PathgradError where the disk has no room for it */
  begin(name: string, size: number | null): void {
    this.discard();
    const { bavail, bsize } = statfsSync(this.#folder);
    if (size !== null && size > bavail * bsize)
      throw failure(
        name,
        'is too large for a copy',
        { bytes: size, free: bavail * bsize },
        'make room, or move it to a server with ranges',
      );
    this.#file = this.#write(() => openSync(this.#beside, 'wx'));
    this.#hash = createHash('sha256');
    this.bytes = 0;
  }

  add(piece: Uint8Array): void {
    this.#write(() => {
      for (let at = 0; at < piece.length; ) at += writeSync(this.#file!, piece, at, piece.length - at);
    });
    this.#hash.update(piece);
    this.bytes += piece.length;
  }

  /** Puts it in its place. @returns its name in the folder */
  end(prefix: 'input' | 'model', ending: string): string {
    this.#write(() => fsyncSync(this.#file!));
    closeSync(this.#file!);
    this.#file = null;
    const name = `${prefix}-${this.#hash.digest('hex').slice(0, 16)}${ending}`;
    renameSync(this.#beside, join(this.#folder, name));
    return name;
  }

  /** Removes what is unfinished. */
  discard(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    rmSync(this.#beside, { force: true });
  }

  #write<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.discard();
      throw failure(this.#folder, reasonOf(error), {}, 'make room, then pathgrad job resume, or job run', error);
    }
  }
}

/** Copies the pieces of a file whole. */
export async function copyOf(
  folder: string,
  { prefix, name, ending }: { readonly prefix: 'input' | 'model'; readonly name: string; readonly ending: string },
  pieces: AsyncIterable<Uint8Array>,
  size: number | null = null,
): Promise<string> {
  const file = new CopyFile(folder);
  try {
    file.begin(name, size);
    for await (const piece of pieces) file.add(piece);
    return file.end(prefix, ending);
  } finally {
    file.discard();
  }
}

/** Removes copies that the job does not name: of what was asked for before, or refused. */
export function removeCopies(folder: string, kept: readonly (string | undefined)[]): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (isCopy(name) && !kept.some((one) => one?.split('/')[0] === name))
      rmSync(join(folder, name), { recursive: true });
}
