/** What the nets suite compares with: computed once, kept under a key of all that it depends on, and a bound from the runs in float32. */
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FileTask } from '../../bench/nets.ts';
import { type Compute, truthOf } from '../../bench/truth.ts';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('bench: truth');
const { path } = temporaryFolder();

const inputs = Float32Array.of(1, 2);
const task = (file: string): FileTask => ({
  ...{ kind: 'keras', file, layer: null, inputs, from: new Float32Array(2), inputShape: [1, 2] },
  ...{ targets: [0], steps: 50, batch: 100 },
});

/** Counts how often it is asked. */
function computer(distances: readonly number[]): { asked: number; compute: Compute } {
  const values = Buffer.from(Float64Array.of(0.1, -3).buffer).toString('base64');
  const one = {
    asked: 0,
    compute: async () => {
      one.asked++;
      return { by: 'a program', distances, largest: [1, 2], values };
    },
  };
  return one;
}

test('it is computed once, and again for other weights, inputs or steps', async () => {
  const file = path('one.keras');
  writeFileSync(file, 'weights');
  const python = computer([1e-3]);
  const first = await truthOf(task(file), python.compute);
  const second = await truthOf(task(file), python.compute);
  assert.is(python.asked, 1);
  assert.equal(second, first);
  assert.ok(typeof first !== 'string');
  assert.equal([...(first.outputs[0] as Float64Array)], [0.1, -3]);
  await truthOf({ ...task(file), steps: 20 }, python.compute);
  await truthOf({ ...task(file), inputs: Float32Array.of(1, 3) }, python.compute);
  writeFileSync(file, 'other weights');
  await truthOf(task(file), python.compute);
  assert.is(python.asked, 4);
});

test('three times the farthest run is allowed, and the bound of attributions where that is less', async () => {
  for (const [name, distances, allowed] of [
    ['kinks.keras', [1e-4, 2e-3, 1e-5], 6e-3],
    ['smooth.keras', [1e-7, 2e-7], 1e-5],
  ] as const) {
    writeFileSync(path(name), 'weights');
    const truth = await truthOf(task(path(name)), computer(distances).compute);
    assert.ok(typeof truth !== 'string' && Math.abs(truth.distance! - allowed) < 1e-12);
  }
});

test('where packages are missing it says which, and keeps nothing', async () => {
  const file = path('missing.keras');
  writeFileSync(file, 'weights');
  assert.is(await truthOf(task(file), async () => ({ missing: 'no TensorFlow' })), 'no TensorFlow');
  const python = computer([1]);
  await truthOf(task(file), python.compute);
  assert.is(python.asked, 1);
});

test('a kept file that is damaged is named', async () => {
  const file = path('damaged.keras');
  writeFileSync(file, 'weights');
  await truthOf(task(file), computer([1]).compute);
  const kept = path('damaged.truth.json');
  writeFileSync(kept, readFileSync(kept, 'utf8').slice(0, -5));
  let message = '';
  await truthOf(task(file), computer([1]).compute).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, 'damaged.truth.json: is no JSON');
});

test.run();
