/** docs/operations.md is what its script makes of the code. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { operationsDoc } from '../../scripts/operations-doc.ts';

const test = suite('docs/operations.md');

test('is up to date', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  assert.is(page, operationsDoc(), 'stale: node --import tsx scripts/operations-doc.ts writes it');
});

test.run();
