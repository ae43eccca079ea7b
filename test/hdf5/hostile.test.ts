/** Damaged and hostile files: an error or values of the stated shape, in bounded time; what is claimed is never allocated. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { counted, legacyTree, writeH5 } from '../support/h5.ts';

import { seeded } from '../support/seeded.ts';

const test = suite('hdf5 hostile');

/** Reads everything; true if it could be read, false if it was refused with one of our errors. */
function readAll(bytes: Uint8Array): boolean {
  try {
    for (const dataset of openHdf5(bytes, 'fuzz.h5').root.datasets()) {
      assert.is(dataset.read().length, dataset.size);
      for (const name of dataset.attributes.names) dataset.attributes.get(name);
    }
    return true;
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    assert.match(error.message, 'fuzz.h5');
    return false;
  }
}

for (const libver of ['earliest', 'latest'] as const) {
  test(`200 damaged copies of a small file, format ${libver}`, async () => {
    const tree = legacyTree({
      a: { 'a/kernel:0': counted([3, 4]), 'a/bias:0': counted([4]) },
      b: { 'b/x:0': counted([5]) },
    });
    const good = await writeH5(tree, libver);
    assert.ok(readAll(good));
    const random = seeded(20);
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      const copy = good.slice(0, i % 4 === 0 ? Math.floor(random() * good.length) : good.length);
      for (let flips = i % 4; flips > 0; flips--) {
        const at = Math.floor(random() * copy.length);
        copy[at] = copy[at]! ^ (1 << Math.floor(random() * 8));
      }
      if (!readAll(copy)) refused++;
    }
    assert.ok(refused > 50, `${refused} of 200 were refused`);
  });
}

/** Replaces the one place where the shape [5] of a dataset and its maximum [5] are stored. */
function claim(bytes: Uint8Array, size: bigint): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  let found = 0;
  for (let at = 0; at + 16 <= copy.length; at += 8) {
    if (view.getBigUint64(at, true) === 12345n) {
      view.setBigUint64(at, size, true);
      found++;
    }
  }
  assert.ok(found > 0);
  return copy;
}

test('a claimed size is compared with the file before it is allocated', async () => {
  const bytes = await writeH5({ members: { x: counted([12345]) } });
  const read = (size: bigint) => () => openHdf5(claim(bytes, size), 'big.h5').root.datasets()[0]!.read();
  assert.throws(
    read(2n ** 31n),
    /big\.h5\/x: claims more values than the file holds \(shape \[2147483648\], dtype float32/,
  );
  assert.throws(read(2n ** 33n), /big\.h5\/x: a dimension of 2\^32 or more \(shape \[8589934592\]\)/);
});

test('a tree of links whose nodes point at each other is refused', async () => {
  const members = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`layer_${i}`, counted([1])]));
  const bytes = await writeH5({ members });
  const view = new DataView(bytes.buffer);
  const tree =
    8 * Array.from({ length: bytes.length / 8 }, (_, i) => i).find((i) => view.getUint32(8 * i, true) === 0x45455254)!;
  const entries = view.getUint16(tree + 6, true);
  assert.ok(entries >= 2);
  view.setBigUint64(tree + 32 + 16, view.getBigUint64(tree + 32, true), true);
  assert.throws(() => openHdf5(bytes, 'twice.h5'), /twice\.h5: a table of links is reached twice/);
  view.setUint8(tree + 5, 1);
  view.setUint16(tree + 6, 1, true);
  view.setBigUint64(tree + 32, BigInt(tree), true);
  assert.throws(() => openHdf5(bytes, 'loop.h5'), /loop\.h5: a node of the tree of links is reached twice/);
});

/** Offset of the first occurrence of four letters. */
function find(bytes: Uint8Array, letters: string): number {
  const wanted = [...letters].map((letter) => letter.charCodeAt(0));
  return bytes.findIndex((_, at) => wanted.every((byte, i) => bytes[at + i] === byte));
}

test('chunks that would unpack to more than their size, or that claim more than the file can hold, are refused', async () => {
  const zeros = { data: new Float32Array(2 ** 20), shape: [2 ** 20], chunks: [2 ** 20] };
  const bytes = await writeH5({ members: { x: zeros } });
  const read = (copy: Uint8Array) => () => openHdf5(copy, 'bomb.h5').root.datasets()[0]!.read();
  assert.is(read(bytes)().length, 2 ** 20);
  // Where 2^20 elements are stated: the shape (aligned to 8 bytes), and that of a chunk (11 bytes into its message).
  const claimed = (size: number): Uint8Array => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    for (let at = 0; at + 4 <= copy.length; at++) {
      if ((at % 8 === 0 || at % 8 === 3) && view.getUint32(at, true) === 2 ** 20) view.setUint32(at, size, true);
    }
    return copy;
  };
  assert.throws(read(claimed(1000)), /bomb\.h5\/x: a chunk does not have its size \(bytes \d+, needs 4000\)/);
  assert.throws(read(claimed(2 ** 30)), /bomb\.h5\/x: claims more values than the file can hold/);
});

test('structures that lie on top of each other cannot multiply', async () => {
  const members = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`layer_${i}`, counted([1])]));
  const bytes = await writeH5({ members });
  const view = new DataView(bytes.buffer);
  const table = find(bytes, 'SNOD');
  const heap = find(bytes, 'HEAP');
  // A name without an end before that of the whole heap, and every link of every table points at it.
  const names = Number(view.getBigUint64(heap + 24, true));
  bytes.fill(65, names, names + Number(view.getBigUint64(heap + 8, true)) - 1);
  for (let i = 0; i < view.getUint16(table + 6, true); i++) view.setBigUint64(table + 8 + 40 * i, 0n, true);
  assert.throws(() => openHdf5(bytes, 'same.h5'), /same\.h5: has two members of one name/);
  const tree = find(bytes, 'TREE');
  view.setUint16(tree + 6, 65535, true);
  assert.throws(() => openHdf5(bytes, 'long.h5'), /long\.h5: (its structures lie on top of each other|cannot be read)/);
});

test('an object header whose continuation leads back to itself is refused', async () => {
  const attributes = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`key${i}`, 'x'.repeat(200)]));
  const bytes = await writeH5({ attributes, members: { x: counted([2]) } }, 'latest');
  const view = new DataView(bytes.buffer);
  const block = find(bytes, 'OCHK');
  assert.ok(block > 0);
  // The block's length lies behind its address; without checksums it is looked into all the same.
  const reference = bytes.findIndex((_, at) => at + 8 <= block && view.getBigUint64(at, true) === BigInt(block));
  view.setUint32(block + Number(view.getBigUint64(reference + 8, true)) - 4, 0, true);
  // The first message of the continuation becomes a continuation that leads to its own block.
  const first = block + 4;
  view.setUint8(first, 0x10);
  view.setUint16(first + 1, 16, true);
  view.setUint8(first + 3, 0);
  const head = (view.getUint8(find(bytes, 'OHDR') + 5) & 4) !== 0 ? 6 : 4;
  view.setBigUint64(first + head, BigInt(block), true);
  view.setBigUint64(first + head + 8, BigInt(8 + head + 16), true);
  view.setUint32(first + head + 16, 0, true);
  assert.throws(() => openHdf5(bytes, 'self.h5'), /self\.h5: its structures lie on top of each other/);
});

test.run();
