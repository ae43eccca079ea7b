/**
 * The footer of a Parquet file: the columns that are flat, and where their pages lie. Invariant: every chunk lies inside the file, all of them
 * take no more room than it has, and a group's
 * columns have as many values as the group has rows. Source: parquet.thrift of Apache Parquet 2.11.
 */
import { damaged as broken, type PathgradError } from '../../tensor/errors.ts';
import { ThriftReader, type ThriftStruct, type ThriftValue } from './thrift.ts';

/** A column of one value per row. */
export interface ParquetColumn {
  readonly name: string;
  /** Physical type: 0 boolean, 1 int32, 2 int64, 3 int96, 4 float, 5 double, 6 bytes, 7 bytes of one length. */
  readonly type: number;
  readonly optional: boolean;
  /** How the values are meant, where they are no plain numbers or texts. */
  readonly meaning: 'plain' | 'unsigned' | 'date' | 'decimal' | 'unread';
  readonly scale: number;
  /** Bytes of a value of type 7. */
  readonly bytes: number;
}

export interface ParquetChunk {
  readonly codec: number;
  readonly start: number;
  readonly end: number;
}

export interface ParquetGroup {
  readonly rows: number;
  /** One per column. */
  readonly chunks: readonly ParquetChunk[];
}

export interface ParquetMetadata {
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly ParquetGroup[];
  readonly rows: number;
  /** Columns of lists and records, which are left out. */
  readonly nested: readonly string[];
}

/** @param footer the thrift data; @param size of the file */
export function readMetadata(footer: Uint8Array, name: string, size: number): ParquetMetadata {
  const damaged = (what: string): PathgradError => broken(name, `is a damaged Parquet file: ${what}`, { bytes: size });
  const struct = new ThriftReader(footer, name).struct();
  const [root, ...elements] = structs(struct.get(2));
  if (!root || whole(root, 5) === null) throw damaged('it has no schema');
  const columns: ParquetColumn[] = [];
  const nested: string[] = [];
  /** Place of each flat column among the leaves, which a group's chunks go by. */
  const leaves: (ParquetColumn | null)[] = [];
  for (let at = 0; at < elements.length; ) {
    const element = elements[at]!;
    const label = textIn(element, 4) ?? '';
    const end = endOf(elements, at, damaged);
    if (end === at + 1 && whole(element, 3) !== 2) {
      const column = columnFrom(element, label, damaged);
      columns.push(column);
      leaves.push(column);
    } else {
      nested.push(label);
      for (let i = at; i < end; i++) if ((whole(elements[i]!, 5) ?? 0) === 0) leaves.push(null);
    }
    at = end;
  }
  const groups = structs(struct.get(4)).map((group): ParquetGroup => {
    const rows = whole(group, 3);
    const chunks = structs(group.get(1));
    if (rows === null || rows < 0 || chunks.length !== leaves.length)
      throw damaged('a row group contradicts the schema');
    return {
      rows,
      chunks: chunks.flatMap((chunk, i) => (leaves[i] ? [chunkFrom(chunk, leaves[i], rows, size, damaged)] : [])),
    };
  });
  const packed = groups.flatMap(({ chunks }) => chunks).reduce((sum, { start, end }) => sum + end - start, 0);
  if (packed > size) throw damaged('its columns lie on top of each other');
  return { columns, groups, rows: groups.reduce((sum, group) => sum + group.rows, 0), nested };
}

/** Where a schema element with all below it ends. */
function endOf(elements: readonly ThriftStruct[], from: number, damaged: (what: string) => PathgradError): number {
  let open = 1;
  let at = from;
  while (open > 0) {
    const element = elements[at++];
    const children = element ? (whole(element, 5) ?? 0) : -1;
    if (children < 0) throw damaged('its schema is cut short');
    open += children - 1;
  }
  return at;
}

/** Digits of a decimal, and the bytes that hold so many. */
const [DIGITS, DECIMAL_BYTES] = [38, 16];

function columnFrom(element: ThriftStruct, name: string, damaged: (what: string) => PathgradError): ParquetColumn {
  const type = whole(element, 1) ?? -1;
  const converted = whole(element, 6);
  const logical = element.get(10);
  const kind = logical instanceof Map ? ([...logical.keys()][0] as number | undefined) : undefined;
  const scale = whole(element, 7) ?? 0;
  const decimal = converted === 5 || kind === 5;
  const bytes = whole(element, 2) ?? 0;
  if (decimal && !(scale >= 0 && scale <= DIGITS && bytes <= DECIMAL_BYTES))
    throw damaged(`column '${name}' has decimals of ${scale} places in ${bytes} bytes`);
  // 11 to 14 are UINT_8 to UINT_64; a logical INTEGER says whether it has a sign.
  const unsigned = converted !== null && converted >= 11 && converted <= 14;
  const unread =
    type === 3 ||
    (type === 7 && !decimal) ||
    kind === 15 ||
    [7, 8, 9, 10, 21].includes(converted ?? -1) ||
    kind === 7 ||
    kind === 8;
  const meaning = unread
    ? 'unread'
    : decimal
      ? 'decimal'
      : converted === 6 || kind === 6
        ? 'date'
        : unsigned
          ? 'unsigned'
          : 'plain';
  return { name, type, optional: whole(element, 3) === 1, meaning, scale, bytes };
}

function chunkFrom(
  chunk: ThriftStruct,
  { name }: ParquetColumn,
  rows: number,
  size: number,
  damaged: (what: string) => PathgradError,
): ParquetChunk {
  const meta = chunk.get(3);
  if (chunk.has(1)) throw damaged(`column '${name}' lies in another file`);
  if (!(meta instanceof Map)) throw damaged(`column '${name}' is encrypted, or says nothing of itself`);
  const [codec, values, packed, data] = [whole(meta, 4), whole(meta, 5), whole(meta, 7), whole(meta, 9)];
  if (codec === null || values === null || packed === null || data === null)
    throw damaged(`column '${name}' lacks sizes`);
  if (values !== rows) throw damaged(`column '${name}' has ${values} values for ${rows} rows`);
  const dictionary = whole(meta, 11);
  const start = dictionary !== null && dictionary > 0 && dictionary < data ? dictionary : data;
  if (start < 4 || packed < 0 || start + packed > size) throw damaged(`column '${name}' lies outside the file`);
  return { codec, start, end: start + packed };
}

const isStruct = (value: ThriftValue): value is ThriftStruct => value instanceof Map;

/** A list of structs; empty for anything else. */
function structs(value: ThriftValue | undefined): ThriftStruct[] {
  return Array.isArray(value) ? (value as readonly ThriftValue[]).filter(isStruct) : [];
}

/** A whole number that a double holds exactly, or null. */
export function whole(struct: ThriftStruct, field: number): number | null {
  const value = struct.get(field);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

function textIn(struct: ThriftStruct, field: number): string | null {
  const value = struct.get(field);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : null;
}
