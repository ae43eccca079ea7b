/** The public API is a snapshot: a name that comes or goes is a change that somebody decided on. Update api.json with it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('public API');
const file = new URL('./api.json', import.meta.url);
const entries = {
  pathgrad: 'index.ts',
  'pathgrad/inputs': 'inputs/index.ts',
  'pathgrad/transformers': 'transformers/index.ts',
  'pathgrad/visualize': 'visualize/index.ts',
  'pathgrad/gpu': 'gpu.ts',
};

const exported: Record<string, string[]> = {};
for (const [name, path] of Object.entries(entries)) {
  exported[name] = Object.keys((await import(`../src/${path}`)) as object).sort();
}
// `UPDATE=1 node --import tsx test/api.test.ts` writes the snapshot.
if (process.env['UPDATE']) writeFileSync(file, `${JSON.stringify(exported, null, 1)}\n`);

test('the names that a user can import', () => {
  assert.equal(exported, JSON.parse(readFileSync(file, 'utf8')));
});

test.run();
