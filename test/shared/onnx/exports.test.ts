/**
 * Models of torchvision and scikit-learn, exported to ONNX: outputs as onnxruntime computes them, gradients as PyTorch. The files are large and remade
 * by `test/golden/onnx/make_exports.py`; PATHGRAD_ONNX_EXPORTS names the folder that it wrote. Gradients are compared in float64: in float32 a rounding
 * may turn a ReLU on or off.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../src/graph/compile.ts';
import { grad } from '../../../src/graph/grad.ts';
import { loadOnnx } from '../../../src/onnx/index.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { slice } from '../../../src/ops/slicing.ts';
import { placeholder, type Tensor, tensor } from '../../../src/tensor/tensor.ts';

const test = suite('ONNX exports of torchvision and scikit-learn');

interface Kept {
  readonly shape: readonly number[];
  readonly step: number;
  readonly values: readonly number[];
  readonly largest: number;
}

interface Export {
  readonly name: string;
  /** A shape, filled by the script's formula, or the rows themselves. */
  readonly input: readonly number[] | readonly (readonly number[])[];
  readonly target?: number;
  readonly outputs: readonly (Kept & { readonly name: string })[];
  readonly gradient?: Kept;
}

const folder = process.env['PATHGRAD_ONNX_EXPORTS'];
const listed = folder ? join(folder, 'exports.json') : '';
const models: readonly Export[] = existsSync(listed) ? JSON.parse(readFileSync(listed, 'utf8')).models : [];
if (models.length === 0) {
  test.skip('exports are not here: make_exports.py writes them, PATHGRAD_ONNX_EXPORTS names the folder', () => {});
}

function inputOf({ input }: Export): Tensor {
  if (Array.isArray(input[0])) return tensor(input as number[][], undefined, 'float32');
  const shape = input as readonly number[];
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => 0.5 * Math.sin(0.37 * i)),
    shape,
  );
}

const off = ({ step, values }: Kept, data: ArrayLike<number>): number =>
  values.reduce((most, value, k) => {
    const distance = Math.abs(value - data[k * step]!);
    return distance > most || Number.isNaN(distance) ? distance : most;
  }, 0);

const largest = { output: 0, gradient: 0 };
const count = { outputs: 0, gradients: 0 };

for (const one of models) {
  test(one.name, async () => {
    const model = await loadOnnx(join(folder!, `${one.name}.onnx`));
    const x = inputOf(one);
    const outputs = await model.predictAll(x);
    const names = model.outputs.map(({ name }) => name);
    assert.ok(one.outputs.length > 0);
    for (const expected of one.outputs) {
      const y = outputs[names.indexOf(expected.name)]!;
      assert.equal([...y.shape], [...expected.shape], expected.name);
      const error = off(expected, y.data) / Math.max(1, expected.largest);
      largest.output = Math.max(largest.output, error);
      count.outputs++;
      console.log(`note: ${one.name}, ${expected.name}: off by ${error.toExponential(1)}`);
      assert.ok(error <= 1e-5, `${expected.name} is off by ${error}`);
    }
    if (one.gradient) {
      assert.ok(one.gradient.largest > 0, 'a gradient of zeros shows nothing');
      const exact = await loadOnnx(join(folder!, `${one.name}.onnx`), { dtype: 'float64' });
      const input = placeholder(x.shape, 'float64');
      const [y] = exact.apply([input]);
      const score = sum(slice(y!, { 1: [one.target!, one.target! + 1] }));
      const [g] = await compile([grad(score, [input])[0]!], [input]).run([Float64Array.from(x.data)]);
      const error = off(one.gradient, g!) / one.gradient.largest;
      largest.gradient = Math.max(largest.gradient, error);
      count.gradients++;
      console.log(`note: ${one.name}: gradient off by ${error.toExponential(1)} of the largest`);
      exact.dispose();
      assert.ok(error <= 1e-4, `the gradient is off by ${error} of the largest`);
    }
    model.dispose();
  });
}

test.after(() => {
  if (models.length === 0) return;
  const { output, gradient } = largest;
  console.log(
    `note: ${count.outputs} outputs off by at most ${output.toExponential(1)}, ${count.gradients} gradients by ${gradient.toExponential(1)} of the largest`,
  );
});

test.run();
