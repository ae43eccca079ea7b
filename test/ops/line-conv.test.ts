/** A convolution of lines as an op: its gradients, its kernels on its examples, and what it refuses. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { checkGrads } from '../../src/graph/check-grads.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import { type LineConvAttrs, lineConv, lineConvGrad, unfitLines } from '../../src/ops/line-conv.ts';
import { agrees, exampleOf, random } from '../backends/support.ts';
import { mnist, weights } from '../support/line-convs.ts';

const test = suite('ops: a convolution of lines');

test('examples: gradients of both orders, and kernels that are no constants', () => {
  for (const { op } of [lineConv, lineConvGrad]) {
    for (const [i, example] of op.examples.entries()) {
      const { f, inputs } = exampleOf(op, example, 3 + i);
      if (example.size !== 'real') checkGrads((...xs) => f(xs), exampleInputs(example, 'float64', 3 + i));
      if (example.size !== 'real')
        for (const constants of [0, weights]) agrees(wasmBackend, `${op.name} ${i}`, f, inputs, 1e-5, constants);
    }
  }
});

test('what the kernels have no room for is refused by name', () => {
  const use = (attrs: Partial<LineConvAttrs>, shape = [1, 8, 8, 4], w = [2, 2, 4, 8], count = 20): string | null =>
    unfitLines(shape, w, count, { ...mnist, ...attrs });
  assert.is(use({}), null);
  assert.is(use({ window: [3, 3] }), 'takes windows that do not overlap');
  assert.is(use({}, [1, 8, 8, 4], [2, 2, 4, 8], 1025), 'takes 1 to 1024 steps');
  assert.is(use({}, [1, 8, 8, 9000], [2, 2, 9000, 8]), 'takes smaller windows');
  assert.is(use({}, [1, 8, 8, 5000], [3, 3, 5000, 8]), 'takes fewer channels');
  assert.is(use({}, [1, 8, 800, 4], [2, 2, 4, 512]), 'takes narrower rows');
  assert.throws(
    () =>
      lineConv([random([1, 8, 8, 4]), random([2, 2, 4, 8]), random([1, 8, 8, 4]), random([20])], {
        ...mnist,
        window: [3, 3],
      }),
    /lineConv: takes windows that do not overlap/,
  );
});

test.run();
