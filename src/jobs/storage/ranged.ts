/**
 * A file that is read by ranges, wherever it lies: on a disk, behind HTTP(S), in a bucket. Invariant: all that is read from it is of one content; what
 * has changed since it was opened (or since the job began) is refused, never mixed.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { failure } from '../../tensor/errors.ts';

export interface RangedFile {
  /** For errors and the manifest: without user, password or query. */
  readonly name: string;
  readonly size: number;
  /** What tells this content from a later one under the same name: an ETag, else when it was changed; empty where only the size does. */
  readonly identity: string;
  /** Bytes from `from` to before `to`, fewer where the file ends. @throws PathgradError where it has changed or cannot be read */
  read(from: number, to: number): Promise<Uint8Array>;
  /** All of it, a piece after another. @throws as `read` does */
  pieces(): AsyncIterable<Uint8Array>;
}

/** Bytes that are read at a time. */
const PIECE = 2 ** 20;

/** A file on a disk. @param size that of when the job began, where it has begun; @throws where it is not there, or is of another size */
export function localFile(path: string, size: number | null = null): RangedFile {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw failure(path, 'does not exist', {}, 'check --input');
  if (size !== null && found.size !== size) throw changed(path, { 'bytes before': size, 'bytes now': found.size });
  return {
    name: path,
    size: found.size,
    identity: '',
    read: async (from, to) => {
      const file = await open(path);
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(to, found.size) - from));
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return bytes.subarray(0, at);
      } finally {
        await file.close();
      }
    },
    pieces: () => createReadStream(path, { highWaterMark: PIECE }),
  };
}

/** What a file is refused with that is another one than when the job began. */
export const changed = (name: string, details: Readonly<Record<string, unknown>>) =>
  failure(name, 'has changed since the job began', details, 'put back what was there, or begin anew in another folder');

/** Goes once through a file. @param see what looks at its bytes; @returns its SHA-256 */
export async function readThrough(
  file: RangedFile | string,
  see: (piece: Uint8Array) => void = () => {},
  hash: Hash = createHash('sha256'),
): Promise<string> {
  for await (const piece of (typeof file === 'string' ? localFile(file) : file).pieces()) {
    hash.update(piece);
    see(piece);
  }
  return hash.digest('hex');
}
