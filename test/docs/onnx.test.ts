/** docs/onnx.md says what the code says, and every operator of the standard is either there or refused with a reason. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { operatorTables, withTables } from '../../scripts/onnx-doc.ts';

const test = suite('docs/onnx.md');

test('the page is that of the code', () => {
  const page = readFileSync(new URL('../../docs/onnx.md', import.meta.url), 'utf8');
  assert.is(page, withTables(page), 'docs/onnx.md is stale: node --import tsx scripts/onnx-doc.ts writes it');
});

test('no operator is left without a reason', () => {
  assert.not.match(operatorTables(), /not yet/);
});

test.run();
