/** K4 and K5 on the files that real Keras wrote: outputs as Keras predicts, to 1e-5. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { loadModel } from '../../../src/keras/load/load.ts';
import { faults } from '../../support/faults.ts';
import { sharedFolder } from '../../support/shared.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: string;
}

const fault = faults('keras-layers shared');
const cases = join(sharedFolder, 'cases', 'keras');

for (const [row, kind] of [
  ['K4', 'mha-drops-masks'],
  ['K5', 'mask-convert-op'],
  ['K10', 'operations'],
] as const) {
  const folder = join(cases, kind);
  if (!existsSync(folder)) {
    console.log(`skipped: ${row} ${kind}, not in the shared folder`);
    continue;
  }
  for (const name of readdirSync(folder).filter((file) => !file.includes('.'))) {
    fault(row, `${kind}/${name}, as Keras predicts`, async () => {
      const text = readFileSync(join(folder, name, 'expected.json'), 'utf8');
      const { files, inputs, outputs } = JSON.parse(text) as { files: string[]; inputs: Stored[]; outputs: Stored[] };
      const fed = inputs.map(({ data, shape, dtype }) => ({
        data: dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data),
        shape,
      }));
      for (const file of files) {
        const model = await loadModel(join(folder, name, file));
        const got = await model.predictAll(fed.length === 1 ? fed[0]! : fed);
        for (const [i, want] of outputs.entries()) {
          const scale = want.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          const worst = want.data.reduce((most, value, j) => Math.max(most, Math.abs(value - got[i]!.data[j]!)), 0);
          assert.ok(worst <= 1e-5 * scale, `${file}, output ${i}: off by ${worst}`);
        }
      }
    });
  }
}

fault.run();
