/** docs/backends.md: its table is what the code says now. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backendMatrix, withMatrix } from '../../scripts/backend-matrix.ts';
import { ops } from '../../src/ops/index.ts';

const test = suite('docs: backends');
const text = readFileSync(new URL('../../docs/backends.md', import.meta.url), 'utf8');
const table = await backendMatrix();

test('the table of ops and backends is up to date (npm run matrix)', () => {
  assert.is(text, withMatrix(text, table));
});

test('the table has a line per op, without gaps that are not explained', () => {
  const rows = table.split('\n').slice(2);
  assert.is(rows.length, Object.keys(ops).length);
  for (const row of rows) {
    const [op, , , , reference, wasm, ...gpu] = row.slice(2, -2).split(' | ') as [string, ...string[]];
    assert.ok(op in ops && reference === 'yes' && wasm === 'yes', row);
    const kernels = gpu.pop()!;
    assert.ok(gpu.every((mode) => mode === 'yes') ? kernels.length > 0 : kernels.length > 20, row);
  }
});

test('what the example models need, forward and backward, runs on every mode', () => {
  const needed = table.split('\n').filter((row) => /explain|train/.test(row));
  assert.ok(needed.length > 25, `${needed.length} ops`);
  for (const row of needed) assert.not.match(row, / no \|/);
  for (const op of [
    'conv',
    'convGradInput',
    'convGradKernel',
    'matmul',
    'softmax',
    'gather',
    'scatterAdd',
    'lerpMaxPoolGrad',
  ])
    assert.ok(
      needed.some((row) => row.startsWith(`| ${op} |`)),
      op,
    );
});

test.run();
