/** Faults of the HDF5 reader on the inputs that showed them: K7 against what real Keras predicts, H1 within a second and 300 MB. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { inspectModel, loadModel } from '../../../src/keras/load/load.ts';
import { faults } from '../../support/faults.ts';
import { sharedFolder } from '../../support/shared.ts';

const fault = faults('hdf5 shared');
const cases = join(sharedFolder, 'cases');

interface Expected {
  readonly files: readonly string[];
  readonly inputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
}

for (const kind of ['latest-chunks', 'lzf', 'named-type', 'space-padded', 'unwritten']) {
  fault('K7', `${kind}, as Keras predicts`, async () => {
    const folder = join(cases, 'keras', `hdf5-${kind}`);
    for (const name of readdirSync(folder).filter((file) => !file.includes('.'))) {
      const { files, inputs, outputs } = JSON.parse(
        readFileSync(join(folder, name, 'expected.json'), 'utf8'),
      ) as Expected;
      const [{ shape, data }] = inputs as [Expected['inputs'][0]];
      for (const file of files) {
        const model = await loadModel(join(folder, name, file));
        const got = await model.predictAll({ data: Float32Array.from(data), shape });
        for (const [i, want] of outputs.entries()) {
          assert.equal(got[i]!.shape, want.shape);
          const scale = want.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          const worst = want.data.reduce((most, value, j) => Math.max(most, Math.abs(value - got[i]!.data[j]!)), 0);
          assert.ok(worst <= 1e-5 * scale, `${name}/${file}: off by ${worst}`);
        }
      }
    }
  });
}

const HOSTILE: Readonly<Record<string, RegExp>> = {
  'shuffle-width-max-1.h5': /its bytes were shuffled for elements of another length/,
  'names-5000-x-5000.h5': /layer_names: lists a name twice/,
  'overlapping-texts.h5.gz': /its attributes have too many values|its structures lie on top of each other/,
  'gzip-20layers-64MiB-each.h5': /claims more values than the file can hold/,
};

for (const [file, problem] of Object.entries(HOSTILE)) {
  fault('H1', `${file} is refused at once`, async () => {
    const stored = readFileSync(join(cases, 'hostile', file));
    const bytes = new Uint8Array(file.endsWith('.gz') ? gunzipSync(stored) : stored);
    const before = process.memoryUsage().rss;
    const started = process.cpuUsage().user;
    const error = await loadModel(bytes, { name: file }).then(
      () => null,
      (thrown: Error) => thrown,
    );
    assert.is(error?.name, 'PathgradError', `${error?.stack}`);
    assert.match(error!.message, problem);
    assert.ok(process.cpuUsage().user - started < 1e6, 'it took longer than a second');
    assert.ok(process.memoryUsage().rss - before < 300e6, 'it took more than 300 MB');
    await inspectModel(bytes, { name: file }).catch((thrown: Error) => assert.is(thrown.name, 'PathgradError'));
  });
}

fault.run();
