/** Columns of `--keep` in Parquet parts: numbers stay numbers, in all parts alike, and nothing is lost that a number cannot hold. */
import { writeFileSync } from 'node:fs';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFlags } from '../../src/cli/flags/flags.ts';
import { jobGroups } from '../../src/cli/job/flags.ts';
import { inputOf } from '../../src/jobs/input/input.ts';
import { keptTypes } from '../../src/jobs/input/kept.ts';
import { encodePart } from '../../src/jobs/output/encode.ts';
import { localFile } from '../../src/jobs/storage/ranged.ts';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('jobs: kept columns');
const { path } = temporaryFolder();

async function typesIn(name: string, content: string | Uint8Array, columns: string, flags: readonly string[] = []) {
  writeFileSync(path(name), content);
  const kind = name.endsWith('.csv') ? 'csv' : name.endsWith('.parquet') ? 'parquet' : 'ndjson';
  const input = inputOf(kind, localFile(path(name)), parseFlags([...flags], jobGroups, 'job run'));
  const { index } = await input.scan(2);
  return { types: await keptTypes(input, index, columns.split(','), undefined), input, index };
}

test('of CSV a column is of numbers where it is so in the whole input, in a chunk far behind too', async () => {
  const head = 'whole,real,late,zeros,large,sign,empty,gaps,words\n';
  const rows = Array.from(
    { length: 9 },
    (_, i) => `${i},${i}.50,${i},00${i},9007199254740993,+${i},,${i % 2 ? i : ''},w`,
  );
  const { types } = await typesIn('a.csv', `${head}${rows.join('\n')}\n7,1e3,x,001,1,+1,,,true\n`, head.trim());
  assert.equal(types, {
    whole: 'integer',
    real: 'number',
    late: 'text',
    zeros: 'text',
    large: 'text',
    sign: 'text',
    empty: 'text',
    gaps: 'integer',
    words: 'text',
  });
});

test('of JSON a column is of what its values say; one of two kinds is of texts, and rows that are none count for nothing', async () => {
  const lines = [
    '{"flag": true, "n": 1, "x": 1, "text": "1", "mixed": 1, "none": null}',
    '{"flag": false, "n": 2, "x": 2.5, "text": "2", "mixed": "b", "none": null}',
    '{"flag": "broken"',
    '{"flag": null, "n": null, "x": 3, "text": "3", "mixed": true, "none": null}',
  ];
  const { types } = await typesIn('a.ndjson', lines.join('\n'), 'flag,n,x,text,mixed,none');
  assert.equal(types, { flag: 'boolean', n: 'integer', x: 'number', text: 'text', mixed: 'text', none: 'text' });
});

test('rows that --where leaves out say nothing of the type', async () => {
  const { types } = await typesIn('b.csv', 'id,use\n1,yes\nx,no\n3,yes\n', 'id', ['--where', 'use = yes']);
  assert.equal(types, { id: 'integer' });
});

test('of Parquet the schema says it, and a part has the same types and values', async () => {
  const columnData = [
    { name: 'id', data: [1, 2, 3], type: 'INT32' },
    { name: 'big', data: [1n, null, 3n], type: 'INT64' },
    { name: 'x', data: [0.5, null, 2.5], type: 'DOUBLE' },
    { name: 'flag', data: [true, false, true], type: 'BOOLEAN' },
    { name: 'name', data: ['1', '2', '3'], type: 'STRING' },
  ] as const;
  const bytes = new Uint8Array(
    parquetWriteBuffer({ columnData: columnData.map((one) => ({ ...one, data: [...one.data] })) }),
  );
  const columns = columnData.map(({ name }) => name);
  const { types, input, index } = await typesIn('a.parquet', bytes, columns.join());
  assert.equal(types, { id: 'integer', big: 'integer', x: 'number', flag: 'boolean', name: 'text' });
  const schemas: unknown[] = [];
  const found: object[] = [];
  for (const chunk of [0, 1]) {
    const rows = await input.read(index, chunk);
    const part = await encodePart(
      'parquet',
      rows.numbers.map((row, at) => ({
        row,
        kept: rows.kept(at, columns).map((value, c) => [columns[c]!, value] as const),
        prediction: [],
        target: '',
        targetIndex: null,
        score: 0,
        baselineScore: null,
        completeness: null,
        warnings: [],
        numbers: { kind: 'pixels', positive: 0, negative: 0 },
      })),
      types,
    );
    const file = part.slice().buffer;
    const physical = parquetMetadata(file).schema.filter(({ name }) => (columns as string[]).includes(name));
    schemas.push(physical.map(({ type }) => type));
    found.push(...(await parquetReadObjects({ file, columns })));
  }
  assert.equal(schemas[0], ['INT64', 'INT64', 'DOUBLE', 'BOOLEAN', 'BYTE_ARRAY']);
  // A chunk of one type, whatever is missing in it.
  assert.equal(schemas[1], schemas[0]);
  assert.equal(found, [
    { id: 1n, big: 1n, x: 0.5, flag: true, name: '1' },
    { id: 2n, big: null, x: null, flag: false, name: '2' },
    { id: 3n, big: 3n, x: 2.5, flag: true, name: '3' },
  ]);
});

test('a column that there is not is told before the job begins', async () => {
  for (const [name, content] of [
    ['c.csv', 'id,y\n1,2\n'],
    ['c.ndjson', '{"id": 1, "y": 2}\n'],
  ] as const)
    await typesIn(name, content, 'idd').then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /has no column 'idd'/),
    );
});

test.run();
