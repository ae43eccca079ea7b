/**
 * Bytes of a file by range, wherever it lies: from disk (in Node), a URL whose server answers ranges, a Blob, or memory. Invariant: no
 * more than a range is held here; only a server without ranges makes the whole file come at once.
 */
import { type ModelSource, nameIn, openPath, readSource } from '../keras/load/source.ts';
import { damaged, failure } from '../tensor/errors.ts';

export interface Ranges {
  readonly name: string;
  /** Bytes of the whole. */
  readonly size: number;
  /**
   * Fills `into` with the bytes from `at` on.
   * @throws PathgradError where the file ends before, or cannot be read any more
   */
  readonly read: (at: number, into: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
}

const nothing = async (): Promise<void> => {};

/** @throws PathgradError as `readSource` does */
export async function openRanges(source: ModelSource): Promise<Ranges> {
  if (typeof Blob !== 'undefined' && source instanceof Blob) {
    const name = 'name' in source && typeof source.name === 'string' ? source.name : 'model';
    const read = async (at: number, into: Uint8Array): Promise<void> =>
      into.set(new Uint8Array(await source.slice(at, at + into.length).arrayBuffer()));
    return checked({ name, size: source.size, read, close: nothing });
  }
  if (typeof source === 'string' || source instanceof URL) {
    const text = String(source);
    if (!/^https?:/i.test(text)) return fromDisk(source, text);
    const found = await fromServer(text);
    if (found) return found;
  }
  const { bytes, name } = await readSource(source);
  const read = async (at: number, into: Uint8Array): Promise<void> => into.set(bytes.subarray(at, at + into.length));
  return checked({ name, size: bytes.length, read, close: nothing });
}

function checked(ranges: Ranges): Ranges {
  const read = (at: number, into: Uint8Array): Promise<void> => {
    if (!(at >= 0 && at + into.length <= ranges.size)) {
      throw damaged(ranges.name, 'ends too early', { bytes: ranges.size, needed: at + into.length });
    }
    return ranges.read(at, into);
  };
  return { ...ranges, read };
}

/** Bytes that are asked of a disk at once: Node ends the process at 2 GiB. */
const once = 2 ** 30;

async function fromDisk(source: string | URL, text: string): Promise<Ranges> {
  const { handle, size, name } = await openPath(source, text);
  const read = async (at: number, into: Uint8Array): Promise<void> => {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await handle.read(into, done, Math.min(into.length - done, once), at + done);
      if (bytesRead === 0) throw damaged(name, 'ends too early', { bytes: at + done, needed: at + into.length });
      done += bytesRead;
    }
  };
  return checked({ name, size, read, close: () => handle.close() });
}

/** Null where the server gives whole files only. */
async function fromServer(url: string): Promise<Ranges | null> {
  const part = (from: number, to: number): Promise<Response | null> =>
    fetch(url, { headers: { range: `bytes=${from}-${to - 1}` } }).catch(() => null);
  const first = await part(0, 8);
  const size = Number(/\/(\d+)$/.exec(first?.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
  await first?.body?.cancel().catch(() => {});
  if (first?.status !== 206 || !Number.isSafeInteger(size)) return null;
  const name = nameIn(url.replace(/[?#].*$/, ''));
  const read = async (at: number, into: Uint8Array): Promise<void> => {
    if (into.length === 0) return;
    const response = await part(at, at + into.length);
    if (response?.status !== 206)
      throw failure(url, 'cannot be fetched', { status: response?.status ?? 'no answer', from: at });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== into.length)
      throw failure(url, 'the server gave another range than asked', { asked: into.length, given: bytes.length });
    into.set(bytes);
  };
  return checked({ name, size, read, close: nothing });
}
