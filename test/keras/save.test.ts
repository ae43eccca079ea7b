/** Saving: models of both Kerases in every format, with other weights and optimizer state, and what is refused. */

/** Saving: models of both Kerases in every format, with other weights and optimizer state, and what is refused. */
import files, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { writeHdf5 } from '../../src/hdf5/write/file.ts';
import { NewGroup } from '../../src/hdf5/write/tree.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { writeNames } from '../../src/keras/save/legacy.ts';
import { type SaveFormat, type SaveOptions, saveModel } from '../../src/keras/save/save.ts';
import { readWeightStore } from '../../src/keras/weights/store.ts';
import { allLayers } from '../../src/model/lookup.ts';
import { openSafetensors } from '../../src/safetensors/safetensors.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { writeWhole } from '../../src/training/index.ts';
import { assertRoundTrip } from '../support/round-trip.ts';

const test = suite('saving');
const zoo = (name: string): Uint8Array =>
  gunzipSync(readFileSync(new URL(`../golden/zoo/${name}.gz`, import.meta.url)));
const refuses = async (act: () => Promise<unknown>, message: RegExp): Promise<void> => {
  const error = await act().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, PathgradError);
  assert.match((error as Error).message, message);
};

for (const file of ['keras3-reversible.keras', 'keras2-volumes.h5']) {
  test(`${file} comes back from every format, bit for bit`, async () => {
    await assertRoundTrip(await loadModel(zoo(file), { name: file }));
  });
}

test('the same model gives the same bytes, and saving what was saved changes nothing', async () => {
  const model = await loadModel(zoo('keras3-reversible.keras'));
  for (const format of ['keras', 'h5'] as const) {
    const bytes = await saveModel(model, { format });
    assert.equal(await saveModel(model, { format }), bytes);
    assert.equal(await saveModel(await loadModel(bytes), { format }), bytes);
  }
});

test("other weights are written in place of the model's own, which stay", async () => {
  const model = await loadModel(zoo('keras3-volumes.keras'));
  const before = model.layers.flatMap((layer) => layer.weights.map(({ tensor }) => Array.from(tensor.data)));
  const weightsOf: SaveOptions['weightsOf'] = ({ tensor }) => tensor.data.map((_, i) => i);
  const again = await loadModel(await saveModel(model, { format: 'keras', weightsOf }));
  for (const layer of again.layers)
    for (const { tensor } of layer.weights)
      assert.equal(
        Array.from(tensor.data),
        Array.from(tensor.data, (_, i) => i),
      );
  assert.equal(
    model.layers.flatMap((layer) => layer.weights.map(({ tensor }) => Array.from(tensor.data))),
    before,
  );
});

test('safetensors has every weight by layer and name', async () => {
  const model = await loadModel(zoo('keras3-volumes.keras'));
  const file = await openSafetensors(await saveModel(model, { format: 'safetensors' }));
  const names = allLayers(model.layers).flatMap((layer) => layer.weights.map(({ name }) => `${layer.path}/${name}`));
  assert.equal(file.tensors.map(({ name }) => name).sort(), names.sort());
});

test('an optimizer is written as Keras orders its variables', async () => {
  const model = await loadModel(zoo('keras3-volumes.keras'));
  const parameters = allLayers(model.layers).flatMap((layer) =>
    layer.weights
      .filter(({ trainable }) => trainable)
      .map(({ name, tensor }) => [`${layer.path}/${name}`, tensor.size] as const),
  );
  const slot = (name: string, value: number) => ({
    name,
    values: new Map(parameters.map(([path, size]) => [path, new Float32Array(size).fill(value)])),
  });
  const optimizer = {
    optimizer: { name: 'Adam', config: { name: 'adam', learning_rate: 0.001 } },
    iterations: 7,
    slots: [slot('momentum', 1), slot('velocity', 2)],
  };
  const weights = openHdf5(await saveModel(model, { format: 'weights.h5', optimizer }), 'w');
  const values = (i: number): number[] => {
    const found = weights.root.find(`optimizer/vars/${i}`);
    return found?.kind === 'dataset' ? Array.from(found.read(), Number) : [];
  };
  assert.equal(values(0), [7]);
  assert.equal(values(1), [Math.fround(0.001)]);
  assert.ok(values(2).every((value) => value === 1));
  assert.ok(values(3).every((value) => value === 2));
  assert.is(values(2).length, values(3).length);
  const legacy = openHdf5(await saveModel(model, { format: 'h5', optimizer, loss: 'mse' }), 'm');
  const names = legacy.root.group('optimizer_weights')!.attributes.texts('weight_names')!;
  assert.is(names.length, 2 + 2 * parameters.length);
  assert.match(names[2]!, /_momentum$/);
  assert.match(names[3]!, /_velocity$/);
  assert.is(JSON.parse(legacy.root.attributes.text('training_config')!).optimizer_config.class_name, 'Adam');
  const odd = { ...optimizer, slots: [{ name: 'momentum', values: new Map() }] };
  await refuses(() => saveModel(model, { format: 'keras', optimizer: odd }), /its state does not fit the model/);
  await refuses(() => saveModel(model, { format: 'safetensors', optimizer }), /no place for the state/);
});

test('names that outgrow an attribute are cut into several, and joined when they are read', () => {
  const names = Array.from({ length: 4000 }, (_, i) => `layer_${i}`.padEnd(60, 'x'));
  const root = new NewGroup();
  writeNames(root, 'layer_names', names);
  for (const name of names) root.group(name);
  const file = openHdf5(writeHdf5(root), 'many.h5');
  assert.ok(file.root.attributes.get('layer_names') === undefined);
  const store = readWeightStore(file);
  assert.equal(store.layout === 'legacy' && store.layers.map(({ name }) => name), names);
});

test('what a file cannot hold is refused by name', async () => {
  const operations = await loadModel(zoo('keras3-tokens.keras'));
  await refuses(() => saveModel(operations, { format: 'h5' }), /NotEqual.*Keras 3 cannot read it from a legacy \.h5/);
  const words = await loadModel(zoo('keras2-strings.keras'));
  await refuses(() => saveModel(words, { format: 'h5' }), /no place for the frequencies/);
  await refuses(() => saveModel(words, { format: 'onnx' as SaveFormat }), /no format 'onnx'/);
  await refuses(() => saveModel(words, { format: 'keras', weights: 1 } as never), /unknown option 'weights'/);
  const spectral = await loadModel(zoo('keras2-vectors.h5'));
  await refuses(() => saveModel(spectral, { format: 'keras' }), /tf_keras cannot read it/);
  await refuses(
    () => saveModel({ layers: [], origin: null, file: 'x.onnx' } as never, { format: 'keras' }),
    /x\.onnx: is no model/,
  );
});

test('short names of losses and metrics are written out, since Keras 3 cannot read them from a legacy file', async () => {
  const model = await loadModel(zoo('keras3-volumes.keras'));
  const optimizer = {
    optimizer: { name: 'SGD', config: { name: 'sgd', learning_rate: 0.1 } },
    iterations: 0,
    slots: [],
  };
  const bytes = await saveModel(model, { format: 'h5', optimizer, loss: 'mse', metrics: ['mae'] });
  const told = JSON.parse(openHdf5(bytes, 'm').root.attributes.text('training_config')!);
  assert.equal([told.loss, told.metrics], ['mean_squared_error', ['mean_absolute_error']]);
});

test('a disk that is full leaves what was there, and nothing half-written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-save-'));
  const path = join(folder, 'model.keras');
  writeFileSync(path, 'before');
  const real = files.writeFileSync;
  files.writeFileSync = ((to: string, bytes: Uint8Array, options: object) => {
    real(to, bytes.subarray(0, 1), options);
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }) as typeof real;
  try {
    await refuses(() => writeWhole(path, new Uint8Array(9), { overwrite: true }), /ENOSPC.*the disk is full/s);
    await refuses(() => writeWhole(join(folder, 'new'), new Uint8Array(9)), /the disk is full/);
  } finally {
    files.writeFileSync = real;
  }
  assert.equal(readdirSync(folder), ['model.keras']);
  assert.is(readFileSync(path, 'utf8'), 'before');
  rmSync(folder, { recursive: true });
});

test('a file is written whole or not at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-save-'));
  const path = join(folder, 'model.keras');
  await writeWhole(path, new Uint8Array([1, 2]));
  await refuses(() => writeWhole(path, new Uint8Array([3])), /exists already/);
  assert.equal([...readFileSync(path)], [1, 2]);
  await writeWhole(path, new Uint8Array([3]), { overwrite: true });
  assert.equal([...readFileSync(path)], [3]);
  await refuses(() => writeWhole(join(folder, 'none', 'x'), new Uint8Array(1)), /cannot be written.*no such folder/s);
  await refuses(() => writeWhole(folder, new Uint8Array(1)), /is a folder/);
  writeFileSync(join(folder, 'other'), '');
  assert.equal(readdirSync(folder).sort(), ['model.keras', 'other']);
  rmSync(folder, { recursive: true });
});

test.run();
