/** docs/dtypes.md is what its script makes of the ops. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dtypesDoc } from '../../scripts/dtypes-doc.ts';

const test = suite('docs/dtypes.md');

test('is up to date', () => {
  const page = readFileSync(new URL('../../docs/dtypes.md', import.meta.url), 'utf8');
  assert.is(page, dtypesDoc(), 'stale: node --import tsx scripts/dtypes-doc.ts writes it');
});

test.run();
