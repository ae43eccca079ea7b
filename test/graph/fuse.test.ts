import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('fused epilogues');
// Chains, which take more together, have tests of their own.
const { links: _, ...fusing } = wasmBackend;
const { fuses: __, ...unfusing } = fusing;

function random(shape: readonly number[], seed: number): Tensor {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => next() * 4 - 2),
    shape,
  );
}

/** Outputs and number of steps of both plans. */
function both(outputs: readonly Tensor[], inputs: readonly Tensor[]): [TypedArray[], TypedArray[], number, number] {
  const feeds = inputs.map(({ shape }, i) => random(shape, i + 40).data);
  const [fused, plain] = [fusing, unfusing].map((backend: Backend) => {
    const plan = compile(outputs, inputs, { backend });
    const results = plan.runSync(feeds);
    const { steps } = plan.stats;
    plan.dispose();
    return { results, steps };
  });
  return [fused!.results, plain!.results, fused!.steps, plain!.steps];
}

/** The number of steps that fusing saved; the bits must be equal. */
function saved(what: string, outputs: readonly Tensor[], inputs: readonly Tensor[]): number {
  const [fused, plain, steps, before] = both(outputs, inputs);
  fused.forEach((result, i) => {
    const other = plain[i]!;
    const at = result.findIndex((value, k) => !Object.is(value, other[k]));
    assert.is(at, -1, `${what}: output ${i} differs at ${at}: ${result[at]} fused, ${other[at]} unfused`);
  });
  return before - steps;
}

test('the bias of a dense layer on sequences is part of its product', () => {
  const x = placeholder([2, 7, 5]);
  assert.is(saved('dense', [o.dense(x, random([5, 9], 1), random([9], 2))], [x]), 1);
});

const activations = [(x: Tensor) => x, o.relu, o.tanh, o.sigmoid];
const dim = fc.integer({ min: 1, max: 40 });

test('matmul and conv with bias and activation, all sizes: the bits of the unfused plan', () => {
  const shapes = fc.record({ m: dim, k: dim, n: dim, lead: fc.integer({ min: 1, max: 3 }) });
  const kinds = fc.constantFrom('matmul', 'batched', 'conv1', 'conv2', 'groups');
  const choice = fc.record({ shapes, kind: kinds, act: fc.nat(3), bias: fc.boolean(), constants: fc.boolean() });
  fc.assert(
    fc.property(choice, ({ shapes: { m, k, n, lead }, kind, act, bias, constants }) => {
      const leaf = (shape: number[], seed: number): Tensor => (constants ? random(shape, seed) : placeholder(shape));
      const x = placeholder(
        { matmul: [m, k], batched: [lead, m, k], conv1: [lead, m, k], conv2: [1, m, lead, k], groups: [1, m, 2 * k] }[
          kind
        ],
      );
      const w = leaf(
        { matmul: [k, n], batched: [k, n], conv1: [2, k, n], conv2: [2, 1, k, n], groups: [1, k, 2 * n] }[kind],
        2,
      );
      const columns = w.shape.at(-1)!;
      const b = leaf([columns], 3);
      let y = kind.startsWith('conv')
        ? (kind === 'conv1' ? o.conv1d : o.conv2d)(x, w, { padding: 'same' })
        : kind === 'groups'
          ? o.conv1d(x, w, { groups: 2 })
          : o.matmul(x, w);
      if (bias) y = o.add(y, b);
      y = activations[act]!(y);
      const inputs = [x, w, b].filter((t) => !t.constant && (t !== b || bias));
      assert.is(saved(JSON.stringify({ kind, m, k, n, lead }), [y], inputs), Number(bias) + Number(act > 0));
    }),
    { numRuns: 150, seed: 11, includeErrorInReport: true },
  );
});

test('inner sizes of several blocks: the epilogue runs once, at the end', () => {
  const [x, b] = [placeholder([9, 1300]), random([70], 3)];
  assert.is(saved('1300', [o.relu(o.add(o.matmul(x, random([1300, 70], 2)), b))], [x]), 2);
});

test('what others read stays: before the bias, between bias and activation, under another shape, as an output', () => {
  const x = placeholder([6, 5]);
  const product = o.matmul(x, random([5, 8], 1));
  const sum = o.add(product, random([8], 2));
  const y = o.tanh(sum);
  assert.is(saved('product read', [y, o.sum(product)], [x]), 0);
  assert.is(saved('sum read', [y, o.exp(sum)], [x]), 1);
  assert.is(saved('sum is an output', [y, sum], [x]), 1);
  assert.is(saved('sum read through a reshape', [y, o.square(o.reshape(sum, [48]))], [x]), 1);
  assert.is(saved('read twice by one step', [o.add(product, product)], [x]), 0);
  assert.is(saved('a reshape between', [o.relu(o.add(o.reshape(product, [12, 4]), random([4], 3)))], [x]), 0);
});

test('only a bias along the columns is one', () => {
  const x = placeholder([6, 8]);
  const product = o.matmul(x, random([8, 8], 1));
  assert.is(saved('a column', [o.relu(o.add(product, random([6, 1], 2)))], [x]), 0);
  assert.is(saved('a matrix', [o.relu(o.add(product, random([6, 8], 2)))], [x]), 0);
  assert.is(saved('a scalar', [o.relu(o.add(product, 0.5))], [x]), 0);
  assert.is(saved('bias first', [o.relu(o.add(random([1, 8], 2), product))], [x]), 2);
  const one = o.matmul(placeholder([1, 8]), random([8, 8], 1));
  assert.is(saved('broadcast to more rows', [o.add(one, random([3, 8], 2))], [one.inputs[0]!]), 0);
  const late = o.sum(o.square(o.matmul(x, random([8, 8], 3))), { axes: 0 });
  assert.is(saved('a bias that is computed later', [o.add(product, late)], [x]), 0);
});

test('gradients: the backward pass reads the fused result', () => {
  const [x, w] = [placeholder([7, 12, 3]), placeholder([2, 3, 10])];
  for (const act of activations.slice(1)) {
    const y = act(o.add(o.conv1d(x, w), random([10], 3)));
    const z = act(o.add(o.matmul(o.reshape(y, [7, 110]), random([110, 4], 4)), random([4], 5)));
    assert.is(saved(act.name, [z, ...grad(o.sum(z), [x, w])], [x, w]), 4);
  }
});

test('the example models, forward and backward: the bits of the unfused plan', async () => {
  for (const [name, count] of [
    ['mnist-cnn.h5', 7],
    ['imdb-cnn.h5', 5],
  ] as const) {
    const model = await loadModel(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)));
    const { shape, dtype } = model.inputs[0]!;
    const input = placeholder([3, ...shape.slice(1).map((size) => size ?? 1)], dtype);
    const y = model.apply([input])[0]!;
    if (dtype === 'float32') assert.is(saved(name, [y, ...grad(o.sum(o.square(y)), [input])], [input]), count, name);
    else {
      const ids = Int32Array.from({ length: input.size }, (_, i) => (i * 7919) % 1000);
      const run = (backend: Backend): TypedArray => compile([y], [input], { backend }).runSync([ids])[0]!;
      assert.equal(run(fusing), run(unfusing), name);
    }
    model.dispose();
  }
});

test('a backend that does not ask for it gets every step by itself', () => {
  const x = placeholder([2, 3]);
  const y = o.relu(o.add(o.matmul(x, random([3, 4], 1)), random([4], 2)));
  assert.is(compile([y], [x], { backend: reference }).stats.steps, 3);
  assert.is(compile([y], [x], { backend: wasmBackend }).stats.steps, 1);
});

test.run();
