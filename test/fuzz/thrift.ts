/**
 * Thrift's compact protocol as trees that are changed and written again: what the fuzz campaign makes and damages Parquet files with. Apart from the
 * reader in src, which keeps no types and would not show its own mistakes. Source: thrift-compact-protocol.md of Apache Thrift.
 */

/** A value with its type: 1 and 2 true and false, 3 to 6 integers, 8 bytes, 9 list, 12 struct. */
export interface Thrift {
  readonly type: number;
  readonly number?: bigint;
  readonly bytes?: Uint8Array;
  readonly items?: readonly Thrift[];
  readonly fields?: readonly (readonly [id: number, value: Thrift])[];
}

export const int = (value: number, type = 5): Thrift => ({ type, number: BigInt(value) });
export const long = (value: number): Thrift => int(value, 6);
export const flag = (value: boolean): Thrift => ({ type: value ? 1 : 2 });
export const text = (value: string): Thrift => ({ type: 8, bytes: new TextEncoder().encode(value) });
export const list = (...items: readonly Thrift[]): Thrift => ({ type: 9, items });
export const struct = (fields: Readonly<Record<number, Thrift>>): Thrift => ({
  type: 12,
  fields: Object.entries(fields).map(([id, value]) => [Number(id), value]),
});

/** A struct's bytes. Lists are of the type of their first item. */
export function writeThrift(value: Thrift): Uint8Array {
  const out: number[] = [];
  const varint = (number: bigint): void => {
    let rest = BigInt.asUintN(64, number);
    for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
    out.push(Number(rest));
  };
  const zigzag = (number: bigint): void => varint((number << 1n) ^ (number >> 63n));
  const put = ({ type, number = 0n, bytes, items, fields }: Thrift): void => {
    if (type >= 3 && type <= 6) zigzag(number);
    else if (type === 8) {
      varint(BigInt(bytes!.length));
      for (const byte of bytes!) out.push(byte);
    } else if (type === 9) {
      const kind = items![0]?.type ?? 12;
      if (items!.length < 15) out.push((items!.length << 4) | kind);
      else {
        out.push(0xf0 | kind);
        varint(BigInt(items!.length));
      }
      for (const item of items!) put(item);
    } else if (type === 12) {
      let before = 0;
      for (const [id, inner] of fields!) {
        const step = id - before;
        if (step > 0 && step < 16) out.push((step << 4) | inner.type);
        else {
          out.push(inner.type);
          zigzag(BigInt(id));
        }
        before = id;
        put(inner);
      }
      out.push(0);
    }
  };
  put(value);
  return Uint8Array.from(out);
}

/** The struct that begins at `from`, and where it ends; null where the bytes are none. */
export function readThrift(bytes: Uint8Array, from = 0): { readonly value: Thrift; readonly end: number } | null {
  let at = from;
  const byte = (): number => {
    if (at >= bytes.length) throw new RangeError('thrift ends early');
    return bytes[at++]!;
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const next = byte();
      value |= BigInt(next & 127) << shift;
      if (next < 128) return value;
    }
  };
  const zigzag = (): bigint => {
    const value = varint();
    return (value >> 1n) ^ -(value & 1n);
  };
  const value = (type: number, depth: number): Thrift => {
    if (depth > 20) throw new RangeError('thrift is too deep');
    if (type === 1 || type === 2) return { type };
    if (type >= 3 && type <= 6) return { type, number: zigzag() };
    if (type === 8) {
      const length = Number(varint());
      if (at + length > bytes.length) throw new RangeError('thrift ends early');
      at += length;
      return { type, bytes: bytes.slice(at - length, at) };
    }
    if (type === 9) {
      const head = byte();
      const count = head >> 4 === 15 ? Number(varint()) : head >> 4;
      if (count > bytes.length) throw new RangeError('thrift ends early');
      return { type, items: Array.from({ length: count }, () => value(head & 15, depth + 1)) };
    }
    if (type !== 12) throw new RangeError(`thrift type ${type}`);
    const fields: [number, Thrift][] = [];
    for (let id = 0; ; ) {
      const head = byte();
      if (head === 0) return { type, fields };
      id = head >> 4 === 0 ? Number(zigzag()) : id + (head >> 4);
      fields.push([id, value(head & 15, depth + 1)]);
    }
  };
  try {
    return { value: value(12, 0), end: at };
  } catch {
    return null;
  }
}
