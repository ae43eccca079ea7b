/** Files of tensors: values of every float type, straight and transposed, from every kind of place, and headers that lie. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ModelSource } from '../../src/keras/load/source.ts';
import { openSafetensors } from '../../src/safetensors/safetensors.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { joinSafetensors, writeSafetensors } from '../support/safetensors.ts';

const test = suite('safetensors');
const root = mkdtempSync(join(tmpdir(), 'pathgrad-safetensors-'));
test.after(() => rmSync(root, { recursive: true }));

const matrix = Float32Array.from({ length: 6 }, (_, i) => i + 0.5);
const halves = (bits: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(bits).buffer);
const whole = {
  'a.weight': { shape: [2, 3], data: matrix },
  half: { dtype: 'F16', shape: [4], data: halves([0x3c00, 0xc000, 0x0001, 0x7bff]) },
  brain: { dtype: 'BF16', shape: [2], data: halves([0x3f80, 0xc049]) },
  double: { dtype: 'F64', shape: [1], data: new Uint8Array(new Float64Array([Math.PI]).buffer) },
  ids: { dtype: 'I64', shape: [1], data: new Uint8Array(8) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
};

async function readAll(source: ModelSource): Promise<Record<string, number[]>> {
  const file = await openSafetensors(source);
  const out: Record<string, number[]> = {};
  for (const place of file.tensors) {
    if (place.dtype === 'I64') continue;
    out[place.name] = [...(await file.read(place, 'float64'))];
    if (place.shape.length === 2) out[`${place.name}ᵀ`] = [...(await file.read(place, 'float32', true))];
  }
  await file.close();
  return out;
}

const expected = {
  'a.weight': [0.5, 1.5, 2.5, 3.5, 4.5, 5.5],
  'a.weightᵀ': [0.5, 3.5, 1.5, 4.5, 2.5, 5.5],
  half: [1, -2, 2 ** -24, 65504],
  brain: [1, -3.140625],
  double: [Math.PI],
  empty: [],
  emptyᵀ: [],
};

test('values from memory, a Blob, a path and servers with and without ranges', async () => {
  const bytes = writeSafetensors(whole);
  const path = join(root, 'whole.safetensors');
  writeFileSync(path, bytes);
  assert.equal(await readAll(bytes), expected);
  assert.equal(await readAll(new Blob([bytes as Uint8Array<ArrayBuffer>])), expected);
  assert.equal(await readAll(path), expected);
  for (const ranged of [true, false]) {
    let most = 0;
    const server = createServer((request, response) => {
      const asked = ranged ? /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') : null;
      const part = asked ? bytes.subarray(Number(asked[1]), Number(asked[2]) + 1) : bytes;
      most = Math.max(most, part.length);
      const head = asked ? { 'content-range': `bytes ${asked[1]}-${asked[2]}/${bytes.length}` } : {};
      response.writeHead(asked ? 206 : 200, head).end(part);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    assert.equal(await readAll(`http://127.0.0.1:${(server.address() as AddressInfo).port}/m.safetensors`), expected);
    assert.is(most < bytes.length, ranged);
    server.close();
  }
});

test('a matrix larger than a piece is transposed whole', async () => {
  const [rows, columns] = [700, 450];
  const data = Float32Array.from({ length: rows * columns }, (_, i) => i % 9973);
  const file = await openSafetensors(writeSafetensors({ w: { shape: [rows, columns], data } }));
  const turned = await file.read(file.tensors[0]!, 'float32', true);
  assert.ok(turned.every((value, i) => value === data[(i % rows) * columns + Math.floor(i / rows)]));
});

async function refused(bytes: Uint8Array, text: RegExp): Promise<void> {
  const error = await openSafetensors(bytes).then(
    () => null,
    (e: unknown) => e,
  );
  assert.instance(error, PathgradError);
  assert.match((error as Error).message, text);
}

test('headers that lie are refused, naming the tensor', async () => {
  const bad = (change: (header: Record<string, Record<string, unknown>>) => void): Uint8Array =>
    writeSafetensors(whole, change as (header: Record<string, unknown>) => void);
  const say = (text: string, size = 64): Uint8Array =>
    joinSafetensors(new TextEncoder().encode(text), [new Uint8Array(size)]);
  await refused(new Uint8Array(4), /too short/);
  await refused(writeSafetensors(whole).subarray(0, 60), /header would be longer than the file/);
  await refused(joinSafetensors(new Uint8Array(0), [new Uint8Array(64)]), /header would be longer/);
  await refused(writeSafetensors(whole).subarray(0, -3), /tensor '\w+', lies beyond|lies beyond the end of the file/);
  await refused(say('[1]'), /its header is not JSON/);
  await refused(say(`{"a": ${'['.repeat(3000)}${']'.repeat(3000)}}`), /nests deeper/);
  await refused(
    bad((h) => (h['half']!['dtype'] = 'F8_E4M3')),
    /tensor 'half': is of a dtype that is not known \(dtype F8_E4M3/,
  );
  await refused(
    bad((h) => (h['half']!['shape'] = [5])),
    /'half': does not have as many bytes as its shape/,
  );
  await refused(
    bad((h) => (h['half']!['shape'] = [-4])),
    /'half': has no usable shape/,
  );
  await refused(
    bad((h) => (h['half']!['shape'] = [2 ** 40, 2 ** 40])),
    /'half': does not have as many bytes/,
  );
  await refused(
    bad((h) => (h['brain']!['data_offsets'] = [24, 28])),
    /tensor 'half' overlaps tensor 'brain'/,
  );
  await refused(
    bad((h) => delete h['brain']),
    /there is a gap before tensor 'double'/,
  );
  await refused(
    bad((h) => (h['half'] = null as never)),
    /'half': is of a dtype that is not known \(dtype missing/,
  );
  const two =
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  await refused(say(two, 4), /lists a tensor twice/);
  await refused(say('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 9), /has bytes after its last tensor/);
});

test('a pickle is never opened, and the message says how to save the model', async () => {
  const pickle = Uint8Array.from([0x80, 0x02, ...new Uint8Array(100).fill(0x8a)]);
  await refused(pickle, /no safetensors file.*\n.*pickles of PyTorch are never opened.*safe_serialization=True/);
  await refused(
    Uint8Array.from([0x50, 0x4b, 3, 4, ...new Uint8Array(100).fill(255)]),
    /pickles of PyTorch are never opened/,
  );
});

test('reads at the same time do not share the bytes that they pass through', async () => {
  const columns = [0, 1, 2].map((k) => Float32Array.from({ length: 700 * 900 }, (_, i) => k + i / 1024));
  const tensors = columns.map((data, k) => [`${k}.weight`, { shape: [700, 900], data }] as const);
  const file = await openSafetensors(
    new Blob([writeSafetensors(Object.fromEntries(tensors)) as Uint8Array<ArrayBuffer>]),
  );
  const read = await Promise.all(file.tensors.map((place) => file.read(place, 'float32', true)));
  for (const [k, values] of read.entries()) {
    const wrong = values.findIndex((value, i) => value !== columns[k]![(i % 700) * 900 + Math.floor(i / 700)]);
    assert.is(wrong, -1, `tensor ${k}`);
  }
  await file.close();
});

test('integers are no weights', async () => {
  const file = await openSafetensors(writeSafetensors(whole));
  const ids = file.tensors.find(({ name }) => name === 'ids')!;
  const error = await file.read(ids, 'float32').catch((e: Error) => e.message);
  assert.match(String(error), /tensor 'ids': holds no floats \(dtype I64\)/);
});

test.run();
