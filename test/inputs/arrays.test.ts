/** IDX and npy readers. Files are built here byte by byte, as the formats' documents have them. */
import { gzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayToTensor, readIdx, readNpy, takeRows } from '../../src/inputs/index.ts';

const test = suite('inputs: arrays');

/** Header of an IDX file of this type and shape. */
function idx(type: number, shape: readonly number[], body: readonly number[]): Uint8Array {
  const dims = shape.flatMap((dim) => [(dim >>> 24) & 255, (dim >> 16) & 255, (dim >> 8) & 255, dim & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...dims, ...body]);
}

test('IDX: every type, big-endian', () => {
  assert.equal(readIdx(idx(8, [2, 2], [0, 1, 128, 255])), { data: Uint8Array.of(0, 1, 128, 255), shape: [2, 2] });
  assert.equal(readIdx(idx(9, [2], [255, 127])).data, Int8Array.of(-1, 127));
  assert.equal(readIdx(idx(11, [2], [255, 254, 1, 0])).data, Int16Array.of(-2, 256));
  assert.equal(readIdx(idx(12, [1], [255, 255, 255, 0])).data, Int32Array.of(-256));
  assert.equal(readIdx(idx(13, [1], [0x3f, 0xc0, 0, 0])).data, Float32Array.of(1.5));
  assert.equal(readIdx(idx(14, [1], [0xc0, 4, 0, 0, 0, 0, 0, 0])).data, Float64Array.of(-2.5));
});

test('IDX: gzipped files are read, at any offset of a buffer', () => {
  const packed = gzipSync(idx(8, [3], [7, 8, 9]));
  const shifted = new Uint8Array(packed.length + 5);
  shifted.set(packed, 5);
  assert.equal(readIdx(shifted.subarray(5)).data, Uint8Array.of(7, 8, 9));
});

test('IDX: damaged files are refused before anything is allocated', () => {
  assert.throws(() => readIdx(new Uint8Array(0), 'x.idx'), /^x\.idx: is empty/);
  assert.throws(
    () => readIdx(Uint8Array.of(1, 2, 3, 4), 'x.idx'),
    /is not an IDX file: unknown content \(starts 01 02 03 04\)/,
  );
  assert.throws(() => readIdx(idx(8, [4_000_000_000, 4_000_000_000], [1])), /another length than its header says/);
  assert.throws(() => readIdx(idx(8, [3], [1, 2])), /expected 11, found 10/);
  assert.throws(() => readIdx(Uint8Array.of(0, 0, 8, 200)), /ends within its header/);
});

test('a gzip file with a flipped bit or a missing end is refused', () => {
  const packed = gzipSync(
    idx(
      8,
      [400],
      Array.from({ length: 400 }, (_, i) => (i * i) % 251),
    ),
  );
  for (let at = 20; at < packed.length; at += 7) {
    const flipped = packed.slice();
    flipped[at]! ^= 4;
    assert.throws(() => readIdx(flipped, 'a.gz'), /a\.gz: is a damaged gzip file/, `byte ${at}`);
  }
  assert.throws(() => readIdx(packed.subarray(0, 100), 'a.gz'), /a\.gz: is a damaged gzip file/);
});

/** A .npy file: what numpy.save writes, with the header padded to a multiple of 64 bytes. */
function npy(
  descr: string,
  shape: string,
  body: readonly number[],
  { fortran = 'False', version = 1 } = {},
): Uint8Array {
  const header = `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`.padEnd(117, ' ');
  const length = version === 1 ? [118, 0] : [118, 0, 0, 0];
  return Uint8Array.from([
    0x93,
    ...Buffer.from('NUMPY'),
    version,
    0,
    ...length,
    ...Buffer.from(`${header}\n`),
    ...body,
  ]);
}

/** Bytes of numbers, as NumPy's `tobytes` gives them. */
const bytesOf = (values: Float64Array | BigInt64Array): number[] => [...new Uint8Array(values.buffer)];

test('npy: Fortran order, both byte orders', () => {
  const stored = Float64Array.of(0, 3, 1, 4, 2, 5); // columns first
  const wanted = { data: Float64Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] };
  assert.equal(readNpy(npy("'<f8'", '(2, 3)', bytesOf(stored), { fortran: 'True' })), wanted);
  const big = bytesOf(stored).map((_, i, all) => all[i - (i % 8) + 7 - (i % 8)]!);
  assert.equal(readNpy(npy("'>f8'", '(2, 3)', big, { fortran: 'True' })), wanted);
});

test('npy: versions 2 and 3 and half precision, subnormal and infinite too', () => {
  const halves = [0, 0x3e, 0, 0xc0, 0xff, 0x7b, 1, 0, 0, 0x7c]; // NumPy's bytes for 1.5, -2, 65504, 6e-8, inf
  for (const version of [2, 3]) {
    const { data, shape } = readNpy(npy("'<f2'", '(5,)', halves, { version }));
    assert.equal([...data], [1.5, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY]);
    assert.equal(shape, [5]);
  }
});

test('npy: a scalar, booleans, small integers', () => {
  assert.equal(readNpy(npy("'|b1'", '()', [1])), { data: Uint8Array.of(1), shape: [] });
  assert.equal(readNpy(npy("'<i2'", '(2,)', [254, 255, 1, 1])).data, Int16Array.of(-2, 257));
  assert.equal(readNpy(npy("'<u4'", '(1,)', [255, 255, 255, 255])).data, Uint32Array.of(2 ** 32 - 1));
});

test('npy: 64-bit integers become int32 where they fit, else float64 if that is exact', () => {
  assert.equal(readNpy(npy("'<i8'", '(2,)', bytesOf(BigInt64Array.of(1n, -2n)))).data, Int32Array.of(1, -2));
  assert.equal(readNpy(npy("'<i8'", '(1,)', bytesOf(BigInt64Array.of(2n ** 40n)))).data, Float64Array.of(2 ** 40));
  assert.throws(
    () => readNpy(npy("'<i8'", '(1,)', bytesOf(BigInt64Array.of(2n ** 60n)))),
    /64-bit integer beyond 2\^53/,
  );
});

test('npy: what is damaged or not plain numbers is refused', () => {
  assert.throws(
    () => readNpy(npy("'|O'", '(1,)', [128, 4]), 'o.npy'),
    /o\.npy: has elements of type '\|O'[\s\S]*pickled/,
  );
  assert.throws(() => readNpy(npy("[('a', '<f4')]", '(1,)', [0, 0, 0, 0])), /type 'structured'/);
  assert.throws(
    () => readNpy(npy("'<f4'", '(2,)', [0, 0, 0, 0])),
    /ends before its last element \(.*expected 8, found 4\)/,
  );
  assert.throws(() => readNpy(npy("'<f4'", '(99999, 99999, 99999)', [0])), /ends before its last element/);
  assert.throws(() => readNpy(npy("'<f4'", '(1,)', []).subarray(0, 60)), /ends within its header/);
  assert.throws(() => readNpy(npy("'<f4'", '(1,)', [], { version: 9 })), /unknown \.npy version/);
  assert.throws(() => readNpy(npy("'<f4'", '"1"', [])), /unreadable header/);
  assert.throws(
    () => readNpy(Uint8Array.of(0x50, 0x4b, 3, 4), 'a.npz'),
    /a\.npz: is not an \.npy file[\s\S]*numpy\.save/,
  );
});

test('rows are taken in the order asked for; a row that is not there names the range', () => {
  const array = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
  assert.equal(takeRows(array, [2, 0, 2], 'd.idx'), { data: Uint8Array.of(5, 6, 1, 2, 5, 6), shape: [3, 2] });
  assert.throws(() => takeRows(array, [3], 'd.idx'), /d\.idx: has no row 3 \(rows 3\)\nhint: indices go from 0 to 2/);
});

test('arrayToTensor divides, in the dtype asked for', () => {
  const scaled = arrayToTensor({ data: Uint8Array.of(0, 51, 255), shape: [3] }, 'float64', 255);
  assert.equal([scaled.dtype, scaled.toArray()], ['float64', [0, 0.2, 1]]);
});

test.run();
