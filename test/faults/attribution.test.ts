/** Faults of attribution, plans, explanations as JSON and worker threads; rows R8, R10, R11, R13, R14, R16, R17 and R18. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { warningValues } from '../../src/attribution/frame/explanation/warning-values.ts';
import {
  describeWarning,
  Explanation,
  IntegratedGradients,
  type OutputKind,
  type OutputSelector,
  outputKind,
  type TensorFunction,
  type Warning,
  type WarningCode,
} from '../../src/attribution/index.ts';
import { Heap } from '../../src/backends/wasm/heap.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { Machine } from '../../src/backends/wasm/machine.ts';
import type { WorkerData } from '../../src/backends/wasm/threads/start-worker.ts';
import { Threads } from '../../src/backends/wasm/threads/threads.ts';
import { control } from '../../src/backends/wasm/threads/worker-source.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { compile, type Plan } from '../../src/graph/compile.ts';
import { PlanCache } from '../../src/graph/plan-cache.ts';
import {
  add,
  cast,
  concat,
  conv1d,
  div,
  exp,
  expandDims,
  greater,
  matmul,
  mul,
  relu,
  reshape,
  sigmoid,
  slice,
  softmax,
  square,
  sub,
  sum,
  transpose,
  where,
} from '../../src/ops/index.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { child, source } from '../support/child.ts';
import { example } from '../support/cli.ts';
import { faults } from '../support/faults.ts';
import { branched, classifier, embedder, nested } from '../support/keras-examples.ts';
import { some } from '../support/thorough.ts';
import { makeFiles, small } from '../transformers/support.ts';

const fault = faults('attribution');

/** Every worker that the wasm backend starts from here on. `broken`: it throws at once. */
const workers: Worker[] = [];
let broken = false;
let gone = 0;
process.getBuiltinModule('node:worker_threads').Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(broken ? new URL('data:text/javascript,throw new Error("a worker that throws")') : url, options);
    workers.push(this);
    this.on('exit', () => gone++);
  }
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

for (const count of some([12, 40], 1)) {
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

/** Predicts without `dispose` and without a turn of the event loop; prints how much the process grew after a third; by then the collector's limits have settled. */
const loop = `
  import { readFileSync } from 'node:fs';
  import { loadModel } from ${source('src/index.ts')};
  const bytes = new Uint8Array(readFileSync(process.argv[1]));
  const x = { data: new Float32Array(784).fill(0.5), shape: [1, 28, 28, 1] };
  let start = 0;
  for (let i = 0; i < 300; i++) {
    const model = await loadModel(bytes);
    await model.predict(x);
    if (i === 100) start = process.memoryUsage.rss();
  }
  console.log(Math.round((process.memoryUsage.rss() - start) / 2 ** 20));`;

fault('R18', 'models that were dropped without dispose were never freed', async () => {
  const { args, cwd } = child(loop, example('mnist-cnn.h5'));
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 60_000 });
  assert.ok(Number(stdout) < 200, `${stdout.trim()} MB more after 200 models of 3.6 MB each`);
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

const W = tensor([
  [1, -0.5, 2],
  [0.2, 0.7, -1],
]);
const codes = async (f: TensorFunction, target: number | null, X: number[][] = [[0.5, 1]]): Promise<string[]> => {
  const { warnings } = await new IntegratedGradients(f, { nSteps: 20 }).explain(X, { target });
  return warnings.map(({ code }) => code);
};

fault('R13', 'numbers between 0 and 1 were taken for probabilities', async () => {
  assert.equal(await codes((x: Tensor) => sum(mul(x, x), { axes: 1 }), null), []);
  assert.equal(await codes((x: Tensor) => matmul(x, tensor([[0.1], [0.2]])), null), []);
  const regression = await new IntegratedGradients(classifier(), { nSteps: 2 }).explain([[0.2, 0.3]]);
  assert.equal([regression.warnings, regression.diagnostics.baselineEntropy], [[], null]);
  // Rows that add up to 1 by chance.
  assert.equal(await codes((x: Tensor) => mul(square(x), 1), 0, [[0.6, 0.8]]), []);
});

fault('R13', 'a sigmoid for each label was told to use a softmax', async () => {
  const labels = (x: Tensor): Tensor => sigmoid(matmul(x, W));
  assert.equal(await codes(labels, 1), []);
  const rare = (x: Tensor): Tensor => sigmoid(add(matmul(x, W), tensor([0, -6, 0])));
  assert.equal(await codes(rare, 0), []);
  assert.equal(await codes(rare, 1), ['baseline-not-neutral']);
  const { diagnostics } = await new IntegratedGradients(labels).explain([[1, 2]], { target: 2 });
  assert.is(diagnostics.outputs, 'probabilities');
  assert.ok(Math.abs(diagnostics.baselineEntropy![0]!.fraction - 1) < 1e-6);
});

fault('R13', 'what outputs are is told from the last op, whatever moves or cuts its entries', () => {
  const x = placeholder([4, 2]);
  const logits = add(matmul(x, W), tensor([1, 2, 3]));
  const p = softmax(logits);
  const mask = cast(greater(x, 0), 'float32');
  const kinds: [OutputKind, Tensor][] = [
    ['distribution', p],
    ['distribution', softmax(mul(logits, -3))],
    ['distribution', reshape(expandDims(cast(cast(p, 'float64'), 'float32'), 1), [4, 3])],
    ['distribution', slice(p, { 0: [0, 2] })],
    ['distribution', concat([p, softmax(x.rank ? mul(logits, 2) : x)], 0)],
    ['probabilities', slice(p, { 1: [0, 1] })],
    ['probabilities', softmax(logits, 0)],
    ['probabilities', transpose(p)],
    ['probabilities', sigmoid(logits)],
    ['probabilities', concat([sigmoid(logits), p], 1)],
    ['probabilities', where(greater(x, 0), sigmoid(x), 0)],
    ['probabilities', mul(sigmoid(x), mask)],
    ['scores', logits],
    ['scores', matmul(x, W)],
    ['scores', add(expandDims(matmul(x, W), 1), tensor([1, 2, 3]))],
    ['scores', conv1d(reshape(x, [4, 2, 1]), tensor([[[2]]]))],
    ['unknown', div(exp(logits), sum(exp(logits), { axes: 1, keepDims: true }))],
    ['unknown', relu(logits)],
    ['unknown', add(p, tensor([1, 1, 1]))],
    ['unknown', mul(p, p)],
    ['unknown', sub(1, p)],
    ['unknown', x],
  ];
  kinds.forEach(([kind, y], i) => {
    assert.is(outputKind(y), kind, `case ${i}`);
  });
  let deep = p;
  for (let i = 0; i < 20_000; i++) deep = reshape(deep, i % 2 === 0 ? [12] : [4, 3]);
  assert.is(outputKind(deep), 'probabilities');
  for (let i = 0; i < 20_000; i++) deep = concat([deep, deep.rank === 2 ? slice(deep, { 0: [0, 1] }) : deep], 0);
  assert.is(outputKind(deep), 'unknown');
});

fault('R13', 'warnings are codes and values, and each surface has words for them', async () => {
  const logits = (x: Tensor): Tensor => matmul(x, W);
  const { warnings } = await new IntegratedGradients(logits).explain([[0, 0]], { target: 0 });
  assert.equal(warnings, [
    { code: 'outputs-are-scores', values: {} },
    { code: 'baseline-equals-input', values: { samples: [0] } },
  ]);
  assert.equal(
    warnings.map((warning) => describeWarning(warning, { 'outputs-are-scores': () => 'scores' })),
    ['scores', 'sample 0 equal to the baseline: all attributions are 0; choose another baseline'],
  );
  const words: Record<WarningCode, object> = warningValues;
  for (const [code, types] of Object.entries(words)) {
    const examples = { string: 'x', number: 0.5, boolean: true, 'number[]': [1, 2] };
    const values = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, examples[type as 'string']]));
    assert.match(describeWarning({ code, values } as unknown as Warning), /^[^{}]{20,}$/);
  }
});

/** An explanation with these kwargs and names. */
async function explanationWith(kwargs: Record<string, Tensor>, odd: number[] = [0.5]): Promise<Explanation> {
  const f = (x: Tensor): Tensor => matmul(x, tensor([[1], [2]], undefined, 'float64'));
  const made = await new IntegratedGradients(f, { nSteps: 2, dtype: 'float64' }).explain([[1, 2]]);
  const values = tensor(Float64Array.from(odd));
  return new Explanation(
    made.meta,
    { ...made.data, forwardKwargs: kwargs, deltas: values },
    { ...made.extra, nSteps: odd[0]! },
  );
}
const plain = (value: unknown): unknown => {
  if (value instanceof Tensor)
    return [value.dtype, value.shape, Array.from(value.data, (v) => (Object.is(v, -0) ? '-0' : v))];
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : value;
  return Object.entries(value).map(([key, item]) => [key, plain(item)]);
};
const parts = ({ meta, data, extra }: Explanation): unknown => plain({ meta, data, extra });

fault('R11', 'kwargs called number, dtype and data were lost or could not be read', async () => {
  const names = ['number', 'dtype', 'data', 'shape', 'record', '__proto__', 'constructor', 'toString', ''];
  for (const some of [...names.map((name) => [name]), names, ['dtype', 'data', 'shape'], ['record', 'number']]) {
    const kwargs = Object.fromEntries(some.map((name, i) => [name, tensor([i, 0.1])]));
    const explanation = await explanationWith(kwargs);
    const back = Explanation.fromJSON(JSON.stringify(explanation));
    assert.equal(parts(back), parts(explanation), some.join());
    assert.equal(Object.keys(back.forwardKwargs), some);
  }
});

fault('R11', 'whatever is in an explanation comes back from JSON as it was', async () => {
  const number = fc.double();
  const names = fc.oneof(fc.string(), fc.constantFrom('number', 'dtype', 'data', 'record', '__proto__', 'meta'));
  const arrays = fc.oneof(
    fc.array(number, { maxLength: 5 }).map((list) => tensor(Float64Array.from(list))),
    fc.array(fc.float(), { maxLength: 5 }).map((list) => tensor(Float32Array.from(list))),
    fc.array(fc.integer(), { maxLength: 5 }).map((list) => tensor(Int32Array.from(list))),
    fc
      .array(fc.boolean(), { maxLength: 6 })
      .map((list) => tensor(Uint8Array.from(list, Number), [1, list.length], 'bool')),
  );
  const property = fc.asyncProperty(
    fc.array(fc.tuple(names, arrays), { maxLength: 4 }),
    fc.array(number, { minLength: 1, maxLength: 4 }),
    async (kwargs, odd) => {
      const explanation = await explanationWith(Object.fromEntries(kwargs), odd);
      assert.equal(parts(Explanation.fromJSON(JSON.stringify(explanation))), parts(explanation));
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

fault('R11', 'damaged JSON is an error that says where, never another explanation or a RangeError', async () => {
  const refused = (json: string | object, message: RegExp): void =>
    assert.throws(
      () => Explanation.fromJSON(json),
      (error: Error) => error.name === 'PathgradError' && message.test(error.message),
    );
  const explanation = await explanationWith({ flag: tensor(Uint8Array.of(1, 0)) });
  const text = JSON.stringify(explanation);
  const changed = (change: (json: ReturnType<typeof JSON.parse>) => void): object => {
    const json = JSON.parse(text);
    change(json);
    return json;
  };
  refused(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, /the explanation is no object/);
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  refused(text.replace('"params":{', `"params":{"odd":${deep},`), /is nested more than 32 levels deep/);
  refused(
    changed((json) => (json.format = 1)),
    /the format is not 2 \(format 1\)/,
  );
  refused(
    changed((json) => delete json.format),
    /the format is not 2 \(format missing\)/,
  );
  refused(
    changed((json) => (json.extra.warnings = ['the model is not neutral'])),
    /extra.warnings must hold records/,
  );
  const odd = { code: 'incomplet', values: {} };
  refused(
    changed((json) => (json.extra.warnings = [odd])),
    /warnings\[0\] has an unknown code 'incomplet'\nhint: did you mean 'incomplete'/,
  );
  refused(
    changed((json) => (json.extra.warnings = [{ code: 'gradient-zero', values: { samples: '0' } }])),
    /extra.warnings\[0\].values.samples must hold numbers/,
  );
  refused(
    changed((json) => (json.data.forwardKwargs.flag.data[0] = 2)),
    /forwardKwargs.flag holds a number that bool lacks/,
  );
  refused(
    changed((json) => json.data.forwardKwargs.flag.data.pop()),
    /forwardKwargs.flag is no tensor/,
  );
  refused(
    changed((json) => (json.extra.nSteps = { number: 'seven' })),
    /extra.nSteps is no number/,
  );
  const cyclic: Record<string, unknown> = JSON.parse(text);
  (cyclic['meta'] as Record<string, unknown>)['params'] = cyclic;
  refused(cyclic, /nested more than 32/);

  // Any value put in any place: refused, or read as an explanation that can be used.
  const places: (readonly (string | number)[])[] = [];
  const walk = (value: unknown, path: readonly (string | number)[]): void => {
    if (path.length > 0) places.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  };
  walk(JSON.parse(text), []);
  for (const path of places) {
    for (const wrong of [null, 'x', -1.5, [], {}, [[]], { dtype: 'int32', shape: [1], data: [0.5] }, { record: [1] }]) {
      const json = changed((root) => {
        const parent = path.slice(0, -1).reduce((at, key) => at[key], root);
        parent[path.at(-1)!] = wrong;
      });
      try {
        const back = Explanation.fromJSON(json);
        back.warnings.map((warning) => describeWarning(warning));
        JSON.stringify(back);
      } catch (error) {
        assert.is((error as Error).name, 'PathgradError', `${path.join('.')} ${JSON.stringify(wrong)}: ${error}`);
      }
    }
  }
});

/** A product that is big enough to be shared among threads, its result, and how many workers took part lately. */
function shared(): { run: () => Float32Array; plan: Plan } {
  const x = placeholder([256, 256]);
  const plan = compile([matmul(x, x)], [x], { backend: wasmBackend });
  const feed = Float32Array.from({ length: 65536 }, (_, i) => Math.sin(i));
  return { run: () => plan.runSync([feed])[0] as Float32Array, plan };
}
const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition());
};
const ended = async (): Promise<void> => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  await new Promise((resolve) => setTimeout(resolve, 10));
};

fault('R17', 'no worker was started again after all had died; results are the same bits', async () => {
  const before = wasmBackend.threads();
  wasmBackend.setThreads(3);
  const { run, plan } = shared();
  const wanted = run();
  for (let round = 0; round < 3; round++) {
    await until(() => run() && workers.length >= 2);
    await ended();
    assert.equal(run(), wanted);
    assert.is(workers.length, 2, 'both are started again');
    assert.equal(run(), wanted);
    assert.is(workers.length, 2, 'and no more');
  }
  plan.dispose();
  wasmBackend.setThreads(before);
});

fault('R17', 'a worker that throws ended the process; some tries later no more are started', async () => {
  const before = wasmBackend.threads();
  wasmBackend.setThreads(2);
  const { run, plan } = shared();
  const wanted = run();
  await ended();
  broken = true;
  gone = 0;
  for (let i = 1; i <= 12; i++) {
    assert.equal(run(), wanted);
    await until(() => gone >= Math.min(i, 6));
  }
  assert.is(workers.length, 6);
  broken = false;
  plan.dispose();
  wasmBackend.setThreads(before);
});

fault('R17', 'workers that were given up could still write where others had their values by then', async () => {
  const memory = new WebAssembly.Memory({ initial: 40, maximum: 40, shared: true });
  const heap = new Heap(memory);
  const block = heap.allocate(64);
  const kernels = { work: () => -1 };
  const machine = { loaded: { memory, module: null, shared: true }, heap, kernels, extras: [] } as unknown as Machine;
  let end = (): void => {};
  const terminated = new Promise<void>((resolve) => {
    end = resolve;
  });
  // Takes a chunk in the name of a worker that is slow.
  const worker = ({ at }: WorkerData) => {
    const words = new Int32Array(memory.buffer, at, control.words);
    started = () => Atomics.add(words, control.ticket, 1);
    return { terminate: () => terminated };
  };
  let started = (): number => 0;
  kernels.work = () => {
    started();
    started = () => 0;
    return -1;
  };
  const threads = new Threads(machine, 2, { worker, patienceMs: 50 });
  const call = { fn: 'work', args: [], units: 8, grain: 1 };
  assert.throws(() => threads.run([call]), /a worker thread does not answer/);
  assert.throws(() => threads.run([call]), /worker threads that did not answer have not ended yet/);
  heap.free(block, 64);
  assert.is.not(heap.allocate(64), block);
  end();
  await threads.ending;
  assert.is(threads.ending, null);
  assert.is(heap.allocate(64), block);
  threads.limit = 1;
  threads.run([call]);
});

fault('R17', 'a process with idle workers ends', async () => {
  const code = `
    import { compile, matmul, placeholder } from ${source('src/index.ts')};
    const x = placeholder([256, 256]);
    const plan = compile([matmul(x, x)], [x]);
    for (let i = 0; i < 20; i++) await plan.run([new Float32Array(65536)]);
    console.log('done');`;
  const { args, cwd } = child(code);
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 30_000 });
  assert.is(stdout, 'done\n');
});

fault.run();
