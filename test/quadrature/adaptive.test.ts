/** Adaptive quadrature: the hard cases of the specification, the stop rule, bounded memory, and what it refuses. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gaussWeights, kronrodNodes, kronrodWeights } from '../../src/quadrature/gauss-kronrod.ts';
import { type AdaptiveOptions, AdaptivePath, type AdaptiveResult, quadratureRule } from '../../src/quadrature/index.ts';

const test: ReturnType<typeof suite> = suite('adaptive quadrature');

type Gradient = (alpha: number) => readonly number[];

function run(gradient: Gradient, options: AdaptiveOptions): AdaptiveResult & { rounds: number; largest: number } {
  const path = new AdaptivePath(options);
  let rounds = 0;
  let largest = 0;
  for (let alphas = path.next(); alphas !== undefined; alphas = path.next()) {
    rounds++;
    largest = Math.max(largest, alphas.length);
    // Last first: the order of the reports within a round is free.
    for (let i = alphas.length - 1; i >= 0; i--) path.report(i, gradient(alphas[i]!));
  }
  return { ...path.result, rounds, largest };
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
const bump =
  (slope: number, centre: number): Gradient =>
  (a) => {
    const s = logistic(slope * (a - centre));
    return [slope * s * (1 - s)];
  };
const kink: Gradient = (a) => [a > 1 / 3 ? 1 : 0];
const spike: Gradient = (a) => [1e-5 / (a * a + 1e-5) ** 1.5];

test('the pair: K15 is exact to degree 22, G7 to 13, both sum to 1', () => {
  for (const [weights, degree] of [
    [kronrodWeights, 22],
    [gaussWeights, 13],
  ] as const) {
    for (let j = 0; j <= degree; j++) {
      const sum = kronrodNodes.reduce((s, a, k) => s + weights[k]! * a ** j, 0);
      assert.ok(Math.abs(sum - 1 / (j + 1)) < 1e-15, `degree ${j}: ${sum}`);
    }
  }
  assert.is(gaussWeights.filter((w) => w > 0).length, 7);
});

test('steep sigmoids, a kink and the LayerNorm spike, where 50 Gauss points are wrong', () => {
  // [gradient, f(x)-f(b), relTol, most steps, largest true error, error of GL50]
  const cases: [Gradient, number, number, number, number, number][] = [
    [bump(100, 0.5), logistic(50) - logistic(-50), 0.01, 105, 3e-6, 4e-2],
    [bump(400, 0.37), logistic(252) - logistic(-148), 1e-4, 255, 1e-9, 0.5],
    [kink, 2 / 3, 1e-6, 555, 2e-7, 1e-2],
    [spike, 1 / Math.sqrt(1 + 1e-5), 1e-6, 255, 2e-15, 3e-3],
  ];
  for (const [gradient, change, relTol, steps, error, plain] of cases) {
    const result = run(gradient, { displacement: [1], scoreChange: change, relTol });
    assert.is(result.reason, 'tolerance');
    assert.ok(result.converged && result.steps <= steps, `${result.steps} steps`);
    assert.ok(Math.abs(result.meanGradient[0]! - change) <= error, `error ${result.meanGradient[0]! - change}`);
    const { alphas, weights } = quadratureRule('gausslegendre', 50);
    const fixed = alphas.reduce((s, a, k) => s + weights[k]! * gradient(a)[0]!, 0);
    assert.ok(Math.abs(fixed - change) > plain, `GL50 error ${fixed - change}`);
  }
});

test('does not stop on a spike that no point of the first round sees', () => {
  const result = run(bump(400, 0.37), { displacement: [1], scoreChange: 1, relTol: 0.01 });
  assert.ok(result.rounds > 1);
  assert.ok(Math.abs(result.delta) < 0.01 && result.converged);
});

test('does not stop on completeness alone while features disagree', () => {
  // Two kinks whose errors cancel in the sum: f = relu(a - 1/3) - relu(a - 1/3) of different inputs.
  const result = run((a) => [...kink(a), -kink(a)[0]!], { displacement: [1, 1], scoreChange: 0, relTol: 1e-4 });
  assert.ok(result.steps > 100, `${result.steps} steps`);
  assert.ok(Math.abs(result.meanGradient[0]! - 2 / 3) < 1e-4);
});

test('a smooth path needs one round of 15 points, a constant one too', () => {
  assert.is(run((a) => [3 * a * a], { displacement: [1], scoreChange: 1 }).steps, 15);
  const flat = run(() => [0, 0], { displacement: [1, 2], scoreChange: 0 });
  assert.equal([flat.steps, flat.delta, flat.converged], [15, 0, true]);
});

test('keeps to maxSteps and says so when completeness cannot hold (a step function)', () => {
  const result = run(() => [0], { displacement: [1], scoreChange: 1, maxSteps: 300 });
  assert.equal([result.converged, result.reason, result.delta], [false, 'maxSteps', -1]);
  assert.ok(result.steps > 200 && result.steps <= 300, `${result.steps}`);
});

test('few held vectors change the cost, not the result: a settled interval is taken out again', () => {
  const options = { displacement: [2, -1], scoreChange: 2 - 1 / 3, relTol: 1e-7, maxSteps: 5000 };
  const gradient: Gradient = (a) => [bump(400, 0.37)(a)[0]!, a * a];
  const many = run(gradient, { ...options, maxHeld: 64 });
  const one = run(gradient, { ...options, maxHeld: 1 });
  assert.ok(many.converged && one.converged);
  assert.ok(one.steps > many.steps && one.largest <= 45);
  for (const i of [0, 1]) assert.ok(Math.abs(one.meanGradient[i]! - many.meanGradient[i]!) < 1e-7);
});

test('several inputs report in pieces', () => {
  const path = new AdaptivePath({ displacement: [1, 2, 4], scoreChange: 7 });
  for (const [i] of path.next()!.entries()) {
    path.report(i, [1]);
    path.report(i, [1, 1], 1);
  }
  assert.is(path.next(), undefined);
  assert.ok(Math.abs(path.result.delta) < 1e-14);
});

test('stops at intervals too short to halve', () => {
  const result = run((a) => [a > 0.3 ? 1e9 : 0], {
    displacement: [1],
    scoreChange: 0.7e9,
    relTol: 1e-300,
    absTol: 1e-300,
    maxSteps: 100_000,
  });
  assert.ok(!result.converged && result.reason === 'precision');
});

test('names what is wrong', () => {
  const make =
    (options: Partial<AdaptiveOptions>): (() => AdaptivePath) =>
    () =>
      new AdaptivePath({ displacement: [1], scoreChange: 1, ...options });
  assert.throws(
    make({ scoreChange: Number.NaN }),
    /scoreChange: the scores of input and baseline must be finite \(got NaN\)/,
  );
  assert.throws(make({ relTol: 0 }), 'relTol: must be a positive number (got 0)');
  assert.throws(make({ absTol: -1 }), 'absTol: must be a positive number (got -1)');
  assert.throws(make({ maxSteps: 14 }), /maxSteps: must be a whole number, at least 15 .*\(got 14\)/);
  assert.throws(make({ maxHeld: 0 }), /maxHeld: must be a whole number, at least 1/);
  const path = make({})();
  path.next();
  assert.throws(() => path.result, /adaptive path: is not finished/);
  assert.throws(() => path.next(), /adaptive path: a gradient of this round is missing \(index 0\)/);
  assert.throws(
    () => path.report(0, [1, 2]),
    /gradient is longer than the displacement \(gradient 2, offset 0, displacement 1\)/,
  );
  path.report(0, [1]);
  assert.throws(() => path.report(0, [1]), /gradient for a position that was not asked for \(index 0\)/);
  assert.throws(() => path.report(15, [1]), /not asked for \(index 15\)/);
  assert.throws(() => path.report(1, [Number.NaN]), /gradient is not finite \(alpha 0.02544.*, feature 0, value NaN\)/);
});

test.run();
