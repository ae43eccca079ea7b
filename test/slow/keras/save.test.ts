/** Every layer class of both Kerases, saved in every format and loaded again: the same bits (test/golden/make_zoo.py made the models). */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../../src/keras/load/load.ts';
import { assertRoundTrip } from '../../support/round-trip.ts';
import { readZoo, unpack } from '../../support/zoo.ts';
import { customLayers } from '../../support/zoo-layers.ts';

const test = suite('saving every layer');
const folder = new URL('../../golden/zoo/', import.meta.url);

/** Files that the model's own Keras could not read again. */
const refusedOf = (name: string): readonly string[] => {
  if (/keras3-(attention|operations|recurrent|sequences|tokens)/.test(name)) return ['h5'];
  if (/keras[23]-strings/.test(name)) return ['h5'];
  if (/keras2-(vectors|images|sequences)/.test(name)) return ['keras', 'h5', 'weights.h5'];
  return [];
};

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json.gz'))) {
  const zoo = readZoo(readFileSync(new URL(name, folder)));
  for (const file of Object.values(zoo.files)) {
    test(file, async () => {
      const model = await loadModel(gunzipSync(readFileSync(new URL(file, folder))), {
        name: file,
        layers: customLayers,
      });
      const inputs = zoo.inputs.map((input) => ('strings' in input ? input : unpack(input)));
      const refused = await assertRoundTrip(model, inputs.length === 1 ? inputs[0] : inputs, { layers: customLayers });
      assert.equal(refused, refusedOf(name));
    });
  }
}

test.run();
