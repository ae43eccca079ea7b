/** Tensors of ONNX files in every encoding, values in other files, and bytes that lie. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inspectOnnx, loadOnnx } from '../../src/onnx/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import {
  attribute,
  type Bytes,
  bytes,
  float,
  graph,
  model,
  node,
  nodeOf,
  number,
  string,
  tensorOf,
  tensorWith,
  typedValue,
  value,
} from '../support/onnx-writer.ts';
import { onnxPictures } from '../support/tiny-onnx.ts';

const test = suite('onnx: tensors');
const root = mkdtempSync(join(tmpdir(), 'pathgrad-onnx-'));
test.after(() => rmSync(root, { recursive: true }));

/** x + w, w being cast to floats. */
const adding = (w: Bytes): Uint8Array =>
  model('m', {
    nodes: [nodeOf('Cast', ['w'], ['f'], { attributes: [attribute.int('to', 1)] }), node('Add', ['x', 'f'], 'y')],
    initializers: [w],
    inputs: [value('x', [2])],
    output: value('y', [2]),
  });

async function weights(w: Bytes): Promise<number[]> {
  const loaded = await loadOnnx(adding(w), { name: 'm.onnx', dtype: 'float64' });
  return [...(await loaded.predictAll([[0, 0]]))[0]!.data];
}

async function refused(file: Uint8Array, text: RegExp): Promise<void> {
  const error = await loadOnnx(file, { name: 'm.onnx' }).then(
    () => null,
    (e: unknown) => e,
  );
  assert.instance(error, PathgradError);
  assert.match((error as Error).message, text);
}

test('every element type, as bytes and in the field of its type', async () => {
  const packed = (id: number, data: ArrayBufferView): number[] =>
    bytes(id, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const raw: readonly (readonly [number, ArrayBufferView, readonly number[]])[] = [
    [1, Float32Array.of(1.5, -2), [1.5, -2]],
    [11, Float64Array.of(1.5, -2), [1.5, -2]],
    [10, Uint16Array.of(0x3e00, 0xc000), [1.5, -2]],
    [16, Uint16Array.of(0x3fc0, 0xc000), [1.5, -2]],
    [2, Uint8Array.of(200, 3), [200, 3]],
    [3, Int8Array.of(-100, 3), [-100, 3]],
    [4, Uint16Array.of(60000, 3), [60000, 3]],
    [5, Int16Array.of(-30000, 3), [-30000, 3]],
    [6, Int32Array.of(-70000, 3), [-70000, 3]],
    [7, BigInt64Array.of(-70000n, 3n), [-70000, 3]],
    [12, Uint32Array.of(70000, 3), [70000, 3]],
    [13, BigUint64Array.of(70000n, 3n), [70000, 3]],
    [9, Uint8Array.of(1, 0), [1, 0]],
  ];
  for (const [type, data, expected] of raw)
    assert.equal(await weights(tensorOf('w', [2], type, data)), expected, `type ${type}`);
  const fields: readonly (readonly [number, Bytes, readonly number[]])[] = [
    [1, packed(4, Float32Array.of(1.5, -2)), [1.5, -2]],
    [1, [...float(4, 1.5), ...float(4, -2)], [1.5, -2]],
    [11, packed(10, Float64Array.of(1.5, -2)), [1.5, -2]],
    [10, [...number(5, 0x3e00), ...number(5, 0xc000)], [1.5, -2]],
    [3, [...number(5, -100), ...number(5, 3)], [-100, 3]],
    [7, [...number(7, -70000), ...number(7, 3)], [-70000, 3]],
    [13, [...number(11, 70000), ...number(11, 3)], [70000, 3]],
  ];
  for (const [type, part, expected] of fields)
    assert.equal(await weights(tensorWith('w', [2], type, part)), expected, `type ${type}`);
});

test('what cannot be read is named', async () => {
  await refused(
    adding(tensorOf('w', [2], 7, BigInt64Array.of(2n ** 40n, 1n))),
    /tensor 'w': holds the integer 1099511627776, which is more than 32 bits/,
  );
  await refused(adding(tensorOf('w', [2], 17, new Uint8Array(2))), /holds elements of type float8e4m3fn/);
  await refused(adding(tensorOf('w', [2], 22, new Uint8Array(1))), /holds elements of type int4/);
  await refused(adding(tensorOf('w', [2], 77, new Uint8Array(1))), /holds elements of type number 77/);
  await refused(adding(tensorWith('w', [2], 8, [...string(6, 'a'), ...string(6, 'b')])), /holds texts/);
  await refused(
    adding(tensorOf('w', [3], 1, Float32Array.of(1, 2))),
    /not have as many bytes as its shape \(expected 12, found 8/,
  );
  await refused(adding(tensorWith('w', [3], 1, float(4, 1))), /not have as many values as its shape/);
  await refused(adding(tensorOf('w', [-1], 1, new Uint8Array(0))), /has no usable shape/);
  await refused(adding(tensorOf('w', [2 ** 40, 2 ** 40], 1, new Uint8Array(0))), /has no usable shape/);
});

const external = (location: string, more: Bytes = []): number[] =>
  tensorWith('w', [2], 1, [...entry('location', location), ...more, ...number(14, 1)]);
const entry = (key: string, text: string): number[] => bytes(13, [...string(1, key), ...string(2, text)]);

test('values in another file: beside the model, or given with it; nowhere else, and within it', async () => {
  const data = new Uint8Array(Float32Array.of(9, 5, 7).buffer);
  const place = join(root, 'm.onnx');
  writeFileSync(place, adding(external('w.bin', [...entry('offset', '4'), ...entry('length', '8')])));
  writeFileSync(join(root, 'w.bin'), data);
  const loaded = await loadOnnx(place);
  assert.equal([...(await loaded.predictAll([[0, 0]]))[0]!.data], [5, 7]);
  const files = [
    new File([data], 'w.bin'),
    new File([adding(external('./w.bin', entry('offset', '4'))) as BlobPart], 'm.onnx'),
  ];
  assert.equal([...(await (await loadOnnx(files)).predictAll([[0, 0]]))[0]!.data], [5, 7]);
  await refused(adding(external('w.bin')), /the file 'w.bin', which holds values of it, is missing/);
  for (const bad of ['../w.bin', '/etc/passwd', 'a/w.bin', 'C:\\w.bin', '..', '']) {
    await refused(adding(external(bad)), /keeps its values in a place that is not read/);
  }
  const outside = [
    new File([data], 'w.bin'),
    new File([adding(external('w.bin', entry('offset', '8'))) as BlobPart], 'm.onnx'),
  ];
  const error = await loadOnnx(outside).catch((e: Error) => e.message);
  assert.match(String(error), /tensor 'w': its values do not lie in 'w.bin'/);
});

test('damaged files end in an error of ours, wherever they are cut and whatever stands there', async () => {
  let answers = 0;
  for (let cut = 0; cut < onnxPictures.length; cut += 7) {
    for (const file of [onnxPictures.slice(0, cut), onnxPictures.map((byte, i) => (i === cut ? 255 - byte : byte))]) {
      try {
        const loaded = await loadOnnx(file, { name: 'm.onnx' });
        await loaded.predictAll({ data: new Float32Array(192), shape: [1, 3, 8, 8] });
        answers++;
      } catch (error) {
        assert.instance(error, PathgradError, `byte ${cut}: ${String((error as Error).stack).slice(0, 300)}`);
      }
    }
  }
  assert.ok(answers > 0, 'some bytes are weights');
});

test('depth, counts and sizes are bounded', async () => {
  let deep: number[] = graph('g', { nodes: [node('Neg', ['x'], 'y')], output: value('y', [2]) });
  for (let i = 0; i < 60; i++) {
    deep = graph('g', {
      nodes: [nodeOf('If', ['c'], ['y'], { attributes: [attribute.graph('then_branch', deep)] })],
      output: value('y', [2]),
    });
  }
  const file = Uint8Array.from([...number(1, 8), ...bytes(7, deep), ...bytes(8, number(2, 17))]);
  await refused(file, /nests deeper than 32 levels/);
  await refused(new Uint8Array(0), /is no ONNX model/);
  await refused(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f), /ends too early/);
  await refused(new TextEncoder().encode('{"not": "onnx"}'), /m\.onnx/);
  const huge = model('m', {
    nodes: [nodeOf('ConstantOfShape', ['s'], ['c']), node('Add', ['x', 'c'], 'y')],
    initializers: [tensorOf('s', [2], 7, BigInt64Array.of(100000n, 100000n))],
    inputs: [value('x', [2])],
    output: value('y', [2]),
  });
  await refused(huge, /ConstantOfShape c/);
});

test('inputs that are no tensors, or of unknown rank', async () => {
  const parts = (input: Bytes) =>
    model('m', { nodes: [node('Neg', ['x'], 'y')], inputs: [input], output: value('y', [2]) });
  await refused(parts(string(1, 'x')), /input 'x': is no tensor/);
  await refused(parts([...string(1, 'x'), ...bytes(2, bytes(1, number(1, 1)))]), /does not say how many axes/);
  await refused(parts(typedValue('x', [null, 2], 8)), /holds elements of type string/);
  const report = await inspectOnnx(onnxPictures);
  assert.equal([report.opsets, report.producer, report.runnable], [{ 'ai.onnx': 17 }, 'test', true]);
});

test.run();
