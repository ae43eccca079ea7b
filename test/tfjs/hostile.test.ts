/** `model.json` that is wrong or hostile: a named error for each, and nothing is read that the manifest does not account for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inspectModel, loadModel } from '../../src/keras/load/load.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const test = suite('tfjs files');

interface Weight {
  name: unknown;
  shape: unknown;
  dtype: unknown;
  quantization?: unknown;
}

const kernel = (): Weight => ({ name: 'd/kernel', shape: [2, 1], dtype: 'float32' });
const topology = (weights = {}): object => ({
  class_name: 'Sequential',
  config: {
    name: 's',
    layers: [
      {
        class_name: 'Dense',
        config: { name: 'd', units: 1, use_bias: false, batch_input_shape: [null, 2], ...weights },
      },
    ],
  },
  keras_version: 'tfjs-layers 4.22.0',
});
const manifest = (weights: readonly Weight[] = [kernel()], paths: readonly unknown[] = ['w.bin']): object => ({
  format: 'layers-model',
  modelTopology: topology(),
  weightsManifest: [{ paths, weights }],
});
const bytes = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const json = (value: unknown): File =>
  new File([typeof value === 'string' ? value : JSON.stringify(value)], 'model.json');

async function refused(
  index: unknown,
  pattern: RegExp,
  shards: readonly [string, Uint8Array][] = [['w.bin', bytes(2, 3)]],
) {
  const files = shards.map(([name, data]) => new File([data as Uint8Array<ArrayBuffer>], name));
  const error = await loadModel([...files, json(index)]).then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.is(error?.name, 'PathgradError', `${error?.stack}`);
  assert.match(error!.message, pattern);
  assert.match(error!.message, /model\.json/);
}

const six = (model: { predict(x: number[][]): Promise<unknown> }): Promise<void> =>
  model.predict([[0, 2]]).then((y) => assert.equal(Array.from((y as Tensor).data), [6]));

test('from a path, a file: address, a web address, and files in any order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-'));
  const served = new Map<string, string | Uint8Array>([
    ['/model.json', JSON.stringify(manifest([kernel()], ['./a.bin', 'b.bin']))],
    ['/a.bin', bytes(2)],
    ['/b.bin', bytes(3)],
  ]);
  for (const [name, data] of served) writeFileSync(join(folder, name), data);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const found = served.get(request.url!.replace(/\?.*$/, ''));
    response.writeHead(found ? 200 : 404).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    await six(await loadModel(join(folder, 'model.json')));
    await six(await loadModel(pathToFileURL(join(folder, 'model.json'))));
    await six(await loadModel(`http://127.0.0.1:${port}/model.json?v=1`));
    // What signs the address of a model signs those of its weights.
    assert.equal(asked.sort(), ['/a.bin?v=1', '/b.bin?v=1', '/model.json?v=1']);
    await six(
      await loadModel([...served].reverse().map(([name, data]) => new File([data as BlobPart], name.slice(1)))),
    );
    const report = await inspectModel(join(folder, 'model.json'));
    assert.is(report.format, 'tfjs');
    assert.ok(report.runnable);
    rmSync(join(folder, 'b.bin'));
    const error = (await loadModel(join(folder, 'model.json')).catch((thrown: Error) => thrown)) as Error;
    assert.match(error.message, /model\.json: the file of weights 'b\.bin' is missing/);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test('graph models and formats that nobody knows are told apart', async () => {
  await refused(
    { format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [] },
    /is a graph model[\s\S]*tfjs_layers_model/,
  );
  await refused({ modelTopology: { node: [], library: {} }, weightsManifest: [] }, /is a graph model/);
  await refused({ ...manifest(), format: 'tfdf-model' }, /format of TensorFlow\.js that is not known[\s\S]*tfdf-model/);
  await refused({ weightsManifest: [] }, /has no 'modelTopology'/);
  await refused({ ...manifest(), weightsManifest: 3 }, /'weightsManifest' must be a list/);
});

test('files of weights: missing, too short, too long, twice, or elsewhere', async () => {
  await refused(manifest(), /the file of weights 'w\.bin' is missing[\s\S]*as a list/, [['v.bin', bytes(2, 3)]]);
  await refused(manifest(), /too short[\s\S]*needs/, [['w.bin', bytes(2)]]);
  await refused(manifest(), /too long/, [['w.bin', bytes(2, 3, 4)]]);
  await refused(manifest([kernel()], ['w.bin', 'w.bin']), /lists a file twice/);
  for (const path of [
    '../w.bin',
    '..',
    './../w.bin',
    '/etc/w.bin',
    'a\\w.bin',
    'https://x/w.bin',
    'C:w.bin',
    '',
    7,
    null,
  ]) {
    await refused(manifest([kernel()], [path]), /not the name of a file/);
  }
});

test('weights: twice, without a name, of unknown types, of absurd shapes, of no layer', async () => {
  const with_ = (change: Partial<Weight>): object => manifest([{ ...kernel(), ...change }]);
  await refused(manifest([kernel(), kernel()]), /weight 'd\/kernel': is there twice/);
  await refused(with_({ name: 4 }), /a weight without a name/);
  for (const dtype of ['string', 'complex64', 'float64', null])
    await refused(with_({ dtype }), /a dtype that is not supported/);
  await refused(with_({ shape: [2 ** 40, 2 ** 12] }), /is too big to read/);
  await refused(with_({ shape: [1e200, 1e200] }), /'shape' must be a list/);
  for (const shape of [[-2, -1], [2.5], 'no', Array(9).fill(1)])
    await refused(with_({ shape }), /'shape' must be a list/);
  await refused(with_({ shape: [2 ** 20, 2 ** 10] }), /too short/);
  await refused(with_({ name: 'e/kernel' }), /weights that belong to no layer/);
  await refused(with_({ shape: [1, 2] }), /wrong shape/);
  await refused(manifest(), /not finite/, [['w.bin', bytes(1, Number.NaN)]]);
  await refused(with_({ dtype: 'int32' }), /stored as int32/);
});

test('quantization that makes no sense', async () => {
  const as = (quantization: unknown): object => manifest([{ ...kernel(), quantization }]);
  for (const [scale, min] of [
    [0, 0],
    [-1, 0],
    [1e300, 0],
    ['1', 0],
    [1, null],
    [1, 1e39],
    [2e36, 0],
  ]) {
    await refused(as({ dtype: 'uint8', scale, min }), /numbers that make no sense/);
  }
  for (const quantization of [{ dtype: 'uint4', scale: 1, min: 0 }, 7, [], { scale: 1 }]) {
    await refused(as(quantization), /quantized in a way that is not known/);
  }
});

test('JSON that is deep, cut off or has other things in it', async () => {
  await refused(`{"modelTopology": ${'['.repeat(1000)}`, /nests deeper/);
  await refused('{"modelTopology": {', /is not JSON/);
  await refused({ ...manifest(), modelTopology: { class_name: 'Sequential', config: 5 } }, /has no layers/);
});

test('a list without a model, or with two', async () => {
  const message = async (files: readonly File[]): Promise<string> =>
    ((await loadModel(files).catch((thrown: Error) => thrown)) as Error).message;
  assert.match(
    await message([new File(['a'], 'a.bin'), new File(['b'], 'b.bin')]),
    /there is no model\.json among the files/,
  );
  assert.match(await message([json(manifest()), json(manifest())]), /several model\.json/);
  assert.match(await message([]), /no file is given/);
});

test.run();
