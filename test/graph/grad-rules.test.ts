/** `grad` with rules that stand in for vjps in one backward pass. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad, type VjpRules } from '../../src/graph/grad.ts';
import { add, mul, relu, sign, sum, tanh } from '../../src/ops/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { type Tensor, tensor, zeros } from '../../src/tensor/tensor.ts';

const test = suite('grad with rules');
const f64 = (values: number[]): Tensor => tensor(values, undefined, 'float64');
const values = (t: Tensor): number[] => [...evaluate(t).data];
const gradient = (y: Tensor, x: Tensor, rules?: VjpRules): number[] =>
  values(grad(sum(y), [x], undefined, rules && { rules })[0]!);

test('a rule replaces the vjp of its op and of no other', () => {
  const x = f64([-1, 2]);
  const y = mul(relu(x), 3);
  assert.equal(gradient(y, x), [0, 3]);
  assert.equal(gradient(y, x, { relu: (g) => [() => mul(g, 10)] }), [30, 30]);
  assert.equal(gradient(y, x, { tanh: (g) => [() => mul(g, 10)] }), [0, 3]);
});

test("a rule that declines leaves the op its vjp, and '*' is for ops without a rule of their own", () => {
  const x = f64([-1, 2]);
  const y = add(relu(x), mul(x, x));
  assert.equal(gradient(y, x, { relu: () => null }), [-2, 5]);
  const seen: string[] = [];
  const rules: VjpRules = {
    relu: () => null,
    '*': (_, { op }) => {
      seen.push(op!.name);
      return null;
    },
  };
  assert.equal(gradient(y, x, rules), [-2, 5]);
  assert.equal(seen, ['sum', 'add', 'mul']);
});

test('a rule sees gradient, result, inputs and attrs', () => {
  const x = f64([1, 2]);
  const y = tanh(x);
  const rules: VjpRules = {
    tanh: (g, node, inputs, attrs) => {
      assert.is(node, y);
      assert.equal(inputs, [x]);
      assert.equal(attrs, {});
      return [() => add(g, node)];
    },
  };
  assert.equal(gradient(y, x, rules), [1 + Math.tanh(1), 1 + Math.tanh(2)]);
});

test('a rule may hand on to what the inputs were made of', () => {
  const x = f64([1, 2]);
  const y = mul(tanh(x), relu(x));
  const pass: VjpRules = { mul: (g) => new Map([[x, () => mul(g, 7)]]) };
  assert.equal(gradient(y, x, pass), [7, 7]);
});

test('an op without a gradient may have a rule', () => {
  const x = f64([-3, 2]);
  assert.equal(gradient(sign(x), x), [0, 0]);
  assert.equal(gradient(sign(x), x, { sign: (g) => [() => mul(g, 2)] }), [2, 2]);
});

test('thunks for what leads to no variable are not called', () => {
  const [x, w] = [f64([1, 2]), f64([3, 4])];
  const rules: VjpRules = {
    mul: (g) => [
      () => g,
      () => {
        throw new Error('nobody asked for it');
      },
    ],
  };
  assert.equal(gradient(mul(x, w), x, rules), [1, 1]);
});

test('a rule whose result has another shape is named', () => {
  const x = f64([1, 2]);
  const one = zeros([3], 'float64');
  for (const [rule, what] of [
    [{ relu: () => [() => one] }, 'input 0'],
    [{ relu: () => new Map([[x, () => one]]) }, 'a tensor'],
  ] as const) {
    assert.throws(
      () => gradient(relu(x), x, rule),
      (error: unknown) =>
        error instanceof PathgradError &&
        error.message.startsWith(`relu: its rule gives ${what} a gradient of the wrong`),
    );
  }
});

test.run();
