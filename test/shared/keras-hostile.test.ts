/** Hostile HDF5 files: each is read right or refused with an error that names it, within 5 seconds and 500 MB. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inspectModel } from '../../src/keras/load/inspect.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { assertWork, startWork } from '../support/busy.ts';
import { sharedFolder } from '../support/shared.ts';

const folder = join(sharedFolder, 'keras-corpus', 'hostile');
const test = suite('hostile files');

for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
  test(file, async () => {
    const bytes = readFileSync(join(folder, file));
    const before = process.memoryUsage().rss;
    const work = startWork();
    for (const open of [loadModel, inspectModel]) {
      const error = await open(bytes, { name: file }).then(
        () => null,
        (thrown: Error) => thrown,
      );
      // None of them holds a Keras model, so there is nothing to read right but the refusal.
      assert.is(error?.name, 'PathgradError', `${error?.stack}`);
      assert.ok(error!.message.includes(file), error!.message);
    }
    assertWork(work, 5000);
    assert.ok(process.memoryUsage().rss - before < 500e6, 'it took more than 500 MB');
  });
}

test.run();
