/**
 * Files that saveModel wrote, read by the Keras that they are for, with its predictions within 1e-6 of ours: the example models, random models of
 * the builder and every layer class of both Kerases. Needs PATHGRAD_PYTHON (`test/shared/python.sh FOLDER` makes one).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import type { ModelLayer } from '../../src/keras/model/layer.ts';
import { type SaveFormat, saveModel } from '../../src/keras/save/save.ts';
import type { Model } from '../../src/model/model.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { exampleModels } from '../support/example-inputs.ts';
import { randomModel } from '../support/random-models/index.ts';
import { type BackCase, type BackInput, python, readBack } from '../support/read-back.ts';
import { readZoo, unpack } from '../support/zoo.ts';
import { customLayers } from '../support/zoo-layers.ts';
import type { TfjsCase } from '../tfjs/cases.ts';

const test = suite('files read back by Keras');
if (!python) test.skip('no Python with Keras: PATHGRAD_PYTHON names one, test/shared/python.sh makes it', () => {});

const limit = 1e-6;
/** Classes of one's own; and recorded operations whose own file tf_keras cannot read. */
const unread = /custom|keras2-tf_operations/;
const cases: Record<2 | 3, BackCase[]> = { 2: [], 3: [] };
const refused: string[] = [];

/** The model in one format; of weights alone with a `.keras` to load them into. */
async function add(
  name: string,
  model: Model<ModelLayer>,
  inputs: readonly BackInput[],
  format: SaveFormat,
): Promise<void> {
  const major = model.layers[0]!.dialect.major === 3 ? 3 : 2;
  const outputs = await model.predictAll((inputs.length === 1 ? inputs[0] : inputs) as never);
  try {
    const bytes = await saveModel(model, { format: format === 'weights.h5' ? 'keras' : format });
    const weights = format === 'weights.h5' ? { weights: await saveModel(model, { format }) } : {};
    const file = `${name}-${format.replace('.', '-')}.${format === 'h5' ? 'h5' : 'keras'}`;
    cases[major].push({ file, bytes, inputs, outputs, ...weights });
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    refused.push(`${name} ${format}`);
  }
}

if (python) {
  test('example models, random models and every layer class', async () => {
    for (const { name, model, X } of await exampleModels(4)) {
      if (name === 'imdb-distilbert') continue;
      for (const format of ['keras', 'h5', 'weights.h5'] as const)
        await add(name, model as Model<ModelLayer>, [X as BackInput], format);
    }
    for (let seed = 1000; seed < 1100; seed++) {
      const { model, feeds } = await randomModel(seed);
      await add(`random-${seed}`, model, feeds, 'keras');
      if (seed % 3 > 0) await add(`random-${seed}`, model, feeds, seed % 3 === 1 ? 'h5' : 'weights.h5');
    }
    const folder = new URL('../golden/zoo/', import.meta.url);
    for (const file of readdirSync(folder).filter((one) => /\.(h5|keras)\.gz$/.test(one) && !unread.test(one))) {
      const bytes = gunzipSync(readFileSync(new URL(file, folder)));
      const model = await loadModel(bytes, { name: file, layers: customLayers });
      const zoo = readZoo(readFileSync(new URL(file.replace(/\.(h5|keras)\.gz$/, '.json.gz'), folder)));
      const inputs = zoo.inputs.map((one) => ('strings' in one ? one : unpack(one)));
      for (const format of ['keras', 'h5', 'weights.h5'] as const)
        await add(file.replace(/\.gz$/, '').replace('.', '-'), model, inputs, format);
    }
    // Models of TensorFlow.js: what it saved itself has no twin in Python.
    const tfjs = readFileSync(new URL('../golden/tfjs/models.json.gz', import.meta.url));
    const { cases: converted } = JSON.parse(strFromU8(gunzipSync(tfjs))) as { readonly cases: readonly TfjsCase[] };
    for (const { name, model: topology, shards, inputs } of converted) {
      const files = Object.entries(shards).map(([file, data]) => new File([Buffer.from(data, 'base64')], file));
      const model = await loadModel([...files, new File([JSON.stringify(topology)], 'model.json')]);
      const fed = inputs.map(({ data, shape, dtype }) => ({
        data: dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data),
        shape,
      }));
      for (const format of ['keras', 'h5'] as const) await add(`tfjs-${name.replace(/\W+/g, '-')}`, model, fed, format);
    }
    const lines = (await Promise.all([readBack(3, cases[3]), readBack(2, cases[2])])).flat();
    assert.is(lines.length, cases[2].length + cases[3].length);
    const wrong = lines.filter(({ error, message }) => message !== null || error === null || !(error <= limit));
    assert.equal(
      wrong.map(({ file, error, message }) => `${file}: ${message ?? error}`),
      [],
    );
    const largest = lines.reduce((most, { error }) => Math.max(most, error!), 0);
    console.log(
      `note: Keras 3 read ${cases[3].length} files, tf_keras ${cases[2].length}; the largest difference is ${largest.toExponential(1)}; ${refused.length} refused to be written`,
    );
  });
}

test.run();
