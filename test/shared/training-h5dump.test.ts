/** The HDF5 that saveModel writes, through the HDF Group's own `h5dump -H` (hdf5-tools): no error, every dataset listed. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { saveModel } from '../../src/keras/save/save.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { randomModel } from '../support/random-models/index.ts';

const test = suite('h5dump of written files');
const tool = process.env['PATHGRAD_H5DUMP'] || 'h5dump';
const found = spawnSync(tool, ['--version']).status === 0;
if (!found) test.skip('h5dump is absent: apt-get install hdf5-tools, or PATHGRAD_H5DUMP', () => {});

if (found) {
  test('random models in both layouts', async () => {
    const path = join(tmpdir(), `pathgrad-h5dump-${process.pid}.h5`);
    let files = 0;
    for (let seed = 2000; seed < 2030; seed++) {
      const { model } = await randomModel(seed);
      for (const format of ['h5', 'weights.h5'] as const) {
        const bytes = await saveModel(model, { format }).catch((error: unknown) => {
          if (error instanceof PathgradError) return null;
          throw error;
        });
        if (!bytes) continue;
        writeFileSync(path, bytes);
        const { status, stdout, stderr } = spawnSync(tool, ['-H', path], { encoding: 'utf8', maxBuffer: 2 ** 26 });
        assert.is(status, 0, `seed ${seed}, ${format}: ${stderr}`);
        assert.is(stderr, '');
        assert.is(stdout.split('DATASET "').length - 1, [...openHdf5(bytes, path).root.datasets()].length);
        files++;
      }
    }
    rmSync(path, { force: true });
    console.log(`note: h5dump read ${files} files`);
  });
}

test.run();
