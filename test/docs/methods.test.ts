/** docs/methods.md is what its script makes of the tables; the differences in it are checked where they are measured. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { methodsDoc } from '../../scripts/methods-doc.ts';
import { methodsPage, statedRows } from '../support/agreement.ts';

const test = suite('docs/methods.md');

test('is up to date', () => {
  const rows = new Set(statedRows(methodsPage));
  const page = methodsPage
    .split('\n')
    .filter((row) => !rows.has(row))
    .join('\n');
  assert.ok(rows.size > 20);
  assert.is(
    page,
    methodsDoc([], []).replaceAll('\n\n\n', '\n\n'),
    'stale: node --import tsx scripts/methods-doc.ts writes it',
  );
});

test.run();
