/** 500 random models made with the builder (25 in `npm test`), saved in every format and loaded again: weights and predictions are the same bits. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { saveModel } from '../../src/keras/save/save.ts';
import { allLayers } from '../../src/model/lookup.ts';
import { openSafetensors } from '../../src/safetensors/safetensors.ts';
import { layers } from '../../src/training/index.ts';
import { type RandomModel, randomModel } from '../support/random-models/index.ts';
import { assertRoundTrip } from '../support/round-trip.ts';
import { thorough, times } from '../support/thorough.ts';

const test = suite('random models');
const count = times(25, 500);

/** Every weight lies in the safetensors file under its layer, and nothing else does. */
async function assertStored(model: RandomModel['model']): Promise<void> {
  const file = await openSafetensors(await saveModel(model, { format: 'safetensors' }));
  const floats = file.tensors.filter(({ dtype }) => dtype === 'F32');
  const stored = await Promise.all(
    floats.map(async (place) => [place.name, await file.read(place, 'float32')] as const),
  );
  const weights = allLayers(model.layers).flatMap(({ path, weights: own }) =>
    own.filter(({ name }) => name !== 'count').map(({ name, tensor }) => ({ path, name, data: tensor.data })),
  );
  assert.is(stored.length, weights.length);
  for (const { path, name, data } of weights) {
    const found = stored.some(
      ([key, values]) =>
        key.startsWith(`${path}/`) && name.endsWith(key.slice(key.lastIndexOf('/') + 1)) && equal(values, data),
    );
    assert.ok(found, `${path}/${name}`);
  }
}

const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));

test(`${count} come back from every format, bit for bit`, async () => {
  const used = new Set<string>();
  let refused = 0;
  for (let seed = 0; seed < count; seed++) {
    const { model, feeds, used: names } = await randomModel(seed);
    for (const name of names) used.add(name);
    const feed = feeds.length === 1 ? feeds[0] : feeds;
    try {
      const refusals = await assertRoundTrip(model, feed);
      // Attention, and masks that are computed on the way, which Keras cannot read from its legacy files.
      assert.ok(refusals.every((format) => format === 'h5'));
      refused += refusals.length;
      await assertStored(model);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  assert.ok(refused < 0.2 * count, `${refused} are not refused by .h5`);
  if (!thorough) return;
  // Cells lie in layers, and the tables call both kinds of convolutions by other names.
  const apart = /^(lstmCell|gruCell|simpleRnnCell|stackedRnnCells)$/;
  const table = (name: string): string => name.replace(/^conv(\dd)Transpose$/, 'transpose$1');
  assert.equal(
    Object.keys(layers).filter((name) => !apart.test(name) && !used.has(table(name))),
    [],
    'every layer of the builder occurs',
  );
  console.log(`note: ${count} models, ${count - refused} of them in legacy .h5, too`);
});

test.run();
