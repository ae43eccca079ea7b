/** Intact arrays and pictures: .npy, .npz, IDX and PNG. */
import { readFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { gzipSync, strToU8, zipSync } from 'fflate';
import { npy } from '../../support/cli.ts';
import type { Seed } from '../formats.ts';

export function arraySeeds(): Seed[] {
  const floats = Float32Array.from({ length: 24 }, (_, i) => i / 7);
  const plain = npy('<f4', '(2, 3, 4)', floats);
  const fortran = Uint8Array.from(plain, (byte) => byte);
  fortran.set(strToU8("'fortran_order': True, "), Buffer.from(plain).indexOf("'fortran_order'"));
  const npys = {
    plain,
    fortran,
    doubles: npy('<f8', '(6,)', Float64Array.from(floats.subarray(0, 6))),
    integers: npy(
      '<i8',
      '(3, 4)',
      Int32Array.from({ length: 24 }, (_, i) => (i % 2 ? 0 : i)),
    ),
  };
  const npz = zipSync({ 'x0.npy': plain, 'y0.npy': npys.doubles, 'dy0_dx0.npy': plain }, { mtime: '1990-01-01' });
  const idx = Uint8Array.from([
    0,
    0,
    8,
    3,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    5,
    0,
    0,
    0,
    5,
    ...Array.from({ length: 50 }, (_, i) => (7 * i) & 255),
  ]);
  const wide = Uint8Array.from([0, 0, 13, 1, 0, 0, 0, 3, ...new Uint8Array(12)]);
  const pixels = (channels: number, depth: 8 | 16) => {
    const size = 8 * 8 * channels;
    return encode({
      width: 8,
      height: 8,
      channels,
      depth,
      data:
        depth === 8
          ? Uint8Array.from({ length: size }, (_, i) => (31 * i) & 255)
          : Uint16Array.from({ length: size }, (_, i) => 977 * i),
    });
  };
  return [
    ...Object.entries(npys).map(([name, bytes]): Seed => ({ format: 'npy', name, parts: { 'array.npy': bytes } })),
    { format: 'npz', name: 'reference', parts: { 'reference.npz': npz } },
    {
      format: 'npz',
      name: 'reference, stored',
      parts: {
        'reference.npz': zipSync({ 'x0.npy': plain, 'y0.npy': npys.integers }, { level: 0, mtime: '1990-01-01' }),
      },
    },
    { format: 'idx', name: 'bytes', parts: { 'images.idx': idx } },
    { format: 'idx', name: 'floats', parts: { 'images.idx': wide } },
    { format: 'idx', name: 'gzip', parts: { 'images.idx': gzipSync(idx, { mtime: 0 }) } },
    ...[1, 2, 3, 4].map(
      (channels): Seed => ({
        format: 'png',
        name: `${channels} channels`,
        parts: { 'picture.png': pixels(channels, 8) },
      }),
    ),
    { format: 'png', name: '16 bits', parts: { 'picture.png': pixels(3, 16) } },
    ...['0.png', '7.png'].map(
      (name): Seed => ({
        format: 'png',
        name,
        parts: {
          'picture.png': new Uint8Array(readFileSync(new URL(`../../../examples/digits/${name}`, import.meta.url))),
        },
      }),
    ),
  ];
}
