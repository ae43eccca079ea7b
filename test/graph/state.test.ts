/** Plans with state: cells change from run to run as the graph says, whatever is computed in place, on every backend. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { compileWithState, State } from '../../src/graph/state.ts';
import { add, conv1d, matmul, mul, relu, reshape, sub, sum, transpose } from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('plans with state');
/** A backend that keeps nothing: its cells are fed and replaced. */
const { cells: _, ...forgetful } = reference;
const backends: Readonly<Record<string, Backend>> = { reference, wasm: wasmBackend, forgetful };
const floats = (...values: number[]): Float32Array => Float32Array.from(values);

/** Runs `carry` three times, and the same by plans without state. */
async function compare(
  backend: Backend,
  cells: readonly [Tensor, Float32Array][],
  build: (x: Tensor) => { outputs: Tensor[]; carry: Map<Tensor, Tensor> },
): Promise<void> {
  const x = placeholder([2, 2]);
  const { outputs, carry } = build(x);
  const state = new State(
    cells.map(([tensor, value]) => ({ tensor, value })),
    backend,
  );
  const plan = compileWithState(outputs, [x], { state, carry });
  const tensors = cells.map(([t]) => t);
  const plain = compile([...outputs, ...tensors.map((t) => carry.get(t) ?? t)], [x, ...tensors], {
    backend: backend === forgetful ? reference : backend,
  });
  let held: readonly Float32Array[] = cells.map(([, value]) => value);
  for (let run = 0; run < 3; run++) {
    const fed = floats(1 + run, -2, 0.5, 3);
    const found = await plan.run([fed]);
    const expected = plain.runSync([fed, ...held]) as Float32Array[];
    held = expected.slice(outputs.length);
    assert.equal(found, expected.slice(0, outputs.length), `${backend.name} outputs of run ${run}`);
    assert.equal(
      tensors.map((t) => state.read(t)),
      held,
      `${backend.name} cells after run ${run}`,
    );
  }
  plan.dispose();
  state.dispose();
}

for (const [name, backend] of Object.entries(backends)) {
  test(`${name}: a step of gradient descent`, () => {
    const w = tensor([
      [1, 2],
      [3, 4],
    ]);
    return compare(backend, [[w, floats(1, 2, 3, 4)]], (x) => {
      const y = sum(mul(relu(matmul(x, w)), 0.1));
      return { outputs: [y], carry: new Map([[w, sub(w, mul(grad(y, [w])[0]!, 0.1))]]) };
    });
  });

  test(`${name}: cells that change places, one that is read after it is known, one that another becomes`, () => {
    const [a, b, c, d] = [0, 1, 2, 3].map(() => placeholder([2, 2])) as [Tensor, Tensor, Tensor, Tensor];
    const held = (k: number): Float32Array => floats(k, 2 * k, -k, 0.25);
    return compare(
      backend,
      [
        [a, held(1)],
        [b, held(2)],
        [c, held(3)],
        [d, held(5)],
      ],
      (x) => {
        const next = add(c, x);
        const late = matmul(transpose(c), x);
        return {
          outputs: [late, a, reshape(next, [4])],
          carry: new Map([
            [a, b],
            [b, a],
            [c, next],
            [d, reshape(transpose(c), [2, 2])],
          ]),
        };
      },
    );
  });

  test(`${name}: one result in two cells, a constant, and a cell that nothing reads`, () => {
    const [a, b, c] = [0, 1, 2].map(() => placeholder([2, 2])) as [Tensor, Tensor, Tensor];
    return compare(
      backend,
      [
        [a, floats(1, 2, 3, 4)],
        [b, floats(5, 6, 7, 8)],
        [c, floats(0, 0, 0, 0)],
      ],
      (x) => {
        const y = mul(x, a);
        return {
          outputs: [],
          carry: new Map([
            [a, y],
            [b, y],
            [
              c,
              tensor([
                [9, 8],
                [7, 6],
              ]),
            ],
          ]),
        };
      },
    );
  });

  test(`${name}: plans share cells, which outlive them and can be saved and restored`, async () => {
    const w = tensor([[1, 2]]);
    const state = new State([{ tensor: w, value: floats(1, 2) }], backend);
    const [x1, x2] = [placeholder([1, 2]), placeholder([2, 2])] as const;
    const one = compileWithState([sum(w)], [x1], { state, carry: new Map([[w, add(w, x1)]]) });
    state.save();
    assert.equal(await one.run([floats(10, 20)]), [floats(3)]);
    one.dispose();
    const two = compileWithState([mul(x2, w)], [x2], { state });
    assert.equal(await two.run([floats(1, 1, 2, 2)]), [floats(11, 22, 22, 44)]);
    state.restore();
    assert.equal(state.read(w), floats(1, 2));
    state.write(w, floats(7, 8));
    assert.equal(await two.run([floats(1, 1, 2, 2)]), [floats(7, 8, 14, 16)]);
    assert.equal(w.data, floats(1, 2), 'the tensor that stands for the cell keeps its own numbers');
    two.dispose();
    state.dispose();
  });
}

test('the update of a parameter takes no memory of its own', () => {
  const w = placeholder([1000]);
  const state = new State([{ tensor: w, value: new Float32Array(1000) }], wasmBackend);
  const x = placeholder([1000]);
  const plan = compileWithState([], [x], { state, carry: new Map([[w, sub(w, x)]]) });
  assert.is(plan.stats.bytes, 0);
  assert.is(plan.stats.steps, 1);
  plan.dispose();
  const used = wasmBackend.memoryInUse();
  state.dispose();
  assert.ok(wasmBackend.memoryInUse() < used, 'freed with the state');
});

test('what is carried has the shape and type of its cell', () => {
  const w = placeholder([2]);
  const state = new State([{ tensor: w, value: floats(1, 2) }], reference);
  const build = (next: Tensor) => () => compileWithState([], [], { state, carry: new Map([[w, next]]) });
  assert.throws(build(tensor([1, 2, 3])), /not of its cell/);
  assert.throws(() => compileWithState([], [], { state, carry: new Map([[placeholder([1]), w]]) }), /holds nothing/);
});

test('a plan that has been disposed of says so', async () => {
  const w = placeholder([2]);
  const state = new State([{ tensor: w, value: floats(1, 2) }], reference);
  const plan = compileWithState([sum(w)], [], { state });
  plan.dispose();
  await rejects(() => plan.run([]), /disposed of/);
});

test('scales of columns go into constant weights as they do in plans without state', () => {
  const [x, cell] = [placeholder([2, 4, 2]), placeholder([2, 4, 3])];
  const w = tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]);
  const y = relu(add(mul(conv1d(x, w), tensor([2, 3, 4])), cell));
  const state = new State([{ tensor: cell, value: new Float32Array(24) }], wasmBackend);
  const plan = compileWithState([y], [x], { state });
  const plain = compile([y], [x, cell], { backend: wasmBackend });
  assert.is(plan.stats.flops, plain.stats.flops);
  const whole = compile([relu(add(conv1d(x, w), cell))], [x, cell], { backend: wasmBackend });
  assert.is(plan.stats.flops, whole.stats.flops);
  for (const made of [plan, plain, whole, state]) made.dispose();
});

test.run();
