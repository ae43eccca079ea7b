/** Tables: CSV, NDJSON, JSON and Parquet, by pieces, with what damaged and hostile files say. Parquet is held to hyparquet. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  arraysOf,
  numbersOf,
  readCsv,
  readJsonRows,
  readNdjson,
  readParquet,
  type Table,
  textsOf,
} from '../../src/inputs/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { parquetFiles } from '../fuzz/seeds/parquet.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('inputs: tables');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const golden = (file: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../golden/inputs/${file}`, import.meta.url))));
const cellsOf = ({ columns, cells }: Table): unknown => Object.fromEntries(columns.map((name, i) => [name, cells[i]]));

/** Pieces of `size` bytes, as a stream gives them. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const all = bytes(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

const RFC = '\uFEFFname,"a ""b""",note\r\nÄnne,1,"two\r\nlines, one field"\r\n"x",2,\n\n"5"" pipe",3,6" pipe';

test('CSV: quotes, doubled quotes, line breaks in fields, CRLF, an empty line, a byte order mark; whole and by pieces of any size', async () => {
  const expected = {
    name: ['Änne', 'x', '5" pipe'],
    'a "b"': ['1', '2', '3'],
    note: ['two\r\nlines, one field', '', '6" pipe'],
  };
  assert.equal(cellsOf(await readCsv(bytes(RFC))), expected);
  for (const size of [1, 2, 3, 7, 20]) assert.equal(cellsOf(await readCsv(pieces(RFC, size))), expected, `${size}`);
  assert.equal(cellsOf(await readCsv(new Blob([RFC]))), expected);
});

test('CSV: the separator is found or given; a first row of numbers is no header', async () => {
  assert.equal(cellsOf(await readCsv(bytes('a;b\n1;"2;3"'))), { a: ['1'], b: ['2;3'] });
  assert.equal(cellsOf(await readCsv(bytes('a\tb,c\td\n1\t2\t3'))), { a: ['1'], 'b,c': ['2'], d: ['3'] });
  assert.equal(cellsOf(await readCsv(bytes('a#b\r1#2'), 'x', { separator: '#' })), { a: ['1'], b: ['2'] });
  const bare = await readCsv(bytes('1,2\n3,4'), 'x.csv');
  assert.equal(cellsOf(bare), { 0: ['1', '3'], 1: ['2', '4'] });
  assert.match(bare.notices[0]!, /x\.csv: the first row holds numbers alone/);
  assert.equal(cellsOf(await readCsv(bytes('1,2\n3,4'), 'x', { header: true })), { 1: ['3'], 2: ['4'] });
  assert.equal(cellsOf(await readCsv(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x31, 0))), { a: ['1'] }, 'UTF-16');
});

test('rows are chosen by range or number, and what lies behind them is not read', async () => {
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes('n\n');
    for (let i = 0; ; i++) {
      if (i > 100) throw new Error('read on');
      yield bytes(`${i}\n`);
    }
  };
  const some = await readCsv(endless(), 'x', { rows: { from: 3, to: 5 } });
  assert.equal(
    [some.cells[0], some.rows],
    [
      ['3', '4'],
      [3, 4],
    ],
  );
  assert.equal((await readCsv(endless(), 'x', { rows: [9, 2] })).cells[0], ['9', '2']);
  await rejects(readCsv(bytes('n\n1\n'), 'x', { rows: [4] }), /x: has no row 4 \(rows 1\)\nhint: rows go from 0 to 0/);
  await rejects(readCsv(bytes('n\n1\n'), 'x', { rows: { from: 2, to: 1 } }), /rows: hold no row/);
  assert.equal((await readNdjson(pieces('[1]\n[2]\nno JSON', 3), 'x', { rows: { to: 2 } })).cells, [[1, 2]]);
});

test('CSV: ragged rows, quotes left open, two columns of one name, bytes that are no text: each by its place', async () => {
  await rejects(
    readCsv(bytes('a,b\n1,2\n3\n'), 'x.csv'),
    /x\.csv: has rows of different lengths \(row 1, line 3, fields 1, columns 2\)/,
  );
  await rejects(
    readCsv(bytes('a,b\n1,"2\n3,4\n'), 'x.csv'),
    /x\.csv: opens a quote that is not closed \(line 2, field 1\)/,
  );
  await rejects(
    readCsv(bytes('a,b\n"1"x,2\n'), 'x.csv'),
    /x\.csv: has text behind a closing quote \(line 2, field 0\)/,
  );
  await rejects(readCsv(bytes('a,a\n1,2\n'), 'x.csv'), /x\.csv: two columns are called 'a'/);
  await rejects(readCsv(Uint8Array.of(0x61, 0x0a, 0xff, 0xff), 'x.csv'), /x\.csv: is not UTF-8 text/);
  await rejects(readCsv(new Uint8Array(0), 'x.csv'), /x\.csv: is empty/);
  await rejects(readCsv(bytes('a,b\n'), 'x.csv'), /x\.csv: holds no row/);
  await rejects(readCsv(Uint8Array.of(0x1f, 0x8b, 8, 0, 0), 'x.csv'), /x\.csv: is compressed with gzip/);
  await rejects(readCsv(bytes('a'), 'x', { seperator: ',' } as object), /unknown option 'seperator'/);
});

test('text where numbers belong, empty cells and unknown columns: named by row and column', async () => {
  const table = await readCsv(bytes('age,city\n41,Bern\n,Basel\nold,Zug\n"1,5",x\n0x10,y'), 'x.csv');
  const failsAt = (row: number, text: RegExp): Promise<void> =>
    rejects(() => numbersOf({ ...table, cells: table.cells.map((list) => [list[row]!]), rows: [row] }, ['age']), text);
  await failsAt(1, /x\.csv, row 1, column 'age': has no value/);
  await failsAt(2, /x\.csv, row 2, column 'age': 'old' is not a number/);
  await failsAt(3, /row 3, column 'age': '1,5' is not a number\nhint: write decimals with a point/);
  await failsAt(4, /row 4, column 'age': '0x10' is not a number/);
  await rejects(() => numbersOf(table, ['agee']), /x\.csv: has no column 'agee'\nhint: did you mean 'age'/);
  assert.equal(textsOf(table, 'city').slice(0, 2), ['Bern', 'Basel']);
});

test('NDJSON and JSON: objects in any order of keys, lists, booleans, lists of numbers; other columns by line', async () => {
  const table = await readNdjson(bytes('{"a":1,"b":"x"}\n\n{"b":"y","a":true}\n'));
  assert.equal(cellsOf(table), { a: [1, true], b: ['x', 'y'] });
  assert.equal([...numbersOf(table, ['a']).data], [1, 1]);
  const series = readJsonRows('[{"s": [[1, 2], [3, 4]]}, {"s": [[5, 6], [7, 8]]}]');
  assert.equal(arraysOf(series, 's').shape, [2, 2, 2]);
  await rejects(readNdjson(bytes('{"a":1}\n{"b":1}\n'), 'x'), /x, line 2: has no 'a', as the first row has/);
  await rejects(readNdjson(bytes('{"a":1}\n{"a":1,"b":1}\n'), 'x'), /x, line 2: has 'b', which the first row has not/);
  await rejects(readNdjson(bytes('{"a":1}\n[1]\n'), 'x'), /x, line 2: is a list, and the first row an object/);
  await rejects(readNdjson(bytes('{"a":1}\n{"a":{}}\n'), 'x'), /x, line 2, 'a': holds an object/);
  await rejects(readNdjson(bytes('{"a":1}\n{"a":\n'), 'x'), /x, line 2: is not JSON/);
  await rejects(() => readJsonRows('{"a":1}', 'x'), /x: holds no array of rows/);
  await rejects(
    () => arraysOf(readJsonRows('[{"s":[1,2]},{"s":[1]}]', 'x'), 's'),
    /x, row 1, column 's': has another shape/,
  );
});

test('Parquet: the values that hyparquet reads, whole, by rows, and from a Blob', async () => {
  const file = golden('houses.parquet');
  const theirs = await parquetReadObjects({ file: file.slice().buffer });
  const ours = await readParquet(file, 'h');
  const columns = Object.keys(theirs[0]!);
  assert.equal(ours.columns, columns);
  const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
  assert.equal(
    ours.cells,
    columns.map((name) => theirs.map((row) => plain(row[name]))),
  );
  const some = await readParquet(new Blob([file.slice()]), 'h', { rows: [5, 1] });
  assert.equal(some.cells[0], [ours.cells[0]![5], ours.cells[0]![1]]);
});

test('a line of a million signs in pieces of ten took the square of its length', async () => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 100_000; i++) yield bytes('"abcdefgh,');
  }
  const started = process.cpuUsage();
  await rejects(readCsv(pieces(), 'c'), /c: /);
  await rejects(readNdjson(pieces(), 'n'), /n, line 1: is not JSON/);
  const { user, system } = process.cpuUsage(started);
  assert.ok((user + system) / 1e6 < 8, `${(user + system) / 1e6} s`);
});

test('Parquet: dates that are none, decimals of any width, and footers of records without end', async () => {
  const { plain } = parquetFiles();
  const day = plain!.findIndex((_, at) => at > 4 && new DataView(plain!.buffer, at, 4).getInt32(0, true) === 20_000);
  assert.ok(day > 0);
  const later = plain!.slice();
  later.set([255, 255, 255, 127], day);
  await rejects(readParquet(later, 'p'), /p, column 'day': holds a date that is none/);
  const table = await readParquet(plain!, 'p');
  assert.equal(table.cells[table.columns.indexOf('day')]![0], '2024-10-04');
  const names = new TextDecoder('latin1').decode(plain!);
  // Behind the name of the column: its converted type, then its scale.
  const scale = names.indexOf('price') + 'price'.length + 3;
  assert.is(plain![scale], 4, 'a scale of 2');
  const wide = plain!.slice();
  wide[scale] = 127;
  await rejects(readParquet(wide, 'p'), /column 'price' has decimals of -64 places in 5 bytes/);
  const count = 2 ** 21;
  const head = [0x50, 0x41, 0x52, 0x31, 0x29, 0xfc, 128, 128, 128, 1];
  const many = new Uint8Array(head.length + count + 9);
  many.set(head);
  new DataView(many.buffer).setUint32(many.length - 8, many.length - 12, true);
  many.set(head.slice(0, 4), many.length - 4);
  await rejects(readParquet(many, 'p'), /p: has more records in its metadata than are read/);
});

test('Parquet: a file that is cut or has any byte changed is read, or refused by a named error, soon', async () => {
  const file = golden('houses.parquet');
  await rejects(readParquet(file.subarray(0, file.length - 5), 'p'), /p: is a damaged Parquet file: it is cut short/);
  await rejects(readParquet(bytes('no Parquet file at all'), 'p'), /p: is not a Parquet file/);
  let refused = 0;
  for (let at = 0; at < file.length; at += 5) {
    for (const flip of [at % 2 === 0 ? 0x80 : 0xff]) {
      const changed = file.slice();
      changed[at]! ^= flip;
      try {
        await readParquet(changed, 'p');
      } catch (error) {
        assert.instance(error, PathgradError, `byte ${at}, ${(error as Error).stack}`);
        refused++;
      }
    }
  }
  assert.ok(refused > 100, `${refused}`);
});

test.run();
