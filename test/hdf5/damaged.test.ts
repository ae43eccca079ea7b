/**
 * Thousands of damaged copies of files with every index of chunks and every filter: each is read or refused with one of our errors, in
 * bounded time. Checksums stop most damage before it is looked at, so they are left out of half of the copies (a checksum of 0).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FileBytes } from '../../src/hdf5/bytes.ts';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { lookup3 } from '../../src/hdf5/on-demand/checksum.ts';
import { onDemand, readHdf5 } from '../../src/hdf5/parts.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { goldenHdf5 } from '../support/hdf5-golden.ts';

import { seeded } from '../support/seeded.ts';

const test = suite('hdf5 damaged');
await readHdf5(() => onDemand('tests'));

type Range = readonly [start: number, length: number];

/** Reads everything; true if it could be read, false if something was refused. */
function readAll(bytes: Uint8Array): boolean {
  let whole = true;
  const attempt = (read: () => unknown): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof PathgradError)) throw error;
      assert.match(error.message, 'damaged.h5');
      whole = false;
    }
  };
  attempt(() => {
    const { root } = openHdf5(bytes, 'damaged.h5');
    for (const name of root.attributes.names) attempt(() => root.attributes.get(name));
    for (const dataset of root.datasets()) attempt(() => assert.is(dataset.read().length, dataset.size));
  });
  return whole;
}

/** The parts of the file that are read in whole: structures with checksums, and stored chunks. */
function partsOf(bytes: Uint8Array): Range[] {
  const found: Range[] = [];
  const { at } = FileBytes.prototype;
  FileBytes.prototype.at = function (this: FileBytes, offset, length, subject) {
    found.push([offset, length]);
    return at.call(this, offset, length, subject);
  };
  try {
    assert.ok(readAll(bytes));
  } finally {
    FileBytes.prototype.at = at;
  }
  return found;
}

/** A copy whose checksums of structures are 0. */
function withoutChecksums(bytes: Uint8Array, parts: readonly Range[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  const original = new DataView(copy.slice().buffer);
  for (const [start, length] of parts) {
    if (length < 8) continue;
    const end = start + length - 4;
    if (lookup3(bytes.subarray(start, end)) === original.getUint32(end, true)) view.setUint32(end, 0, true);
    for (const inside of [start + 17, start + 18]) {
      if (original.getUint32(start, true) === 0x42444846) view.setUint32(inside, 0, true); // FHDB: 4 or 5 bytes of offset
    }
  }
  return copy;
}

/** Flips bits, overwrites fields with what hurts, or cuts the end off. */
function damage(bytes: Uint8Array, parts: readonly Range[], random: (below: number) => number): Uint8Array {
  const copy = bytes.slice(0, random(12) === 0 ? random(bytes.length) : bytes.length);
  const view = new DataView(copy.buffer);
  for (let count = 1 + random(3); count > 0; count--) {
    const [start, length] = random(3) === 0 ? [0, bytes.length] : parts[random(parts.length)]!;
    // Half of it near the beginning, where counts and sizes are.
    const at = start + random(random(2) === 0 ? 48 : length);
    if (at + 8 > copy.length) continue;
    const kind = random(5);
    if (kind === 0) copy[at] = copy[at]! ^ (1 << random(8));
    else if (kind === 1) copy[at] = random(256);
    else if (kind === 2) copy[at] = [0, 1, 127, 255][random(4)]!;
    else if (kind === 3) view.setUint32(at, [0, 2 ** 32 - 1, 2 ** 31, copy.length][random(4)]!, true);
    else view.setBigUint64(at, BigInt(parts[random(parts.length)]![0]), true); // an address of something else
  }
  return copy;
}

/** `PATHGRAD_DAMAGED=3000` tries so many copies of each file. */
const more = Number(process.env['PATHGRAD_DAMAGED']) || undefined;
/** Milliseconds of this process, whatever else the machine does. */
const spent = (): number => process.cpuUsage().user / 1000;

for (const part of ['indexes', 'filters', 'unwritten', 'types']) {
  test(`damaged ${part}`, () => {
    let [refused, slowest, copies] = [0, 0, 0];
    for (const { name, bytes } of goldenHdf5(part)) {
      const parts = partsOf(bytes);
      const bare = withoutChecksums(bytes, parts);
      assert.ok(readAll(bare), `${name} without checksums`);
      const next = seeded(name.length * 31 + parts.length);
      const random = (below: number): number => Math.floor(next() * below);
      const started = spent();
      for (let i = 0; i < (more ?? 150) && (more || spent() - started < 200); i++) {
        const copy = damage(i % 2 === 0 ? bytes : bare, parts, random);
        const before = spent();
        if (!readAll(copy)) refused++;
        slowest = Math.max(slowest, spent() - before);
        copies++;
      }
    }
    assert.ok(refused > copies / 20, `${refused} of ${copies} were refused`);
    assert.ok(slowest < 1000, `${slowest} ms`);
    console.log(`${part}: ${refused} of ${copies} refused, slowest ${slowest.toFixed(0)} ms`);
  });
}

test.run();
