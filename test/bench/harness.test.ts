/** Who is timed, who is not, and in which order. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BenchCase, type Contender, quickBudget, runCase } from '../../bench/harness.ts';

const test = suite('bench: harness');

const contender = (name: string, run: () => number[] | Promise<number[]>, log: string[] = []): Contender => ({
  name,
  backend: 'test',
  threads: 1,
  prepare: async () => ({
    run: async () => {
      log.push(name);
      return { outputs: [await run()] };
    },
    dispose: () => {
      log.push(`${name} gone`);
    },
  }),
});

const benchCase = (contenders: Contender[]): BenchCase => ({
  suite: 'kernels',
  name: 'a case',
  flops: 2e6,
  tolerance: 1e-3,
  contenders,
  expected: () => [[1, 2]],
});

test('a right contender is timed and verified', async () => {
  const [result] = await runCase(benchCase([contender('right', () => [1, 2.001])]), quickBudget);
  assert.is(result!.verified, true);
  assert.is(result!.samples, 1);
  assert.is(result!.cannot, null);
  assert.ok(Math.abs(result!.maxRelError! - 0.0005) < 1e-9);
  assert.ok(Math.abs(result!.gflops! - 2 / result!.medianMs!) < 1e-9 * result!.gflops!);
});

test('a wrong contender is not verified, says by how much, and is disposed of', async () => {
  const log: string[] = [];
  const [result] = await runCase(benchCase([contender('wrong', () => [1, 2.1], log)]), quickBudget);
  assert.equal(log, ['wrong', 'wrong', 'wrong gone']);
  assert.is(result!.verified, false);
  assert.match(result!.cannot!, 'WRONG RESULT: the error is 5.0e-2 of the largest element, 1e-3 is allowed');
});

test('a NaN is a wrong result without a number for its error', async () => {
  const [result] = await runCase(benchCase([contender('nan', () => [Number.NaN, 2])]), quickBudget);
  assert.is(result!.maxRelError, null);
  assert.match(result!.cannot!, 'WRONG RESULT');
});

test('a contender that throws does not stop the others; its first line is kept', async () => {
  const broken = contender('broken', () => {
    throw new Error("Kernel 'X' not registered\nmore");
  });
  const results = await runCase(benchCase([broken, contender('right', () => [1, 2])]), quickBudget);
  assert.is(results[0]!.cannot, "cannot: Kernel 'X' not registered");
  assert.is(results[1]!.verified, true);
});

test('contenders take turns in rounds, each round in an order of its own', async () => {
  const log: string[] = [];
  const names = ['a', 'b', 'c'];
  const budget = { ...quickBudget, timeMs: 60_000, minSamples: 12, maxSamples: 12 };
  await runCase(benchCase(names.map((name) => contender(name, () => [1, 2], log))), budget);
  const turns = log.filter((name) => names.includes(name)).slice(3);
  const rounds = Array.from({ length: 12 }, (_, i) => turns.slice(3 * i, 3 * i + 3));
  for (const round of rounds) assert.equal([...round].sort(), names);
  assert.ok(new Set(rounds.map((round) => round.join(''))).size > 1);
});

test('a time taken in another process replaces the clock', async () => {
  const remote: Contender = {
    ...contender('remote', () => []),
    prepare: async () => ({ run: () => ({ outputs: [[1, 2]], ms: 42 }) }),
  };
  const [result] = await runCase(benchCase([remote]), quickBudget);
  assert.is(result!.medianMs, 42);
});

test('where a case has a truth the distance as a whole decides, and both figures are kept', async () => {
  const truth = { outputs: [[3, 4]], from: 'float64', distance: 0.1 };
  const bench = {
    ...benchCase([contender('near', () => [3.4, 4]), contender('far', () => [3, 4.6])]),
    expected: () => truth,
  };
  const [near, far] = await runCase(bench, quickBudget);
  assert.is(near!.verified, true);
  assert.ok(Math.abs(near!.distance! - 0.08) < 1e-12 && Math.abs(near!.maxRelError! - 0.1) < 1e-12);
  assert.is(near!.expected, 'float64');
  assert.is(far!.cannot, 'WRONG RESULT: the distance (L2) is 1.2e-1, 1.0e-1 is allowed; 1.5e-1 of the largest element');
});

test.run();
