/** Random ops: Philox's published words, equal bits on every backend and dtype, independence of streams, and their distribution. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { philox } from '../../kernels/reference/random.ts';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { randomNormal, randomUniform } from '../../src/ops/index.ts';
import { placeholder, tensor } from '../../src/tensor/tensor.ts';

const test = suite('random ops');
const seeds = [Int32Array.of(1, 0), Int32Array.of(-7, 2_000_000_000), Int32Array.of(0, 1)];

test('Philox gives the words of its known-answer test', () => {
  // Known answers of Random123 1.14, `philox4x32 10`.
  const hex = (words: readonly number[]): string => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
  assert.is(hex(philox([0, 0, 0, 0], [0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  assert.is(
    hex(philox([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])),
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  );
  assert.is(
    hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

test('wasm draws the bits of reference, for any size and number of threads, and float32 is float64 cut off', () => {
  const seed = placeholder([2], 'int32');
  const threads = wasmBackend.threads();
  for (const size of [1, 3, 4, 15, 16, 17, 63, 4097, 70_001]) {
    const one = randomUniform(seed, { shape: [size], stream: 4_000_000_000 });
    const double = randomUniform(seed, { shape: [size], stream: 4_000_000_000, dtype: 'float64' });
    const [plain, wide, fast] = [
      compile([one], [seed], { backend: reference }),
      compile([double], [seed], { backend: reference }),
      compile([one], [seed], { backend: wasmBackend }),
    ];
    for (const value of seeds) {
      const expected = plain.runSync([value])[0]!;
      for (const count of [1, threads]) {
        wasmBackend.setThreads(count);
        assert.equal(fast.runSync([value])[0], expected, `size ${size}, ${count} threads`);
      }
      const cut = wide.runSync([value])[0]!.map((v) => Math.floor(v * 2 ** 24) / 2 ** 24);
      assert.equal(new Float32Array(cut), expected);
    }
    for (const plan of [plain, wide, fast]) plan.dispose();
  }
});

test('two streams are two draws, one stream is one: nothing is merged that differs', () => {
  const seed = placeholder([2], 'int32');
  const [a, b, c] = [0, 1, 0].map((stream) => randomUniform(seed, { shape: [8], stream }));
  const plan = compile([a!, b!, c!], [seed], { backend: reference });
  assert.is(plan.stats.folded, 0);
  const [x, y, z] = plan.runSync([seeds[0]!]);
  assert.not.equal(x, y);
  assert.equal(x, z);
  const [next] = plan.runSync([Int32Array.of(1, 1)]);
  assert.not.equal(next, x, 'another step draws other numbers from the same plan');
});

test('a seed that is a constant and fed is not folded', () => {
  const seed = tensor([1, 0], undefined, 'int32');
  const plan = compile([randomUniform(seed, { shape: [8], stream: 0 })], [seed], { backend: reference });
  assert.is(plan.stats.folded, 0);
  assert.not.equal(plan.runSync([seeds[0]!])[0], plan.runSync([seeds[1]!])[0]);
});

test('uniform numbers have the moments and the even spread of uniform ones', () => {
  const n = 2 ** 18;
  const { data } = evaluate(randomUniform(tensor([3, 9], undefined, 'int32'), { shape: [n], stream: 2 }));
  const counts = new Array<number>(64).fill(0);
  let [sum, squares, neighbours] = [0, 0, 0];
  data.forEach((v, i) => {
    counts[Math.floor(v * 64)]!++;
    sum += v;
    squares += v * v;
    if (i > 0) neighbours += (v - 0.5) * (data[i - 1]! - 0.5);
  });
  assert.ok(Math.abs(sum / n - 0.5) < 5 * Math.sqrt(1 / 12 / n));
  assert.ok(Math.abs(squares / n - 1 / 3) < 5 * Math.sqrt(4 / 45 / n));
  assert.ok(Math.abs(neighbours / n) < 5 / 12 / Math.sqrt(n));
  const chi = counts.reduce((total, count) => total + (count - n / 64) ** 2 / (n / 64), 0);
  assert.ok(chi < 63 + 5 * Math.sqrt(126), `chi square ${chi} of 63 degrees`);
});

test('normal numbers have the moments of normal ones, odd counts too', () => {
  const seed = tensor([5, 0], undefined, 'int32');
  const n = 2 ** 17 + 1;
  const { data, shape } = evaluate(randomNormal(seed, { shape: [n], stream: 0 }));
  assert.equal(shape, [n]);
  const moment = (power: number): number => (data as Float32Array).reduce((sum, v) => sum + v ** power, 0) / n;
  assert.ok(Math.abs(moment(1)) < 5 / Math.sqrt(n));
  assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / n));
  assert.ok(Math.abs(moment(3)) < 5 * Math.sqrt(15 / n));
  assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / n));
});

test('a backend that cannot draw says so by name, and wrong seeds are refused', async () => {
  const seed = placeholder([2], 'int32');
  const y = randomUniform(seed, { shape: [4], stream: 0 });
  const gpu = await gpuBackend({ mode: 'cpu' });
  assert.throws(() => compile([y], [seed], { backend: gpu }), /randomUniform.*gpu/s);
  gpu.dispose();
  assert.throws(
    () => randomUniform(placeholder([3], 'int32'), { shape: [4], stream: 0 }),
    /the seed is int32 of shape \[2\]/,
  );
  assert.throws(() => randomUniform(placeholder([2]), { shape: [4], stream: 0 }), /the seed is int32 of shape \[2\]/);
  assert.throws(() => randomUniform(seed, { shape: [4], stream: -1 }), /stream is a whole number/);
  assert.throws(() => randomUniform(seed, { shape: [4], stream: 2 ** 32 }), /stream lies below/);
});

test.run();
