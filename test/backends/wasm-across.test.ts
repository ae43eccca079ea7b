/**
 * Gradients read constants in the panels of the way forward: the same bits as from panels of their own, which few rows of a product get, and one
 * copy of the weights.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  add,
  compile,
  conv2d,
  grad,
  matmul,
  placeholder,
  relu,
  sum,
  type Tensor,
  wasmBackend,
} from '../../src/index.ts';
import { adopt } from '../../src/tensor/tensor.ts';

const test = suite('wasm: gradients through the panels of the way forward');

const values = (shape: readonly number[], seed: number): Tensor =>
  adopt(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i * i)),
    shape,
  );

/** The gradient of `f` at `rows` samples, computed `atOnce` at a time. */
function gradients(f: (x: Tensor) => Tensor, sample: readonly number[], rows: number, atOnce: number): number[] {
  const x = placeholder([atOnce, ...sample]);
  const plan = compile([grad(sum(f(x)), [x])[0]!], [x], { backend: wasmBackend });
  const size = sample.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: rows * size }, (_, i) => Math.cos(i * 0.37 + i * i));
  const found: number[] = [];
  for (let row = 0; row < rows; row += atOnce)
    found.push(...plan.runSync([data.subarray(row * size, (row + atOnce) * size)])[0]!);
  plan.dispose();
  return found;
}

const weights = { dense: values([1100, 48], 1), narrow: values([520, 16], 2) };
const kernels = {
  plain: values([3, 3, 64, 32], 3),
  grouped: values([3, 3, 32, 64], 4),
  odd: values([3, 3, 20, 48], 5),
};
const shift = values([1100], 6);

const cases: Record<string, [f: (x: Tensor) => Tensor, sample: readonly number[], rows: number]> = {
  // Wider than what is packed at a time, with an activation's mask behind the gradient.
  'a dense layer': [(x) => relu(matmul(relu(add(x, shift)), weights.dense)), [1100], 48],
  'a dense layer of few units': [(x) => relu(matmul(x, weights.narrow)), [520], 60],
  'a convolution': [(x) => relu(conv2d(x, kernels.plain, { padding: 'same' })), [4, 4, 64], 4],
  'a convolution with a stride': [(x) => relu(conv2d(x, kernels.plain, { padding: 'same', stride: 2 })), [8, 8, 64], 4],
  'a convolution in groups': [(x) => relu(conv2d(x, kernels.grouped, { padding: 'valid', groups: 2 })), [6, 6, 64], 4],
  'a convolution whose channels fill no panel': [
    (x) => relu(conv2d(x, kernels.odd, { padding: 'same' })),
    [4, 4, 20],
    4,
  ],
};

for (const [name, [f, sample, rows]] of Object.entries(cases)) {
  test(`${name}: the bits of panels of its own`, () => {
    const together = gradients(f, sample, rows, rows);
    const apart = gradients(f, sample, rows, rows === 4 ? 1 : rows / 4);
    assert.ok(together.some((value) => value !== 0));
    assert.ok(
      together.every((value, i) => Object.is(value, apart[i])),
      'the gradient depends on how many rows are computed at a time',
    );
  });
}

test('weights that are used in both directions lie in memory once', () => {
  const layers = Array.from({ length: 6 }, (_, i) => values([512, 512], i));
  const x = placeholder([64, 512]);
  const y = layers.reduce((h, w) => relu(matmul(h, w)), x as Tensor);
  const before = wasmBackend.memoryInUse();
  const plan = compile([grad(sum(y), [x])[0]!], [x], { backend: wasmBackend });
  const held = wasmBackend.memoryInUse() - before - plan.stats.bytes;
  const once = layers.length * 512 * 512 * 4;
  // Beside them what one step packs, the input and tables.
  assert.ok(held > once && held < 1.3 * once, `${(held / once).toFixed(2)} times the weights`);
  plan.dispose();
});

test.run();
