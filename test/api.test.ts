/** The public API is a snapshot: a name that comes or goes is a change that somebody decided on. Update api.json with it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('public API');
const file = new URL('./api.json', import.meta.url);
const entries: Record<string, object> = {
  pathgrad: await import('../src/index.ts'),
  'pathgrad/methods': await import('../src/attribution/methods/index.ts'),
  'pathgrad/metrics': await import('../src/attribution/metrics/index.ts'),
  'pathgrad/inputs': await import('../src/inputs/index.ts'),
  'pathgrad/onnx': await import('../src/onnx/index.ts'),
  'pathgrad/transformers': await import('../src/transformers/index.ts'),
  'pathgrad/training': await import('../src/training/index.ts'),
  'pathgrad/visualize': await import('../src/visualize/index.ts'),
  'pathgrad/gpu': await import('../src/gpu.ts'),
};

const exported: Record<string, string[]> = {};
for (const [name, module] of Object.entries(entries)) exported[name] = Object.keys(module).sort();
// `UPDATE=1 node --import tsx test/api.test.ts` writes the snapshot.
if (process.env['UPDATE']) writeFileSync(file, `${JSON.stringify(exported, null, 1)}\n`);

test('the names that a user can import', () => {
  assert.equal(exported, JSON.parse(readFileSync(file, 'utf8')));
});

test.run();
