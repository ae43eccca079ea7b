/** What a path holds is told by content, in folders by names; what cannot be opened is refused with a way out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kindOf } from '../../src/open/kind.ts';
import { placeOf } from '../../src/open/place.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('open: what a path holds');
const folder = temporaryFolder();
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const zip = (first: string): Uint8Array =>
  Uint8Array.from([...text('PK\x03\x04'), ...new Uint8Array(26), ...text(first)]);
const safetensors = Uint8Array.from([16, 0, 0, 0, 0, 0, 0, 0, ...text('{"a":{"dtype":1}}')]);

const contents = {
  hdf5: Uint8Array.from([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10]),
  keras: zip('metadata.json'),
  torch: zip('archive/data.pkl'),
  pickle: Uint8Array.from([0x80, 2, 0x7d]),
  onnx: Uint8Array.from([8, 7, 0x12, 4, ...text('test')]),
  savedModel: Uint8Array.from([8, 1, 0x12, 2]),
  coreMl: Uint8Array.from([8, 5, 0x12, 0xa0, 1, 0x0a, 14, 0x0a, 1, 0x78]),
  architecture: text(' {"class_name": "Sequential", "config": {"architectures": []}}'),
  tfjs: text('{"format": "layers-model", "modelTopology": {"class_name": "Sequential"}}'),
  config: text('{"model_type": "bert"}'),
  tokenizer: text('{"version": "1.0", "added_tokens": []}'),
  safetensors,
};

test('files, whatever they are called', () => {
  const kinds = Object.entries(contents).map(([name, bytes]) => [
    name,
    kindOf(bytes, name === 'savedModel' ? 'saved_model.pb' : 'x'),
  ]);
  assert.equal(Object.fromEntries(kinds), {
    hdf5: 'keras',
    keras: 'keras',
    torch: 'pickle',
    pickle: 'pickle',
    onnx: 'onnx',
    savedModel: 'saved-model',
    coreMl: 'keras',
    architecture: 'keras',
    tfjs: 'tfjs',
    config: 'config',
    tokenizer: 'tokenizer',
    safetensors: 'safetensors',
  });
  assert.is(kindOf(new Uint8Array(0), 'x'), 'keras', 'its reader says that it is empty');
});

/** A folder with these files; the path of it. */
function made(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  for (const [file, bytes] of Object.entries(files)) {
    const path = folder.path(`${name}/${file}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return folder.path(name);
}

const { config, hdf5, onnx, pickle, tfjs } = contents;

test('folders, and files that belong to one', async () => {
  const bert = made('bert', { 'config.json': config, 'model.safetensors': safetensors, 'model.onnx': onnx });
  for (const path of [bert, `${bert}/`, `${bert}/config.json`, `${bert}/model.safetensors`]) {
    assert.equal(await placeOf(path), { kind: 'transformers', path: bert });
  }
  assert.equal(await placeOf(`${bert}/model.onnx`), { kind: 'onnx', path: `${bert}/model.onnx` });
  const exported = made('exported', { 'config.json': config, 'model.onnx': onnx });
  assert.equal(await placeOf(exported), { kind: 'onnx', path: `${exported}/model.onnx` });
  const js = made('js', { 'model.json': tfjs, 'group1-shard1of1.bin': pickle });
  assert.equal(await placeOf(js), { kind: 'tfjs', path: `${js}/model.json` });
  const sentences = made('sentences', { 'modules.json': text('[]'), 'config.json': config });
  assert.equal(await placeOf(sentences), { kind: 'transformers', path: sentences });
  assert.equal(await placeOf(folder.path('none')), { kind: 'keras', path: folder.path('none') });
});

test('what cannot be opened: the reason and the way out', async () => {
  const cases: readonly (readonly [path: string, message: RegExp])[] = [
    [made('weights', { 'tf_model.h5': hdf5 }), /holds weights of transformers without a config\.json .*\nhint: save/],
    [
      `${made('alone', { 'x.safetensors': safetensors })}/x.safetensors`,
      /safetensors without a config\.json beside it/,
    ],
    [
      made('empty', { 'notes.txt': text('x') }),
      /a folder without a model that pathgrad knows \(files \[notes\.txt\]\)/,
    ],
    [
      `${made('torch', { 'x.pt': contents.torch })}/x.pt`,
      /is a pickle of Python.*\nhint: .*save_pretrained.*torch\.onnx/,
    ],
    [made('saved', { 'saved_model.pb': contents.savedModel }), /is a SavedModel of TensorFlow.*\nhint: .*tf_keras/],
    [
      made('open', { 'config.json': contents.architecture, 'metadata.json': tfjs, 'model.weights.h5': hdf5 }),
      /unpacked/,
    ],
  ];
  for (const [path, message] of cases) {
    const error = await placeOf(path).then(
      () => null,
      (cause: unknown) => cause,
    );
    assert.instance(error, PathgradError);
    assert.match((error as Error).message, message);
  }
});

test.run();
