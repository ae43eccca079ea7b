/** HDF5 reading against files that the HDF5 library itself wrote, old format and new. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { Hdf5Dataset, type Hdf5File, openHdf5 } from '../../src/hdf5/file.ts';
import { withoutChecksum } from '../../src/hdf5/on-demand/filters.ts';
import { counted, writeH5 } from '../support/h5.ts';
import { halfToNumber } from '../support/half.ts';

const test = suite('hdf5 file');

function dataset(file: Hdf5File, path: string): Hdf5Dataset {
  const found = file.root.find(path);
  assert.instance(found, Hdf5Dataset);
  return found as Hdf5Dataset;
}

for (const libver of ['earliest', 'latest'] as const) {
  test(`groups, attributes and values, format ${libver}`, async () => {
    const bytes = await writeH5(
      {
        attributes: {
          text: 'ünï',
          names: ['ab', 'cdef'],
          fixed: { fixed: ['ab', 'cdef'], bytes: 6 },
          none: [],
          count: 7,
        },
        members: {
          group: {
            members: { 'kernel:0': counted([2, 3]), double: { data: new Float64Array([0.1, -2e300]), shape: [2] } },
          },
          int: { data: new BigInt64Array([-3n, 2n ** 40n]), shape: [2], dtype: '<q' },
          bytes: { data: new Uint8Array([1, 255]), shape: [2] },
          empty: { data: new Float32Array(0), shape: [0] },
        },
      },
      libver,
    );
    const file = openHdf5(bytes, 'm.h5');
    const { attributes } = file.root;
    assert.is(attributes.text('text'), 'ünï');
    assert.equal(attributes.texts('names'), ['ab', 'cdef']);
    assert.equal(attributes.texts('fixed'), ['ab', 'cdef'], 'the NUL padding of fixed texts is cut');
    assert.equal(attributes.texts('none'), [], 'a zero-length float64 attribute is the empty list');
    assert.is(attributes.get('count'), 7);
    assert.is(attributes.get('absent'), undefined);
    const kernel = dataset(file, 'group/kernel:0');
    assert.equal(kernel.shape, [2, 3]);
    assert.is(kernel.dtype, 'float32');
    assert.equal(kernel.read(), new Float32Array([1, 2, 3, 4, 5, 6]));
    assert.equal(dataset(file, 'group/double').read(), new Float64Array([0.1, -2e300]));
    assert.equal(dataset(file, 'int').read(), new Float64Array([-3, 2 ** 40]));
    assert.equal(dataset(file, 'bytes').read(), new Uint8Array([1, 255]));
    assert.is(dataset(file, 'empty').read().length, 0);
    assert.equal(
      file.root
        .datasets()
        .map((d) => d.path)
        .sort(),
      ['bytes', 'empty', 'group/double', 'group/kernel:0', 'int'],
    );
  });
}

test('many links need a tree of several nodes', async () => {
  const names = Array.from({ length: 600 }, (_, i) => `layer_${i}`);
  const bytes = await writeH5({ members: Object.fromEntries(names.map((name, i) => [name, counted([1], i)])) });
  const file = openHdf5(bytes, 'wide.h5');
  assert.is(file.root.names.length, 600);
  for (const i of [0, 77, 599]) assert.equal(dataset(file, `layer_${i}`).read(), new Float32Array([i]));
});

for (const count of [20, 300, 2500]) {
  test(`${count} links of the new format lie in a heap with a tree`, async () => {
    const names = Array.from({ length: count }, (_, i) => `layer_with_a_long_name_${i}`);
    const members = Object.fromEntries(names.map((name, i) => [name, counted([1], i)]));
    const file = openHdf5(await writeH5({ members }, 'latest'), 'heap.h5');
    assert.equal([...file.root.names].sort(), [...names].sort());
    for (const i of [0, 7, count - 1]) assert.equal(dataset(file, names[i]!).read(), new Float32Array([i]));
  });
}

test('many attributes of the new format lie in a heap with a tree', async () => {
  const attributes = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, i % 2 ? `text ${i}` : i]));
  const found = openHdf5(await writeH5({ attributes }, 'latest'), 'dense.h5').root.attributes;
  assert.equal([...found.names].sort(), Object.keys(attributes).sort());
  for (const [key, value] of Object.entries(attributes)) assert.is(found.get(key), value);
});

test('gzip chunks, also at edges, of any rank and type', async () => {
  const data = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
  const shapes = {
    a: [[600], [77]],
    b: [
      [20, 30],
      [7, 11],
    ],
    c: [
      [4, 10, 15],
      [3, 4, 15],
    ],
  } as const;
  const members = Object.fromEntries(
    Object.entries(shapes).map(([name, [shape, chunks]]) => [name, { data, shape, chunks }]),
  );
  const int = { data: new BigInt64Array([1n, -2n, 3n]), shape: [3], dtype: '<q', chunks: [2] };
  const file = openHdf5(await writeH5({ members: { ...members, int } }), 'z.h5');
  for (const name of Object.keys(shapes)) assert.equal(dataset(file, name).read(), data, name);
  assert.equal(dataset(file, 'int').read(), new Float64Array([1, -2, 3]));
});

test('the checksum behind a chunk is that of the HDF5 library', () => {
  // The known Fletcher-32 of 'abcdef' in little-endian words; HDF5 takes big-endian ones.
  const text = new TextEncoder().encode('badcfe');
  const sum = [0x2a, 0x2d, 0x50, 0x56];
  assert.equal(withoutChecksum(Uint8Array.of(...text, ...sum), 'x'), text);
  assert.throws(() => withoutChecksum(Uint8Array.of(...text, ...sum.reverse()), 'x'), /x: the checksum of a chunk/);
});

test('an aligned float32 dataset is a view on the file, not a copy', async () => {
  const bytes = await writeH5({ members: { x: counted([4]) } });
  assert.is(dataset(openHdf5(bytes, 'v.h5'), 'x').read().buffer, bytes.buffer);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  assert.equal(dataset(openHdf5(shifted, 'v.h5'), 'x').read(), new Float32Array([1, 2, 3, 4]));
});

test('a user block before the signature is skipped', async () => {
  const bytes = await writeH5({ members: { x: counted([3]) } });
  const shifted = new Uint8Array(bytes.length + 1024);
  shifted.set(bytes, 1024);
  assert.equal(dataset(openHdf5(shifted, 'u.h5'), 'x').read(), new Float32Array([1, 2, 3]));
});

test('half precision: zeros, subnormals, ordinary values, infinity', () => {
  const values: [number, number][] = [
    [0x0000, 0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3c00, 1],
    [0xc100, -2.5],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ];
  for (const [bits, value] of values) assert.is(halfToNumber(bits), value, bits.toString(16));
  assert.ok(Object.is(halfToNumber(0x8000), -0));
  assert.ok(Number.isNaN(halfToNumber(0x7e01)));
});

test('errors name file and path', async () => {
  const bytes = await writeH5({ attributes: { numbers: 3 }, members: { group: { members: { x: counted([2]) } } } });
  const file = openHdf5(bytes, 'm.h5');
  assert.throws(() => file.root.child('grup'), /m\.h5: has no member 'grup'\nhint: did you mean 'group'\?/);
  assert.throws(() => file.root.child('constructor'), /m\.h5: has no member 'constructor'/);
  assert.throws(() => file.root.attributes.text('numbers'), /m\.h5@numbers: is not text/);
  assert.throws(() => openHdf5(new Uint8Array(40), 'zeros'), /zeros: is not an HDF5 file \(bytes 40\)/);
  assert.throws(
    () => openHdf5(bytes.slice(0, bytes.length - 200), 'cut.h5'),
    /cut\.h5: the file is truncated \(has \d+, needs \d+\)/,
  );
  assert.is(file.root.find('group/y'), undefined);
});

test('a 64-bit integer that no double holds is refused, not rounded', async () => {
  const bytes = await writeH5({
    members: { n: { data: new BigInt64Array([2n ** 53n + 1n]), shape: [1], dtype: '<q' } },
  });
  assert.throws(() => dataset(openHdf5(bytes, 'm.h5'), 'n').read(), /m\.h5\/n: the 64-bit integer 9007199254740993/);
});

test.run();
