/** loadModel and inspectModel: every kind of source, what they say of files that are wrong, and damaged copies of a real model. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inspectModel } from '../../src/keras/load/inspect.ts';
import { type LoadOptions, loadModel } from '../../src/keras/load/load.ts';
import type { ModelSource } from '../../src/keras/load/source.ts';
import { counted, legacyTree, writeH5 } from '../support/h5.ts';

const test = suite('loadModel');

const path = fileURLToPath(new URL('../../examples/mnist-cnn.h5', import.meta.url));
const bytes = new Uint8Array(readFileSync(path));
const folder = mkdtempSync(join(tmpdir(), 'pathgrad-load-'));
test.after(() => rmSync(folder, { recursive: true }));

const kept = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

async function rejects(source: ModelSource, options: LoadOptions, ...patterns: readonly RegExp[]): Promise<void> {
  const error = await loadModel(source, options).then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.is(error?.name, 'PathgradError', `${error?.stack}`);
  for (const pattern of patterns) assert.match(error!.message, pattern);
}

const dense = { class_name: 'Dense', config: { name: 'dense', units: 1, batch_input_shape: [null, 2] } };
const architecture = (layers: readonly object[]): string =>
  JSON.stringify({ class_name: 'Sequential', keras_version: '2.15.0', config: { name: 'model', layers } });

test('a path, URLs, bytes, an ArrayBuffer and a File all give the model', async () => {
  const sources: ModelSource[] = [path, pathToFileURL(path), String(pathToFileURL(path)), bytes];
  sources.push(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), new Blob([bytes]));
  for (const source of sources) {
    const model = await loadModel(source);
    assert.is(model.layers.length, 11);
    assert.is(model.countParams(), 412778);
  }
});

/** y = x0 + 2 x1. @param stated whether the file says the shape of the input */
async function weighted(stated: boolean, reference = ''): Promise<Uint8Array> {
  const config = { name: 'dense', units: 1, ...(stated ? { batch_input_shape: [null, 2] } : {}) };
  const model_config = JSON.stringify({
    class_name: 'Sequential',
    config: { name: 'm', layers: [{ class_name: 'Dense', config }] },
  });
  const tree = legacyTree({ dense: { 'dense/kernel:0': counted([2, 1]), 'dense/bias:0': counted([1], 0) } });
  const text = new TextEncoder().encode(reference);
  const members = reference ? { pathgrad_reference: { data: text, shape: [text.length] } } : {};
  return writeH5({
    attributes: { model_config, keras_version: '2.15.0' },
    members: { model_weights: tree, ...members },
  });
}

test('weights that are read after loading, and a reference, are still in a file whose bytes are given back', async () => {
  const open = kept('open.h5', await weighted(false));
  const later = await loadModel(open);
  rmSync(open);
  const [y] = await later.predictAll([[3, 4]]);
  assert.equal([...y!.data], [11]);

  const values = { inputs: [{ shape: [1, 2], data: [3, 4] }], outputs: [{ shape: [1, 1], data: [11] }] };
  const checked = await loadModel(kept('checked.h5', await weighted(true, JSON.stringify(values))));
  assert.is((await checked.verify()).passed, true);
  const plain = await loadModel(kept('plain.h5', await weighted(true)));
  assert.equal([...(await plain.predictAll([[3, 4]]))[0]!.data], [11]);
  const none = await plain.verify().then(
    () => '',
    ({ message }: Error) => message,
  );
  assert.match(none, /holds no reference values/);
  const report = await inspectModel(join(folder, 'plain.h5'));
  assert.is(report.parameters, 3);
});

test("a caller's bytes stay, in a buffer that can be resized, too", async () => {
  const whole = await weighted(true);
  const Resizable = ArrayBuffer as unknown as new (bytes: number, most: { maxByteLength: number }) => ArrayBuffer;
  const given = new Uint8Array(new Resizable(whole.length, { maxByteLength: whole.length }));
  given.set(whole);
  const model = await loadModel(given);
  assert.is(given.length, whole.length);
  given.fill(0);
  assert.equal([...(await model.predictAll([[3, 4]]))[0]!.data], [11]);
});

test('dtype float64 computes in float64', async () => {
  const model = await loadModel(path, { dtype: 'float64' });
  assert.is(model.inputs[0]!.dtype, 'float64');
  const [y] = await model.predictAll({ data: new Float64Array(784), shape: [1, 28, 28, 1] });
  assert.is(y!.dtype, 'float64');
  assert.ok(Math.abs(Array.from(y!.data).reduce((a, b) => a + b, 0) - 1) < 1e-14);
});

test('a missing file, a folder and a web address that fails name themselves', async () => {
  await rejects(join(folder, 'none.h5'), {}, /none.h5: no such file/);
  await rejects(folder, {}, /is a folder, not a model file[\s\S]*SavedModel/);
  await rejects('http://127.0.0.1:1/model.h5', {}, /http:\/\/127.0.0.1:1\/model.h5: cannot be fetched/);
  await rejects(7 as unknown as string, {}, /the source must be a path, a URL, bytes or a File \(got number\)/);
});

test('what is no Keras model is named for what it is', async () => {
  await rejects(kept('empty.h5', ''), {}, /empty.h5: is no model that pathgrad reads: the file is empty/);
  await rejects(kept('page.h5', '<!doctype html><p>not found'), {}, /page.h5: .*web page/);
  await rejects(kept('cut.h5', bytes.subarray(0, 5000)), {}, /cut.h5/);
});

test('weights without a model ask for the architecture, and the other way round', async () => {
  const json = kept('dense.json', architecture([dense]));
  await rejects(json, {}, /dense.json: holds an architecture but no weights[\s\S]*give the weights file/);
  await rejects(json, { weights: path }, /mnist-cnn.h5/);
  await rejects(path, { architecture: architecture([dense]) }, /mnist-cnn.h5/);
});

test('a class that nearly has a supported name: the hint names those', async () => {
  const layers = [dense, { class_name: 'Dens', module: null, config: { name: 'near', trainable: true } }];
  const recurrent = { class_name: 'LSTMM', config: { name: 'far', trainable: true } };
  const file = kept('near.json', architecture([...layers, recurrent]));
  await rejects(
    file,
    {},
    /near.json: 2 layers are not supported:/,
    /names like these are supported: 'Dense', [^:]*'LSTM'[^:]*; docs/,
  );
  const none = kept(
    'none.json',
    architecture([dense, { class_name: 'Qwertzuiop', config: { name: 'q', trainable: true } }]),
  );
  await rejects(none, {}, /1 layer is not supported:[\s\S]*hint: docs\/layers\.md lists all layers$/);
});

test('all unsupported layers are in one message, each with its reason', async () => {
  const layers = [
    dense,
    { class_name: 'Lambda', config: { name: 'code', function: ['4wEAAAA=', null, null] } },
    { class_name: 'TFOpLambda', config: { name: 'call', function: 'signal.fft' } },
    { class_name: 'My>Layer', config: { name: 'own' } },
  ];
  const file = kept('unsupported.json', architecture(layers));
  await rejects(
    file,
    {},
    /unsupported.json: 3 layers are not supported:/,
    /layer 'code' \(Lambda\): a Lambda is Python code, which is never run: give its TypeScript, loadModel\(file, \{ layers: \{ 'code'/,
    /layer 'call' \(TFOpLambda\): operation tf.signal.fft is not supported/,
    /layer 'own' \(Layer\): 'My>Layer' is a custom class, whose code is not in the file: .* registerLayer\('Layer'/,
    /docs\/layers\.md lists all layers$/,
  );
  const report = await inspectModel(file);
  assert.is(report.runnable, false);
  assert.equal(
    report.unsupported.map((each) => each.path),
    ['code', 'call', 'own'],
  );
  assert.equal(
    report.layers.map((each) => each.unsupported === null),
    [true, false, false, false],
  );
});

test('inspectModel describes a model that runs', async () => {
  const report = await inspectModel(path);
  assert.is(report.runnable, true);
  assert.is(report.problem, null);
  assert.is(report.format, 'hdf5');
  assert.is(report.parameters, 412778);
  assert.equal(report.inputs[0]!.shape, [null, 28, 28, 1]);
  assert.equal(report.layers.at(-1)!.outputShapes, [[null, 10]]);
  assert.match(report.summary!, /412,778 trainable/);
});

test('inspectModel says what is wrong with the weights instead of failing', async () => {
  const report = await inspectModel(path, { architecture: architecture([dense]) });
  assert.is(report.runnable, false);
  assert.ok(report.problem!.length > 0);
});

/** A small deterministic generator (Park and Miller 1988). */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

test('60 truncated or damaged copies of a model give an error or a model', async () => {
  const next = random(11);
  let refused = 0;
  for (let i = 0; i < 60; i++) {
    // Damage falls on the first 40 KB, where the structure and the config lie: flipped weights cannot be told from trained ones.
    const damaged = bytes.slice();
    for (let k = 0; k < 4; k++) damaged[Math.floor(next() * 40_000)]! ^= 1 << Math.floor(next() * 8);
    const copy = i % 2 === 0 ? bytes.slice(0, Math.floor(next() * bytes.length)) : damaged;
    const error = await loadModel(copy, { name: 'damaged.h5' }).then(
      () => null,
      (thrown: Error) => thrown,
    );
    if (error) {
      assert.is(error.name, 'PathgradError', `${error.stack}`);
      refused++;
    }
  }
  assert.ok(refused >= 30, `${refused} refused`);
});

test.run();
