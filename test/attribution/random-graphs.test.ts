/**
 * Path-linear and brute on random functions against the definition, sample by sample, in float64: the same attributions to 1e-6 of the
 * largest (float32: 1e-3), or the function is refused by the name of the op that mixes samples.
 *
 *   PATHGRAD_GRAPHS=5000 PATHGRAD_SEED=7 npm test -- random-graphs
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { sum } from '../../src/ops/reduce.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { functionOf, type Recipe } from '../support/random-graphs.ts';
import { times } from '../support/thorough.ts';

const GRAPHS = Number(process.env['PATHGRAD_GRAPHS'] ?? times(300, 1000));
const SEED = Number(process.env['PATHGRAD_SEED'] ?? Date.now() % 1_000_000);
const STEPS = 3;
const test = suite('random graphs');

interface Case extends Recipe {
  readonly rows: number;
  readonly seed: number;
}
const cases = fc.record({
  features: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(fc.nat({ max: 32 * 1024 * 24 }), { minLength: 2, maxLength: 14 }),
  rows: fc.integer({ min: 1, max: 7 }),
  seed: fc.nat({ max: 100_000 }),
});

/** The midpoint rule along each sample's path, each point of each sample computed alone. */
function truth(f: (x: Tensor) => Tensor, data: Float64Array, features: readonly number[]): Float64Array {
  const x = placeholder([1, ...features], 'float64');
  const plan = compile(grad(sum(f(x)), [x]), [x], { backend: reference });
  const width = x.size;
  const out = new Float64Array(data.length);
  for (let row = 0; row < data.length / width; row++) {
    const own = data.subarray(row * width, (row + 1) * width);
    for (let k = 0; k < STEPS; k++) {
      const [g] = plan.runSync([own.map((value) => (value * (k + 0.5)) / STEPS)]);
      own.forEach((value, i) => {
        out[row * width + i]! += (value * g![i]!) / STEPS;
      });
    }
  }
  return out;
}

/** The largest difference relative to the largest value. */
function difference(actual: ArrayLike<number>, expected: Float64Array): number {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  return expected.reduce(
    (most, value, i) =>
      Math.max(most, Math.abs(value - actual[i]!) / scale || (Number.isNaN(actual[i]!) ? Infinity : 0)),
    0,
  );
}

for (const dtype of ['float64', 'float32'] as const) {
  test(`path-linear, brute and the definition agree, or the op that mixes is named (${dtype})`, async () => {
    const count = { agree: 0, linear: 0, refused: 0, needlessly: 0 };
    let worst = 0;
    const check = async ({ rows, seed, ...recipe }: Case): Promise<void> => {
      const f = functionOf(recipe);
      const shape = [rows, ...recipe.features];
      const data = randomNormal(
        shape.reduce((a, b) => a * b, 1),
        seed + 1,
      );
      const expected = truth(f, data, recipe.features);
      const X = tensor(data, shape, 'float64');
      const run = async (
        strategy: 'path-linear' | 'brute',
      ): Promise<{ values: ArrayLike<number>; saving: number } | string> => {
        const explainer = new IntegratedGradients(f, {
          nSteps: STEPS,
          method: 'riemann_middle',
          strategy,
          dtype,
          internalBatchSize: seed % 4 === 0 ? 5 : 100,
        });
        try {
          const { attributions, meta } = await explainer.explain(
            dtype === 'float64' ? X : tensor(Float32Array.from(data), shape),
            { baselines: 0 },
          );
          return { values: attributions[0]!.data, saving: meta.path?.flopsRemoved ?? 0 };
        } catch (error) {
          const { name, message } = error as Error;
          assert.ok(
            name === 'PathgradError' &&
              /mixes samples: |^output: its first axis is not that of the samples/.test(message),
            message,
          );
          return message;
        }
      };
      const [linear, brute] = [await run('path-linear'), await run('brute')];
      if (typeof linear === 'string' || typeof brute === 'string') {
        assert.is(linear, brute, 'both are refused, in the same words');
        count.refused++;
        if (keepsApart(f, data, shape)) count.needlessly++;
        return;
      }
      count.agree++;
      if (linear.saving > 0) count.linear++;
      const off = Math.max(difference(linear.values, expected), difference(brute.values, expected));
      worst = Math.max(worst, off);
      assert.ok(off <= (dtype === 'float64' ? 1e-6 : 1e-3), `off by ${off}`);
    };
    const runs = dtype === 'float64' ? GRAPHS : Math.ceil(GRAPHS / (process.env['PATHGRAD_GRAPHS'] ? 1 : 4));
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: runs, seed: SEED });
    console.log(
      `\nnote: seed ${SEED}, ${runs} graphs: ${JSON.stringify(count)}, largest difference ${worst.toExponential(1)}`,
    );
    const kinds = count.agree > runs / 2 && (runs < 200 || (count.linear > runs / 20 && count.refused > runs / 100));
    assert.ok(kinds, 'graphs of every kind');
    assert.ok(count.needlessly <= runs / 20, 'few are refused that keep samples apart');
  });
}

/** Whether every sample's result is the same alone and among the others. */
function keepsApart(f: (x: Tensor) => Tensor, data: Float64Array, shape: readonly number[]): boolean {
  const [rows, ...features] = shape;
  if (rows === 1) return false;
  const values = (count: number, from: Float64Array): Float64Array => {
    const x = placeholder([count, ...features], 'float64');
    return compile([f(x)], [x], { backend: reference }).runSync([from])[0] as Float64Array;
  };
  const width = data.length / rows!;
  const all = values(rows!, data);
  return all.every(
    (value, row) => Math.abs(value - values(1, data.subarray(row * width, (row + 1) * width))[0]!) < 1e-9,
  );
}

test.run();
