/** Asking for vectors of 256 bits: who is refused and why, and what becomes of plans, states, limits and profiles from before. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { checkHost, flagOf, fusesProducts, type Host, pairsVectors } from '../../src/backends/wasm/module/wide.ts';
import { compile } from '../../src/graph/compile.ts';
import { compileWithState, State } from '../../src/graph/state.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { add, matmul, relu } from '../../src/ops/index.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { layers, sequential, Trainer } from '../../src/training/index.ts';
import { example } from '../support/cli.ts';
import { hasWide, pairs } from '../support/paired.ts';
import { rejects } from '../support/rejects.ts';
import { random } from './support.ts';

const test = suite('wasm: asking for wide vectors');

const host = (versions: Host['versions'], arch = 'x64'): Host => ({
  ...{ arch, versions },
  v8: { setFlagsFromString: () => assert.unreachable('flags are set when all is known to be there') },
});

test('who is refused is told what is missing and what to do', () => {
  const refused = (where: Host | null, message: RegExp): void => assert.throws(() => checkHost(where), message);
  refused(
    null,
    /a page cannot have its engine pair vectors\nhint: start Chromium with --js-flags=--wasm-revectorize \(before 156/,
  );
  refused(host({ v8: '13.6.233.17' }, 'arm64'), /need a processor with AVX2 \(processor arm64\)\nhint: leave it out/);
  refused(
    host({ v8: '11.3.244.8-node.38' }),
    /this V8 does not pair vectors \(v8 11.3.244.8-node.38, needs 13.6 \(Node 24\)\)\nhint: use a newer Node/,
  );
  refused(host({ v8: '12.4.254.21-node.33' }), /this V8 does not pair vectors \(v8 12.4/);
  refused(host({}), /this V8 does not pair vectors/);
  // Bun names a V8 that it is not.
  refused(host({ v8: '13.6.233.10-node.18', bun: '1.3.0' }), /only V8 pairs vectors \(bun 1.3.0\)/);
  refused(
    host({ v8: '14.0.365.4-rusty', deno: '2.5.0' }),
    /cannot have Deno pair vectors.*\nhint: start it with --v8-flags=--experimental/,
  );
  for (const v8 of ['13.6.233.17-node.37', '13.10.1', '14.6.202.34-node.40']) checkHost(host({ v8 }));
  assert.equal(
    ['13.6.1', '14.6.2', '15.0.245', '15.6.3', '16.0'].map((v8) => /^--exp/.test(flagOf(v8))),
    [true, true, true, false, false],
  );
  assert.equal(['13.5', '13.6', '14.0', '12.9', ''].map(pairsVectors), [false, true, true, false, false]);
});

/** A dense layer's plan. */
function product(): { run: () => Float32Array; dispose: () => void } {
  const x = placeholder([12, 40]);
  const plan = compile([relu(matmul(x, random([40, 50], 2)))], [x], { backend: wasmBackend });
  return {
    run: () => plan.runSync([random([12, 40], 3).data])[0] as Float32Array,
    dispose: () => plan.dispose(),
  };
}

test('whoever is refused goes on as before, and may ask again', async () => {
  if (pairs || wasmBackend.simd() === 'wide') return console.log('  skipped: nobody is refused here');
  const [before, plan] = [wasmBackend.simd(), product()];
  const [wanted, memory] = [plan.run(), wasmBackend.memoryInUse()];
  for (let i = 0; i < 2; i++) await rejects(wasmBackend.useWideVectors(), /^wasm: .*\nhint: .*leave it out/);
  assert.is(wasmBackend.simd(), before);
  assert.is(wasmBackend.memoryInUse(), memory);
  assert.equal(plan.run(), wanted);
  plan.dispose();
});

test('an engine without relaxed SIMD has no wide vectors, whatever the caller says', async () => {
  if (hasWide) {
    assert.ok(process.arch !== 'x64' || fusesProducts() || !pairs);
    return;
  }
  await rejects(wasmBackend.useWideVectors({ paired: true }), /need an engine with relaxed SIMD\nhint: leave it out/);
  assert.is(wasmBackend.simd(), 'plain');
});

const switching = hasWide && wasmBackend.simd() !== 'wide' ? test : test.skip;
if (switching !== test) {
  const why = hasWide ? 'wide vectors were asked for before this file' : 'this Node.js has no relaxed SIMD';
  console.log(`  skipped: ${why}`);
}

switching('plans, states, trainers and explainers from before stay right, and so do limits and profiles', async () => {
  const seen: string[] = [];
  wasmBackend.setThreads(2);
  wasmBackend.trace(({ fn }) => seen.push(fn));
  const old = product();
  const wanted = old.run();

  // A state: what one plan leaves, a plan that is made later reads.
  const cell = placeholder([4]);
  const state = new State([{ tensor: cell, value: new Float32Array(4) }], wasmBackend);
  const x = placeholder([4]);
  const step = (): ReturnType<typeof compileWithState> =>
    compileWithState([add(cell, 0)], [x], { state, carry: new Map([[cell, add(cell, x)]]) });
  const first = step();
  await first.run([Float32Array.of(1, 2, 3, 4)]);

  // One that goes on, with batches of another size and evaluations, and one that has all of it later.
  const trainer = (): Trainer =>
    new Trainer(
      sequential([layers.dense({ units: 33, activation: 'relu' }), layers.dense({ units: 2 })], {
        inputShape: [17],
        seed: 3,
      }),
      { optimizer: 'adam', loss: 'mse', seed: 5, backend: wasmBackend },
    );
  const [data, truth] = [random([30, 17], 7), random([30, 2], 8)];
  const epochs = async (who: Trainer, batchSize: number, from: number): Promise<void> => {
    await who.fit(data, truth, { batchSize, epochs: from + 1, initialEpoch: from });
  };
  const weights = (who: Trainer): number[][] => who.weights().map(({ value }) => [...value.data]);
  const early = trainer();
  await epochs(early, 10, 0);

  const model = await loadModel(example('mnist-cnn.h5'), { backend: wasmBackend });
  const explainerOf = () => new IntegratedGradients(model, { nSteps: 12, backend: wasmBackend });
  const explain = (explainer: ReturnType<typeof explainerOf>, X: Tensor): Promise<ArrayLike<number>> =>
    explainer.explain(X, { target: 1 }).then(({ attributions }) => attributions[0]!.data);
  const [one, two] = [random([1, 28, 28, 1], 5), random([2, 28, 28, 1], 6)];
  const explainer = explainerOf();
  const attributions = await explain(explainer, one);

  const ask = (): Promise<void> => wasmBackend.useWideVectors(pairs ? {} : { paired: true });
  await Promise.all([ask(), ask()]);
  await ask();
  assert.is(wasmBackend.simd(), 'wide');
  assert.is(wasmBackend.threads(), 2, 'the limit holds');
  const now = product();
  seen.length = 0;
  assert.equal(now.run(), wanted);
  assert.ok(seen.length > 0, 'plans made now are told of');
  seen.length = 0;
  assert.equal(old.run(), wanted);
  assert.ok(seen.length > 0, 'plans from before are told of');
  wasmBackend.trace(null);
  seen.length = 0;
  now.run();
  old.run();
  assert.equal(seen, [], 'of neither');

  for (const plan of [now, old]) {
    const memory = wasmBackend.memoryInUse();
    plan.dispose();
    assert.ok(wasmBackend.memoryInUse() < memory, 'both memories are counted');
  }
  wasmBackend.setThreads(1);
  assert.is(wasmBackend.threads(), 1);

  const second = step();
  assert.equal(await second.run([Float32Array.of(10, 0, 0, 0)]), [Float32Array.of(1, 2, 3, 4)]);
  assert.equal(await first.run([Float32Array.of(0, 0, 0, 0)]), [Float32Array.of(11, 2, 3, 4)]);
  assert.equal(state.read(cell), Float32Array.of(11, 2, 3, 4));

  const late = trainer();
  await epochs(late, 10, 0);
  for (const who of [early, late]) await epochs(who, 15, 1);
  assert.equal(weights(early), weights(late));
  assert.equal(await early.evaluate(data, truth), await late.evaluate(data, truth));

  assert.equal(await explain(explainer, one), attributions);
  assert.equal(await explain(explainerOf(), one), attributions);
  assert.equal(await explain(explainer, two), await explain(explainerOf(), two));
  assert.equal(await explain(explainer, one), attributions);
});

test.run();
