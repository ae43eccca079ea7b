import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { didYouMean, failure, PathgradError } from '../src/tensor/errors.ts';

const test = suite('errors');

test('a failure names the subject, the problem, the values and a hint', () => {
  const error = failure(
    'conv2d',
    'input has 3 channels, kernel expects 4',
    { input: [1, 32, 32, 3], stride: 1 },
    'do x',
  );
  assert.instance(error, PathgradError);
  assert.is(error.message, 'conv2d: input has 3 channels, kernel expects 4 (input [1,32,32,3], stride 1)\nhint: do x');
  assert.is(error.subject, 'conv2d');
});

test('unknown names are answered with the nearest ones', () => {
  assert.is(didYouMean('riemann_midle', ['riemann_left', 'riemann_middle']), "did you mean 'riemann_middle'?");
  assert.is(didYouMean('zzzzzzzz', ['a', 'b']), 'known: a, b');
});

test.run();
