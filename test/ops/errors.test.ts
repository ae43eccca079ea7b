/** What ops say when they are misused: op, shapes, and what to do. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/graph/evaluate.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('op errors');
const of = (...shape: number[]): Tensor => placeholder(shape);

const cases: readonly [string, () => unknown, string][] = [
  [
    'broadcast',
    () => o.add(of(2, 3), of(4)),
    'add: shapes do not broadcast (left [2,3], right [4])\nhint: axis 1: 3 against 4',
  ],
  [
    'dtype',
    () => o.mul(of(2), placeholder([2], 'float64')),
    'mul: operands differ in dtype (left float32, right float64)\nhint: cast(tensor, dtype) converts one',
  ],
  [
    'matmul',
    () => o.matmul(of(2, 3), of(4, 5)),
    'matmul: inner sizes differ: 3 and 4 (a [2,3], b [4,5], transposeA false, transposeB false)',
  ],
  [
    'conv channels',
    () => o.conv2d(of(1, 32, 32, 3), of(3, 3, 4, 8), { padding: 'same' }),
    'conv: input has 3 channels, kernel expects 4 (input [1,32,32,3], kernel [3,3,4,8], stride [1,1], dilation [1,1], padding [[1,1],[1,1]], groups 1)',
  ],
  [
    'conv window',
    () => o.conv1d(of(1, 2, 3), of(5, 3, 4)),
    'conv: spatial axis 0 has 2 elements, the window needs 5 (input [1,2,3], kernel [5,3,4], stride [1], dilation [1], padding [[0,0]], groups 1)',
  ],
  [
    'conv rank',
    () => o.conv2d(of(1, 8, 3), of(3, 3, 4)),
    'conv2d: input and kernel need 4 axes and one dtype (input Tensor(float32 [1,8,3]), kernel Tensor(float32 [3,3,4]))\nhint: [batch, ...space, channels] and [...window, in, out]',
  ],
  ['stride', () => o.maxPool(of(1, 4, 1), { stride: 0 }), 'maxPool: stride must be 1 integers from 1 up (got [0])'],
  ['reshape', () => o.reshape(of(2, 3), [4]), 'reshape: 6 elements do not fit the new shape (from [2,3], to [4])'],
  ['axis', () => o.sum(of(2, 3), { axes: 2 }), 'sum: axis 2 is out of range for rank 2'],
  [
    'empty axis',
    () => o.max(of(2, 0), { axes: 1 }),
    'max: nothing to reduce: an axis has size 0 (shape [2,0], axes [1])',
  ],
  [
    'concat',
    () => o.concat([of(2, 3), of(3, 3)], 1),
    'concat: shapes differ beside axis 1 (one Tensor(float32 [2,3]), another Tensor(float32 [3,3]))',
  ],
  [
    'gather',
    () => evaluate(o.gather(tensor([1, 2]), tensor([0, 7], undefined, 'int32'))),
    'gather: index 7 is outside [0, 2) (index 7, at 1, axis 0)\nhint: for token ids: the vocabulary is smaller',
  ],
  ['clip', () => o.clip(of(1), 2, 1), 'clip: min must not exceed max (min 2, max 1)'],
  [
    'transpose',
    () => o.transpose(of(2, 3), [0, 0]),
    'transpose: perm must name every axis once (perm [0,0], shape [2,3])',
  ],
];

for (const [name, act, message] of cases) {
  test(name, () => {
    try {
      act();
    } catch (error) {
      assert.is((error as Error).message, message);
      return;
    }
    assert.unreachable('it should have thrown');
  });
}

test.run();
