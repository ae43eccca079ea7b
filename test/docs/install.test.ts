/** docs/install.md says what test/install runs. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { installDoc } from '../../scripts/install-doc.ts';

const test = suite('docs/install.md');

test('is what scripts/install-doc.ts writes', () => {
  const written = readFileSync(new URL('../../docs/install.md', import.meta.url), 'utf8');
  assert.is(written, installDoc(), 'stale: node --import tsx scripts/install-doc.ts');
});

test.run();
