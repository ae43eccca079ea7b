/** Faults of attribution that need the files of shared/cases, with the values that Keras and alibi gave for them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../../src/attribution/index.ts';
import { loadModel } from '../../../src/index.ts';
import { faults } from '../../support/faults.ts';
import { sharedFolder } from '../../support/shared.ts';

const fault = faults('attribution, shared');
const folder = join(sharedFolder, 'cases/keras/output-by-name');

if (!existsSync(folder)) console.log(`skipped: ${folder} is not there`);
else {
  fault('R16', 'an output that is chosen by its name, against Keras', async () => {
    const { inputs, output, target, attributions } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
    for (const dtype of ['float32', 'float64'] as const) {
      const model = await loadModel(join(folder, 'm.keras'), { dtype });
      const index = model.outputs.findIndex(({ name }) => name === output);
      for (const chosen of [output, index, index - model.outputs.length]) {
        const ig = new IntegratedGradients(model, { output: chosen });
        const X = { data: Float64Array.from(inputs[0].data), shape: inputs[0].shape };
        const found = await ig.explain(X, { target });
        const wanted: readonly number[] = attributions[0].data;
        const most = Math.max(...wanted.map(Math.abs));
        wanted.forEach((value, i) => {
          const off = Math.abs(found.attributions[0]!.data[i]! - value) / most;
          assert.ok(off < 1e-4, `${dtype} ${chosen}: entry ${i} is off by ${off}`);
        });
      }
    }
  });
}

fault.run();
