/**
 * The values of one column chunk: pages of plain values or of places in a dictionary, with or without missing values. Invariant: no list grows
 * beyond the rows of its group, and every read is inside its page. Source: Encodings.md and parquet.thrift of Apache Parquet 2.11.
 */
import type { Guard } from '../../guard/guard.ts';
import { damaged as broken, failure, type PathgradError } from '../../tensor/errors.ts';
import type { Cell } from '../table/table.ts';
import { unpack } from './codecs.ts';
import { type ParquetChunk, type ParquetColumn, whole } from './metadata.ts';
import { ThriftReader, type ThriftStruct } from './thrift.ts';
import { plainValues, runsOf } from './values.ts';

const encodings: Readonly<Record<number, string>> = {
  4: 'BIT_PACKED',
  5: 'DELTA_BINARY_PACKED',
  6: 'DELTA_LENGTH_BYTE_ARRAY',
  7: 'DELTA_BYTE_ARRAY',
  9: 'BYTE_STREAM_SPLIT',
};
const [PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY] = [0, 2, 3, 8];

/**
 * All cells of a column of one row group.
 * @param bytes of the chunk
 * @param guard of the file: what pages unpack to is counted before it is made
 */
export function readChunk(
  bytes: Uint8Array,
  column: ParquetColumn,
  { codec }: ParquetChunk,
  rows: number,
  file: string,
  guard: Guard,
): Cell[] {
  const subject = `${file}, column '${column.name}'`;
  const damaged = (what: string): PathgradError => broken(subject, `is damaged: ${what}`);
  const cells: Cell[] = [];
  let dictionary: readonly Cell[] | null = null;
  for (let at = 0; cells.length < rows; ) {
    if (at >= bytes.length) throw damaged(`it ends after ${cells.length} of ${rows} values`);
    const reader = new ThriftReader(bytes.subarray(at), subject);
    const header = reader.struct();
    const [kind, size, packed] = [whole(header, 1), whole(header, 2), whole(header, 3)];
    at += reader.at;
    if (kind === null || size === null || packed === null || size < 0 || packed < 0 || at + packed > bytes.length)
      throw damaged('a page has no size, or ends outside of it');
    const page = bytes.subarray(at, at + packed);
    at += packed;
    const [data, second, table] = [header.get(5), header.get(8), header.get(7)];
    if (kind === 2 && table instanceof Map) {
      const count = whole(table, 1) ?? -1;
      guard.take('unpacked', size, subject);
      const plain = unpack(page, size, codec, subject);
      if (dictionary || count < 0 || count > plain.length * 8) throw damaged('its dictionary contradicts itself');
      dictionary = plainValues(plain, column, count, subject);
    } else if (kind === 0 && data instanceof Map) {
      guard.take('unpacked', size, subject);
      const count = countOf(data, rows - cells.length, damaged);
      addValues(cells, valuesOf(unpack(page, size, codec, subject), data, 2, count));
    } else if (kind === 3 && second instanceof Map) {
      const [levels, repeats] = [whole(second, 5) ?? 0, whole(second, 6) ?? 0];
      const head = levels + repeats;
      if (levels < 0 || repeats < 0 || head > packed || head > size) throw damaged('a page contradicts itself');
      guard.take('unpacked', size, subject);
      const packs = second.get(7) !== false;
      const values = unpack(page.subarray(head), size - head, packs ? codec : 0, subject);
      const count = countOf(second, rows - cells.length, damaged);
      const defined = column.optional ? runsOf(page.subarray(repeats, head), 1, count, subject) : null;
      addValues(cells, spread(encoded(values, whole(second, 4) ?? -1, present(defined, count)), defined));
    }
  }
  return cells;

  function valuesOf(page: Uint8Array, header: ThriftStruct, encoding: number, count: number): readonly Cell[] {
    let from = 0;
    let defined: Uint32Array | null = null;
    if (column.optional) {
      if (whole(header, 3) !== RLE || page.length < 4)
        throw damaged('its missing values are written in a way that is not read');
      const length = new DataView(page.buffer, page.byteOffset, 4).getUint32(0, true);
      if (4 + length > page.length) throw damaged('a page ends too early');
      defined = runsOf(page.subarray(4, 4 + length), 1, count, subject);
      from = 4 + length;
    }
    return spread(encoded(page.subarray(from), whole(header, encoding) ?? -1, present(defined, count)), defined);
  }

  function encoded(values: Uint8Array, encoding: number, count: number): readonly Cell[] {
    if (encoding === PLAIN) return plainValues(values, column, count, subject);
    if (encoding === RLE && column.type === 0)
      return Array.from(runsOf(values.subarray(4), 1, count, subject), (bit) => bit === 1);
    if (encoding !== PLAIN_DICTIONARY && encoding !== RLE_DICTIONARY) {
      const hint = "write it as others read it, too: df.to_parquet(path, version='1.0')";
      throw failure(subject, `is encoded as ${encodings[encoding] ?? encoding}, which is not read`, {}, hint);
    }
    if (!dictionary) throw damaged('it refers to a dictionary that it has not');
    const width = count === 0 ? 0 : (values[0] ?? 33);
    if (width > 32) throw damaged('a page contradicts itself');
    const places = width === 0 ? new Uint32Array(count) : runsOf(values.subarray(1), width, count, subject);
    return Array.from(places, (place) => {
      if (place >= dictionary!.length) throw damaged('it refers to a value that its dictionary has not');
      return dictionary![place]!;
    });
  }
}

function countOf(header: ThriftStruct, left: number, damaged: (what: string) => PathgradError): number {
  const count = whole(header, 1);
  if (count === null || count < 0 || count > left) throw damaged('it has more values than its group has rows');
  return count;
}

function addValues(cells: Cell[], values: readonly Cell[]): void {
  for (const value of values) cells.push(value);
}

const present = (defined: Uint32Array | null, count: number): number =>
  defined ? defined.reduce((sum, level) => sum + (level === 1 ? 1 : 0), 0) : count;

/** Values with null where there is none. */
function spread(values: readonly Cell[], defined: Uint32Array | null): readonly Cell[] {
  if (!defined) return values;
  let next = 0;
  return Array.from(defined, (level) => (level === 1 ? values[next++]! : null));
}
