/** Faults of attribution, plans, explanations as JSON and worker threads; rows R8, R10, R11, R13, R14, R16, R17 and R18. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { IntegratedGradients, type OutputSelector, type TensorFunction } from '../../src/attribution/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { compile } from '../../src/graph/compile.ts';
import { PlanCache } from '../../src/graph/plan-cache.ts';
import { mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { example } from '../support/cli.ts';
import { faults } from '../support/faults.ts';
import { branched, classifier, embedder, nested } from '../support/keras-examples.ts';
import { makeFiles, small } from '../transformers/support.ts';

const fault = faults('attribution');

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

for (const count of [12, 40]) {
  fault('R8', `${count} shapes at once: a plan was disposed of while it was in use`, async () => {
    const texts = upTo(count).map((length) => Array.from({ length }, (_, i) => [i % 3, 1]));
    const model = embedder();
    const alone: (readonly number[])[] = [];
    for (const text of texts) alone.push([...((await model.predict(text, { batchSize: 100 })) as Tensor).data]);
    const together = await Promise.all(texts.map((text) => model.predict(text, { batchSize: 100 }) as Promise<Tensor>));
    assert.equal(
      together.map(({ data }) => [...data]),
      alone,
    );

    const transformer = await loadTransformer(await makeFiles(small));
    const ids = upTo(count).map((rows) => Array.from({ length: rows }, (_, i) => [1, 3 + (i % 5), 2]));
    const wanted = await transformer.predict(ids.at(-1)!, { batchSize: 100 });
    const all = await Promise.all(ids.map((batch) => transformer.predict(batch, { batchSize: 100 })));
    for (const y of all) for (const [i, p] of y.data.entries()) assert.ok(Math.abs(p - wanted.data[i]!) < 1e-6);
  });
}

fault('R8', 'dispose during runs: they failed, and plans that others waited for stayed', async () => {
  const model = embedder();
  const before = wasmBackend.memoryInUse();
  const runs = upTo(20).map((length) => model.predict(new Array<number[]>(length).fill([1, 2])));
  model.dispose();
  await Promise.all(runs);
  model.dispose();
  assert.is(wasmBackend.memoryInUse(), before);
  await model.predict([[1, 2]]);
});

fault('R8', 'no more plans than the limit at a time, whoever waits is served, also after errors', async () => {
  let [alive, most] = [0, 0];
  const cache = new PlanCache({}, 3);
  const failing = new Set([4, 7]);
  const use = (i: number): Promise<number> => {
    const make = () => {
      if (failing.has(i)) throw new RangeError(`no ${i}`);
      const x = placeholder([1]);
      const plan = compile([mul(x, i)], [x]);
      most = Math.max(most, ++alive);
      const dispose = (): void => {
        alive--;
        plan.dispose();
      };
      return { ...plan, dispose };
    };
    return cache.use(`${i}`, make, async (plan) => {
      await new Promise((resolve) => setTimeout(resolve, i % 3));
      return (await plan.run([Float32Array.of(2)]))[0]![0]!;
    });
  };
  const results = await Promise.allSettled([...upTo(30), ...upTo(30)].map(use));
  results.forEach((result, at) => {
    const i = (at % 30) + 1;
    if (failing.has(i)) assert.is(result.status, 'rejected');
    else assert.equal(result, { status: 'fulfilled', value: 2 * i });
  });
  assert.is(most, 3);
  cache.dispose();
  assert.is(alive, 0);
});

fault('R8', 'a plan was disposed of under its own run', async () => {
  const x = placeholder([2]);
  let release = (): void => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  let freed = false;
  const backend = {
    name: 'slow',
    prepare: () => ({
      run: async () => {
        await slow;
        if (freed) throw new Error('freed under the run');
        return [Float32Array.of(1, 2)];
      },
      dispose: () => {
        freed = true;
      },
    }),
  };
  const plan = compile([mul(x, 2)], [x], { backend });
  const run = plan.run([Float32Array.of(1, 2)]);
  plan.dispose();
  release();
  assert.equal([...(await run)[0]!], [1, 2]);
  assert.ok(freed);
});

fault('R10', '150,000 samples: a list as long as the samples was spread into arguments', async () => {
  const rows = 150_000;
  const X = { data: Float32Array.from({ length: rows }, (_, i) => (i % 7) - 3), shape: [rows, 1] };
  const f = (x: Tensor): Tensor => sum(mul(x, x), { axes: 1 });
  const ig = new IntegratedGradients(f, { nSteps: 2, internalBatchSize: 50_000 });
  const { attributions } = await ig.explain(X);
  assert.ok(attributions[0]!.data.every((value, i) => Math.abs(value - ((i % 7) - 3) ** 2) < 1e-5));
});

/** Predicts without `dispose` and without a turn of the event loop; prints how much the process grew after a third. */
const loop = `
  import { readFileSync } from 'node:fs';
  import { loadModel } from '${new URL('../../src/index.ts', import.meta.url).href}';
  const bytes = new Uint8Array(readFileSync(process.argv[1]));
  const x = { data: new Float32Array(784).fill(0.5), shape: [1, 28, 28, 1] };
  let start = 0;
  for (let i = 0; i < 100; i++) {
    const model = await loadModel(bytes);
    await model.predict(x);
    if (i === 40) start = process.memoryUsage.rss();
  }
  console.log(Math.round((process.memoryUsage.rss() - start) / 2 ** 20));`;

fault('R18', 'models that were dropped without dispose were never freed', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const argv = ['--import', 'tsx', '--input-type=module', '-e', loop, example('mnist-cnn.h5')];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root, timeout: 60_000 });
  assert.ok(Number(stdout) < 100, `${stdout.trim()} MB more after 60 models of 3.6 MB each`);
});

fault('R18', 'plans that were made with the same arena each had their own', () => {
  const x = placeholder([256, 1024]);
  const make = (by: number) => compile([sum(mul(mul(mul(x, by), x), x))], [x]);
  const plans = [make(2)];
  const one = wasmBackend.memoryInUse();
  plans.push(make(3));
  const two = wasmBackend.memoryInUse();
  assert.ok(two - one < 1.5 * 2 ** 20, `${two - one} bytes for a second plan whose input takes 1 MB`);
  const feed = Float32Array.from({ length: 256 * 1024 }, (_, i) => (i % 3) - 1);
  const alone = plans.map((plan) => plan.runSync([feed])[0]![0]!);
  for (const plan of plans) plan.feed([feed]);
  assert.equal(
    plans.map((plan) => plan.runSync()[0]![0]!),
    alone,
  );
  for (const plan of plans) plan.dispose();
});

fault('R14', 'meta.params.layer was that of the model before resetPredictor', async () => {
  const ig = new IntegratedGradients(classifier() as CallableModel, { layer: -1, nSteps: 2 });
  assert.is(ig.meta.params.layer, 0);
  const running = ig.explain([[1, 2]], {});
  ig.resetPredictor(nested());
  assert.is(ig.meta.params.layer, 2);
  assert.is((await running).meta.params.layer, 0);
  assert.is((await ig.explain([[1, 2]], { target: 0 })).meta.params.layer, 2);
});

fault('R16', 'an output by name or number was called as a function', async () => {
  const model = branched();
  const explain = async (output: OutputSelector, of: CallableModel | TensorFunction = model): Promise<number[]> => {
    const ig = new IntegratedGradients(of, { output, nSteps: 10 });
    return [...(await ig.explain([[3, 5]], { target: 1 })).attributions[0]!.data];
  };
  const both = { sum: [0, 10], product: [0, 25] };
  const close = (got: number[], wanted: number[]): void =>
    got.forEach((value, i) => {
      assert.ok(Math.abs(value - wanted[i]!) < 1e-4, `${got}`);
    });
  for (const output of ['add', 0, -2, (a: Tensor) => a]) close(await explain(output), both.sum);
  for (const output of ['multiply', 1, -1]) close(await explain(output), both.product);
  close(await explain(1, ((x: Tensor) => [mul(x, 2), mul(x, x)]) as unknown as TensorFunction), both.product);

  const throws = (output: unknown, message: RegExp): void => {
    const make = () => new IntegratedGradients(model, { output: output as string });
    assert.throws(make, (error: Error) => error.name === 'PathgradError' && message.test(error.message));
  };
  throws('multply', /output: the model has no output 'multply'\nhint: did you mean 'multiply'\?/);
  throws(2, /output: there is no output 2 \(outputs 2\)\nhint: numbers go from 0 to 1, or from -1 to -2/);
  throws(-3, /there is no output -3/);
  for (const wrong of [0.5, null, {}, true]) throws(wrong, /output: must be a name, a whole number or a function/);
  await explain('y', (x: Tensor) => mul(x, x)).then(
    () => assert.unreachable(),
    (error: Error) => {
      assert.match(error.message, /no output 'y'\nhint: outputs have no names here: give its number/);
    },
  );
});

fault.run();
