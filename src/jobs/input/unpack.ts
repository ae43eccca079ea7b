/** What a job cannot read by ranges as it is: gzip, and one array of rows in JSON. Both become rows piece by piece, so that memory stays flat. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { failure } from '../../tensor/errors.ts';

/** Bytes by which a file is told. */
export const HEAD = 2 ** 16;

/** The first bytes, and all pieces with them. */
export async function peek(
  pieces: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  let done = false;
  while (length < HEAD && !done) {
    const next = await iterator.next();
    done = next.done === true;
    if (done) break;
    first.push(next.value);
    length += next.value.length;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
      while (!done) {
        const next = await iterator.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(first).subarray(0, HEAD), all: all() };
}

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Whether a text is one array of rows, not rows that are arrays, a line each. */
export const isOneArray = (text: string): boolean =>
  /^\s*\[\s*[[{]/.test(text) && !/^\s*\[[^\n]*\]\s*\n\s*\[/.test(text);

/** What was compressed. @throws PathgradError for a file that is damaged or cut short */
export async function* gunzipped(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(pieces, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: 2 ** 18 });
  // Errors of the source are its own; a pipe would not hand them on.
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_') && !code.startsWith('ERR_ZLIB')) throw error;
    throw failure(name, 'is a damaged gzip file', { reason: (error as Error).message }, 'get the file anew', error);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

const [LF, CR, QUOTE, BACKSLASH, COMMA] = [0x0a, 0x0d, 0x22, 0x5c, 0x2c];
const OPENS = new Set([0x5b, 0x7b]);
const CLOSES = new Set([0x5d, 0x7d]);
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === LF || byte === CR;

/**
 * The elements of one JSON array, a line each. What is in them is looked at when they are read as rows.
 * @throws PathgradError where the array does not end, or something follows it
 */
export async function* linesOfArray(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let depth = 0;
  let [inText, escaped, ended, marked] = [false, false, false, false];
  for await (const piece of pieces) {
    const out = Buffer.allocUnsafe(piece.length);
    let length = 0;
    for (let i = 0; i < piece.length; i++) {
      let byte = piece[i]!;
      if (inText) {
        if (byte === LF || byte === CR) throw failure(name, 'has a line break in a text of its JSON');
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
      } else if (depth === 0) {
        if (isSpace(byte) || (!marked && !ended && byte >= 0x80)) continue; // a byte order mark
        if (ended) throw failure(name, 'goes on behind the end of its array');
        marked = true;
        depth = 1;
        continue;
      } else if (byte === QUOTE) inText = true;
      else if (OPENS.has(byte)) depth++;
      else if (CLOSES.has(byte)) {
        depth--;
        if (depth === 0) {
          ended = true;
          byte = LF;
        }
      } else if (byte === COMMA && depth === 1) byte = LF;
      else if (byte === LF || byte === CR) byte = 0x20;
      out[length++] = byte;
    }
    yield out.subarray(0, length);
  }
  if (!ended) throw failure(name, 'is cut short: its array does not end', {}, 'get the file anew');
}
