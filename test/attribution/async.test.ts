/** Progress, abortion, concurrency, the plan cache, and memory that does not grow with the number of steps. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients, type Progress } from '../../src/attribution/index.ts';
import { PlanCache } from '../../src/graph/plan-cache.ts';
import { mul } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { sum } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { tanh } from '../../src/ops/unary.ts';
import { placeholder, tensor } from '../../src/tensor/tensor.ts';
import type { Model } from './closed-forms.ts';
import { f64 } from './tiny-models.ts';

const test = suite('long work');
const W = f64([
  [1, -0.5, 0.3],
  [0.2, 0.7, -1],
]);
const classifier: Model = (x) => softmax(matmul(tanh(x), W));
const X = f64([
  [0.5, 1],
  [-1, 2],
  [0.3, 0.4],
]);

test('progress counts rows and ends at its total', async () => {
  const seen: Progress[] = [];
  const ig = new IntegratedGradients(classifier, { nSteps: 10, internalBatchSize: 4, strategy: 'brute' });
  await ig.explain(X, { target: 0, onProgress: (progress) => seen.push(progress) });
  const last = seen.at(-1)!;
  // f(x), f(b) and ten points for each of three samples.
  assert.equal(last, { done: 36, total: 36 });
  assert.is(seen.length, 2 + Math.ceil(30 / 4));
  assert.ok(seen.every(({ done }, i) => i === 0 || done > seen[i - 1]!.done));
});

test('an aborted signal throws its reason, before and during the work, and the explainer goes on', async () => {
  const ig = new IntegratedGradients(classifier, { nSteps: 10, internalBatchSize: 4 });
  const reason = new Error('not needed any more');
  const failsWith = async (signal: AbortSignal, onProgress = (): void => undefined): Promise<unknown> =>
    ig.explain(X, { target: 0, signal, onProgress }).then(
      () => 'no error',
      (error: unknown) => error,
    );
  assert.is(await failsWith(AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  let chunks = 0;
  const found = await failsWith(controller.signal, () => {
    if (++chunks === 4) controller.abort(reason);
  });
  assert.is(found, reason);
  assert.is(chunks, 4);
  assert.is((await ig.explain(X, { target: 0 })).attributions.length, 1);
});

test('ten explanations at once give what one at a time gives', async () => {
  const ig = new IntegratedGradients(classifier, { nSteps: 20, internalBatchSize: 7 });
  const inputs = Array.from({ length: 10 }, (_, i) =>
    f64([
      [0.1 * i, 1 - 0.2 * i],
      [i, -1],
    ]),
  );
  const alone: ArrayLike<number>[] = [];
  for (const x of inputs) alone.push((await ig.explain(x, { target: [0, 2] })).attributions[0]!.data);
  const together = await Promise.all(inputs.map((x) => ig.explain(x, { target: [0, 2] })));
  together.forEach(({ attributions }, i) => {
    assert.equal(attributions[0]!.data, alone[i]);
  });
});

test('one compiled plan serves every target and every call', async () => {
  let built = 0;
  const counted: Model = (x) => {
    built++;
    return classifier(x);
  };
  const ig = new IntegratedGradients(counted, { nSteps: 5 });
  await ig.explain(X, { target: 0 });
  const first = built;
  await ig.explain(X, { target: [2, 1, 0] });
  assert.is(built, first);
});

test('the plan cache is bounded, runs in order, and is usable after dispose', async () => {
  const cache = new PlanCache({});
  const run = (rows: number): Promise<number> =>
    cache
      .run(`${rows}`, () => {
        const x = placeholder([rows], 'float64');
        return { inputs: [x], outputs: [mul(sum(x), 2)] };
      }, [new Float64Array(rows).fill(1)])
      .then(([result]) => result![0]!);
  const results = await Promise.all(Array.from({ length: 40 }, (_, i) => run(i + 1)));
  assert.equal(
    results,
    Array.from({ length: 40 }, (_, i) => 2 * (i + 1)),
  );
  assert.ok(cache.size <= 12);
  cache.dispose();
  assert.is(cache.size, 0);
  assert.is(await run(3), 6);
});

test('memory does not grow with the number of steps', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const [rows, features] = [16, 500];
  const big = tensor(new Float64Array(rows * features).fill(0.5), [rows, features]);
  const f: Model = (x) => sum(tanh(x), { axes: [1], keepDims: true });
  const peak = async (nSteps: number): Promise<number> => {
    let most = 0;
    let chunk = 0;
    const onProgress = (): void => {
      if (chunk++ % 40 !== 0) return;
      collect();
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    };
    await new IntegratedGradients(f, { nSteps, internalBatchSize: 32 }).explain(big, { onProgress });
    return most;
  };
  await peak(10);
  const [few, many] = [await peak(10), await peak(1000)];
  // All path points at once would be 16 * 1000 * 500 doubles, 64 MB, and their gradients as much again; freed buffers may linger.
  assert.ok(many - few < 10e6, `${few} bytes with 10 steps, ${many} with 1000`);
});

test.run();
