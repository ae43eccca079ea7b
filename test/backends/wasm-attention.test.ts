/**
 * Attention without the scores of all pairs: the bits of the ops that it takes the place of, whatever the shapes, masks and threads, and that
 * it takes no place where somebody reads what would be gone.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { loadAccelerators, attention as loadAttention } from '../../src/backends/wasm/accelerators.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { times } from '../support/thorough.ts';
import { agrees, relativeError } from './support.ts';

await loadAccelerators([loadAttention]);
const test = suite('wasm: attention');
const { rejoins: _, ...without } = wasmBackend;

function numbers(shape: readonly number[], seed: number, scale = 2): Float32Array {
  const next = randomUniform(seed);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * (2 * next() - 1));
}
const hides = (shape: readonly number[], hidden: (row: number, key: number) => boolean, by = -1e30): Float32Array => {
  const keys = shape.at(-1)!;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
    hidden(Math.floor(i / keys), i % keys) ? by : 0,
  );
};

interface Net {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly data: readonly TypedArray[];
}
interface Sizes {
  readonly samples: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly size: number;
  readonly valueSize: number;
}
interface How {
  readonly scale?: (x: Tensor) => Tensor;
  /** Shapes and values of what is added to the scores. */
  readonly masks?: readonly (readonly [shape: readonly number[], values: Float32Array])[];
  /** As einsum does it: samples and heads in one axis around the products. */
  readonly flat?: boolean;
}

/** Multi-head attention over projections `[samples, positions, heads * size]`, and the gradients to the three. */
function net({ samples, queries, keys, heads, size, valueSize }: Sizes, { scale, masks = [], flat }: How = {}): Net {
  const [q, k, v] = [
    placeholder([samples, queries, heads * size]),
    placeholder([samples, keys, heads * size]),
    placeholder([samples, keys, heads * valueSize]),
  ];
  const g = placeholder([samples, queries, heads * valueSize]);
  const added = masks.map(([shape]) => placeholder([...shape]));
  const split = (x: Tensor, width: number, perm = [0, 2, 1, 3]): Tensor =>
    o.transpose(o.reshape(x, [samples, x.shape[1]!, heads, width]), perm);
  const pairs = samples * heads;
  const merged = (x: Tensor): Tensor => (flat ? o.reshape(x, [pairs, ...x.shape.slice(2)]) : x);
  const apart = (x: Tensor): Tensor => (flat ? o.reshape(x, [samples, heads, ...x.shape.slice(1)]) : x);
  const products = flat
    ? o.matmul(merged(split(q, size)), merged(split(k, size, [0, 2, 3, 1])))
    : o.matmul(split(q, size), split(k, size), { transposeB: true });
  const scaled = scale ? scale(apart(products)) : apart(products);
  const shares = o.softmax(added.reduce((x, mask) => o.add(x, mask), scaled));
  const context = o.transpose(apart(o.matmul(merged(shares), merged(split(v, valueSize)))), [0, 2, 1, 3]);
  const y = o.reshape(context, [samples, queries, heads * valueSize]);
  const inputs = [q, k, v, g, ...added];
  const data = [...[q, k, v, g].map(({ shape }, i) => numbers(shape, i + 1)), ...masks.map(([, values]) => values)];
  return { outputs: [y, ...grad(y, [q, k, v], g)], inputs, data };
}

function run({ outputs, inputs, data }: Net, backend: Backend = wasmBackend, threads = 1) {
  wasmBackend.setThreads(threads);
  const plan = compile(outputs, inputs, { backend });
  try {
    return { results: plan.runSync(data), steps: plan.stats.steps, bytes: plan.stats.bytes };
  } finally {
    plan.dispose();
    wasmBackend.setThreads(1);
  }
}
/** The kernels that a plan calls. */
function called(given: Net): ReadonlySet<string> {
  const seen = new Set<string>();
  wasmBackend.trace(({ fn }) => seen.add(fn));
  run(given);
  wasmBackend.trace(null);
  return seen;
}
const bits = ({ buffer, byteOffset, byteLength }: TypedArray): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
function sameBits(what: string, given: Net, threads = [1]): void {
  const expected = run(given, without);
  for (const count of threads) {
    const got = run(given, wasmBackend, count);
    assert.ok(got.steps < expected.steps, `${what}: nothing was joined`);
    for (const [i, result] of got.results.entries())
      assert.ok(bits(result).equals(bits(expected.results[i]!)), `${what}, output ${i}, ${count} threads`);
  }
}

const usual: Sizes = { samples: 2, queries: 37, keys: 37, heads: 3, size: 16, valueSize: 16 };

test('random shapes, forward and back: the bits of products and softmax, for 1, 2 and 3 threads', () => {
  const sizes = fc.record({
    samples: fc.integer({ min: 1, max: 3 }),
    queries: fc.integer({ min: 1, max: 70 }),
    keys: fc.integer({ min: 1, max: 70 }),
    heads: fc.integer({ min: 4, max: 5 }),
    size: fc.integer({ min: 1, max: 34 }),
    valueSize: fc.integer({ min: 1, max: 34 }),
  });
  const how = fc.record({
    flat: fc.boolean(),
    scaling: fc.constantFrom('none', 'times', 'over'),
    masked: fc.integer({ min: 0, max: 3 }),
  });
  const property = fc.property(sizes, how, (all, { flat, scaling, masked }) => {
    const { samples, queries, keys, heads } = all;
    const padding = [[samples, 1, 1, keys], hides([samples, keys], (row, key) => key > row)] as const;
    const distances = [[1, heads, queries, keys], numbers([heads, queries, keys], 9)] as const;
    const masks = [...(masked & 1 ? [distances] : []), ...(masked & 2 ? [padding] : [])];
    const scale = scaling === 'none' ? undefined : (x: Tensor) => (scaling === 'times' ? o.mul(x, 0.3) : o.div(x, 2.7));
    sameBits(
      JSON.stringify([all, flat, scaling, masked]),
      net(all, { flat, masks, ...(scale ? { scale } : {}) }),
      [1, 2, 3],
    );
  });
  fc.assert(property, { numRuns: times(25, 200) });
});

test('it is within 1e-5 of the float64 reference', () => {
  const { inputs, outputs, data } = net(usual);
  const flat = (f: readonly Tensor[]): Tensor =>
    o.concat(
      f.map((x) => o.reshape(x, [x.size])),
      0,
    );
  const shapes = inputs.map(({ shape }) => shape);
  const given = data.map((values, i) => tensor(values, shapes[i]!));
  const f = ([q, k, v, g]: Tensor[]): Tensor => {
    const split = (x: Tensor): Tensor => o.transpose(o.reshape(x, [2, 37, 3, 16]), [0, 2, 1, 3]);
    const shares = o.softmax(o.matmul(split(q!), split(k!), { transposeB: true }));
    const y = o.reshape(o.transpose(o.matmul(shares, split(v!)), [0, 2, 1, 3]), [2, 37, 48]);
    return flat([y, ...grad(y, [q!, k!, v!], g!)]);
  };
  agrees(wasmBackend, 'attention', f, given);
  assert.is(outputs.length, 4);
});

test('hidden keys: padding on either side, a triangle, windows, rows that see nothing', () => {
  const long = { ...usual, queries: 150, keys: 150 };
  const all = [150, 150] as const;
  const cases: Record<string, How['masks']> = {
    right: [[[2, 1, 1, 150], hides([2, 150], (row, key) => key >= 100 - 60 * row)]],
    left: [[[2, 1, 1, 150], hides([2, 150], (row, key) => key < 50 * row + 3)]],
    triangle: [[[1, 1, ...all], hides(all, (row, key) => key > row)]],
    window: [[[...all], hides(all, (row, key) => Math.abs(row - key) > 9)]],
    'nothing seen by some': [[[...all], hides(all, (row, key) => row % 50 === 7 || key > 60)]],
    'nothing seen by all': [[[2, 1, 1, 150], hides([2, 150], (row) => row === 1)]],
    'hidden by -10000': [[[2, 1, 1, 150], hides([2, 150], (_, key) => key > 20, -10_000)]],
    'hidden by infinities': [[[2, 1, 1, 150], hides([2, 150], (_, key) => key > 20, -Infinity)]],
    both: [
      [[...all], hides(all, (row, key) => Math.abs(row - key) > 40)],
      [[2, 1, 1, 150], hides([2, 150], (row, key) => key >= 120 - 60 * row)],
    ],
  };
  for (const [name, masks] of Object.entries(cases)) sameBits(name, net(long, { masks: masks! }), [1, 2]);
});

test('scores that are as large as what hides are seen', () => {
  const given = net(usual, { masks: [[[2, 1, 1, 37], hides([2, 37], (_, key) => key > 3, -1e8)]] });
  const large = given.data.map((values, i) => (i < 2 ? values.map((x) => x * 1e4) : values));
  sameBits('large', { ...given, data: large });
});

test('more than the scratch memory holds: rooms of their own', () => {
  const sizes = { samples: 1, queries: 7, keys: 1500, heads: 4, size: 64, valueSize: 72 };
  const seen = (hidden: (key: number) => boolean): Net =>
    net(sizes, { masks: [[[1, 1, 1, 1500], hides([1, 1500], (_, key) => hidden(key))]] });
  const right = seen((key) => key > 800);
  sameBits('long', right, [1, 2, 3]);
  // Rows are summed in groups of 1,024, which begin where keys begin to be seen.
  const left = seen((key) => key < 700);
  const [got, expected] = [run(left).results, run(left, without).results];
  for (const [i, result] of got.entries()) assert.ok(relativeError(result, expected[i]!) < 1e-6, `output ${i}`);
});

test('what does not fit is computed again on the way back, with the same bits', () => {
  // 4 * 1100^2 probabilities are 19 MiB: three layers are kept, the fourth is not.
  const sizes = { samples: 1, queries: 1100, keys: 1100, heads: 4, size: 8, valueSize: 8 };
  const nets = Array.from({ length: 4 }, () => net(sizes));
  const given = {
    outputs: nets.flatMap((one) => one.outputs),
    inputs: nets.flatMap((one) => one.inputs),
    data: nets.flatMap((one) => one.data),
  };
  sameBits('four layers', given);
  assert.ok(run(given).bytes * 4 < run(given, without).bytes);
});

test('several gradients of one result are ways back of their own', () => {
  const { outputs, inputs, data } = net(usual);
  const [q, k, v, g] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const second = grad(outputs[0]!, [q, k, v], o.mul(g, o.exp(g)));
  sameBits('two', { outputs: [...outputs, ...second], inputs, data });
});

test('it stays as it is where probabilities, scores or their gradients are read by others', () => {
  const x = placeholder([2, 3, 8, 4]);
  const bias = placeholder([1, 3, 8, 8]);
  const scores = o.matmul(x, x, { transposeB: true });
  const shares = o.softmax(o.add(scores, bias));
  const y = o.matmul(shares, x);
  const data = [numbers(x.shape, 1), numbers(bias.shape, 2)];
  const inputs = [x, bias];
  const joins = (outputs: readonly Tensor[]): boolean => called({ outputs, inputs, data }).has('attention');
  assert.is(joins([y]), true);
  assert.is(joins([y, grad(y, [x])[0]!]), true);
  assert.is(joins([y, shares]), false, 'probabilities');
  assert.is(joins([y, scores]), false, 'scores');
  assert.is(joins([y, grad(y, [bias])[0]!]), false, 'the gradient of a bias');
  assert.is(joins([o.matmul(o.relu(shares), x)]), false, 'a function of the probabilities');
  assert.is(joins([o.matmul(o.softmax(scores, 2), x)]), false, 'a softmax along queries');
  const twice = grad(o.sum(o.square(grad(o.sum(o.square(y)), [x])[0]!)), [x])[0]!;
  assert.is(joins([twice]), false, 'a second derivative');
});

test('a graph that is cut at probabilities has none', () => {
  const [x, shares] = [
    placeholder([1, 4, 8, 4]),
    o.softmax(o.matmul(placeholder([1, 4, 8, 4]), placeholder([1, 4, 8, 4]), { transposeB: true })),
  ];
  const seen = called({
    outputs: [o.matmul(shares, x)],
    inputs: [x, shares],
    data: [numbers(x.shape, 1), numbers(shares.shape, 2)],
  });
  assert.is(seen.has('attention'), false);
});

/** The same with and without the pass, bit for bit. */
function sameWith(outputs: readonly Tensor[], inputs: readonly Tensor[], name: string): void {
  const data = inputs.map(({ shape }, i) => numbers(shape, 60 + i));
  const [fused, plain] = [wasmBackend, without as Backend].map((backend) =>
    compile(outputs, inputs, { backend }).runSync(data),
  );
  assert.equal(fused, plain, name);
}

test('who reads the result may split samples and heads in another way than attention has them', () => {
  for (const [samples, heads] of [
    [3, 4],
    [4, 3],
    [2, 6],
    [12, 1],
  ] as const) {
    const x = placeholder([12, 7, 5]);
    const y = o.matmul(o.softmax(o.matmul(x, x, { transposeB: true })), x);
    const out = o.transpose(o.reshape(y, [samples, heads, 7, 5]), [0, 2, 1, 3]);
    const g = placeholder([samples, 7, heads, 5]);
    sameWith([out, ...grad(out, [x], g)], [x, g], `one axis read as ${samples} x ${heads}`);
    const four = o.reshape(y, [4, 3, 7, 5]);
    const again = o.transpose(o.reshape(four, [samples, heads, 7, 5]), [0, 2, 1, 3]);
    sameWith([again, ...grad(again, [x], g)], [x, g], `4 x 3 read as ${samples} x ${heads}`);
  }
});

test('probabilities that are multiplied down their columns, too, are no gradient of the values', () => {
  const [a, b, v] = [placeholder([4, 7, 5]), placeholder([4, 9, 5]), placeholder([4, 9, 6])];
  for (const shape of [
    [4, 7, 3],
    [4, 7, 6],
    [1, 7, 6],
    [1, 7, 3],
  ]) {
    const z = placeholder(shape);
    const p = o.softmax(o.matmul(a, b, { transposeB: true }));
    const all = o.matmul(p, z, { transposeA: true });
    sameWith([o.matmul(p, v), all], [a, b, v, z], `${shape}`);
    const y = o.matmul(p, v);
    sameWith([y, all, ...grad(o.sum(y), [a, b, v])], [a, b, v, z], `${shape} beside gradients`);
  }
});

test.run();
