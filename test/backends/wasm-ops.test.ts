import { suite } from 'uvu';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { opsUnderTest } from '../support/ops.ts';
import { agrees, exampleOf } from './support.ts';

const test = suite('wasm: ops on their examples');

for (const op of opsUnderTest()) {
  test(op.name, () => {
    op.examples.forEach((example, i) => {
      if (example.size === 'real') return;
      const { f, inputs } = exampleOf(op, example);
      agrees(wasmBackend, `${op.name}, example ${i}`, f, inputs);
      for (const constants of [1, 2]) agrees(wasmBackend, `${op.name}, example ${i}`, f, inputs, 1e-5, constants);
    });
  });
}

test.run();
