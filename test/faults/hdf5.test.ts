/**
 * Faults of the HDF5 reader: K7, files that h5py writes and that were refused or misread, against what h5py reads in them
 * (test/golden/hdf5) and against h5wasm; H1, hostile structures, which must end in an error at once. Damaged copies: test/hdf5/damaged.test.ts.
 */
import * as assert from 'uvu/assert';
import { Guard } from '../../src/guard/guard.ts';
import { type Hdf5File, openHdf5 } from '../../src/hdf5/file.ts';
import { lookup3 } from '../../src/hdf5/on-demand/checksum.ts';
import { unfiltered } from '../../src/hdf5/on-demand/filters.ts';
import { readHdf5 } from '../../src/hdf5/parts.ts';
import { inspectModel, loadModel } from '../../src/keras/load/load.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { faults } from '../support/faults.ts';
import { compareValues, goldenHdf5 } from '../support/hdf5-golden.ts';

import { seeded } from '../support/seeded.ts';

const fault = faults('hdf5');

const open = (bytes: Uint8Array, name = 'made.h5'): Promise<Hdf5File> => readHdf5(() => openHdf5(bytes, name));

/** Written by the HDF5 library in WebAssembly; imported late because it loads all of the reader, which the first test must not. */
const support = () => import('../support/h5.ts');

fault('K7', 'a model whose kernel is compressed by lzf and whose bias was never written was refused', async () => {
  for (const golden of goldenHdf5('model')) {
    const model = await loadModel(golden.bytes, { name: golden.name });
    const kernel = golden.datasets['model_weights/dense/dense/kernel:0']!.data as number[];
    const [{ data } = { data: [] as ArrayLike<number> }] = await model.predictAll([[1, 2, 3, 4]]);
    for (let j = 0; j < 3; j++) {
      const want = [0, 1, 2, 3].reduce((sum, i) => sum + (i + 1) * kernel[3 * i + j]!, 0.5);
      assert.ok(Math.abs(data[j]! - want) < 1e-5, `${golden.name}: ${data[j]} is not ${want}`);
    }
  }
});

fault('K7', 'every index of chunks of HDF5 1.10 and 2.0 is read, with filters and without', async () => {
  for (const golden of goldenHdf5('indexes')) {
    const count = compareValues(await open(golden.bytes), golden);
    assert.ok(count >= (golden.name.endsWith('earliest') ? 2 : 20), `${golden.name} has ${count} datasets`);
  }
});

fault('K7', 'lzf, scale-offset, n-bit, checksums, and filters that single chunks skip', async () => {
  for (const golden of goldenHdf5('filters')) assert.ok(compareValues(await open(golden.bytes), golden) > 15);
});

fault('K7', 'what was never written is the fill value, or 0', async () => {
  for (const golden of goldenHdf5('unwritten')) assert.is(compareValues(await open(golden.bytes), golden), 6);
});

fault('K7', 'named types, any number type, names padded with spaces, large attributes', async () => {
  for (const golden of goldenHdf5('types')) {
    const file = await open(golden.bytes);
    compareValues(file, golden);
    for (const [key, want] of Object.entries(golden.attributes)) {
      const got = file.root.attributes.get(key);
      assert.equal(got, want, `${golden.name}@${key}`);
    }
    assert.equal(file.root.attributes.texts('spaces'), ['ab c', ' d']);
  }
});

fault('K7', 'random shapes, chunks and limits, written by h5wasm in both formats', async () => {
  const { writeH5 } = await support();
  const next = seeded(7);
  const random = (below: number): number => Math.floor(next() * below);
  for (let i = 0; i < 4; i++) {
    const members = Object.fromEntries(
      Array.from({ length: 6 }, (_, j) => {
        const shape = Array.from({ length: 1 + random(3) }, () => 1 + random(7));
        const size = shape.reduce((a, b) => a * b, 1);
        const data = Float32Array.from({ length: size }, () => random(1000) / 8 - 50);
        const chunks = shape.map((n) => Math.min(n, 2 + random(n)));
        const maxshape = shape.map((n) => (random(3) === 0 ? null : n + random(3)));
        return [`d${j}`, { data, shape, chunks, maxshape, ...(random(2) ? {} : { plain: true }) }];
      }),
    );
    const { root } = await open(await writeH5({ members }, i % 2 === 0 ? 'latest' : 'earliest'));
    for (const dataset of root.datasets()) {
      const { data, ...about } = members[dataset.path]!;
      assert.equal(dataset.read(), data, JSON.stringify(about));
    }
  }
});

fault('K7', 'a superblock of version 1 was refused', async () => {
  const { counted, writeH5 } = await support();
  const bytes = await writeH5({ members: { x: counted([3]) } });
  // Its fields after the first 24 bytes lie 4 bytes further; of the root's entry only the address of the header is read.
  bytes.copyWithin(28, 24, 72);
  bytes[8] = 1;
  assert.equal((await open(bytes)).root.datasets()[0]!.read(), new Float32Array([1, 2, 3]));
});

/** Where four letters lie, from `from` on. */
function find(bytes: Uint8Array, letters: string, from = 0): number {
  const wanted = [...letters].map((letter) => letter.charCodeAt(0));
  const at = bytes.findIndex((_, i) => i >= from && wanted.every((byte, j) => bytes[i + j] === byte));
  assert.ok(at >= 0, `${letters} is in the file`);
  return at;
}

/** The file of 60 links in a heap, its parts changed; a checksum of 0 is taken as left out. */
async function dense(change: (view: DataView, heap: number) => void): Promise<Uint8Array> {
  const { counted, writeH5 } = await support();
  const names = Array.from({ length: 100 }, (_, i) => `layer_with_a_long_name_${i}`);
  const bytes = await writeH5({ members: Object.fromEntries(names.map((name) => [name, counted([1])])) }, 'latest');
  const heap = find(bytes, 'FRHP');
  const view = new DataView(bytes.buffer);
  change(view, heap);
  view.setUint32(heap + 142, 0, true);
  return bytes;
}

async function refused(bytes: Uint8Array, problem: RegExp, read = true): Promise<void> {
  const started = process.cpuUsage().user;
  try {
    for (const dataset of (await open(bytes)).root.datasets()) if (read) dataset.read();
  } catch (error) {
    assert.instance(error, PathgradError);
    assert.match((error as Error).message, problem, (error as Error).message);
    assert.ok(process.cpuUsage().user - started < 1e6, 'within a second');
    return;
  }
  assert.unreachable(`not refused: ${problem}`);
}

fault('H1', 'a fractal heap whose indirect block points at itself was walked for ever', async () => {
  const itself = await dense((view, heap) => {
    const root = Number(view.getBigUint64(heap + 132, true));
    assert.is(view.getUint32(root, true), 0x42494846); // FHIB
    // One entry wide, whose blocks are all larger than those that hold objects: the first entry of each is a table as large as its own.
    view.setUint16(heap + 110, 1, true);
    view.setBigUint64(heap + 120, view.getBigUint64(heap + 112, true) / 2n, true);
    view.setUint16(heap + 140, 1, true);
    view.setBigUint64(root + 17, BigInt(root), true);
  });
  await refused(itself, /the heap of names is damaged/);
  const sameRows = await dense((view, heap) => {
    const root = Number(view.getBigUint64(heap + 132, true));
    const rows = view.getUint16(heap + 140, true);
    // Every entry is the table itself, which then holds no objects.
    for (let i = 0; i < 4 * rows; i++) view.setBigUint64(root + 17 + 8 * i, BigInt(root), true);
    view.setUint32(root + 17 + 32 * rows, 0, true);
  });
  await refused(sameRows, /a structure \(FHDB\) is damaged/);
  const noStart = await dense((view, heap) => view.setBigUint64(heap + 112, 0n, true));
  await refused(noStart, /the heap of names is damaged/);
});

fault('H1', 'checksums of the newer format were not looked at', async () => {
  assert.is(lookup3(new TextEncoder().encode('Four score and seven years ago')), 0x17770551); // lookup3.c, driver5
  const { counted, writeH5 } = await support();
  const bytes = await writeH5({ attributes: { text: 'weights' }, members: { x: counted([3]) } }, 'latest');
  bytes[find(bytes, 'OHDR') + 30]! ^= 1;
  await refused(bytes, /the checksum of a structure is wrong/);
});

fault('H1', 'the element length of the shuffle filter was believed', async () => {
  const { writeH5 } = await support();
  const x = { data: new Float32Array(64), shape: [64], chunks: [64], compression: 2, options: [4] };
  const bytes = await writeH5({ members: { x } });
  const { root } = await open(bytes);
  assert.is(root.datasets()[0]!.read().length, 64);
  const at = find(bytes, 'shuf');
  new DataView(bytes.buffer).setUint32(at + 8, 2 ** 32 - 1, true);
  await refused(bytes, /shuffled for elements of another length \(shuffled 4294967295, needs 4\)/);
});

fault('H1', 'what chunks unpack to was limited for a dataset, not for a file', async () => {
  const { writeH5 } = await support();
  const zeros = { data: new Float32Array(3 * 2 ** 21), shape: [3 * 2 ** 21], chunks: [3 * 2 ** 21], options: [1] };
  const members = Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`x${i}`, zeros]));
  const bytes = await writeH5({ members });
  const datasets = (await open(bytes)).root.datasets();
  for (const dataset of datasets.slice(0, 2)) assert.is(dataset.read().length, 3 * 2 ** 21);
  assert.is(datasets[0]!.read().length, 3 * 2 ** 21, 'reading again costs nothing');
  assert.throws(() => datasets[2]!.read(), /x2: claims more values than the file can/);
});

fault('H1', 'values of attributes were not counted', async () => {
  const { writeH5 } = await support();
  const text = 'x'.repeat(30_000);
  const attributes = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`key${i}`, Array<string>(9).fill(text)]));
  const bytes = await writeH5({ attributes }, 'latest');
  const { attributes: found } = (await open(bytes)).root;
  for (const name of found.names) assert.is(found.texts(name)!.length, 9);
  for (const name of found.names) assert.is(found.texts(name)!.length, 9, 'asking again costs nothing');
  // All references lead to the first text, of a file that has room for few.
  const guard = new Guard('small.h5', 100_000);
  const { attributes: counted } = openHdf5(bytes, 'small.h5', guard).root;
  assert.throws(() => counted.names.map((name) => counted.texts(name)), /small\.h5@key\d: its structures lie on top/);
});

fault('H1', 'a name listed twice multiplied what was read', async () => {
  const { counted, writeH5 } = await support();
  const layer = { attributes: { weight_names: ['k', 'k'] }, members: { k: counted([2]) } };
  const config = JSON.stringify({ class_name: 'Sequential', config: { name: 'm', layers: [] } });
  const lists = [
    [['a', 'a'], 'layer_names'],
    [['a'], 'a@weight_names'],
  ] as const;
  for (const [names, where] of lists) {
    const attributes = { layer_names: names, model_config: config };
    const bytes = await writeH5({ attributes, members: { a: layer } });
    for (const load of [loadModel, inspectModel]) {
      await load(bytes, { name: 'twice.h5' }).then(
        () => assert.unreachable(),
        (error: Error) => assert.match(error.message, new RegExp(`${where}: lists a name twice \\(name [ak]\\)`)),
      );
    }
  }
});

fault('H1', 'a group with two members of one name, and an object with two attributes of one name', async () => {
  const { counted, writeH5 } = await support();
  const bytes = await writeH5({ attributes: { one: 1, two: 2 }, members: { ax: counted([1]), bx: counted([1]) } });
  const names = bytes.slice();
  names[find(names, 'bx\0')] = 97;
  await refused(names, /has two members of one name \(name ax\)/);
  bytes.set(new TextEncoder().encode('one'), find(bytes, 'two\0'));
  await refused(bytes, /has two attributes of one name \(name one\)/);
});

fault('H1', 'chunks of no length, indexes that claim to be larger than the file', async () => {
  const golden = goldenHdf5('indexes-v110')[0]!;
  const changed = (letters: string, change: (view: DataView, at: number) => void, sumAt: number): Uint8Array => {
    const bytes = golden.bytes.slice();
    const view = new DataView(bytes.buffer);
    const at = find(bytes, letters);
    change(view, at);
    view.setUint32(at + sumAt, 0, true);
    return bytes;
  };
  await refused(
    changed('FAHD', (view, at) => view.setBigUint64(at + 8, 2n ** 60n, true), 24),
    /an index of chunks is longer than the file/,
  );
  await refused(
    changed('EAHD', (view, at) => view.setUint8(at + 7, 255), 68),
    /an index of chunks is damaged/,
  );
  await refused(
    changed('BTHD', (view, at) => view.setUint16(at + 10, 0, true), 34),
    /a tree does not fit the file/,
  );
});

fault('H1', 'what filters make is bounded, and what they lack is said', () => {
  const to = { bytes: 64, elementBytes: 4 };
  const undo =
    (id: number, bytes: number[], values: number[] = []) =>
    () =>
      unfiltered(Uint8Array.from(bytes), [{ id, values }], to, 'x');
  const longest = [31, ...Array<number>(32).fill(1), ...Array<number[]>(50).fill([0xe0, 255, 0]).flat()];
  assert.throws(undo(32000, longest), /x: a chunk does not have its size/);
  assert.throws(undo(32000, [0x20, 0]), /refers to what is before it/);
  assert.throws(undo(32000, [5, 1]), /cut short/);
  const scaled = (width: number, ...more: number[]) => [width, 0, 0, 0, 8, ...Array<number>(16).fill(0), ...more];
  const values = [2, 0, 16, 0, 4, 1, 0, 0];
  assert.is(undo(6, scaled(0), values)().length, 64);
  assert.throws(undo(6, scaled(7, 1, 2), values), /cut short/);
  assert.throws(undo(6, scaled(33), values), /its scaled numbers are damaged/);
  assert.throws(undo(6, scaled(0), [2, 0, 2 ** 31, 0, 4, 1, 0, 0]), /do not fit its type/);
  assert.throws(undo(5, [1], [8, 0, 16, 1, 4, 0, 40, 0]), /do not fit its type/);
  assert.throws(undo(5, [1], [8, 0, 16, 1, 4, 0, 20, 0]), /cut short/);
});

fault.run();
