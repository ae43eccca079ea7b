/**
 * The two layers models of the package `nsfwjs`, which keeps `model.json` and its shards in scripts, and photographs that scikit-image ships:
 * downloaded for tests, and no part of the project.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { readPng } from '../../src/inputs/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { downloads, unpackedWheel } from './downloads.ts';

export const sizes = { mobilenet_v2: 224, inception_v3: 299 } as const;
export type NsfwModel = keyof typeof sizes;
export const photographs = ['astronaut', 'chelsea', 'coffee', 'motorcycle_left'] as const;

const archive = (): string | undefined =>
  existsSync(downloads) ? readdirSync(downloads).find((file) => /^nsfwjs-.*\.tgz$/.test(file)) : undefined;

/** `model.json` and the shards of a model as files, or null where the package is absent: `npm pack nsfwjs@4.3.0`. */
export function nsfwFiles(name: NsfwModel | 'mobilenet_v2_mid'): File[] | null {
  const file = archive();
  if (!file) return null;
  const scripts = filesInTar(gunzipSync(readFileSync(join(downloads, file))), `package/dist/models/${name}/`);
  return [...scripts].map(([path, text]) => {
    const module = { exports: {} as unknown };
    runInNewContext(text, { module, exports: module.exports });
    const isModel = basename(path) === 'model.min.js';
    const content = isModel ? JSON.stringify(module.exports) : Buffer.from(String(module.exports), 'base64');
    return new File([content], isModel ? 'model.json' : basename(path, '.min.js'));
  });
}

/** Source: POSIX.1-2017, pax, ustar interchange format. */
function filesInTar(tar: Buffer, folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const field = (at: number, length: number): string => tar.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && field(at, 100) !== ''; ) {
    const size = Number.parseInt(field(at + 124, 12), 8);
    const path = field(at, 100);
    if (path.startsWith(folder) && path.endsWith('.js'))
      found.set(path, tar.toString('utf8', at + 512, at + 512 + size));
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return found;
}

/** The largest square in the middle of each photograph, as both programs are given it; null where scikit-image is absent. */
export function readPhotographs(size: number): Map<string, Tensor> | null {
  const wheel = unpackedWheel('scikit_image', 'skimage/data');
  if (!wheel) return null;
  try {
    return new Map(photographs.map((name) => [name, square(join(wheel.folder, `${name}.png`), size)]));
  } finally {
    wheel.remove();
  }
}

/** Bilinear between pixel centres; values in [0, 1] in float32, `[1, size, size, 3]`. */
function square(path: string, size: number): Tensor {
  const { height, width, data } = readPng(readFileSync(path), basename(path));
  const side = Math.min(height, width);
  const [top, left] = [(height - side) >> 1, (width - side) >> 1];
  const values = new Float32Array(size * size * 3);
  const place = (i: number): readonly [number, number, number] => {
    const at = Math.min(side - 1, Math.max(0, ((i + 0.5) * side) / size - 0.5));
    return [Math.floor(at), Math.min(side - 1, Math.floor(at) + 1), at - Math.floor(at)];
  };
  for (let y = 0; y < size; y++) {
    const [y0, y1, v] = place(y);
    for (let x = 0; x < size; x++) {
      const [x0, x1, u] = place(x);
      for (let c = 0; c < 3; c++) {
        const pixel = (row: number, column: number): number => data[((top + row) * width + left + column) * 3 + c]!;
        const above = pixel(y0, x0) * (1 - u) + pixel(y0, x1) * u;
        values[(y * size + x) * 3 + c] = above * (1 - v) + (pixel(y1, x0) * (1 - u) + pixel(y1, x1) * u) * v;
      }
    }
  }
  return tensor(values, [1, size, size, 3]);
}
