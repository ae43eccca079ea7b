/**
 * Intact Parquet files, made here: each codec and page kind, with a column of every type that is read. Snappy is written as one literal, zstd as one
 * raw block; pyarrow's file is of test/golden. Source: parquet.thrift of Apache Parquet 2.11.
 */
import { gzipSync } from 'fflate';
import { concatenate } from '../mutate/bytes.ts';
import { flag, int, list, long, struct, type Thrift, text, writeThrift } from '../thrift.ts';

interface Column {
  readonly name: string;
  readonly type: number;
  readonly values: Uint8Array;
  /** Further fields of the schema: lengths, converted types, scales. */
  readonly meaning?: Readonly<Record<number, Thrift>>;
}

const rows = 4;
const fill = (width: number, write: (view: DataView, at: number, i: number) => void): Uint8Array => {
  const bytes = new Uint8Array(width * rows);
  for (let i = 0; i < rows; i++) write(new DataView(bytes.buffer), width * i, i);
  return bytes;
};
const words = concatenate(
  ...['red', '', 'grün', 'blue'].flatMap((word) => {
    const bytes = new TextEncoder().encode(word);
    return [Uint8Array.of(bytes.length, 0, 0, 0), bytes];
  }),
);
const columns: readonly Column[] = [
  { name: 'bit', type: 0, values: Uint8Array.of(0b1010) },
  { name: 'whole', type: 1, values: fill(4, (view, at, i) => view.setInt32(at, 7 * i - 9, true)) },
  {
    name: 'long',
    type: 2,
    values: fill(8, (view, at, i) => view.setBigInt64(at, BigInt(i) << 40n, true)),
    meaning: { 6: int(14) },
  },
  {
    name: 'day',
    type: 1,
    values: fill(4, (view, at, i) => view.setInt32(at, 20_000 + i, true)),
    meaning: { 6: int(6) },
  },
  { name: 'single', type: 4, values: fill(4, (view, at, i) => view.setFloat32(at, i / 3, true)) },
  { name: 'double', type: 5, values: fill(8, (view, at, i) => view.setFloat64(at, i / 7, true)) },
  { name: 'word', type: 6, values: words, meaning: { 6: int(0) } },
  {
    name: 'price',
    type: 7,
    values: fill(5, (view, at, i) => view.setUint8(at + 4, 50 + i)),
    meaning: { 2: int(5), 6: int(5), 7: int(2), 8: int(9) },
  },
];

/** As codec 0 to 2 or 6 would. */
function pack(bytes: Uint8Array, codec: number): Uint8Array {
  if (codec === 2) return gzipSync(bytes, { mtime: 0 });
  if (codec === 0) return bytes;
  // A frame of one segment that states its size (RFC 8878, 3.1.1), and its last block, raw.
  if (codec === 6)
    return concatenate(
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, 1 | ((bytes.length & 31) << 3), bytes.length >> 5, 0),
      bytes,
    );
  return concatenate(Uint8Array.of(bytes.length, 60 << 2, bytes.length - 1), bytes);
}

/** @param second pages of the second kind; @param places values by their places in a dictionary; @param optional with one value missing */
function file(codec: number, { second = false, places = false, optional = false }): Uint8Array {
  const pieces: Uint8Array[] = [new TextEncoder().encode('PAR1')];
  let at = 4;
  const put = (...bytes: readonly Uint8Array[]): number => {
    const from = at;
    for (const piece of bytes) {
      pieces.push(piece);
      at += piece.length;
    }
    return from;
  };
  const count = optional ? rows + 1 : rows;
  const page = (
    kind: number,
    field: number,
    header: Thrift,
    body: Uint8Array,
    plainHead = new Uint8Array(0),
  ): number => {
    const packed = pack(body, codec);
    const sizes = { 2: int(body.length + plainHead.length), 3: int(packed.length + plainHead.length) };
    return put(writeThrift(struct({ 1: int(kind), ...sizes, [field]: header })), plainHead, packed);
  };
  const chunks = columns.map(({ type, name, values }) => {
    const begin = at;
    const inDictionary = places && type !== 0;
    const first = inDictionary ? page(2, 7, struct({ 1: int(rows), 2: int(0) }), values) : null;
    // Two bits a place, one group of eight: 0 1 2 3.
    const body = inDictionary ? Uint8Array.of(2, 3, 0b11100100, 0) : values;
    // The last of five values is missing: one group of eight levels of one bit.
    const levels = optional ? Uint8Array.of(3, 0b01111) : new Uint8Array(0);
    const encoding = int(inDictionary ? 8 : 0);
    const numbers = { 1: int(count), 2: int(count - rows), 3: int(count), 4: encoding };
    const sizes = { 5: int(levels.length), 6: int(0), 7: flag(codec !== 0) };
    const framed = optional ? concatenate(Uint8Array.of(levels.length, 0, 0, 0), levels, body) : body;
    const data = second
      ? page(3, 8, struct({ ...numbers, ...sizes }), body, levels)
      : page(0, 5, struct({ 1: int(count), 2: encoding, 3: int(3), 4: int(3) }), framed);
    const sizesOf = { 5: long(count), 6: long(at - begin), 7: long(at - begin), 9: long(data) };
    const meta = { 1: int(type), 2: list(int(0)), 3: list(text(name)), 4: int(codec), ...sizesOf };
    return struct({ 2: long(begin), 3: struct({ ...meta, ...(first !== null && { 11: long(first) }) }) });
  });
  const schema = columns.map(({ name, type, meaning }) =>
    struct({ 1: int(type), 2: int(0), 3: int(optional ? 1 : 0), 4: text(name), ...meaning }),
  );
  const root = struct({ 4: text('schema'), 5: int(columns.length) });
  const groups = list(struct({ 1: list(...chunks), 2: long(at - 4), 3: long(count) }));
  const footer = writeThrift(struct({ 1: int(2), 2: list(root, ...schema), 3: long(count), 4: groups }));
  const tail = new Uint8Array(8);
  new DataView(tail.buffer).setUint32(0, footer.length, true);
  tail.set(new TextEncoder().encode('PAR1'), 4);
  return concatenate(...pieces, footer, tail);
}

/** By name. */
export const parquetFiles = (): Readonly<Record<string, Uint8Array>> => ({
  plain: file(0, {}),
  'second kind of pages': file(0, { second: true, optional: true }),
  'dictionary, snappy': file(1, { places: true, optional: true }),
  'zstd, dictionary': file(6, { places: true }),
  'gzip, second kind': file(2, { second: true, places: true }),
});
