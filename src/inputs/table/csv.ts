/**
 * CSV after RFC 4180: quoted fields with separators, line breaks and doubled quotes in them; LF, CRLF or CR; a byte order mark; a separator that is
 * given or found. Read by pieces: what is kept is the rows that are asked for, so that a file may be larger than memory.
 * Our own code, since the readers that stream either take a short row for a full one or need Node. Invariant: every row has as many fields as the
 * first, or the file is refused with row and line.
 */
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import { type ByteSource, textOf } from './source.ts';
import { COLUMN_LIMIT, checkColumns, ROW_LIMIT, type RowChoice, RowCollector, type Table } from './table.ts';

/** What `readCsv` takes beside the file. */
export interface CsvOptions {
  /** One character; found in the first line if left out: comma, semicolon, tab or bar. */
  readonly separator?: string;
  /** Whether the first row names the columns. If left out it does, unless all that it holds are numbers. */
  readonly header?: boolean;
  /** Which rows to keep, from 0 after the header; all if left out. */
  readonly rows?: RowChoice;
}

const SEPARATORS = [',', ';', '\t', '|'] as const;

/**
 * Reads a CSV file. Cells are texts: `numbersOf` makes numbers of them.
 * @param source bytes, a file of the browser, or a stream; it is read to the last row that is asked for
 * @param name of the file, for errors
 * @throws PathgradError for ragged rows, quotes that are not closed, columns of one name, and text that is not UTF-8
 */
export async function readCsv(source: ByteSource, name = 'CSV', options: CsvOptions = {}): Promise<Table> {
  checkOptions<CsvOptions>('readCsv', options, { separator: 1, header: 1, rows: 1 });
  const { header, separator } = options;
  if (header !== undefined) checkBoolean('header', header);
  if (
    separator !== undefined &&
    (typeof separator !== 'string' || separator.length !== 1 || '"\r\n'.includes(separator))
  )
    throw failure('separator', 'is one character', { got: separator });
  const kept = new RowCollector(name, options.rows);
  const notices: string[] = [];
  let columns: readonly string[] | null = null;
  for await (const { fields, line } of records(source, name, separator ?? null)) {
    if (columns === null) {
      const numeric = fields.every((field) => field.trim() !== '' && Number.isFinite(Number(field)));
      const names = header ?? !numeric;
      columns = names ? fields.map((field) => field.trim()) : fields.map((_, i) => String(i));
      checkColumns(name, columns);
      if (header === undefined && numeric)
        notices.push(`${name}: the first row holds numbers alone, so it is a row and no header`);
      if (names) continue;
    }
    if (fields.length !== columns.length) {
      const details = { row: kept.seen, line, fields: fields.length, columns: columns.length };
      throw failure(
        name,
        'has rows of different lengths',
        details,
        'a field that holds the separator stands in quotes',
      );
    }
    if (kept.wantsNext) kept.keep(fields);
    else kept.skip();
    if (kept.done) break;
  }
  if (columns === null)
    throw failure(name, 'is empty', {}, 'give a file with names of columns and a row for each input');
  return kept.table(columns, notices);
}

interface CsvRecord {
  readonly fields: string[];
  /** The line that it begins in, from 1. */
  readonly line: number;
}

/** Where the scanner stands: before a field, in a plain one, in quotes, or behind a quote in quotes. */
type State = 'start' | 'plain' | 'quoted' | 'closing';

/** Records one by one. Empty lines are none. */
async function* records(source: ByteSource, name: string, given: string | null): AsyncGenerator<CsvRecord> {
  let separator = given === null ? -1 : given.charCodeAt(0);
  let state: State = 'start';
  let [fields, field]: [string[], string] = [[], ''];
  let [line, begun] = [1, 1];
  let afterReturn = false;
  const endField = (): void => {
    fields.push(field);
    field = '';
    state = 'start';
    if (fields.length > COLUMN_LIMIT)
      throw failure(name, 'has more columns than are read', { line: begun, limit: COLUMN_LIMIT });
  };
  const endRecord = (): CsvRecord | null => {
    const blank = fields.length === 0 && field === '' && state === 'start';
    if (!blank) endField();
    const record = blank ? null : { fields, line: begun };
    fields = [];
    return record;
  };
  /** The first line so far. Pieces are looked at once: a line of millions of signs may come in thousands. */
  let head: string[] | null = given === null ? [] : null;
  let headLength = 0;
  for await (const piece of textOf(source, name)) {
    let text = piece;
    if (head !== null) {
      // The separator is looked for in the first line as a whole.
      head.push(piece);
      headLength += piece.length;
      if (headLength < ROW_LIMIT && !/[\r\n]/.test(piece)) continue;
      text = head.join('');
      separator = separatorOf(text).charCodeAt(0);
      head = null;
    }
    let from = 0; // of what is not in `field` yet
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (state === 'quoted') {
        if (code === 0x22) {
          field += text.slice(from, i);
          state = 'closing';
        } else if (code === 0x0a) line++;
        continue;
      }
      if (code === 0x22) {
        if (state === 'plain') continue; // `5" pipe` without quotes around it
        if (state === 'closing') field += '"';
        state = 'quoted';
        from = i + 1;
      } else if (code === separator) {
        if (state !== 'closing') field += text.slice(from, i);
        endField();
        from = i + 1;
      } else if (code === 0x0a || code === 0x0d) {
        if (code === 0x0a && afterReturn) {
          afterReturn = false;
          from = i + 1;
          continue;
        }
        if (state !== 'closing') field += text.slice(from, i);
        from = i + 1;
        line++;
        const record = endRecord();
        if (record) yield record;
        begun = line;
        afterReturn = code === 0x0d;
        continue;
      } else if (state === 'closing') {
        throw failure(
          name,
          'has text behind a closing quote',
          { line, field: fields.length },
          'a quote in quotes is doubled: ""',
        );
      } else if (state === 'start') {
        state = 'plain';
        from = i;
      }
      afterReturn = false;
    }
    if (state === 'plain' || (state as State) === 'quoted') field += text.slice(from);
    if (field.length > ROW_LIMIT) {
      const problem =
        (state as State) === 'quoted' ? 'opens a quote that is not closed' : 'has a field that is too long';
      throw failure(name, problem, { line: begun, field: fields.length, limit: ROW_LIMIT });
    }
  }
  if (head !== null) {
    const line = head.join('');
    yield* records(new TextEncoder().encode(line), name, separatorOf(line));
    return;
  }
  if ((state as State) === 'quoted')
    throw failure(name, 'opens a quote that is not closed', { line: begun, field: fields.length });
  const record = endRecord();
  if (record) yield record;
}

/** The separator that the first line has most often, outside quotes; a comma where it has none. */
export function separatorOf(text: string): string {
  const counts = SEPARATORS.map(() => 0);
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!;
    if (sign === '"') quoted = !quoted;
    if (quoted) continue;
    if (sign === '\n' || sign === '\r') break;
    const at = SEPARATORS.indexOf(sign as ',');
    if (at >= 0) counts[at]!++;
  }
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}
