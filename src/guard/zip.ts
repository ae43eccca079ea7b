/**
 * Zip archives: `.keras` and `.npz`. Members are listed at once and unpacked when they are asked for.
 * Invariant: the central directory, the headers before the members and the members themselves agree in all that they say (names, sizes,
 * methods, checksums), members do not overlap, no name is there twice, and the CRC-32 of whatever is read was checked: a flipped bit is
 * an error or lies where nobody reads. Source: PKWARE, APPNOTE.TXT 6.3.10, 4.3 and 4.5.3 (zip64).
 */
import { inflateSync } from 'fflate';
import { damaged, failure } from '../tensor/errors.ts';
import { crc32 } from './crc32.ts';
import { type Guard, guarded } from './guard.ts';

export interface ZipMember {
  /** Bytes that it unpacks to. */
  readonly size: number;
  /** Its content; that of an uncompressed member is a view on the archive. */
  read(): Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** Encryption (bits 0, 6 and 13) and patches (5): how the content was written is not what we read. */
const UNREADABLE = 0x2061;
const DESCRIPTOR = 8;
/** Deflate makes of a byte 1032 at most. */
const MOST_FROM_BYTE = 1032;

/** What a header says of its member. Both kinds have these fields in one order; the central one starts two bytes later. */
interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where the local header is; of a local header, itself. */
  readonly local: number;
  /** Where the header ends: of a local one, where the content starts. */
  readonly end: number;
}

/**
 * The members of an archive by name.
 * @param guard of the file
 * @throws PathgradError where the archive is damaged, or no zip archive
 */
export function openZip(bytes: Uint8Array, name: string, guard: Guard): Map<string, ZipMember> {
  return guarded(name, 'a zip archive', () => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { count, start, end } = directory(view, name);
    guard.take('members', count, name);
    const found = new Map<string, Entry>();
    let at = start;
    for (let i = 0; i < count; i++) {
      const entry = readEntry(view, bytes, at, CENTRAL, name);
      if (found.has(entry.name)) throw failure(`${name}/${entry.name}`, 'is in the archive twice');
      found.set(entry.name, entry);
      at = entry.end;
    }
    if (at !== end) throw damaged(name, 'is a damaged zip archive: its directory has another length than it says');
    let free = 0;
    const members = [...found.values()].sort((a, b) => a.local - b.local);
    return new Map(
      members.map((entry) => {
        const subject = `${name}/${entry.name}`;
        const local = readEntry(view, bytes, entry.local, LOCAL, subject);
        const later = (local.flags & DESCRIPTOR) !== 0 && local.crc + local.packed + local.size === 0;
        for (const key of ['name', 'flags', 'method', 'crc', 'packed', 'size'] as const) {
          if (entry[key] === local[key] || (later && (key === 'crc' || key === 'packed' || key === 'size'))) continue;
          throw damaged(subject, `is damaged: directory and member differ in ${key}`, {
            directory: entry[key],
            member: local[key],
          });
        }
        if (entry.local < free || local.end + entry.packed > start) throw damaged(subject, 'overlaps another member');
        free = local.end + entry.packed;
        const content = bytes.subarray(local.end, free);
        return [entry.name, { size: entry.size, read: () => unpack(entry, content, subject, guard) }];
      }),
    );
  });
}

/** Where the central directory lies and how many entries it has. */
function directory(view: DataView, name: string): { count: number; start: number; end: number } {
  let at = view.byteLength - 22;
  const last = Math.max(0, at - 0xffff);
  while (
    at >= last &&
    !(view.getUint32(at, true) === END && view.getUint16(at + 20, true) === view.byteLength - 22 - at)
  )
    at--;
  if (at < last) throw damaged(name, 'is a zip archive without an end: it is truncated', { bytes: view.byteLength });
  let [count, length, start] = [
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
  ];
  let parts = [view.getUint16(at + 4, true), view.getUint16(at + 6, true), view.getUint16(at + 8, true) - count];
  if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR64) {
    const at64 = Number(view.getBigUint64(at - 12, true));
    if (at64 + 56 > at - 20 || view.getUint32(at64, true) !== END64)
      throw damaged(name, 'is a damaged zip archive: zip64');
    const whole = [32, 40, 48].map((offset) => Number(view.getBigUint64(at64 + offset, true)));
    // What the old record says is the same, or "see there".
    const agrees = [count, length, start].every(
      (old, i) => old === whole[i] || old === (i === 0 ? 0xffff : 0xffffffff),
    );
    [count, length, start] = whole as [number, number, number];
    parts = [agrees ? 0 : 1, Number(view.getBigUint64(at64 + 24, true)) - count];
    at = at64;
  }
  if (parts.some((part) => part !== 0)) throw damaged(name, 'is a damaged zip archive, or one in several parts');
  if (start + length !== at) {
    throw damaged(name, 'is a damaged zip archive: its directory is not where it says', { start, length, end: at });
  }
  return { count, start, end: at };
}

/** A header at `at`, of either kind. */
function readEntry(view: DataView, bytes: Uint8Array, at: number, kind: number, subject: string): Entry {
  const central = kind === CENTRAL;
  if (view.getUint32(at, true) !== kind) throw damaged(subject, 'is a damaged zip archive: no header', { at });
  const base = at + (central ? 8 : 6);
  const u16 = (offset: number): number => view.getUint16(base + offset, true);
  const u32 = (offset: number): number => view.getUint32(base + offset, true);
  const nameAt = at + (central ? 46 : 30);
  const extraAt = nameAt + u16(20);
  const extraEnd = extraAt + u16(22);
  const end = central ? extraEnd + u16(24) : extraEnd;
  if (end > bytes.length) throw damaged(subject, 'is a damaged zip archive: a header is cut short', { at });
  const raw = bytes.subarray(nameAt, extraAt);
  const sizes = [u32(16), u32(12), ...(central ? [u32(34)] : [])]; // size, packed size and place, as zip64 orders them
  for (let field = extraAt; field + 4 <= extraEnd; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4;
    for (const i of sizes.keys()) {
      if (sizes[i] !== 0xffffffff) continue;
      sizes[i] = Number(view.getBigUint64(next, true));
      next += 8;
    }
  }
  const [size, packed, local = at] = sizes as [number, number, number?];
  return { name: new TextDecoder().decode(raw), flags: u16(0), method: u16(2), crc: u32(8), packed, size, local, end };
}

function unpack(entry: Entry, content: Uint8Array, subject: string, guard: Guard): Uint8Array {
  const { method, size, packed, crc, flags } = entry;
  if ((flags & UNREADABLE) !== 0) throw failure(subject, 'is encrypted, or a patch');
  if (method !== 0 && method !== 8)
    throw failure(subject, `is compressed by method ${method}`, {}, 'store or deflate it');
  let out = content;
  if (method === 8) {
    guard.take('unpacked', size, subject);
    if (size > packed * MOST_FROM_BYTE)
      throw damaged(subject, 'claims more bytes than it can unpack to', { size, packed });
    // One byte of room more than it may have shows one that is too long.
    out = guarded(subject, 'a zip archive', () => inflateSync(content, { out: new Uint8Array(size + 1) }));
  }
  if (out.length !== size) throw damaged(subject, 'does not have its size', { bytes: out.length, needs: size });
  if (crc32(out) !== crc) throw failure(subject, 'is damaged: its checksum does not match', {}, 'get the file anew');
  return out;
}
