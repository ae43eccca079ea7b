/** HDF5 that we write, read back by our reader and by the HDF5 library (h5wasm): every type, empty and wide groups, long attributes. */
import { ready } from 'h5wasm/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hdf5Dataset, openHdf5 } from '../../src/hdf5/file.ts';
import { writeHdf5 } from '../../src/hdf5/write/file.ts';
import { NewGroup, setAttribute, type ValuesToWrite } from '../../src/hdf5/write/tree.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { openInH5wasm } from '../support/h5.ts';

const test = suite('hdf5 written');

const arrays: Record<string, ValuesToWrite> = {
  'kernel:0': { dtype: 'float32', shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 0.1]) },
  double: { dtype: 'float64', shape: [2], data: [0.1, -2e300] },
  half: { dtype: 'float16', shape: [3], data: [1, -2, 65504] },
  brain: { dtype: 'bfloat16', shape: [2], data: [1, -3.140625] },
  long: { dtype: 'int64', shape: [2], data: [-3, 2 ** 40] },
  unsigned: { dtype: 'uint32', shape: [1], data: [2 ** 32 - 1] },
  short: { dtype: 'int16', shape: [], data: [-7] },
  bytes: { dtype: 'uint8', shape: [3], data: [1, 2, 255] },
  empty: { dtype: 'float32', shape: [0, 4], data: [] },
  words: { dtype: 'text', shape: [2, 2], data: ['a', '', 'ünï', 'a'] },
  padded: { dtype: 'fixed-text', shape: [2], data: ['ab', 'cdéf'] },
};

function everything(): NewGroup {
  const root = new NewGroup();
  for (const [name, values] of Object.entries(arrays)) root.dataset(`all/of/${name}`, values);
  root.group('nothing/inside');
  root.attribute('model_config', JSON.stringify({ text: 'ü'.repeat(100_000) }));
  root.attribute('keras_version', '3.15.1');
  root.attribute('none', []);
  root.attribute('empty', '');
  root.group('all').attribute('weight_names', ['dense/kernel:0', 'b']);
  setAttribute(root, 'shape', { dtype: 'int32', shape: [2], data: [2, 3] });
  setAttribute(root.group('all'), 'one', { dtype: 'float32', shape: [], data: [0.5] });
  setAttribute(root, 'texts', { dtype: 'text', shape: [2], data: ['ünï', 'long'.repeat(30_000)] });
  return root;
}

test('our reader reads it', () => {
  const { root } = openHdf5(writeHdf5(everything()), 'm.h5');
  for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
    const found = root.find(`all/of/${name}`);
    assert.instance(found, Hdf5Dataset);
    const dataset = found as Hdf5Dataset;
    assert.equal(dataset.shape, shape, name);
    if (dtype === 'text' || dtype === 'fixed-text') assert.is(dataset.dtype, 'string');
    else {
      assert.is(dataset.dtype, dtype);
      assert.equal(Array.from(dataset.read(), Number), Array.from(data as ArrayLike<number>, Number), name);
    }
  }
  assert.equal(root.group('nothing')!.group('inside')!.names, []);
  const { attributes } = root;
  assert.is(JSON.parse(attributes.text('model_config')!).text.length, 100_000);
  assert.is(attributes.text('keras_version'), '3.15.1');
  assert.is(attributes.text('empty'), '');
  assert.equal(attributes.texts('none'), []);
  assert.equal(attributes.get('shape'), [2, 3]);
  assert.is(attributes.texts('texts')![1]!.length, 120_000);
  assert.equal(root.group('all')!.attributes.texts('weight_names'), ['dense/kernel:0', 'b']);
  assert.is(root.group('all')!.attributes.get('one'), 0.5);
});

test('the HDF5 library reads it', async () => {
  await ready;
  await openInH5wasm(writeHdf5(everything()), (file) => {
    for (const [name, { shape, data, dtype }] of Object.entries(arrays)) {
      const found = file.get(`all/of/${name}`) as unknown as {
        shape: number[];
        value: ArrayLike<unknown> | string;
        dtype: string;
      };
      assert.equal(found.shape, shape, name);
      // Node 20 has no half floats, and pairs of bytes have no value.
      if (dtype === 'float16' || dtype === 'bfloat16') continue;
      if (name === 'short') assert.is(Number(found.value), -7);
      else if (dtype.endsWith('text')) assert.equal(Array.from(found.value), Array.from<unknown>(data), name);
      else if (data.length > 0) assert.equal(Array.from(found.value, Number), Array.from(data, Number), name);
    }
    assert.is((file.attrs['keras_version'] as { value: string }).value, '3.15.1');
    assert.is(JSON.parse((file.attrs['model_config'] as { value: string }).value).text.length, 100_000);
    assert.is((file.attrs['texts'] as { value: string[] }).value[1]!.length, 120_000);
    assert.equal([...(file.get('nothing') as { keys(): string[] }).keys()], ['inside']);
  });
});

for (const count of [0, 8, 9, 256, 257, 2_100]) {
  test(`a group of ${count} members is found by name, whatever their order`, async () => {
    const names = Array.from({ length: count }, (_, i) => `layer_${(i * 7919) % count}${i % 3 === 0 ? 'ü' : ''}`);
    const root = new NewGroup();
    for (const [i, name] of names.entries())
      if (i % 100 === 0) root.group(name).dataset('x', { dtype: 'int32', shape: [], data: [i] });
      else root.dataset(name, { dtype: 'int32', shape: [], data: [i] });
    const bytes = writeHdf5(root);
    const file = openHdf5(bytes, 'wide.h5');
    assert.equal([...file.root.names].sort(), [...names].sort());
    await ready;
    await openInH5wasm(bytes, (h5) => {
      assert.is(h5.keys().length, count);
      for (let i = 0; i < count; i += 97) {
        const path = i % 100 === 0 ? `${names[i]}/x` : names[i]!;
        assert.is(Number((h5.get(path) as { value: unknown }).value), i);
        assert.equal(Number((file.root.find(path) as Hdf5Dataset).read()[0]), i);
      }
    });
  });
}

test('the same tree gives the same bytes', () => {
  assert.equal(writeHdf5(everything()), writeHdf5(everything()));
});

const refused: [string, (root: NewGroup) => unknown, RegExp][] = [
  [
    'twice',
    (root) => root.dataset('a', arrays['short']!) && root.dataset('a', arrays['short']!),
    /\/a: is written twice/,
  ],
  ['a dataset as a group', (root) => root.dataset('a', arrays['short']!) && root.group('a/b'), /is a dataset already/],
  ['an empty name', (root) => root.group('a//b'), /no name that a file can hold/],
  ['too few values', (root) => root.dataset('a', { dtype: 'int8', shape: [2], data: [1] }), /number of values/],
  ['an unknown dtype', (root) => root.dataset('a', { dtype: 'int7' as 'int8', shape: [], data: [1] }), /'int7'/],
  ['a NUL', (root) => root.attribute('a', 'x\0y'), /holds a NUL/],
  ['a number that does not fit', (root) => root.dataset('a', { dtype: 'int8', shape: [], data: [200] }), /int8 cannot/],
  ['a long attribute', (root) => root.attribute('a', ['x'.repeat(70_000)]), /longer than an attribute may be/],
];

for (const [name, make, message] of refused) {
  test(`refused: ${name}`, () => {
    const root = new NewGroup();
    const act = (): unknown => {
      make(root);
      return writeHdf5(root);
    };
    assert.throws(act, (error: unknown) => error instanceof PathgradError && message.test(error.message));
  });
}

test.run();
