/** checkGrads over every example of every op, and over every function made of ops. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGrads } from '../../src/graph/check-grads.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import { grad } from '../../src/graph/grad.ts';
import type { Op } from '../../src/graph/op.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { lerpMaxPool } from '../../src/ops/lerp-max-pool.ts';
import { isFloat } from '../../src/tensor/dtype.ts';
import { Tensor, tensor } from '../../src/tensor/tensor.ts';
import { examplesUnderTest, opsUnderTest } from '../support/ops.ts';

const test = suite('gradients');
const apply =
  (op: Op, attrs: Op['examples'][number]['attrs']) =>
  (...xs: Tensor[]): Tensor =>
    new Tensor(op, xs, attrs, op.shape(xs, attrs), null);

for (const op of opsUnderTest()) {
  const small = examplesUnderTest(op).filter((example) => example.size !== 'real');
  test(`${op.name}: ${small.length} examples, orders 1 and 2`, () => {
    assert.ok(small.length > 0, 'an op needs an example');
    for (const example of small) {
      const xs = exampleInputs(example, 'float64', 3);
      const f = apply(op, example.attrs);
      const y = f(...xs);
      if (op.vjp === 'none') {
        const floats = xs.filter((x) => isFloat(x.dtype));
        if (isFloat(y.dtype)) for (const g of grad(y, floats)) assert.ok(g.constant?.every((v) => v === 0));
      } else if (xs.some((x) => isFloat(x.dtype)) && isFloat(y.dtype)) checkGrads(f, xs);
    }
  });
}

const normal = (shape: number[], seed = 5): Tensor =>
  tensor(
    randomNormal(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
    'float64',
  );
const x = normal([3, 7]);
const image = normal([2, 5, 6, 4]);

type Case = readonly [name: string, f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]];
const composed: readonly Case[] = [
  ['relu with options', (a) => o.relu(a, { negativeSlope: 0.1, maxValue: 1, threshold: 0.2 }), [x]],
  ['relu6', o.relu6, [x]],
  ['leakyRelu', (a) => o.leakyRelu(a), [x]],
  ['prelu', o.prelu, [x, normal([7])]],
  ['elu', (a) => o.elu(a, 0.7), [x]],
  ['selu', o.selu, [x]],
  ['celu', (a) => o.celu(a, 1.3), [x]],
  ['gelu', (a) => o.gelu(a), [x]],
  ['gelu by tanh', (a) => o.gelu(a, { approximate: true }), [x]],
  ['silu', o.silu, [x]],
  ['mish', o.mish, [x]],
  ['softsign', o.softsign, [x]],
  ['hardSigmoid', o.hardSigmoid, [x]],
  ['hardSigmoid of Keras 2', o.hardSigmoid2, [x]],
  ['hardSilu', o.hardSilu, [x]],
  ['hardTanh', o.hardTanh, [x]],
  ['logSigmoid', o.logSigmoid, [x]],
  ['hardShrink', (a) => o.hardShrink(a), [x]],
  ['softShrink', (a) => o.softShrink(a), [x]],
  ['tanhShrink', o.tanhShrink, [x]],
  ['thresholdUnit', (a) => o.thresholdUnit(a, 0.3, 2), [x]],
  ['squareplus', (a) => o.squareplus(a), [x]],
  ['sparsePlus', o.sparsePlus, [x]],
  ['sparseSigmoid', o.sparseSigmoid, [x]],
  ['glu', (a) => o.glu(a, 0), [normal([4, 3])]],
  ['logAddExp', o.logAddExp, [x, normal([7], 9)]],
  ['mean', (a) => o.mean(a, { axes: 1 }), [x]],
  ['variance', (a) => o.variance(a, { axes: 0 }), [x]],
  ['prod', (a) => o.prod(a, { axes: [0, 1] }), [normal([3, 5])]],
  ['logSumExp', (a) => o.logSumExp(a, { axes: 1, keepDims: true }), [x]],
  ['stack', (a, b) => o.stack([a, b], 1), [x, normal([3, 7], 8)]],
  ['tile', (a) => o.tile(a, [2, 3]), [normal([2, 2])]],
  ['repeat', (a) => o.repeat(a, 3, 1), [normal([2, 3])]],
  ['dense', (a, w, b) => o.dense(a, w, b), [normal([2, 3, 4]), normal([4, 5], 2), normal([5], 4)]],
  ['embedding', (t) => o.embedding(t, tensor([[1, 0, 1]], undefined, 'int32')), [normal([4, 3])]],
  [
    'batchNorm',
    (a, m, g, b) => o.batchNorm(a, { mean: m, variance: o.exp(m), gamma: g, beta: b }),
    [x, normal([7], 1), normal([7], 2), normal([7], 3)],
  ],
  ['layerNorm', (a, g, b) => o.layerNorm(a, { gamma: g, beta: b }), [x, normal([7], 2), normal([7], 3)]],
  ['groupNorm', (a, g, b) => o.groupNorm(a, 2, { gamma: g, beta: b }), [image, normal([4], 2), normal([4], 3)]],
  ['unitNorm', (a) => o.unitNorm(a), [x]],
  [
    'conv1d causal',
    (a, w) => o.conv1d(a, w, { padding: 'causal', dilation: 2 }),
    [normal([1, 7, 2]), normal([3, 2, 3], 2)],
  ],
  ['conv2d same, stride 2', (a, w) => o.conv2d(a, w, { padding: 'same', stride: 2 }), [image, normal([3, 2, 4, 3], 2)]],
  ['depthwiseConv', (a, w) => o.depthwiseConv(a, w, { padding: 'same' }), [image, normal([2, 3, 4, 2], 2)]],
  ['separableConv', (a, d, p) => o.separableConv(a, d, p), [image, normal([2, 2, 4, 1], 2), normal([1, 1, 4, 3], 3)]],
  ['convTranspose', (a, w) => o.convTranspose(a, w, { stride: 2, padding: 'same' }), [image, normal([3, 3, 2, 4], 2)]],
  ['maxPool with overlap', (a) => o.maxPool(a, { window: 3, stride: 1, padding: 'same' }), [image]],
  ['avgPool with overlap', (a) => o.avgPool(a, { window: 3, stride: 2, padding: 'same' }), [image]],
];

for (const [name, f, xs] of composed) test(name, () => void checkGrads(f, xs));

test('third order through conv and max pool', () => {
  const f = (a: Tensor, w: Tensor): Tensor => o.square(o.maxPool(o.tanh(o.conv2d(a, w, { padding: 'same' }))));
  const { errors } = checkGrads(f, [normal([1, 4, 4, 2]), normal([2, 2, 2, 3], 2)], { order: 3, tolerance: 1e-5 });
  assert.is(errors.length, 3);
});

test('a line through a max pool whose ends are made from each other, orders 1 and 2', () => {
  const attrs = { window: [2], strides: [2], pads: [[0, 0]], relu: true, ties: 'first' } as const;
  const alpha = tensor([0.25, 0.75], [2], 'float64');
  checkGrads((a) => lerpMaxPool([a, o.tanh(a), alpha], attrs), [normal([2, 4, 3])]);
  checkGrads((a) => lerpMaxPool([a, a, alpha], attrs), [normal([2, 4, 3])]);
});

test('a wrong vjp is found', () => {
  const wrong: Op = { ...o.tanh.op, vjp: (g, y) => [() => o.mul(g, o.sub(1, y))] };
  assert.throws(() => checkGrads(apply(wrong, {}), [x]), /the gradient of order 1 is wrong/);
});

test('a vjp that is right at first order only is found', () => {
  const detached: Op = { ...o.tanh.op, vjp: (g, y) => [() => o.mul(g, o.sub(1, o.square(o.stopGradient(y))))] };
  assert.throws(() => checkGrads(apply(detached, {}), [x]), /the gradient of order 2 is wrong/);
});

test.run();
