/** Values of ops against definitions written out the slow way, and the conventions at kinks and ties. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { type NestedArray, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('values');
const f64 = (values: NestedArray): Tensor => tensor(values, undefined, 'float64');
const random = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    randomNormal(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
    'float64',
  );
const values = (y: Tensor): NestedArray => evaluate(y).toArray();
const slope = (f: (x: Tensor) => Tensor, at: number): number => {
  const x = f64(at);
  return evaluate(grad(f(x), [x])[0]!).item();
};
function close(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-12): void {
  assert.is(got.length, want.length);
  for (let i = 0; i < want.length; i++) {
    assert.ok(
      Math.abs(got[i]! - want[i]!) <= tolerance * Math.max(1, Math.abs(want[i]!)),
      `element ${i}: ${got[i]}, expected ${want[i]}`,
    );
  }
}
/** The element of a dense array at a multi-index. */
const at = (x: Tensor, ...index: number[]): number =>
  x.data[index.reduce((flat, i, axis) => flat * x.shape[axis]! + i, 0)]!;

test("derivatives at kinks are TensorFlow's", () => {
  assert.is(
    slope((x) => o.relu(x), 0),
    0,
  );
  assert.is(slope(o.abs, 0), 0);
  assert.is(slope(o.relu6, 6), 0);
  assert.is(
    slope((x) => o.leakyRelu(x, 0.3), 0),
    0.3,
  );
  assert.is(
    slope((x) => o.elu(x), 0),
    1,
  );
  assert.ok(Math.abs(slope(o.selu, 0) - 1.0507009873554805) < 1e-15);
  assert.is(
    slope((x) => o.clip(x, -1, 1), 1),
    1,
  );
  assert.is(
    slope((x) => o.clip(x, -1, 1), -1),
    1,
  );
  assert.is(
    slope((x) => o.clip(x, -1, 1), 1.001),
    0,
  );
});

test('ties: a max pool gives all to the first, a reduction shares, maximum gives a', () => {
  const x = f64([[[2], [2], [1], [2]]]);
  assert.equal(values(grad(o.maxPool(x, { window: 4 }), [x])[0]!), [[[1], [0], [0], [0]]]);
  assert.equal(values(grad(o.max(x), [x])[0]!), [[[1 / 3], [1 / 3], [0], [1 / 3]]]);
  const [a, b] = [f64([1, 2]), f64([1, 3])];
  assert.equal(grad(o.maximum(a, b), [a, b]).map(values), [
    [1, 0],
    [0, 1],
  ]);
  assert.equal(grad(o.minimum(a, b), [a, b]).map(values), [
    [1, 1],
    [0, 0],
  ]);
});

test('gelu at infinities is its limit', () => {
  assert.equal(values(o.gelu(f64([-Infinity, Infinity]))), [-0, Infinity]);
});

test('activations do not overflow far from 0, nor do their gradients', () => {
  const far = f64([-1000, -40, 40, 1000]);
  for (const f of [
    o.elu,
    o.selu,
    o.celu,
    o.softplus,
    o.sigmoid,
    o.silu,
    o.mish,
    o.gelu,
    o.tanh,
    o.logSigmoid,
    o.softsign,
  ]) {
    const y = f(far);
    for (const result of [y, grad(y, [far])[0]!]) assert.ok(evaluate(result).data.every(Number.isFinite), f.name);
  }
  close(evaluate(o.logSumExp(f64([1000, 1000]))).data, [1000 + Math.LN2]);
  assert.equal(values(o.softmax(f64([1000, 0]))), [1, 0]);
});

test('erf to double precision', () => {
  // Values of Abramowitz and Stegun's table 7.1, to more digits.
  close(
    evaluate(o.erf(f64([0, 0.5, 1, 2, 2.4, 2.6, 3, 5, -1]))).data,
    [
      0, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9993114861033549, 0.9997639655834707,
      0.9999779095030014, 0.9999999999984626, -0.8427007929497149,
    ],
    3e-16,
  );
});

test('round goes to even, argmax takes the first, prod is exact with zeros', () => {
  assert.equal(values(o.round(f64([0.5, 1.5, 2.5, -0.5, -1.5, 2.4]))), [0, 2, 2, -0, -2, 2]);
  assert.equal(
    values(
      o.argmax(
        f64([
          [1, 3, 3],
          [0, 0, 0],
        ]),
      ),
    ),
    [1, 0],
  );
  const x = f64([2, 0, 3, 5, 7]);
  assert.is(evaluate(o.prod(x)).item(), 0);
  assert.equal(values(grad(o.prod(x), [x])[0]!), [0, 210, 0, 0, 0]);
});

test('elementwise ops broadcast like nested loops', () => {
  const dims = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 });
  const shapes = dims.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.tuple(...shape.map(() => fc.boolean())),
      fc.tuple(...shape.map(() => fc.boolean())),
      fc.nat(shape.length),
    ),
  );
  fc.assert(
    fc.property(shapes, ([shape, thinA, thinB, drop]) => {
      const shapeA = shape.map((dim, i) => (thinA[i] ? 1 : dim));
      const shapeB = shape.map((dim, i) => (thinB[i] ? 1 : dim)).slice(drop);
      const [a, b] = [random(shapeA, 1), random(shapeB, 2)];
      const y = evaluate(o.sub(a, b));
      const index = new Array<number>(y.rank).fill(0);
      y.data.forEach((value, flat) => {
        let rest = flat;
        for (let axis = y.rank - 1; axis >= 0; axis--)
          [index[axis], rest] = [rest % y.shape[axis]!, Math.floor(rest / y.shape[axis]!)];
        const pick = (x: Tensor): number =>
          at(x, ...index.slice(y.rank - x.rank).map((i, axis) => (x.shape[axis] === 1 ? 0 : i)));
        assert.is(value, pick(a) - pick(b));
      });
    }),
    { seed: 7, numRuns: 200 },
  );
});

test('matmul with every transpose equals the triple loop', () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(size, size, size, fc.boolean(), fc.boolean(), (m, k, n, ta, tb) => {
      const [a, b] = [random(ta ? [k, m] : [m, k], 1), random(tb ? [n, k] : [k, n], 2)];
      const y = evaluate(o.matmul(a, b, { transposeA: ta, transposeB: tb }));
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let want = 0;
          for (let t = 0; t < k; t++) want += (ta ? at(a, t, i) : at(a, i, t)) * (tb ? at(b, j, t) : at(b, t, j));
          assert.ok(Math.abs(at(y, i, j) - want) < 1e-12);
        }
      }
    }),
    { seed: 7, numRuns: 100 },
  );
});

test('conv2d equals its definition for strides, dilations, groups and paddings', () => {
  const small = fc.integer({ min: 1, max: 3 });
  const cases = fc.record({
    stride: fc.tuple(small, small),
    dilation: fc.tuple(small, small),
    window: fc.tuple(small, small),
    groups: fc.constantFrom(1, 2, 4),
    padding: fc.constantFrom('valid' as const, 'same' as const, 'causal' as const),
  });
  fc.assert(
    fc.property(cases, ({ stride, dilation, window, groups, padding }) => {
      const x = random([2, 8, 7, 4], 1);
      const w = random([...window, 4 / groups, 4], 2);
      const y = evaluate(o.conv2d(x, w, { stride, dilation, groups, padding }));
      const before = [0, 1].map((i) => {
        const reach = (window[i]! - 1) * dilation[i]! + 1;
        const dim = x.shape[i + 1]!;
        const same = Math.max(0, (Math.ceil(dim / stride[i]!) - 1) * stride[i]! + reach - dim) >> 1;
        return { valid: 0, causal: reach - 1, same }[padding];
      });
      const [, height, width] = y.shape as [number, number, number, number];
      for (const [n, i, j, oc] of [
        [0, 0, 0, 0],
        [1, height - 1, width - 1, 3],
        [1, height >> 1, width >> 1, 2],
      ] as const) {
        const group = Math.floor(oc / (4 / groups));
        let want = 0;
        for (let u = 0; u < window[0]; u++) {
          for (let v = 0; v < window[1]; v++) {
            const [r, c] = [i * stride[0] - before[0]! + u * dilation[0], j * stride[1] - before[1]! + v * dilation[1]];
            if (r < 0 || r >= 8 || c < 0 || c >= 7) continue;
            for (let ic = 0; ic < 4 / groups; ic++)
              want += at(x, n, r, c, group * (4 / groups) + ic) * at(w, u, v, ic, oc);
          }
        }
        assert.ok(Math.abs(at(y, n, i, j, oc) - want) < 1e-12, `${at(y, n, i, j, oc)} against ${want}`);
      }
    }),
    { seed: 7, numRuns: 150 },
  );
});

test('slices, pads, gathers and their relatives', () => {
  const x = f64([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.equal(values(o.slice(x, { 1: [0, 3, 2] })), [
    [1, 3],
    [4, 6],
  ]);
  assert.equal(values(o.slice(x, { 0: [-1, 2] })), [[4, 5, 6]]);
  assert.equal(values(o.pad(f64([1, 2]), [[1, 2]], 9, [1])), [9, 1, 9, 2, 9, 9]);
  assert.equal(values(o.reverse(x, [1])), [
    [3, 2, 1],
    [6, 5, 4],
  ]);
  assert.equal(values(o.transpose(x)), [
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  assert.equal(values(o.concat([x, x], 0)), [
    [1, 2, 3],
    [4, 5, 6],
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.equal(values(o.gather(x, tensor([2, 0], undefined, 'int32'), 1)), [
    [3, 1],
    [6, 4],
  ]);
  assert.equal(
    values(o.scatterAdd(f64([1, 2, 4]), tensor([1, 1, 0], undefined, 'int32'), { axis: 0, size: 3 })),
    [4, 3, 0],
  );
  assert.equal(values(o.tile(f64([1, 2]), [2])), [1, 2, 1, 2]);
  assert.equal(values(o.repeat(f64([1, 2]), 2, 0)), [1, 1, 2, 2]);
  assert.equal(values(o.stack([f64([1, 2]), f64([3, 4])], -1)), [
    [1, 3],
    [2, 4],
  ]);
  assert.equal(values(o.oneHot(f64([1, 0]), 3, 'float64')), [
    [0, 1, 0],
    [1, 0, 0],
  ]);
});

test('average pooling leaves padding out of the mean; max pooling never picks it', () => {
  const x = f64([[[-1], [-2], [-3]]]);
  assert.equal(values(o.avgPool(x, { window: 2, stride: 2, padding: 'same' })), [[[-1.5], [-3]]]);
  assert.equal(values(o.maxPool(x, { window: 2, stride: 2, padding: 'same' })), [[[-1], [-3]]]);
});

test('a transposed convolution is the transpose of the convolution', () => {
  const [x, y, w] = [random([1, 5, 5, 2], 1), random([1, 3, 3, 3], 2), random([3, 3, 2, 3], 3)];
  const forward = o.sum(o.mul(o.conv2d(x, w, { stride: 2, padding: 'same' }), y));
  const back = o.sum(
    o.mul(
      o.slice(
        o.convTranspose(y, w, {
          stride: 2,
          padding: [
            [1, 1],
            [1, 1],
          ],
        }),
        {},
      ),
      x,
    ),
  );
  close([evaluate(forward).item()], [evaluate(back).item()]);
});

test('a reshape to a shape with a size of 0 needs no -1 to be worked out', () => {
  const none = tensor(new Float64Array(0), [0, 3, 4]);
  assert.equal(o.reshape(none, [3, 4, 0]).shape, [3, 4, 0]);
  assert.throws(() => o.reshape(f64([1, 2]), [2, 0]), /2 elements do not fit/);
});

test.run();
