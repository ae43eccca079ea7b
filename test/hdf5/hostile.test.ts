/** Damaged and hostile files: an error or values of the stated shape, in bounded time; what is claimed is never allocated. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { counted, legacyTree, writeH5 } from '../support/h5.ts';

const test = suite('hdf5 hostile');

/** mulberry32: a small seeded generator, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

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

test.run();
