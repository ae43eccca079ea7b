/**
 * Exports of 12 torchvision models by both of PyTorch's exporters, and of 6 scikit-learn models, against onnxruntime: the graphs as they were exported,
 * weights of the torchvision models by a formula (`test/golden/onnx/make_skeletons.py`), since PyTorch is too large for CI to install. With their real
 * weights, and with PyTorch's gradients, they are compared in `test/shared/onnx/exports.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOnnx } from '../../../src/onnx/index.ts';
import { tensor } from '../../../src/tensor/tensor.ts';

const test = suite('exports of torchvision and scikit-learn');

type Weights = readonly [size: number, mean: number, spread: number, least: number | null];
interface Skeleton {
  readonly name: string;
  readonly onnx: string;
  readonly weights: readonly Weights[];
  /** How far onnxruntime's own output moves, of the largest, where every input is the next float32. */
  readonly shaken: number;
  readonly output: readonly number[];
}
interface Table {
  readonly name: string;
  readonly onnx: string;
  readonly input: number[][];
  readonly outputs: readonly { readonly name: string; readonly step: number; readonly values: readonly number[] }[];
}

const path = new URL('../../golden/onnx/skeletons.json.gz', import.meta.url);
const { side, models, tables } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as {
  side: number;
  models: Skeleton[];
  tables: Table[];
};
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'));

/** The numbers of the script. */
function filled(all: readonly Weights[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(all.reduce((total, [size]) => total + size, 0));
  let at = 0;
  all.forEach(([size, mean, spread, least], seed) => {
    const start = Number(BigInt.asUintN(32, BigInt(seed) * 0x9e3779b9n));
    for (let i = 0; i < size; i++) {
      let h = Math.imul((i + start) >>> 0, 0x85ebca6b);
      h ^= h >>> 13;
      h = Math.imul(h, 0xc2b2ae35);
      h ^= h >>> 16;
      out[at++] = Math.max(mean + spread * ((h >>> 0) / 2 ** 32 - 0.5), least ?? Number.NEGATIVE_INFINITY);
    }
  });
  return out;
}

const far = (expected: readonly number[], found: ArrayLike<number>, step = 1): number => {
  const largest = Math.max(1, ...expected.map(Math.abs));
  return Math.max(...expected.map((value, k) => Math.abs(value - found[k * step]!))) / largest;
};

for (const { name, onnx, weights, output, shaken } of models) {
  test(name, async () => {
    const files = [new File([bytesOf(onnx)], 'm.onnx'), new File([filled(weights)], 'weights.bin')];
    const model = await loadOnnx(files, { name });
    const data = Float32Array.from({ length: 3 * side * side }, (_, i) => 0.5 * Math.sin(0.37 * i));
    const [y] = await model.predictAll(tensor(data, [1, 3, side, side]));
    model.dispose();
    assert.is(y!.size, output.length);
    const error = far(output, y!.data);
    console.log(`note: ${name}: off by ${error.toExponential(1)} of the largest, shaken by ${shaken.toExponential(1)}`);
    // What rounding of the input alone does, every layer may do again.
    assert.ok(error <= Math.max(1e-5, 10 * shaken), `off by ${error}, shaken by ${shaken}`);
  });
}

for (const { name, onnx, input, outputs } of tables) {
  test(`scikit-learn: ${name}`, async () => {
    const model = await loadOnnx(bytesOf(onnx), { name });
    const found = await model.predictAll(tensor(input, undefined, 'float32'));
    const names = model.outputs.map((one) => one.name);
    for (const { name: output, values, step } of outputs) {
      const error = far(values, found[names.indexOf(output)]!.data, step);
      assert.ok(error <= 1e-5, `${output} is off by ${error}`);
    }
    model.dispose();
  });
}

test('all of them are there', () => {
  assert.equal([models.length, tables.length], [24, 6]);
});

test.run();
