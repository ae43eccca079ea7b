/** Floats of 16 bits: all of them, widened, are what their definition says; and where a value is not finite. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { firstNotFinite } from '../../src/tensor/finite.ts';
import { widened } from '../../src/tensor/half.ts';
import { halfToNumber } from '../support/half.ts';

const test = suite('floats of 16 bits');
const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);

test('every half, widened', () => {
  const wide = widened(all, 'float16');
  const wrong = wide.findIndex((value, bits) => !Object.is(value, halfToNumber(bits)));
  assert.is(wrong, -1, `${wrong}: ${wide[wrong]}`);
});

test('into a place that is given, which keeps what lies behind', () => {
  const place = new Float32Array(4).fill(7);
  assert.is(widened(Uint16Array.of(0x3f80, 0xc049), 'bfloat16', place), place);
  assert.equal([...place], [1, -3.140625, 7, 7]);
});

test('the first that is not finite', () => {
  assert.is(firstNotFinite(Float32Array.of(1, -0, 3e38)), -1);
  assert.is(firstNotFinite(Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY)), 1);
  assert.is(firstNotFinite(Float64Array.of(Number.NEGATIVE_INFINITY)), 0);
  assert.is(firstNotFinite([]), -1);
});

test.run();
