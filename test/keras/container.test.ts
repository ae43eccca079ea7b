/** The content decides what a file is; archives are unpacked within bounds. */
import { strToU8, type Zippable, zipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { detectDialect, parseArchitecture } from '../../src/keras/load/container.ts';
import { counted, legacyTree, writeH5 } from '../support/h5.ts';
import { openAny } from '../support/open-keras.ts';

const test = suite('keras container');
const config = JSON.stringify({
  class_name: 'Sequential',
  config: { name: 's', layers: [{ class_name: 'Dense', config: { name: 'd', units: 2 } }] },
});

const weightsFile = (): Promise<Uint8Array> =>
  writeH5({
    members: {
      layers: { members: { dense: { members: { vars: { members: { 0: counted([3, 2]), 1: counted([2]) } } } } } },
    },
  });

test('a full HDF5 model, a weights-only file, an archive, an architecture', async () => {
  const tree = legacyTree({ d: { 'd/kernel:0': counted([3, 2]) } });
  const full = openAny(
    await writeH5({
      attributes: {
        model_config: config,
        training_config: '{"loss": "mse", "x": NaN, "y": -Infinity}',
        keras_version: '2.2.4-tf',
        backend: 'theano',
      },
      members: { model_weights: tree },
    }),
    'full.h5',
  );
  assert.equal(
    [full.format, full.kerasVersion, full.backend, full.weights.layout],
    ['hdf5', '2.2.4-tf', 'theano', 'legacy'],
  );
  assert.equal(full.config, JSON.parse(config));
  assert.equal(full.trainingConfig, { loss: 'mse', x: null, y: Number.NEGATIVE_INFINITY });
  const only = openAny(await writeH5(tree), 'only.h5');
  assert.equal([only.config, only.kerasVersion, only.weights.layout], [null, null, 'legacy']);
  const members: Zippable = {
    'config.json': strToU8(config),
    'metadata.json': strToU8('{"keras_version": "3.15.1"}'),
    'model.weights.h5': await weightsFile(),
  };
  for (const level of [0, 6] as const) {
    const archive = openAny(zipSync(members, { level }), 'm.keras');
    assert.equal([archive.format, archive.kerasVersion, archive.weights.layout], ['keras', '3.15.1', 'paths']);
  }
  const architecture = parseArchitecture(config, 'a.json');
  assert.equal([architecture.format, architecture.weights.layout], ['json', 'none']);
});

test('dialects: by version where stated, else by the words of one generation', () => {
  const major = (version: string | null, words = ''): number => {
    const text = JSON.stringify({
      class_name: 'Sequential',
      config: [{ class_name: 'Dense', config: { [words]: 1 } }],
      keras_version: version,
    });
    return detectDialect(parseArchitecture(text, 'a')).major;
  };
  assert.equal([major('0.3.0'), major('1.2.2'), major('2.18.0'), major('2.2.4-tf'), major('3.15.1')], [1, 1, 2, 2, 3]);
  assert.equal([major(null, 'nb_filter'), major(null, 'units'), major(null, 'batch_shape')], [1, 2, 3]);
});

test('what is no Keras file is named', () => {
  const text = (content: string) => () => openAny(strToU8(content), 'f');
  assert.throws(() => openAny(new Uint8Array(0), 'f'), /f: is no model that pathgrad reads: the file is empty/);
  assert.throws(text('<!DOCTYPE html><html>'), /f: is no model that pathgrad reads: a web page/);
  assert.throws(
    text('version https://git-lfs.github.com/spec/v1\noid'),
    /a Git LFS pointer .*\nhint: run git lfs pull/,
  );
  assert.throws(text('{"class_name": "Sequential"}'), /f: is not a Keras model: JSON/);
  assert.throws(() => openAny(new Uint8Array([0x80, 4, 0x95, 0]), 'f'), /a Python pickle/);
  assert.throws(() => openAny(new Uint8Array([8, 1, 0x12, 4]), 'f'), /a protocol buffer \(SavedModel or ONNX\)/);
  assert.throws(text(' \0\0\0TFL3'), /a TensorFlow Lite model/);
  assert.throws(text('\u0018\0\0\0TFL3'), /a TensorFlow Lite model[\s\S]*the Keras file it was made from/);
  assert.throws(
    () => openAny(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), 'f'),
    /f: is no model that pathgrad reads: a PNG file/,
  );
  assert.throws(() => openAny(new Uint8Array([1, 2, 3]), 'f'), /unknown content \(starts 01 02 03\)/);
  assert.throws(
    () => parseArchitecture('{"name": "Sequential", "layers": []}', 'f'),
    /Keras 0\.x, which is not supported/,
  );
  assert.throws(() => parseArchitecture('<html>', 'f'), /f: is not JSON \(starts '<html>'/);
});

test('models of other programs are told by their first bytes, and the message says how to save them again', () => {
  // As TensorFlow 2.21, coremltools 9, gguf, joblib and scikit-learn wrote them.
  const cases: readonly (readonly [start: string, message: RegExp])[] = [
    ['\b\x01\x12\x02\n\x0f\x12\xed\x0e\n^\n\x10AssignVariableOp\x12\f', /the graph of a SavedModel[\s\S]*tf_keras/],
    ['\n;\n\x01x\x12\vPlaceholder*\v\n\x05dtype', /a frozen graph of TensorFlow[\s\S]*--graphdef/],
    ['\b\x01\x12 \n\x0e\n\x01x\x1a\t*\x07\n\x01\x03\x10\xc0\x80\x04', /a Core ML model[\s\S]*converted from/],
    ['\b\x05\x12\xa0\x01\n\x0e\n\x01x\x1a\t', /a Core ML model/],
    ['GGUF\x03\0\0\0', /a GGUF file of llama\.cpp[\s\S]*model\.safetensors/],
    ['\x1c\0\0\0ORTM', /ONNX Runtime/],
    ['(dp0\nVa\np1\ncnumpy._core', /a Python pickle[\s\S]*skl2onnx/],
    ['}q\0(X\x01\0\0\0aq\x01', /a Python pickle/],
    ['ccopy_reg\n_reconstructor\np0\n(csklearn', /a Python pickle/],
    ['x\x9c\xabV', /joblib\.dump writes with compress[\s\S]*never opened/],
    ['BZh91AY', /bzip2 data/],
    ['\x10\0\0\0\0\0\0\0{"a":{}}', /a file of safetensors[\s\S]*loadTransformer/],
    ['<?xml version="1.0"?>\n<net', /XML/],
  ];
  for (const [start, message] of cases) {
    const bytes = Uint8Array.from(start, (letter) => letter.charCodeAt(0));
    assert.throws(() => openAny(bytes, 'model.h5'), message);
  }
});

test('an HDF5 file without Keras weights says what it has', async () => {
  const bytes = await writeH5({ members: { x: counted([2]) } });
  assert.throws(() => openAny(bytes, 'x.h5'), /x\.h5: holds no Keras weights \(members \[x\]/);
});

test('archives: missing config, truncation, and a member that unpacks to more than the archive can hold', async () => {
  const weights = await weightsFile();
  const good = zipSync({ 'config.json': strToU8(config), 'model.weights.h5': weights });
  assert.throws(
    () => openAny(zipSync({ 'model/data.pkl': weights }), 'm.pt'),
    /m\.pt: is what torch\.save wrote[\s\S]*never opened\. In Python: torch\.onnx\.export/,
  );
  assert.throws(
    () => openAny(zipSync({ 'data.txt': weights }), 'm.zip'),
    /m\.zip: is a zip archive, but no \.keras file: config\.json is missing/,
  );
  assert.throws(
    () => openAny(good.slice(0, good.length - 40), 'm.keras'),
    /m\.keras: is a zip archive without an end: it is truncated/,
  );
  const bomb = zipSync(
    { 'config.json': strToU8(config), 'model.weights.h5': new Uint8Array(80 * 2 ** 20) },
    { level: 9 },
  );
  assert.ok(bomb.length < 2 ** 20);
  assert.throws(
    () => openAny(bomb, 'b.keras'),
    /b\.keras\/model\.weights\.h5: would unpack to more than the file can honestly hold/,
  );
});

test('members outside the top folder are never read', async () => {
  const archive = zipSync({ 'config.json': strToU8(config), '../model.weights.h5': await weightsFile() });
  assert.is(openAny(archive, 'm.keras').weights.layout, 'none');
});

test('weights in shards', async () => {
  const shard = (name: string, first: number) =>
    writeH5({
      members: { layers: { members: { [name]: { members: { vars: { members: { 0: counted([2], first) } } } } } } },
    });
  const members = {
    'config.json': strToU8(config),
    'model.weights.json': strToU8(
      '{"weight_map": {"layers/a/vars": ["model_00000.weights.h5"], "layers/b/vars": "model_00001.weights.h5"}}',
    ),
    'model_00000.weights.h5': await shard('a', 1),
    'model_00001.weights.h5': await shard('b', 5),
  };
  const { weights } = openAny(zipSync(members), 's.keras');
  assert.ok(weights.layout === 'paths');
  assert.equal(
    weights.entries.map((entry) => [entry.key, Array.from(entry.dataset.read())]),
    [
      ['layers/a/vars/0', [1, 2]],
      ['layers/b/vars/0', [5, 6]],
    ],
  );
  const { 'model_00001.weights.h5': _, ...incomplete } = members;
  assert.throws(
    () => openAny(zipSync(incomplete), 's.keras'),
    /s\.keras\/model_00001\.weights\.h5: is listed in model\.weights\.json/,
  );
});

test.run();
