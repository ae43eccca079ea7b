/** The gpu backend beside its kernels: modes, errors, limits of float32, what it holds and frees. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Device, type Handle } from '../../src/backends/gpu/adapter.ts';
import { type GpuBackend, type GpuMode, gpuBackend, gpuModes } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { agrees, network, random, run } from './support.ts';

const test = suite('gpu: backend');

const local = ['webasm', 'cpu'] as const;
const backends = new Map<GpuMode, GpuBackend>();
for (const mode of local) backends.set(mode, await gpuBackend({ mode }));

const text = (error: unknown): string => (error as Error).message;
async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return text(error);
  }
  return 'no error';
}

test('an unknown mode, a mode that does not run here, a wrong number of kernels are errors', async () => {
  const unknown = await rejection(gpuBackend({ mode: 'webgpo' as GpuMode }));
  assert.match(unknown, /^gpuBackend: unknown mode 'webgpo'\nhint: did you mean 'webgpu'/);
  const webgpu = await rejection(gpuBackend({ mode: 'webgpu' }));
  assert.match(
    webgpu,
    /^gpuBackend: mode 'webgpu' does not run here\nhint: WebGPU needs navigator\.gpu with an adapter/,
  );
  const webgl2 = await rejection(gpuBackend({ mode: 'webgl2' }));
  assert.match(webgl2, /^gpuBackend: mode 'webgl2' does not run here\nhint: WebGL2 .* needs a browser/);
  assert.match(
    await rejection(gpuBackend({ maxKernels: 0 })),
    /^gpuBackend: maxKernels must be an integer from 1 up \(got 0\)/,
  );
});

test('auto takes webasm where there is no graphics hardware, and says so', async () => {
  const backend = await gpuBackend();
  assert.is(backend.mode, 'webasm');
  const x = placeholder([2]);
  const plan = compile([o.exp(x)], [x], { backend });
  assert.is(plan.backend, 'gpu:webasm');
  await backend.dispose();
  assert.equal(gpuModes, ['webgpu', 'webgl2', 'webasm', 'cpu']);
});

// GPU.js would warn and go on, in JavaScript.
test('a kernel that falls back to the CPU is an error', () => {
  const device = new Device('webasm');
  const kernel = device.compile({ name: 'odd', source: 'function (x) { return x[this.thread.x]; }', threads: [2] });
  const foreign = { type: 'NumberTexture', toArray: () => Float32Array.of(1, 2) } as unknown as Handle;
  const { warn } = console;
  console.warn = () => undefined;
  try {
    assert.throws(
      () => kernel.run([foreign]),
      /^gpu: the kernel 'odd' fell back to mode 'cpu' \(wanted webasm, reason argument "x"/,
    );
  } finally {
    console.warn = warn;
  }
});

test('a kernel that does not compile is an error that names it', () => {
  for (const mode of local) {
    const device = new Device(mode);
    const broken = device.compile({ name: 'broken', source: 'function (x) { return y + x[0]; }', threads: [2] });
    assert.throws(
      () => broken.run([new Float32Array(2)]),
      new RegExp(`^gpu: the kernel 'broken' failed in mode '${mode}'`),
    );
  }
});

test('infinities, NaN and large arguments', () => {
  const x = tensor(
    Float32Array.of(0, 100, -100, 1e30, -1e30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN),
  );
  const { exp, log, sqrt, abs, sigmoid, softplus, tanh, erf, atan, expm1, sign, floor, round } = o;
  const same = [exp, log, sqrt, abs, sigmoid, softplus, tanh, erf, atan, expm1, sign, floor, round, o.relu];
  for (const [mode, backend] of backends) {
    for (const one of same) {
      const f = ([a]: Tensor[]): Tensor => one(a!);
      const [got, wanted] = [run(f, [x], backend), run(f, [x], reference)];
      wanted.forEach((value, i) => {
        const off = Math.abs(value - got[i]!);
        const close = Object.is(value, got[i]) || value === got[i] || off <= 1e-6 * Math.abs(value) + 1e-37;
        assert.ok(close, `${mode} ${one.op.name}(${x.data[i]}): ${got[i]}, not ${value}`);
      });
    }
    const row = tensor(Float32Array.of(1000, 999, -1000), [1, 3]);
    for (const f of [o.softmax, o.logSoftmax])
      agrees(backend, `${mode} ${f.op.name} of large logits`, ([a]) => f(a!), [row], 1e-6);
    const odd = tensor(Float32Array.of(1, Number.NaN, 3, 2), [1, 4, 1]);
    assert.is(run(([a]) => o.argmax(a!, 1), [odd], backend)[0], 1, 'NaN counts as largest');
    assert.equal(Array.from(run(([a]) => o.maxPool(a!), [odd], backend)), [Number.NaN, 3]);
    assert.ok(Number.isNaN(run(([a]) => o.max(a!), [odd], backend)[0]));
  }
});

test('integers are exact to 2^24, and an error beyond', () => {
  for (const [mode, backend] of backends) {
    const edge = tensor(Int32Array.of(2 ** 24, -(2 ** 24), 2 ** 24 - 1));
    assert.equal(
      run(([a]) => o.add(o.neg(a!), 0), [edge], backend),
      edge.data.map((v) => -v),
      mode,
    );
    const beyond = tensor(Int32Array.of(2 ** 24 + 1));
    const message =
      /^gpu: integers are float32 on the device, exact up to 2\^24 \(value 16777217\)\nhint: the backend 'wasm'/;
    assert.throws(() => run(([a]) => o.neg(a!), [beyond], backend), message);
    const sum = ([a]: Tensor[]): Tensor => o.add(a!, tensor(Int32Array.of(2, 0, 0)));
    assert.throws(() => run(sum, [edge], backend), /exact up to 2\^24 \(value 16777218\)/, mode);
    assert.equal(
      run(([a]) => o.div(a!, 2), [tensor(Int32Array.of(7, -7))], backend),
      Float32Array.of(3.5, -3.5),
    );
  }
});

test('float64, and arrays of more than 2^24 elements, are errors when the plan is made', () => {
  const backend = backends.get('cpu')!;
  const [x, y] = [placeholder([2], 'float64'), placeholder([4097, 4096])];
  const wanted = /^exp: the backend 'gpu' has no kernel for float64\nhint: the backend 'reference' has one/;
  assert.throws(() => compile([o.exp(x)], [x], { backend }), wanted);
  const big =
    /^exp: the backend 'gpu' holds at most 2\^24 elements in one array \(shape \[4097,4096\]\)\nhint: .*internalBatchSize/;
  assert.throws(() => compile([o.exp(y)], [y], { backend }), big);
});

test('an index outside the table is an error, and the plan lives on', () => {
  const table = random([5, 3]);
  for (const [mode, backend] of backends) {
    const ids = placeholder([4], 'int32');
    const plan = compile([o.gather(table, ids)], [ids], { backend });
    const wrong = /^gather: index 5 is outside \[0, 5\) \(index 5, at 2, axis 0\)\nhint: for token ids/;
    assert.throws(() => plan.runSync([Int32Array.of(0, 4, 5, 1)]), wrong, mode);
    assert.throws(() => plan.runSync([Int32Array.of(0, -1, 0, 1)]), /^gather: index -1 is outside/);
    assert.equal(plan.runSync([Int32Array.of(4, 0, 0, 1)])[0]!.slice(0, 3), table.data.slice(12, 15));
    // Ids that the device itself computed.
    const floats = placeholder([4]);
    const computed = compile([o.embedding(table, o.mul(floats, 2))], [floats], { backend });
    assert.throws(() => computed.runSync([Float32Array.of(0, 1, 2.5, 1)]), /^gather: index 5 is outside \[0, 5\)/);
    plan.dispose();
    computed.dispose();
  }
});

test('shapes that need many threads along an axis, many axes or many arrays', () => {
  for (const [mode, backend] of backends) {
    agrees(backend, `${mode} rows`, ([a, b]) => o.add(a!, b!), [random([40_000, 3]), random([40_000, 1], 2)], 1e-6);
    agrees(backend, `${mode} transpose`, ([a]) => o.transpose(a!), [random([3, 70_001])], 0);
    agrees(backend, `${mode} axes`, ([a]) => o.transpose(a!, [4, 2, 0, 3, 1]), [random([2, 3, 4, 5, 6])], 0);
    const parts = Array.from({ length: 15 }, (_, i) => random([2, 1 + (i % 3), 2], i + 1));
    agrees(backend, `${mode} concat of 15`, (xs) => o.concat(xs, 1), parts, 0);
    agrees(backend, `${mode} total`, ([a]) => o.sum(o.square(a!)), [random([3, 50_000])], 1e-6);
  }
});

test('overlapping pools and repeated indices: gradients by gathering', () => {
  const x = random([2, 9, 7, 3]);
  for (const [mode, backend] of backends) {
    const pool = ([a]: Tensor[]): Tensor => {
      const y = o.maxPool(o.relu(a!), { window: 3, stride: 2, padding: 'same' });
      return grad(o.sum(o.mul(y, y)), [a!])[0]!;
    };
    agrees(backend, `${mode} max pool`, pool, [x], 1e-6);
    const ids = tensor(Int32Array.from({ length: 60 }, (_, i) => (i * i) % 7));
    const embedding = ([table]: Tensor[]): Tensor => {
      const rows = o.gather(table!, ids);
      return grad(o.sum(o.mul(rows, rows)), [table!])[0]!;
    };
    agrees(backend, `${mode} embedding`, embedding, [random([9, 4])], 1e-6);
  }
});

test('many runs at once, and run after run, give the same bits', async () => {
  for (const backend of backends.values()) {
    const { x, y } = network(3);
    const plan = compile([y], [x], { backend });
    const data = random(x.shape, 9).data;
    const copy = data.slice();
    const results = await Promise.all(Array.from({ length: 8 }, () => plan.run([data])));
    for (const [result] of results) assert.equal(result, results[0]![0]);
    assert.equal(plan.runSync([data])[0], results[0]![0]);
    assert.equal(data, copy, 'inputs are not changed');
    plan.dispose();
  }
});

test('what a run returns is the caller’s own, even where it is an input', () => {
  for (const backend of backends.values()) {
    const x = placeholder([2, 3]);
    const plan = compile([o.reshape(x, [6]), x, o.stopGradient(x)], [x], { backend });
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const results = plan.runSync([data]);
    for (const result of results) {
      assert.equal(result, data);
      result.fill(0);
    }
    assert.equal(data, Float32Array.of(1, 2, 3, 4, 5, 6));
    plan.dispose();
  }
});

test.after(async () => {
  for (const backend of backends.values()) await backend.dispose();
});

test.run();
