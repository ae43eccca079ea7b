/** Operations of keras.ops against Keras 3.15.1: outputs and gradients of test/golden/operations.json.gz (made by make_operations.py). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { modelFrom } from '../support/keras-models.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly (number | string | null)[];
}

interface Case {
  readonly name: string;
  readonly architecture: object;
  readonly inputs: readonly (Stored & { readonly dtype: string })[];
  readonly outputs: readonly Stored[];
  readonly gradients: {
    readonly cotangents: readonly Stored[];
    readonly of: readonly { readonly input: number; readonly value: Stored }[];
  } | null;
}

const file = new URL('../golden/operations.json.gz', import.meta.url);
const cases = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Case[];
const test = suite('keras.ops against Keras');

const plain = ({ data }: Stored): number[] =>
  data.map((v) =>
    v === null ? Number.NaN : v === 'inf' ? Number.POSITIVE_INFINITY : v === '-inf' ? -Infinity : Number(v),
  );

function close(got: Tensor, stored: Stored, what: string, bound: number): void {
  assert.equal(got.shape, stored.shape, what);
  const [values, expected] = [evaluate(got).data, plain(stored)];
  const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs));
  expected.forEach((value, i) => {
    const same = Object.is(values[i], value) || Math.abs(values[i]! - value) <= bound * scale;
    assert.ok(
      same || (Number.isNaN(value) && Number.isNaN(values[i])),
      `${what}: ${values[i]} at ${i}, Keras has ${value}`,
    );
  });
}

for (const { name, architecture, inputs, outputs, gradients } of cases) {
  test(name, () => {
    const model = modelFrom(architecture, {}, { dtype: 'float64' });
    const xs = inputs.map((x) => tensor(plain(x), x.shape, x.dtype === 'int32' ? 'int32' : 'float64'));
    const ys = model.apply(xs);
    assert.is(ys.length, outputs.length);
    for (const [i, y] of ys.entries()) close(y, outputs[i]!, `output ${i}`, 1e-5);
    if (!gradients) return;
    const parts = ys.map((y, i) => sum(mul(y, tensor(plain(gradients.cotangents[i]!), y.shape, y.dtype))));
    const wanted = grad(
      parts.reduce((a, b) => add(a, b)),
      gradients.of.map(({ input }) => xs[input]!),
    );
    for (const [i, { value }] of gradients.of.entries()) close(wanted[i]!, value, `gradient ${i}`, 5e-3);
  });
}

test('there are cases', () => assert.ok(cases.length > 100, `${cases.length} cases`));

test.run();
