/**
 * Small functional models with what Keras 3 and tf_keras give for them: test/golden/NAME-keras2.json.gz and NAME-keras3.json.gz,
 * made with cases.py beside them. Outputs and gradients to the first input are compared in float32 and float64.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { placeholder, tensor } from '../../src/tensor/tensor.ts';
import { modelFrom, type NamedWeights, type Numbers } from './keras-models.ts';

interface Case {
  readonly name: string;
  readonly architecture: { readonly [key: string]: unknown };
  readonly weights: NamedWeights;
  readonly inputs: readonly Numbers[];
  readonly output: Numbers;
  readonly cotangent: Numbers;
  readonly gradient: Numbers;
}

/** Adds a test for each case and type of the two files, and one that there are at least `atLeast` cases in each. */
export function testCases(test: Test, file: string, atLeast: number): void {
  for (const major of [2, 3]) {
    const path = new URL(`../golden/${file}-keras${major}.json.gz`, import.meta.url);
    const { cases } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { readonly cases: readonly Case[] };
    for (const one of cases) {
      for (const dtype of ['float32', 'float64'] as const) {
        test(`Keras ${major}: ${one.name} (${dtype})`, () => compare(one, dtype));
      }
    }
    test(`Keras ${major}: there are cases`, () => {
      assert.ok(cases.length >= atLeast, `${cases.length} cases`);
    });
  }
}

async function compare(
  { architecture, weights, inputs, output, cotangent, gradient }: Case,
  dtype: 'float32' | 'float64',
): Promise<void> {
  const model = modelFrom(architecture, weights, { dtype });
  const [y] = await model.predictAll(inputs.length === 1 ? inputs[0]! : inputs);
  assert.equal(y!.shape, output.shape);
  close(y!.data, output, 1e-5, 'output');
  const xs = inputs.map(({ shape }) => placeholder(shape, dtype));
  const weight = tensor(Float64Array.from(cotangent.data), cotangent.shape, dtype);
  const plan = compile(grad(sum(mul(model.apply(xs)[0]!, weight)), [xs[0]!]), xs);
  const fed = inputs.map(({ data }) => (dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data)));
  close(plan.runSync(fed)[0]!, gradient, 1e-4, 'gradient');
}

function close(got: ArrayLike<number>, expected: Numbers, bound: number, what: string): void {
  assert.is(got.length, expected.data.length, what);
  const scale = Math.max(0.1, ...expected.data.map(Math.abs));
  expected.data.forEach((value, i) => {
    assert.ok(Math.abs(got[i]! - value) <= bound * scale, `${what}: ${got[i]} at ${i}, Keras has ${value}`);
  });
}
