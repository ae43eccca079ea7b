/** Rows of text files, byte by byte: chunks are what the readers of src/inputs read, whatever is in quotes; conditions; rows that cannot be read. */
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCsv } from '../../src/inputs/index.ts';
import { RowScanner } from '../../src/jobs/input/lines.ts';
import { TextTable } from '../../src/jobs/input/text-table.ts';
import { conditionsOf, placesWhere } from '../../src/jobs/input/where.ts';
import { localFile } from '../../src/jobs/storage/ranged.ts';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('jobs: input');
const { path } = temporaryFolder();

/** All rows of a file, chunk by chunk. */
async function rowsOf(file: string, kind: 'csv' | 'ndjson' | 'text', chunkRows: number) {
  const input = new TextTable(localFile(file), kind, null);
  const { index, rows } = await input.scan(chunkRows);
  const cells: unknown[][] = [];
  const numbers: number[] = [];
  const failed: number[] = [];
  for (let chunk = 0; chunk + 1 < index.rows.length; chunk++) {
    const { table, failed: bad } = await input.read(index, chunk);
    table?.rows.forEach((number, i) => {
      numbers.push(number);
      cells.push(table.cells.map((column) => column[i]));
    });
    failed.push(...bad.map(({ row }) => row));
  }
  return { rows, cells, numbers, failed };
}

test('a chunk of CSV has the rows that the reader has: quotes, line breaks in them, CRLF, empty lines, a byte order mark', async () => {
  const files = [
    'a,b\n1,"x\ny"\n\n2,"say ""no"", twice"\n3,5" pipe\n4,last',
    '\ufeffa;b\r\n1;"x\r\ny"\r\n\r\n2;z\r\n',
    'a\tb\r1\tx\r2\t"\r"\r3\t\r',
    '"a, first",b\n"1",\n"","2"\n',
    '1,2\n3,4\n5,6\n',
  ];
  for (const [i, text] of files.entries()) {
    const file = path(`${i}.csv`);
    writeFileSync(file, text);
    const whole = await readCsv(new TextEncoder().encode(text), file);
    for (const chunkRows of [1, 2, 100]) {
      const { rows, cells, numbers } = await rowsOf(file, 'csv', chunkRows);
      assert.is(rows, whole.rows.length, file);
      assert.equal(numbers, [...whole.rows]);
      assert.equal(
        cells,
        whole.rows.map((_, row) => whole.cells.map((column) => column[row])),
        `${file} by ${chunkRows}`,
      );
    }
  }
});

test('pieces of any size give the same rows', () => {
  const bytes = new TextEncoder().encode('a,"b\r\n"\r\n\r\nc,d\re,""\n');
  const found = (size: number): string => {
    const rows: string[] = [];
    const scanner = new RowScanner({ kind: 'csv', separator: 0x2c }, 0, (start, end) => rows.push(`${start}-${end}`));
    for (let at = 0; at < bytes.length; at += size) scanner.add(bytes.subarray(at, at + size));
    scanner.end();
    return rows.join(' ');
  };
  assert.is(found(1), found(bytes.length));
  assert.is(found(3), found(bytes.length));
  assert.is(found(1).split(' ').length, 3);
});

test('rows that cannot be read are told by their numbers, and the others are read', async () => {
  writeFileSync(path('rows.ndjson'), '{"a": 1}\n\n{"a": \n{"b": 3}\n{"a": 4}\n');
  assert.equal(await rowsOf(path('rows.ndjson'), 'ndjson', 2), {
    rows: 4,
    cells: [[1], [4]],
    numbers: [0, 3],
    failed: [1, 2],
  });
  writeFileSync(path('ragged.csv'), 'a,b\n1,2\n3\n4,5\n');
  assert.equal(await rowsOf(path('ragged.csv'), 'csv', 100), {
    rows: 3,
    cells: [
      ['1', '2'],
      ['4', '5'],
    ],
    numbers: [0, 2],
    failed: [1],
  });
  writeFileSync(path('lines.txt'), 'one\n \ntwo\r\nthree');
  assert.equal((await rowsOf(path('lines.txt'), 'text', 2)).cells, [['one'], ['two'], ['three']]);
});

test('a row of 10 MB is a row, one of 60 MB a failed one', async () => {
  const long = (megabytes: number): string => JSON.stringify({ a: 'x'.repeat(megabytes * 2 ** 20) });
  writeFileSync(path('long.ndjson'), `{"a": "first"}\n${long(10)}\n${long(60)}\n{"a": "last"}\n`);
  const { numbers, failed } = await rowsOf(path('long.ndjson'), 'ndjson', 1000);
  assert.equal([numbers, failed], [[0, 1, 3], [2]]);
});

test('UTF-16, gzip, one array of rows and empty files are refused, each with what to do', async () => {
  const refused = async (content: Uint8Array | string, message: RegExp): Promise<void> => {
    writeFileSync(path('odd.ndjson'), content);
    await new TextTable(localFile(path('odd.ndjson')), 'ndjson', null).scan(10).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, message),
    );
  };
  await refused(Uint8Array.of(0xff, 0xfe, 0x7b, 0), /UTF-16/);
  await refused(Uint8Array.of(0x1f, 0x8b, 8), /gunzip/);
  await refused('[{"a": 1}]', /jq -c/);
  await refused('\n\n', /is empty/);
});

test('--where compares numbers as numbers, all else as text, and says what is no condition', () => {
  const table = {
    name: 't',
    columns: ['age', 'land'],
    cells: [
      ['9', '40', '', '7e1'],
      ['DE', 'AT', 'DE', null],
    ],
    rows: [0, 1, 2, 3],
    notices: [],
  };
  const kept = (...texts: string[]): number[] => placesWhere(table, conditionsOf(texts));
  assert.equal(kept('age >= 40'), [1, 3]);
  assert.equal(kept('age < 40'), [0]);
  assert.equal(kept("land = 'DE'", 'age != 9'), [2]);
  assert.equal(kept('land != DE'), [1, 3]);
  assert.throws(() => conditionsOf(['age']), /is no condition/);
  assert.throws(() => kept('agee > 1'), /age/);
});

test('--where "age == 40" kept no row and said nothing: two signs in a row are refused, quoted they begin a text', () => {
  for (const sign of ['==', '=>', '=<', '<>', '>>', '!=='])
    assert.throws(() => conditionsOf([`age ${sign} 40`]), new RegExp(`'${sign}' is no comparison`));
  const cells = [['>50K', '<=50K']];
  const table = { name: 't', columns: ['income'], cells, rows: [0, 1], notices: [] };
  assert.equal(placesWhere(table, conditionsOf(['income = >50K'])), [0]);
  assert.equal(placesWhere(table, conditionsOf(['income="<=50K"'])), [1]);
});

test.run();
