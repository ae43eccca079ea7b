import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { neg } from '../../src/ops/index.ts';
import { arange, full, placeholder, tensor } from '../../src/tensor/tensor.ts';

const test = suite('tensor');

test('from numbers, nested arrays and typed arrays', () => {
  assert.equal(tensor(3).shape, []);
  assert.is(tensor(3).item(), 3);
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.equal([x.shape, x.dtype, x.size, x.rank], [[2, 3], 'float32', 6, 2]);
  assert.equal(x.toArray(), [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.is(tensor(new Float64Array(4), [2, 2]).dtype, 'float64');
  assert.is(tensor(new Int32Array(4)).dtype, 'int32');
  assert.equal(tensor([true, false], undefined, 'bool').toArray(), [true, false]);
  assert.equal(arange(3, 'int32').toArray(), [0, 1, 2]);
  assert.equal(full([2], 7).toArray(), [7, 7]);
});

test('what cannot be a tensor says why', () => {
  assert.throws(() => tensor([[1, 2], [3]]), /nested arrays differ in length \(one \[2\], another \[1\]\)/);
  assert.throws(() => tensor([1, 2, 3], [2, 2]), /3 values do not fill the shape \(shape \[2,2\], needs 4\)/);
  assert.throws(() => tensor(['a'] as unknown as number[]), /values must be numbers/);
  assert.throws(() => placeholder([2, -1]), /a shape holds integers from 0 up/);
  assert.throws(() => placeholder([1e6, 1e6]), /a tensor this big does not fit/);
});

test('a result has no data until it is computed', () => {
  assert.throws(
    () => neg(tensor([1])).data,
    /neg: has no data: it is not computed yet .*\nhint: evaluate\(tensor\) computes it/s,
  );
});

test.run();
