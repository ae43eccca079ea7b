/** Files of tensors that we write: every type comes back, places are aligned, halves round to even, what does not fit is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openSafetensors } from '../../src/safetensors/safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../../src/safetensors/write.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { widened } from '../../src/tensor/half.ts';
import { narrowed } from '../../src/tensor/narrow.ts';

const test = suite('safetensors written');

const tensors: [string, TensorToWrite][] = [
  ['b', { dtype: 'BF16', shape: [3], data: [1, -3.140625, 1e30] }],
  ['half', { dtype: 'F16', shape: [2, 2], data: [1, -2, 2 ** -24, 65504] }],
  ['odd', { dtype: 'U8', shape: [3], data: [0, 7, 255] }],
  ['flag', { dtype: 'BOOL', shape: [2], data: [0, 1] }],
  ['a.weight', { dtype: 'F32', shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 0.1]) }],
  ['double', { dtype: 'F64', shape: [], data: [Math.PI] }],
  ['ids', { dtype: 'I64', shape: [2], data: [-1, 2 ** 40] }],
  ['big', { dtype: 'U64', shape: [1], data: [2n ** 64n - 1n] }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: [] }],
  ['__proto__', { dtype: 'I32', shape: [1], data: [-5] }],
];

test('every type comes back, each on a multiple of its width', async () => {
  const bytes = writeSafetensors(new Map(tensors), { format: 'pt' });
  const file = await openSafetensors(bytes);
  assert.is(file.tensors.length, tensors.length);
  const view = new DataView(bytes.buffer);
  for (const place of file.tensors) {
    const [, given] = tensors.find(([name]) => name === place.name)!;
    assert.is(place.from % ((place.to - place.from) / given.data.length || 1), 0, place.name);
    assert.equal(place.shape, given.shape);
    if (/F/.test(place.dtype)) {
      const exact = place.dtype === 'BF16' ? given.data.length - 1 : given.data.length;
      const expected = Array.from(given.data as ArrayLike<number>).slice(0, exact);
      assert.equal([...(await file.read(place, 'float64'))].slice(0, exact), expected);
    }
    if (place.name === 'ids') assert.is(view.getBigInt64(place.from + 8, true), 2n ** 40n);
    if (place.name === 'big') assert.is(view.getBigUint64(place.from, true), 2n ** 64n - 1n);
    if (place.name === '__proto__') assert.is(view.getInt32(place.from, true), -5);
  }
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + Number(view.getBigUint64(0, true))));
  assert.is(header.length % 8, 0);
  assert.equal(JSON.parse(header).__metadata__, { format: 'pt' });
});

test('every half comes back from its float, and a float between two goes to the even one', () => {
  for (const kind of ['float16', 'bfloat16'] as const) {
    const infinity = kind === 'float16' ? 0x7c00 : 0x7f80;
    const all = Uint16Array.from({ length: 2 * infinity + 2 }, (_, i) =>
      i <= infinity ? i : 0x8000 + i - infinity - 1,
    );
    const wide = widened(all, kind);
    assert.equal(narrowed(wide, kind), all);
    for (let i = 0; i + 1 < infinity; i += 37) {
      const [low, high] = [wide[i]!, wide[i + 1]!];
      const middle = low / 2 + high / 2;
      assert.is(narrowed([middle], kind)[0], i % 2 === 0 ? i : i + 1);
      assert.is(narrowed([-middle * (1 + 2 ** -40)], kind)[0], 0x8000 + i + 1);
      assert.is(narrowed([middle * (1 - 2 ** -40)], kind)[0], i);
    }
  }
  assert.is(narrowed([65519.99], 'float16')[0], 0x7bff);
  assert.is(narrowed([65520], 'float16')[0], 0x7c00);
  assert.ok(Number.isNaN(widened(narrowed([Number.NaN], 'float16'), 'float16')[0]));
  assert.is(narrowed([2 ** -150], 'bfloat16')[0], 0);
});

const refused: [string, TensorToWrite, RegExp][] = [
  ['short', { dtype: 'F32', shape: [2, 2], data: [1] }, /'short': has another number of values/],
  ['type', { dtype: 'F8' as 'F32', shape: [1], data: [1] }, /'type': is of a dtype that is not known/],
  ['large', { dtype: 'I8', shape: [1], data: [128] }, /'large': holds a number that int8 cannot/],
  ['part', { dtype: 'I64', shape: [1], data: [0.5] }, /'part': holds a number that int64 cannot/],
  ['long', { dtype: 'I64', shape: [1], data: [2n ** 63n] }, /'long': holds a number that int64 cannot/],
  ['maybe', { dtype: 'BOOL', shape: [1], data: [2] }, /'maybe': holds other numbers than 0 and 1/],
  ['__metadata__', { dtype: 'F32', shape: [0], data: [] }, /keeps for itself/],
];

for (const [name, tensor, message] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => writeSafetensors(new Map([[name, tensor]])),
      (error: unknown) => error instanceof PathgradError && message.test(error.message),
    );
  });
}

test.run();
