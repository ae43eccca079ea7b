/** Steps that differ in one input alone are computed as one, with the same bits; nodes that depend on each other are not. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { joinSteps } from '../../src/graph/join.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('joined steps');
const random = (shape: readonly number[], seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(randomNormal(size, seed), shape, 'float32');
};
const kernel = random([5, 20], 1);
const mix = random([10, 20], 2);

/** Two scans, one on the other, and the gradients of three scores to the input. */
function scores(): { x: Tensor; gradients: Tensor[] } {
  const x = placeholder([7, 4, 20], 'float32');
  const first = o.lstm(x, kernel);
  const second = o.lstm(o.matmul(first, mix), kernel, { reverse: true });
  const gradients = [3, 4, 5].map((seed) => grad(second, [x], random([7, 4, 10], seed))[0]!);
  return { x, gradients };
}

test('the gradients of three scores go through each scan once', () => {
  const { x, gradients } = scores();
  const count = (outputs: readonly Tensor[]): number =>
    ancestors(outputs, new Set([x])).filter(({ op }) => op?.name === 'lstmGrad').length;
  assert.is(count(gradients), 6);
  assert.is(count(joinSteps(gradients, [x], () => true)), 2);
  assert.is(count(joinSteps(gradients, [x], () => false)), 6);
});

test('they have the bits of each alone', async () => {
  const { x, gradients } = scores();
  const values = [random([7, 4, 20], 9).data];
  const together = await compile(gradients, [x], { backend: wasmBackend }).run(values);
  for (const [i, gradient] of gradients.entries()) {
    const [alone] = await compile([gradient], [x], { backend: wasmBackend }).run(values);
    assert.equal(together[i], alone);
    const [exact] = await compile([gradient], [x], { backend: reference }).run(values);
    exact!.forEach((v, at) => {
      assert.ok(Math.abs(v - alone![at]!) < 1e-5);
    });
  }
});

test('a scan back of a scan back is not joined with it', () => {
  const x = placeholder([2, 3, 20], 'float32');
  const once = grad(o.lstm(x, kernel), [x], random([2, 3, 10], 3))[0]!;
  const again = grad(o.lstm(x, kernel), [x], o.slice(once, { 2: [0, 10] }))[0]!;
  const outputs = joinSteps([once, again], [x], () => true);
  assert.is(ancestors(outputs, new Set([x])).filter(({ op }) => op?.name === 'lstmGrad').length, 2);
});

test('several gradients at once can be differentiated again', async () => {
  const operands = [random([2, 3, 12], 1), random([3, 12], 2), random([2, 3], 3), random([2, 3], 4)];
  const g = placeholder([4, 3, 6], 'float32');
  const attrs = { activation: 'tanh', recurrentActivation: 'sigmoid', reverse: false, of: 'input' } as const;
  const op = o.ops.lstmGrad;
  const build = (gs: Tensor): Tensor => {
    const node = lstmGradOf([...operands, gs], attrs);
    return o.sum(o.mul(node, node));
  };
  const lstmGradOf = (inputs: readonly Tensor[], a: typeof attrs): Tensor => {
    const like = grad(o.lstm(operands[0]!, operands[1]!, { initialState: operands.slice(2) }), [operands[0]!])[0]!;
    assert.is(like.op, op);
    return new (like.constructor as typeof Tensor)(op, inputs, a, op.shape(inputs, a), null);
  };
  const halves = [0, 1].map((k) => o.slice(g, { 0: [2 * k, 2 * k + 2] }));
  const whole = grad(build(g), [g])[0]!;
  const apart = grad(o.add(build(halves[0]!), build(halves[1]!)), [g])[0]!;
  const data = [random([4, 3, 6], 8).data];
  const [found] = await compile([whole], [g], { backend: reference }).run(data);
  const [wanted] = await compile([apart], [g], { backend: reference }).run(data);
  found!.forEach((v, i) => {
    assert.ok(Math.abs(v - wanted![i]!) < 1e-5);
  });
});

test.run();
