/**
 * Every layer and option against real Keras: test/golden/layers.json (made by make_layers.py beside it) holds small models, their
 * weights, and Keras's outputs and gradients for random inputs. spectrograms.json.gz holds the same of layers that TensorFlow's own gradients
 * and central differences both judge.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGrads } from '../../../src/graph/check-grads.ts';
import { compile } from '../../../src/graph/compile.ts';
import { grad } from '../../../src/graph/grad.ts';
import { mul } from '../../../src/ops/binary.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { placeholder, tensor } from '../../../src/tensor/tensor.ts';
import { modelFrom, type Numbers } from '../../support/keras-models.ts';

interface Case {
  readonly name: string;
  readonly architecture: { readonly [key: string]: unknown };
  readonly weights: { readonly [layer: string]: readonly (Numbers & { readonly name: string })[] };
  readonly inputs: readonly Numbers[];
  readonly output: Numbers;
  readonly cotangent: Numbers;
  readonly gradient: Numbers | null;
}

interface Golden {
  readonly cases: readonly Case[];
}

const golden = (name: string): Buffer => readFileSync(new URL(`../../golden/${name}`, import.meta.url));
const { cases } = JSON.parse(String(golden('layers.json'))) as Golden;
const { cases: signals } = JSON.parse(String(gunzipSync(golden('spectrograms.json.gz')))) as Golden;

const test = suite('keras layers against Keras');

function close(got: ArrayLike<number>, expected: Numbers, what: string): void {
  assert.is(got.length, expected.data.length, what);
  const scale = Math.max(1, ...expected.data.map(Math.abs));
  expected.data.forEach((value, i) => {
    assert.ok(Math.abs(got[i]! - value) <= 1e-5 * scale, `${what}: ${got[i]} at ${i}, Keras has ${value}`);
  });
}

for (const { name, architecture, weights, inputs, output, cotangent, gradient } of [...cases, ...signals]) {
  for (const dtype of ['float32', 'float64'] as const) {
    test(`${name} (${dtype})`, async () => {
      const model = modelFrom(architecture, weights, { dtype });
      const [y] = await model.predictAll(inputs.length === 1 ? inputs[0]! : inputs);
      assert.equal(y!.shape, output.shape);
      assert.equal(model.outputs[0]!.shape, [null, ...output.shape.slice(1)]);
      close(y!.data, output, 'output');
      if (!gradient) return;
      const xs = inputs.map(({ shape }, i) => placeholder(shape, model.inputs[i]!.dtype));
      const fed = inputs.map(({ data }) => (dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data)));
      const target = sum(mul(model.apply(xs)[0]!, tensor(Float64Array.from(cotangent.data), cotangent.shape, dtype)));
      close(compile(grad(target, [xs[0]!]), xs).runSync(fed)[0]!, gradient, 'gradient');
    });
  }
}

// Where there is silence a level is cut off at min_power, and has a kink at every sample.
const smooth = signals.filter(({ name, gradient }) => gradient && !name.includes('silence'));
for (const { name, architecture, weights, inputs, gradient } of smooth) {
  test(`${name} against central differences`, async () => {
    const model = modelFrom(architecture, weights, { dtype: 'float64' });
    const x = tensor(Float64Array.from(inputs[0]!.data.slice(0, gradient!.data.length / 2)), [
      1,
      ...inputs[0]!.shape.slice(1),
    ]);
    checkGrads((v) => model.apply([v!])[0]!, [x], { order: 1 });
  });
}

test('there are cases', () => {
  assert.ok(cases.length > 150, `${cases.length} cases`);
  assert.ok(signals.length > 40, `${signals.length} cases`);
});

test.run();
