import { spawnSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Heap } from '../../src/backends/wasm/heap.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { moduleBytes, widening } from '../../src/backends/wasm/module/module.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { buildProgram } from '../../src/graph/program.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { simplify } from '../../src/graph/simplify.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { child, source } from '../support/child.ts';
import { agrees, random } from './support.ts';

const test = suite('wasm: backend');

/** A small convolutional classifier's score of one class. */
function network(weights: readonly Tensor[]): (x: Tensor) => Tensor {
  const [w1, b1, w2, b2, w3, b3] = weights as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  return (x) => {
    const h = o.maxPool(o.relu(o.add(o.conv2d(x, w1, { padding: 'same' }), b1)));
    const k = o.tanh(o.add(o.conv2d(h, w2, { stride: 2 }), b2));
    const flat = o.reshape(k, [k.shape[0]!, k.size / k.shape[0]!]);
    return o.slice(o.softmax(o.dense(flat, w3, b3)), { 1: [1, 2] });
  };
}
const weights = [[3, 3, 2, 7], [7], [2, 2, 7, 9], [9], [81, 5], [5]].map((shape, i) => random(shape, i + 2));

const bits = (data: TypedArray): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

test('the gradient of a convolutional network, to its input and to its weights', () => {
  const x = random([3, 12, 12, 2]);
  const toInput = ([a, ...ws]: Tensor[]): Tensor => grad(o.sum(network(ws)(a!)), [a!])[0]!;
  agrees(wasmBackend, 'input', toInput, [x, ...weights], 1e-5, 0b1111110);
  weights.forEach((_, i) => {
    const f = ([a, ...ws]: Tensor[]): Tensor => grad(o.sum(network(ws)(a!)), [ws[i]!])[0]!;
    agrees(wasmBackend, `weight ${i}`, f, [x, ...weights]);
  });
});

test('any number of threads gives the same bits, run after run', () => {
  const x = placeholder([50, 28, 28, 3]);
  const w = random([3, 3, 3, 20], 4);
  const y = o.softmax(o.reshape(o.tanh(o.conv2d(x, w)), [50, 26 * 26 * 20]));
  const plan = compile([y, grad(o.sum(o.square(y)), [x])[0]!], [x], { backend: wasmBackend });
  const data = random([50, 28, 28, 3]).data;
  const before = wasmBackend.threads();
  const seen = new Set<string>();
  for (const threads of [1, 2, 3, 1, 4]) {
    wasmBackend.setThreads(threads);
    for (let i = 0; i < 5; i++) seen.add(plan.runSync([data]).map(bits).join());
  }
  wasmBackend.setThreads(before);
  plan.dispose();
  assert.is(seen.size, 1);
  assert.throws(() => wasmBackend.setThreads(0), /threads must be an integer from 1 to 64 \(got 0\)/);
});

test('ten runs at once give ten right results', async () => {
  const x = placeholder([4]);
  const plan = compile([o.mul(x, 2)], [x], { backend: wasmBackend });
  const results = await Promise.all(Array.from({ length: 10 }, (_, i) => plan.run([new Float32Array(4).fill(i)])));
  for (const [i, [y]] of results.entries()) assert.equal([...y!], [2 * i, 2 * i, 2 * i, 2 * i]);
  plan.dispose();
});

test('plans give back what they hold; constants are shared between plans', () => {
  const x = placeholder([64, 300]);
  const w = random([300, 200]);
  const make = () => compile([o.add(o.matmul(x, w), random([200]))], [x], { backend: wasmBackend });
  make().dispose();
  const before = wasmBackend.memoryInUse();
  const first = make();
  const one = wasmBackend.memoryInUse() - before;
  const second = make();
  const two = wasmBackend.memoryInUse() - before;
  assert.ok(one > 300 * 200 * 4, 'the weights are in the memory');
  assert.ok(two < 2 * one - 200_000, `the second plan added ${two - one} bytes to ${one}`);
  first.dispose();
  const data = new Float32Array(64 * 300);
  assert.ok(second.runSync([data])[0]!.length > 0, 'a plan outlives another that shared its weights');
  second.dispose();
  assert.is(wasmBackend.memoryInUse(), before);
  for (let i = 0; i < 100; i++) {
    const plan = make();
    plan.runSync([data]);
    plan.dispose();
  }
  assert.is(wasmBackend.memoryInUse(), before);
});

/** Collects garbage and lets finalizers run. The test runner exposes gc; a file that runs alone asks for it here. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await new Promise((done) => setTimeout(done, 10));
}

test('a plan that is dropped without dispose gives its memory back', async () => {
  const before = wasmBackend.memoryInUse();
  const x = placeholder([1000]);
  const drop = (): void => {
    compile([o.exp(x)], [x], { backend: wasmBackend });
  };
  drop();
  assert.ok(wasmBackend.memoryInUse() > before);
  for (let i = 0; i < 50 && wasmBackend.memoryInUse() > before; i++) {
    await collectGarbage();
  }
  assert.is(wasmBackend.memoryInUse(), before);
});

test('a plan that cannot be made leaves nothing behind', () => {
  const x = placeholder([3], 'float64');
  const before = wasmBackend.memoryInUse();
  assert.throws(
    () => compile([o.exp(x)], [x], { backend: wasmBackend }),
    /exp: the backend 'wasm' has no kernel for float64\nhint: the backend 'reference' has one/,
  );
  const y = placeholder([3], 'float64');
  assert.throws(
    () => compile([o.neg(y)], [y], { backend: wasmBackend }),
    /neg: the backend 'wasm' has no kernel for float64/,
  );
  assert.is(wasmBackend.memoryInUse(), before);
});

test('an index outside the table is an error like the reference backend’s, and the plan lives on', () => {
  const table = random([5, 3]);
  const ids = placeholder([2, 2], 'int32');
  const texts = [undefined, wasmBackend].map((backend) => {
    const plan = compile([o.gather(table, ids)], [ids], backend ? { backend } : {});
    let text = '';
    try {
      plan.runSync([Int32Array.of(0, 4, -1, 7)]);
    } catch (error) {
      text = (error as Error).message;
    }
    assert.is(plan.runSync([Int32Array.of(0, 1, 2, 4)])[0]!.length, 12);
    plan.dispose();
    return text;
  });
  assert.match(texts[0]!, /gather: index -1 is outside \[0, 5\) \(index -1, at 2, axis 0\)/);
  assert.is(texts[1], texts[0]);
  const scatter = compile([o.scatterAdd(random([4]), o.reshape(ids, [4]), { axis: 0, size: 3 })], [ids], {
    backend: wasmBackend,
  });
  assert.throws(() => scatter.runSync([Int32Array.of(0, 1, 2, 3)]), /scatterAdd: index 3 is outside \[0, 3\)/);
  scatter.dispose();
});

test('the heap reuses and merges what is freed, and says so when the memory is full', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  const heap = new Heap(memory);
  const blocks = [100, 5000, 64, 20_000].map((bytes) => [heap.allocate(bytes), bytes] as const);
  assert.ok(blocks.every(([at]) => at % 64 === 0 && at > 0));
  const top = heap.allocate(1);
  heap.free(...blocks[2]!);
  heap.free(...blocks[0]!);
  heap.free(...blocks[1]!);
  assert.is(heap.allocate(5100), blocks[0]![0], 'three freed neighbours are one hole');
  assert.throws(
    () => heap.allocate(300_000),
    /wasm: out of memory: 1 MB more do not fit \(inUse 1 MB, limit 4096 MB at most\)/,
  );
  heap.free(top, 1);
  assert.ok(heap.allocate(100_000) > 0);
});

test('the relaxed build is used exactly where the engine has relaxed SIMD; the wide one where that was asked for', () => {
  const module = moduleBytes('relaxed');
  const usual = widening.widen ? 'wide' : 'relaxed';
  assert.is(wasmBackend.simd(), WebAssembly.validate(module) ? usual : 'plain');
});

test('a process that used threads ends by itself', () => {
  const code = `
    import { wasmBackend } from ${source('src/backends/wasm/index.ts')};
    import { compile } from ${source('src/graph/compile.ts')};
    import { matmul } from ${source('src/ops/index.ts')};
    import { placeholder } from ${source('src/tensor/tensor.ts')};
    wasmBackend.setThreads(3);
    const x = placeholder([200, 200]);
    const plan = compile([matmul(x, x)], [x], { backend: wasmBackend });
    for (let i = 0; i < 50; i++) plan.runSync([new Float32Array(40000)]);
    await new Promise((done) => setTimeout(done, 100));
    plan.runSync([new Float32Array(40000)]);
    console.log('done');`;
  const { args, cwd } = child(code);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, timeout: 20_000, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  assert.is(stdout.trim(), 'done');
});

test('a plan stays alive while one of its functions does', async () => {
  const x = placeholder([64, 64]);
  const weights = tensor(Float32Array.from(randomNormal(64 * 64, 2)), [64, 64]);
  const simple = simplify([o.matmul(x, weights)], [x]);
  const { runSync } = wasmBackend.prepare(buildProgram(simple.outputs, [x]));
  const fed = Float32Array.from(randomNormal(64 * 64, 3));
  const before = runSync!([fed])[0]!;
  for (let i = 0; i < 5; i++) await collectGarbage();
  // What was freed by mistake would be given to this plan.
  const other = compile([o.matmul(x, o.neg(weights))], [x], { backend: wasmBackend });
  other.runSync([fed]);
  assert.equal(runSync!([fed])[0], before);
  other.dispose();
});

test('equal windows give equal bits wherever they lie: ties in a max pool depend on it', () => {
  for (const [size, channels, filters] of [
    [14, 64, 32],
    [9, 3, 5],
    [28, 1, 64],
  ] as const) {
    const x = placeholder([3, size, size, channels]);
    const kernel = tensor(Float32Array.from(randomNormal(4 * channels * filters, 3)), [2, 2, channels, filters]);
    const pixel = Float32Array.from(randomNormal(channels, 5));
    const plan = compile([o.conv2d(x, kernel, { padding: 'same' })], [x], { backend: wasmBackend });
    const [y] = plan.runSync([Float32Array.from({ length: x.size }, (_, i) => pixel[i % channels]!)]);
    plan.dispose();
    // All windows but those at the last row and column see the same pixels.
    for (let at = 0; at < y!.length; at += filters) {
      const [row, column] = [Math.floor(at / filters / size) % size, (at / filters) % size];
      if (row === size - 1 || column === size - 1) continue;
      assert.equal(y!.subarray(at, at + filters), y!.subarray(0, filters));
    }
  }
});

test('trace: a listener is told of every kernel call with its op, until it is taken away', () => {
  const x = placeholder([3, 4]);
  const plan = compile([o.log(o.erf(x))], [x], { backend: wasmBackend });
  const seen: string[] = [];
  wasmBackend.trace(({ op, fn, units }, ms) => {
    assert.ok(ms >= 0);
    seen.push(`${op} ${fn} ${units}`);
  });
  plan.runSync([new Float32Array(12)]);
  wasmBackend.trace(null);
  plan.runSync([new Float32Array(12)]);
  assert.equal(seen, ['erf erf 1', 'log log 1']);
  plan.dispose();
});

test.run();
