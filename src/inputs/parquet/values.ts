/** Values inside a page: plain ones of every physical type, and runs of small numbers (the hybrid of RLE and bit packing). */
import { damaged, failure } from '../../tensor/errors.ts';
import type { Cell } from '../table/table.ts';
import type { ParquetColumn } from './metadata.ts';

const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

/** `count` plain values. @throws where the page ends before, and for values that a double does not hold */
export function plainValues(bytes: Uint8Array, column: ParquetColumn, count: number, subject: string): Cell[] {
  const { type, meaning, scale } = column;
  if (meaning === 'unread') {
    const hint = 'make numbers or texts of it before it is written';
    throw failure(subject, 'holds times, intervals or bytes, which are not read', { type }, hint);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const widths: Readonly<Record<number, number>> = { 1: 4, 2: 8, 4: 4, 5: 8, 7: column.bytes };
  const need = (end: number): void => {
    if (end > bytes.length) throw damaged(subject, 'is damaged: a page ends too early', { values: count });
  };
  if (type === 0) {
    need(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, i) => ((bytes[i >> 3]! >> (i & 7)) & 1) === 1);
  }
  if (type === 6) return byteArrays(view, count, subject);
  const width = widths[type] ?? 0;
  if (width <= 0) throw failure(subject, `has values of the unknown type ${type}`);
  need(count * width);
  const exact = (value: bigint): number => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw failure(subject, 'holds an integer beyond 2^53', { value: String(value) });
    return number;
  };
  const read = (at: number): number => {
    if (type === 4) return view.getFloat32(at, true);
    if (type === 5) return view.getFloat64(at, true);
    if (type === 1) return meaning === 'unsigned' ? view.getUint32(at, true) : view.getInt32(at, true);
    if (type === 2) return exact(meaning === 'unsigned' ? view.getBigUint64(at, true) : view.getBigInt64(at, true));
    let value = BigInt(view.getInt8(at));
    for (let i = 1; i < width; i++) value = value * 256n + BigInt(view.getUint8(at + i));
    return exact(value);
  };
  return Array.from({ length: count }, (_, i) => {
    const value = read(i * width);
    if (meaning === 'decimal') return value / 10 ** scale;
    if (Number.isNaN(value)) return null; // pandas writes NaN for what is missing
    return meaning === 'date' ? dateOf(value, subject) : value;
  });
}

/** `2024-10-04` of days since 1970, as far as JavaScript counts them: a million years to each side hold fewer than 2^31. */
function dateOf(days: number, subject: string): string {
  if (Math.abs(days) > 1e8) throw failure(subject, 'holds a date that is none', { days });
  return new Date(days * 86_400_000).toISOString().replace(/T.*/, '');
}

function byteArrays(view: DataView, count: number, subject: string): string[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    const length = at + 4 <= view.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > view.byteLength)
      throw damaged(subject, 'is damaged: a page ends too early', { values: count });
    at += 4 + length;
    try {
      return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + at - length, length));
    } catch (error) {
      throw failure(subject, 'holds bytes that are no text', {}, undefined, error);
    }
  });
}

/** `count` numbers of `width` bits each, in runs of one value and runs of packed ones. */
export function runsOf(bytes: Uint8Array, width: number, count: number, subject: string): Uint32Array {
  const out = new Uint32Array(count);
  const short = (): Error => damaged(subject, 'is damaged: a run ends too early', { values: count });
  let [at, to] = [0, 0];
  while (to < count) {
    let [head, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 35) throw short();
      head += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) break;
    }
    if (head % 2 === 0) {
      const length = Math.min(head / 2, count - to);
      const size = (width + 7) >> 3;
      if (head === 0 || at + size > bytes.length) throw short();
      let value = 0;
      for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
      at += size;
      out.fill(value, to, to + length);
      to += length;
      continue;
    }
    const groups = (head - 1) / 2;
    const length = Math.min(groups * 8, count - to);
    if (at + Math.ceil((length * width) / 8) > bytes.length) throw short();
    for (let i = 0; i < length; i++) out[to + i] = bitsAt(bytes, at, i * width, width);
    to += length;
    at += groups * width;
  }
  return out;
}

function bitsAt(bytes: Uint8Array, start: number, bit: number, width: number): number {
  let value = 0;
  for (let taken = 0; taken < width; ) {
    const at = bit + taken;
    const some = Math.min(8 - (at & 7), width - taken);
    value += ((bytes[start + (at >> 3)]! >> (at & 7)) & (2 ** some - 1)) * 2 ** taken;
    taken += some;
  }
  return value;
}
