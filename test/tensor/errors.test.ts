/** Hints in error messages: the nearest names. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { didYouMean, editDistance, failure, nearestNames } from '../../src/tensor/errors.ts';

const test = suite('errors');

test('edit distances', () => {
  const known: [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['saturday', 'sunday', 3],
    ['conv2d', 'conv1d', 1],
    ['dense', 'sense ', 2],
  ];
  for (const [from, to, distance] of known) {
    assert.is(editDistance(from, to), distance, `${from} ${to}`);
    assert.is(editDistance(to, from), distance, `${to} ${from}`);
  }
});

test('the nearest names come first, else those that are known', () => {
  assert.is(didYouMean('conv2', ['dense', 'conv2d', 'conv1d']), "did you mean 'conv2d' or 'conv1d'?");
  assert.is(didYouMean('lstm', ['dense', 'conv2d']), 'known: dense, conv2d');
  assert.is(didYouMean('lstm', []), 'there are none');
});

test('names as long as a hostile file makes them are compared letter by letter at their beginning only', () => {
  const names = Array.from({ length: 200 }, (_, i) => 'x'.repeat(60_000) + i);
  assert.match(didYouMean('x'.repeat(60_000), names), /^did you mean 'x/);
});

test('values nested deeper than the stack can be shown in an error', () => {
  const nested = (open: string, close: string): unknown => JSON.parse(`${open.repeat(50_000)}1${close.repeat(50_000)}`);
  assert.match(
    failure('config', 'is wrong', { got: nested('[', ']') }).message,
    /^config: is wrong \(got \[{9}\[…\]{10}\)$/,
  );
  assert.match(
    failure('config', 'is wrong', { got: nested('{"a":', '}') }).message,
    // In newer Nodes JSON.stringify does not need the stack.
    /^config: is wrong \(got (\{…\}|(\{"a":){10,}.{0,5}…)\)$/,
  );
  assert.is(
    failure('x', 'y', { got: { a: [1, 'b'] }, shape: [1, [2, 3]] }).message,
    'x: y (got {"a":[1,"b"]}, shape [1,[2,3]])',
  );
});

test('a part of a name, or nearly one, leads to it; two letters are near to nothing that shares none', () => {
  const names = ['KernelShap', 'faithfulnessCorrelation', 'conv_1', 'Lime'];
  assert.equal(nearestNames('shapp', names), ['KernelShap']);
  assert.equal(nearestNames('faith', names), ['faithfulnessCorrelation']);
  assert.equal(nearestNames('conv', names), ['conv_1']);
  assert.equal(nearestNames('zzzz', names), []);
  assert.equal(nearestNames('c', ['a', 'b']), []);
  assert.equal(nearestNames('pso', ['neg', 'pos']), ['pos']);
});

test.run();
