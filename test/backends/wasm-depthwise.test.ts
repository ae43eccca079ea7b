/**
 * Depthwise convolutions and their gradients to the input on rows of several blocks of results: beside the reference backend, and equal windows
 * give equal values wherever they stand.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { agrees, random } from './support.ts';

const test = suite('wasm: depthwise convolutions');

type Case = readonly [
  height: number,
  width: number,
  channels: number,
  window: number | readonly [number, number],
  stride: number | readonly [number, number],
  dilation: number | readonly [number, number],
  padding: 'same' | 'valid',
];

/** Strides and dilations that have a divisor in common, windows wider than the picture, one column, one row. */
const cases: readonly Case[] = [
  [9, 23, 12, 3, 1, 1, 'same'],
  [8, 24, 9, 3, 2, 1, 'same'],
  [7, 19, 17, 5, 1, 1, 'valid'],
  [11, 26, 8, 5, 2, 1, 'same'],
  [10, 22, 5, 7, 1, 1, 'same'],
  [13, 31, 20, 7, 2, 1, 'same'],
  [6, 21, 4, 4, 3, 1, 'valid'],
  [9, 17, 6, 2, 3, 1, 'valid'],
  [12, 20, 7, 3, 1, [2, 3], 'same'],
  [3, 3, 24, 5, 1, 1, 'same'],
  [13, 15, 6, 2, [2, 2], [2, 2], 'valid'],
  [16, 25, 6, 3, [4, 4], [2, 2], 'valid'],
  [17, 25, 6, 3, [2, 2], [3, 3], 'valid'],
  [2, 3, 10, 7, 2, 1, 'same'],
  [1, 40, 3, [1, 33], 1, 1, 'same'],
  [40, 1, 3, [9, 1], [2, 1], 1, 'same'],
  [5, 90, 4, [1, 3], 1, [1, 40], 'same'],
  [4, 1, 8, 3, 1, 1, 'same'],
];

for (const [height, width, channels, window, stride, dilation, padding] of cases) {
  const size = typeof window === 'number' ? [window, window] : window;
  const what = `${height}x${width}x${channels}, window ${size}, stride ${stride}, dilation ${dilation}, ${padding}`;
  const [x, w] = [random([2, height, width, channels], 1), random([...size, channels, 1], 2)];
  const f = ([a, b]: Tensor[]): Tensor => o.depthwiseConv(a!, b!, { stride, dilation, padding });

  test(`${what}: forward`, () => agrees(wasmBackend, what, f, [x, w], 1e-6));
  test(`${what}: to the input`, () => {
    const g = random(f([x, w]).shape, 3);
    agrees(wasmBackend, what, ([a, b, c]) => grad(f([a!, b!]), [a!], c!)[0]!, [x, w, g], 1e-6);
  });
}

/** A picture of `period` columns and rows over and over. */
function tiled(size: number, channels: number, period: number): Float32Array {
  const tile = random([period, period, channels], 4).data;
  const at = (i: number): number => {
    const [row, column] = [Math.floor(i / (size * channels)), Math.floor(i / channels) % size];
    return tile[((row % period) * period + (column % period)) * channels + (i % channels)]!;
  };
  return Float32Array.from({ length: size * size * channels }, (_, i) => at(i));
}

for (const [window, stride] of [
  [3, 1],
  [3, 2],
  [5, 1],
  [5, 2],
  [7, 2],
] as const) {
  test(`equal windows of ${window} with stride ${stride} give equal values, forward and back`, () => {
    const [size, channels, period] = [47, 13, 3];
    const w = random([window, window, channels, 1], 5);
    const x = placeholder([1, size, size, channels]);
    const y = o.depthwiseConv(x, w, { stride, padding: 'same' });
    const side = y.shape[1]!;
    const g = placeholder(y.shape);
    const plan = compile([y, grad(y, [x], g)[0]!], [x, g], { backend: wasmBackend });
    const [forward, back] = plan.runSync([tiled(size, channels, period), tiled(side, channels, period)]);
    plan.dispose();
    const repeats = (data: ArrayLike<number>, across: number, by: number, edge: number): void => {
      for (let row = edge; row + by < across - edge; row++) {
        for (let column = edge; column + by < across - edge; column++) {
          for (let c = 0; c < channels; c++) {
            const value = data[(row * across + column) * channels + c];
            assert.is(data[(row * across + column + by) * channels + c], value, `row ${row}, column ${column}`);
            assert.is(data[((row + by) * across + column) * channels + c], value, `row ${row}, column ${column}`);
          }
        }
      }
    };
    repeats(forward!, side, period, window);
    repeats(back!, size, period * stride, window);
  });
}

test.run();
