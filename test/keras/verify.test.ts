/** model.verify: agreement, disagreement, every form of a reference, and what does not fit. */
import { readFileSync } from 'node:fs';
import { gunzipSync, strToU8, zipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import { embeddedReference, readReference } from '../../src/model/verify/reference.ts';
import { counted, writeH5 } from '../support/h5.ts';
import { classifier } from '../support/keras-examples.ts';
import { readZoo } from '../support/zoo.ts';

const test = suite('verify');

/** classifier(): y = x0 + x1. */
const good = {
  madeWith: 'by hand',
  inputs: [{ shape: [2, 2], data: [1, 2, 3, 4] }],
  outputs: [{ shape: [2, 1], data: [3, 7] }],
  gradients: [
    { output: 0, input: 0, shape: [2, 2], data: [1, 1, 1, 1] },
    { shape: [2, 2], data: [2, 2, -1, -1], cotangent: { shape: [2, 1], data: [2, -1] } },
  ],
};

test('values that agree pass, with their errors', async () => {
  const report = await classifier().verify(good);
  assert.is(report.passed, true);
  assert.is(report.outputError, 0);
  assert.is(report.gradientError, 0);
  assert.is(report.samples, 2);
  assert.is(report.madeWith, 'by hand');
  assert.equal(
    report.items.map(({ what }) => what),
    ['output dense', 'gradient of dense to dense_input', 'gradient of dense to dense_input'],
  );
});

test('values that differ do not pass; bounds can be set', async () => {
  const off = { ...good, outputs: [{ shape: [2, 1], data: [3, 7.7] }] };
  const report = await classifier().verify(off);
  assert.is(report.passed, false);
  assert.ok(Math.abs(report.outputError - 0.1 / 1.1) < 1e-6, `${report.outputError}`); // relative to the largest, 7.7
  assert.is((await classifier().verify(off, { tolerance: 0.2 })).passed, true);
  const nan = await classifier().verify({ ...good, outputs: [{ shape: [2, 1], data: [Number.NaN, 7] }] });
  assert.is(nan.passed, false);
  const slope = { ...good, gradients: [{ shape: [2, 2], data: [1, 1, 1, 1.01] }] };
  assert.is((await classifier().verify(slope)).passed, false);
});

test('JSON, base64, and .npz are read', async () => {
  const text = JSON.stringify(good);
  assert.is((await classifier().verify(text)).passed, true);
  assert.is((await classifier().verify(strToU8(text))).passed, true);
  const data = Buffer.from(Float32Array.of(3, 7).buffer).toString('base64');
  assert.is((await classifier().verify({ ...good, outputs: [{ shape: [2, 1], data }] })).passed, true);
  const npy = (values: number[], shape: string): Uint8Array => {
    const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
    const head = `${dict.padEnd(117)}\n`;
    const body = new Uint8Array(Float32Array.from(values).buffer);
    return Uint8Array.from([0x93, ...strToU8('NUMPY'), 1, 0, head.length, 0, ...strToU8(head), ...body]);
  };
  const npz = zipSync({
    'x0.npy': npy([1, 2, 3, 4], '2, 2'),
    'y0.npy': npy([3, 7], '2, 1'),
    'dy0_dx0.npy': npy([1, 1, 1, 1], '2, 2'),
  });
  const report = await classifier().verify(npz);
  assert.is(report.passed, true);
  assert.is(report.items.length, 2);
});

test('a reference inside the file is found, in both formats', async () => {
  const text = JSON.stringify(good);
  const h5 = await writeH5({ members: { pathgrad_reference: { data: strToU8(text), shape: [text.length] } } });
  assert.is(embeddedReference(h5, 'a.h5'), text);
  assert.is(embeddedReference(zipSync({ 'pathgrad.json': strToU8(text) }), 'a.keras'), text);
  assert.is(embeddedReference(await writeH5({ members: { a: counted([2]) } }), 'b.h5'), null);
  assert.is(embeddedReference(strToU8(text), 'c.json'), null);
});

test('a model of the zoo against its own values, then against those of another model', async () => {
  const folder = new URL('../golden/zoo/', import.meta.url);
  const zoo = readZoo(readFileSync(new URL('keras3-merging.json.gz', folder)));
  const file = gunzipSync(readFileSync(new URL('keras3-merging.keras.gz', folder)));
  const model = await loadModel(file, { name: 'merging.keras' });
  const gradients = zoo.cases.flatMap(({ gradient, cotangent }, output) =>
    gradient ? [{ ...gradient, output, input: 0, cotangent }] : [],
  );
  const reference = { inputs: zoo.inputs, outputs: zoo.cases.map(({ output }) => output), gradients };
  const report = await model.verify(reference);
  assert.equal(
    report.items.filter(({ passed }) => !passed),
    [],
  );
  assert.is(report.items.length, zoo.cases.length + gradients.length);
});

async function fails(reference: object | undefined, pattern: RegExp): Promise<void> {
  const error = await classifier()
    .verify(reference as never)
    .then(
      () => null,
      (thrown: Error) => thrown,
    );
  assert.is(error?.name, 'PathgradError');
  assert.match(error!.message, pattern);
}

test('what does not fit the model is an error with both shapes', async () => {
  await fails(
    { ...good, outputs: [{ shape: [2, 2], data: [1, 2, 3, 4] }] },
    /output dense has another shape .*reference \[2,2\], got \[2,1\]/,
  );
  await fails(
    { ...good, inputs: [{ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }] },
    /input 'dense_input': the input has the wrong shape/,
  );
  await fails({ ...good, inputs: [...good.inputs, ...good.inputs] }, /the model has 1 inputs, the reference 2/);
  await fails(
    { ...good, outputs: [...good.outputs, ...good.outputs] },
    /the reference has an output that the model lacks/,
  );
  await fails({ ...good, gradients: [{ ...good.gradients[0], output: 3 }] }, /which the model does not have/);
});

test('what is no reference is named', async () => {
  await fails(undefined, /test.json: holds no reference values[\s\S]*model.verify\(reference\)/);
  await fails({ ...good, inputs: 3 }, /'inputs' must be a list/);
  await fails({ ...good, outputs: [{ shape: [2, 2], data: [1] }] }, /output 0: 1 values do not fill the shape/);
  await fails({ ...good, outputs: [{ shape: [1], data: '!' }] }, /not base64|cut short/);
  assert.throws(() => readReference(strToU8('{')), /is not JSON/);
  assert.throws(
    () => readReference(zipSync({ 'z.npy': strToU8('') }), 'z.npz'),
    /z.npz: holds no reference values[\s\S]*x0, x1/,
  );
});

test.run();
