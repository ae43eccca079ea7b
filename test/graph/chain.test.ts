import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { chainTable } from '../../src/backends/wasm/bind/chain.ts';
import { take } from '../../src/backends/wasm/bind/winograd.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { BindContext, Operand } from '../../src/backends/wasm/step.ts';
import type { Link } from '../../src/graph/chain.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { compileWithState, State } from '../../src/graph/state.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { broadcastShapes } from '../../src/tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('chains of elementwise steps');
const { links: _, ...unchained } = wasmBackend;

function random(shape: readonly number[], seed: number): Tensor {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => next() * 4 - 2),
    shape,
  );
}

interface Run {
  readonly results: readonly TypedArray[];
  readonly steps: number;
}

function run(backend: Backend, outputs: readonly Tensor[], inputs: readonly Tensor[], threads = 2): Run {
  const plan = compile(outputs, inputs, { backend });
  const before = wasmBackend.threads();
  wasmBackend.setThreads(threads);
  const results = plan.runSync(inputs.map(({ shape }, i) => random(shape, i + 40).data));
  wasmBackend.setThreads(before);
  plan.dispose();
  return { results, steps: plan.stats.steps };
}

/** How many steps chains saved; all bits must be those of one step each, whatever the number of threads. */
function saved(what: string, outputs: readonly Tensor[], inputs: readonly Tensor[]): number {
  const plain = run(unchained, outputs, inputs);
  const fused = run(wasmBackend, outputs, inputs);
  const alone = run(wasmBackend, outputs, inputs, 1);
  for (const { results } of [fused, alone]) {
    results.forEach((result, i) => {
      const other = plain.results[i]!;
      const at = result.findIndex((value, k) => !Object.is(value, other[k]));
      assert.is(at, -1, `${what}: output ${i} differs at ${at}: ${result[at]} chained, ${other[at]} alone`);
    });
  }
  return plain.steps - fused.steps;
}

/** The middle half along the last axis. */
function middle(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  return o.slice(x, { [-1]: [n >> 2, (n >> 2) + n / 2] });
}

type Make = (a: Tensor, b: Tensor, c: Tensor) => Tensor;
const makes: readonly Make[] = [
  (a, b) => o.add(a, b),
  (a, b) => o.sub(a, b),
  (a, b) => o.mul(a, b),
  (a, b) => o.div(a, o.add(o.abs(b), 1)),
  (a, b) => o.maximum(a, b),
  (a, b) => o.minimum(b, a),
  (a, b, c) => o.where(o.greater(a, b), b, c),
  (a, b, c) => o.where(o.logicalAnd(o.lessEqual(a, 0.5), o.less(c, b)), a, 0),
  (a, b) => o.where(o.greaterEqual(a, 0), b, a),
  (a) => o.neg(a),
  (a, b) => (b.rank === 0 ? b : o.mul(a, middle(o.concat([b, b], -1)))),
  (a) => o.exp(o.neg(o.abs(a))),
  (a) => o.tanh(a),
  (a) => o.silu(a),
  (a) => o.relu(a),
  (a) => o.relu6(a),
  (a) => o.hardSilu(a),
  (a) => o.clip(a, -0.7, 1.3),
  (a) => o.sqrt(o.add(o.square(a), 1)),
  (a) => o.rsqrt(o.add(o.square(a), 1)),
  (a) => o.softplus(a),
  (a) => o.gelu(a),
  (a, b) => o.mul(o.sigmoid(a), b),
  (a, b) => o.mul(a, o.exp(o.neg(o.broadcastTo(o.abs(b), broadcastShapes('test', a.shape, b.shape))))),
];

test('random chains, forward and backward, of any shapes and after products: the bits of a step each', () => {
  const step = fc.record({ make: fc.nat(makes.length - 1), a: fc.nat(30), b: fc.nat(30), c: fc.nat(30) });
  const choice = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 12 }),
    shape: fc.tuple(
      ...[3, 5, 4].map((max) => fc.integer({ min: 1, max })),
      fc.constantFrom(1, 2, 3, 4, 7, 16, 33, 150),
    ),
    head: fc.constantFrom('none', 'matmul', 'conv', 'strided', 'depthwise', 'groups', 'back', 'transposed'),
    outputs: fc.array(fc.nat(30), { maxLength: 2 }),
  });
  let chained = 0;
  fc.assert(
    fc.property(choice, ({ steps, shape: [n, h, w, c], head, outputs }) => {
      const full = [n!, h!, w!, c!];
      const inputs = [placeholder(full), placeholder([n!, 1, 1, c!]), placeholder([n!, h!, w!, 1]), placeholder([c!])];
      const values: Tensor[] = [...inputs, tensor([0.75], []), random([1, h!, 1, c!], 5)];
      const [x] = inputs as [Tensor];
      const kernel = (last: number): Tensor => random([3, 3, c!, last], 6);
      const products: Record<string, () => Tensor> = {
        none: () => x,
        matmul: () => o.matmul(x, random([c!, c!], 6)),
        conv: () => o.conv2d(x, kernel(c!), { padding: 'same' }),
        strided: () => o.conv2d(o.concat([x, x], 1), kernel(c!), { padding: 'same', stride: [2, 1] }),
        depthwise: () => o.depthwiseConv(x, kernel(1), { padding: 'same' }),
        groups: () => o.conv2d(o.concat([x, x], 3), random([1, 2, c!, 2 * c!], 6), { padding: 'same', groups: 2 }),
        back: () => grad(o.sum(o.square(o.conv2d(x, kernel(4), { padding: 'same' }))), [x])[0]!,
        transposed: () => grad(o.sum(o.square(o.depthwiseConv(x, kernel(1), { padding: 'same', stride: 2 }))), [x])[0]!,
      };
      let y = products[head]!();
      if (head === 'groups') y = o.slice(y, { 3: [0, c!] });
      values.push(o.add(y, inputs[3]!));
      for (const { make, a, b, c: third } of steps) {
        const pick = (i: number): Tensor => values.at(-1 - (i % Math.min(values.length, 9)))!;
        values.push(makes[make]!(pick(a), pick(b), pick(third)));
      }
      const last = values.at(-1)!;
      const kept = outputs.map((i) => values[i % values.length]!).filter((t) => t.op !== null);
      const gradients = last.op === null ? [] : grad(o.sum(last), inputs).filter((t) => t.op !== null);
      const all = [last, ...kept, ...gradients].filter((t) => t.op !== null);
      if (all.length > 0) chained += saved(JSON.stringify({ head, full, steps, outputs }), all, inputs);
    }),
    { numRuns: 120, seed: 14, includeErrorInReport: true },
  );
  assert.ok(chained > 500, `${chained} steps went into others`);
});

test('activations forward and backward are a step each, and nothing lives longer for it', () => {
  const x = placeholder([4, 9, 9, 24]);
  for (const [act, steps] of [
    [o.silu, 2],
    [o.hardSilu, 2],
    [o.relu6, 2],
  ] as const) {
    const y = act(x);
    const g = placeholder(x.shape);
    assert.is(run(wasmBackend, [y, ...grad(y, [x], g)], [x, g]).steps, steps, act.name);
  }
});

test("a silu, its gradient and relu's are one call of a chain each, and not where a part has another reader", () => {
  const shape = [2, 9];
  const operand = (size: readonly number[]): Operand =>
    ({ shape: size, dtype: 'float32', at: () => 0, constant: false, sparse: 0, finite: () => false }) as Operand;
  /** Numbers of calls of a chain that follows a product; links are `name(arguments)`. */
  const calls = (operands: readonly (readonly number[])[], text: string): number => {
    const links = text.split(' ').map((link) => {
      const [name, args] = link.slice(0, -1).split('(');
      return { op: { name }, attrs: {}, args: args!.split(',').map(Number), dtype: 'float32' } as unknown as Link;
    });
    const tables: (readonly number[])[] = [];
    const chain = { links, follows: true, operands: operands.map(operand) };
    const table = (values: readonly number[]): number => tables.push(values);
    chainTable({ op: 'conv', out: operand(shape), chain, table } as unknown as BindContext);
    return tables.at(-1)![5]!;
  };
  const back = 'sigmoid(0) mul(-1,-2) mul(-1,0) sub(1,-2) mul(-2,-5) mul(-4,-6) add(-3,-7)';
  assert.is(calls([], 'sigmoid(-1) mul(-1,-2)'), 1);
  assert.is(calls([shape, []], back), 1);
  assert.is(calls([shape, []], 'greater(0,1) where(-2,-1,1)'), 1);
  assert.is(calls([], 'sigmoid(-1) mul(-1,-2) add(-2,-3)'), 3);
  assert.is(calls([shape, []], `${back} mul(-2,-8)`), 8);
  assert.is(calls([shape, shape], back), 7);
  assert.is(calls([shape, shape], 'greater(0,1) where(-2,-1,1)'), 2);
  assert.is(calls([shape, [], []], 'greater(0,1) where(-2,-1,2)'), 2);
});

test('a residual addition and a mask go into the product before them, unless what they read comes later', () => {
  const [x, shortcut] = [placeholder([6, 40]), placeholder([6, 70])];
  const y = o.matmul(x, random([40, 70], 1));
  const masked = o.where(o.logicalAnd(o.greater(shortcut, 0), o.less(shortcut, 1)), y, 0);
  assert.is(run(wasmBackend, [masked], [x, shortcut]).steps, 1);
  assert.is(run(wasmBackend, [o.add(y, shortcut)], [x, shortcut]).steps, 1);
  const late = o.matmul(o.square(x), random([40, 70], 2));
  assert.is(run(wasmBackend, [o.add(y, late)], [x]).steps, 3);
  assert.is(saved('two products', [o.add(late, y)], [x]), 1);
});

test('a chain reads slices and stretched values where they lie', () => {
  const [x, y, row] = [placeholder([3, 5, 18]), placeholder([3, 4, 12]), placeholder([3, 1, 12])];
  const part = o.slice(x, { 1: [1, 5], 2: [4, 16] });
  const stretched = o.exp(o.neg(o.broadcastTo(row, y.shape)));
  assert.is(run(wasmBackend, [o.add(o.mul(part, y), stretched)], [x, y, row]).steps, 1);
  assert.is(saved('slice', [o.add(o.mul(part, y), stretched)], [x, y, row]), 5);
  const stepped = o.slice(x, { 1: [0, 5, 3], 2: [1, 18, 2] });
  assert.ok(saved('stepped', [o.tanh(o.mul(o.exp(o.slice(x, { 1: [0, 2], 2: [0, 9] })), stepped))], [x]) > 0);
  const one = o.slice(x, { 0: [1, 2], 1: [2, 3], 2: [7, 8] });
  assert.ok(saved('one element', [o.tanh(o.mul(o.slice(one, {}), 2)), o.square(one)], [x]) >= 0);
});

test('padding around a convolution is seen by it, and its gradient is computed without', () => {
  const x = placeholder([2, 9, 8, 6]);
  const padded = o.pad(x, [
    [0, 0],
    [0, 1],
    [1, 2],
    [0, 0],
  ]);
  for (const [kernel, groups, stride] of [
    [[3, 3, 6, 5], 1, 1],
    [[3, 3, 1, 6], 6, 2],
    [[2, 2, 3, 4], 2, 2],
  ] as const) {
    const y = o.conv2d(padded, random(kernel, 2), { groups, stride });
    const outputs = [y, ...grad(o.sum(o.square(y)), [x])];
    const feed = random(x.shape, 7).data;
    const plan = compile(outputs, [x], { backend: wasmBackend });
    const results = plan.runSync([feed]);
    const expected = compile(outputs, [x], { backend: reference }).runSync([feed]);
    // The convolution, the factor of its square, the way back.
    assert.is(plan.stats.steps, 3, String(kernel));
    results.forEach((result, i) => {
      const most = Math.max(...expected[i]!.map(Math.abs));
      assert.ok(result.every((value, k) => Math.abs(value - expected[i]![k]!) < 1e-5 * most));
    });
  }
});

test('a long chain is cut where tables end, and a value of several readers stays where it is cheaper to read', () => {
  const x = placeholder([3, 1000]);
  let y = x;
  for (let i = 0; i < 100; i++) y = o.add(o.mul(y, 1 + i / 100), random([1000], i));
  assert.ok(saved('long', [y], [x]) > 150);
  const s = o.exp(x);
  const many = [1, 2, 3, 4, 5].map((by) => o.tanh(o.mul(s, by)));
  assert.is(run(wasmBackend, many, [x]).steps, 6);
});

test('updates in place of cells: the bits of a step each', async () => {
  const weights = placeholder([5, 7, 90]);
  const row = placeholder([90]);
  const next = o.sub(o.mul(weights, 0.9), o.mul(o.tanh(o.add(weights, row)), 0.5));
  const [chained, alone] = await Promise.all(
    [wasmBackend, unchained].map(async (backend) => {
      const state = new State([{ tensor: weights, value: random(weights.shape, 3).data }], backend);
      const plan = compileWithState([], [row], { state, carry: new Map([[weights, next]]) });
      for (let i = 0; i < 3; i++) await plan.run([random([90], i).data]);
      const { steps } = plan.stats;
      plan.dispose();
      const held = state.read(weights);
      state.dispose();
      return { held, steps };
    }),
  );
  assert.equal(chained!.held, alone!.held);
  assert.is(chained!.steps, 1);
});

// The last test: from `take` on 3x3 convolutions of this process run on Winograd's kernels.
test('chains end convolutions on Winograd’s kernels, in both directions', () => {
  take(core);
  const [x, shortcut] = [placeholder([2, 13, 9, 32]), placeholder([2, 13, 9, 40])];
  const kernels = new Set<string>();
  for (const act of [o.relu6, o.silu, o.relu, o.gelu]) {
    const y = act(o.add(o.conv2d(x, random([3, 3, 32, 40], 6), { padding: 'same' }), random([40], 7)));
    const z = o.mul(act(o.add(y, shortcut)), o.sigmoid(shortcut));
    wasmBackend.trace(({ fn }) => kernels.add(fn));
    assert.ok(saved(act.name, [z, ...grad(o.sum(o.square(z)), [x, shortcut])], [x, shortcut]) > 2);
    wasmBackend.trace(null);
  }
  assert.ok(kernels.has('winograd'), [...kernels].join());
});

test.run();
