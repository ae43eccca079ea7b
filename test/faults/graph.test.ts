/** Faults of the graph and its passes. */
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { hasSimd, wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { planMemory } from '../../src/graph/memory.ts';
import { add, div, greater, maxPool, mul, pad, square, sum, where } from '../../src/ops/index.ts';
import { maxPoolGrad } from '../../src/ops/pool.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { faults } from '../support/faults.ts';
import { times } from '../support/thorough.ts';

const fault = faults('graph');
const backends = [reference, ...(hasSimd() ? [wasmBackend] : [])];

for (const backend of backends) {
  fault('R3', `a constant that is fed was computed with as it was (${backend.name})`, () => {
    const x = tensor([1, 2]);
    assert.equal(Array.from(compile([mul(x, 3)], [x], { backend }).runSync([Float32Array.of(10, 20)])[0]!), [30, 60]);
    // A scalar that equals another constant, and one that stands where an identity looks for 0.
    const one = tensor(1, []);
    const y = compile([add(one, mul(tensor(1, []), 5))], [one], { backend });
    assert.equal(Array.from(y.runSync([Float32Array.of(7)])[0]!), [12]);
  });

  fault('R14', `an array that changed after it became a constant changed the constant (${backend.name})`, () => {
    const data = Float32Array.of(1, 2);
    const c = tensor(data);
    const x = placeholder([2]);
    const plan = compile([mul(x, c)], [x], { backend });
    data.fill(100);
    assert.equal(Array.from(plan.runSync([Float32Array.of(3, 4)])[0]!), [3, 8]);
    const again = compile([add(x, c)], [x], { backend });
    assert.equal(Array.from(again.runSync([Float32Array.of(3, 4)])[0]!), [4, 6]);
  });

  fault('R3', `an identity looked through what is fed (${backend.name})`, () => {
    const x = placeholder([1, 2, 1]);
    const g = placeholder([1, 1, 1]);
    const attrs = { window: [2], strides: [2], pads: [[0, 0]], rectified: false } as const;
    const gradient = maxPoolGrad([x, g], attrs);
    const mask = greater(x, 0);
    const zero = tensor(0, []);
    const fed = [Float32Array.of(1, 2), Float32Array.of(5)];
    const withMask = compile([where(mask, gradient, 0)], [x, g, mask], { backend });
    assert.equal(Array.from(withMask.runSync([...fed, Uint8Array.of(1, 0)])[0]!), [0, 0]);
    const withGradient = compile([where(mask, gradient, 0)], [x, gradient], { backend });
    assert.equal(Array.from(withGradient.runSync([fed[0]!, Float32Array.of(3, 4)])[0]!), [3, 4]);
    const withZero = compile([where(mask, gradient, zero)], [x, g, zero], { backend });
    assert.equal(Array.from(withZero.runSync([Float32Array.of(-1, -2), fed[1]!, Float32Array.of(9)])[0]!), [9, 9]);
    assert.ok(maxPool(x));
  });

  fault('R4', `attributes that JSON writes alike were one node (${backend.name})`, () => {
    const x = placeholder([1]);
    const values = [Infinity, -Infinity, NaN, 0, -0];
    const outputs = values.map((value) => pad(x, [[1, 0]], value));
    const plan = compile(outputs, [x], { backend });
    const padded = plan.runSync([Float32Array.of(2)]).map((data) => data[0]!);
    assert.ok(
      padded.every((value, i) => Object.is(value, values[i])),
      `${padded}`,
    );
  });
}

fault('R6', 'grad with respect to x and to what is made of x gave 0 for x', () => {
  const x = tensor([3], undefined, 'float64');
  const h = mul(x, 2);
  const y = add(mul(h, h), x);
  assert.equal(
    evaluate(grad(y, [x, h])).map((g) => g.item()),
    [8 * 3 + 1, 4 * 3],
  );
  assert.equal(
    evaluate(grad(y, [h, x])).map((g) => g.item()),
    [12, 25],
  );
  assert.equal(
    evaluate(grad(y, [y, h])).map((g) => g.item()),
    [1, 12],
  );
});

fault('R12', 'a tensor that is read 50,000 times took 15 seconds to compile', () => {
  const x = placeholder([1]);
  let total: Tensor = x;
  const reads = times(10_000, 50_000);
  let expected = 1;
  for (let i = 0; i < reads; i++) {
    total = add(total, div(x, i + 1));
    expected += 1 / (i + 1);
  }
  const started = process.cpuUsage();
  const plan = compile([sum(square(total)), ...grad(total, [x])], [x], { backend: reference });
  const { user, system } = process.cpuUsage(started);
  const seconds = (user + system) / 1e6;
  assert.ok(Math.abs(plan.runSync([Float32Array.of(1)])[1]![0]! - expected) < 0.01);
  // Processor time: all reads took 15 s and more, and grew with the square.
  assert.ok(seconds < 12, `${seconds} s`);
});

fault('R12', 'a layout with many holes took the square of their number', () => {
  const n = 60_000;
  // Half of the first values die at once, so that the others lie between holes; every later value looks for one.
  const blocks = Array.from({ length: n }, (_, at) => {
    const to = at >= n / 2 || at % 2 ? n : n / 2 + ((at * 7919) % 100);
    return { bytes: 64 * (1 + ((at * 7919) % 13)), from: at, to };
  });
  const started = process.cpuUsage();
  const { offsets, total } = planMemory(blocks);
  const { user, system } = process.cpuUsage(started);
  assert.is(offsets.length, n);
  assert.ok(total < blocks.reduce((sum, { bytes }) => sum + bytes, 0));
  assert.ok((user + system) / 1e6 < 5, `${(user + system) / 1e6} s`);
});

fault('R16', 'raw ops and internals stood beside the functions that users call', async () => {
  const api = Object.keys((await import('../../src/index.ts')) as object);
  const internal =
    'conv convGradInput convGradKernel maxPoolOp maxPoolArgmax maxPoolGrad avgPoolGrad lerp lerpMaxPool lerpMaxPoolGrad exactGelu geluGrad standardizeRows standardizeRowsGrad softmaxRowsGrad unary matmulSizes poolShape sumTo boundedNodes adopt';
  assert.equal(
    internal.split(' ').filter((name) => api.includes(name)),
    [],
  );
});

fault.run();
