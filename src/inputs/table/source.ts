/**
 * Where a table's bytes come from: all at once, or by pieces of any size, so that a file larger than memory can be read. Invariant: the text is
 * UTF-8, or UTF-16 where a byte order mark says so; other bytes are an error, not signs of replacement.
 */
import { notText } from '../../guard/content.ts';
import { failure } from '../../tensor/errors.ts';
import type { PlatformBlob, PlatformStream } from '../../tensor/platform.ts';

/** Bytes, a file of the browser, a stream, or whatever gives pieces one after another (a file stream of Node). */
export type ByteSource = Uint8Array | PlatformBlob | PlatformStream | AsyncIterable<Uint8Array>;

/** Pieces that text is decoded by where all bytes are there at once. */
const PIECE = 2 ** 20;

/** The text of a source, piece by piece, without its byte order mark. A reader that stops early ends the source. */
export async function* textOf(source: ByteSource, name: string): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let head = new Uint8Array(0);
  const decode = (bytes: Uint8Array | null): string => {
    try {
      decoder ??= decoderFor(head);
      return bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw notText(name, head, error);
    }
  };
  for await (const piece of piecesOf(source)) {
    if (decoder === null && head.length + piece.length < 4) {
      head = joined(head, piece);
      continue;
    }
    if (decoder === null) head = joined(head, piece);
    const first = decoder === null;
    if (first && head[0] === 0x1f && head[1] === 0x8b) {
      throw failure(name, 'is compressed with gzip', {}, 'unpack it first: gunzip');
    }
    const text = decode(first ? head : piece);
    if (text !== '') yield text;
  }
  const rest = (decoder === null ? decode(head) : '') + decode(null);
  if (rest !== '') yield rest;
}

function decoderFor(head: Uint8Array): TextDecoder {
  const wide =
    head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : null;
  return new TextDecoder(wide ?? 'utf-8', { fatal: true });
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    for (let at = 0; at < source.length; at += PIECE) yield source.subarray(at, at + PIECE);
    return;
  }
  const stream = source instanceof Blob ? source.stream() : source;
  if (!('getReader' in stream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Lines of a text that comes in pieces, without their ends, numbered from 1. @throws for a line longer than `limit` characters */
export async function* linesOf(
  pieces: AsyncIterable<string>,
  name: string,
  limit: number,
): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  /** What is read of the line: joined once, since a long one may come in thousands of pieces. */
  let rest: string[] = [];
  let length = 0;
  let line = 0;
  const whole = (): string => {
    const text = rest.join('');
    [rest, length] = [[], 0];
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  };
  for await (const piece of pieces) {
    const parts = piece.split('\n');
    const last = parts.pop()!;
    for (const part of parts) {
      rest.push(part);
      yield { line: ++line, text: whole() };
    }
    rest.push(last);
    length += last.length;
    if (length > limit) throw failure(name, `line ${line + 1} is too long to be a row`, { characters: length, limit });
  }
  const text = whole();
  if (text !== '') yield { line: line + 1, text };
}
