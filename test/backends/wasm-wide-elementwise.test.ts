/**
 * Elementwise kernels that take two neighbouring vectors at a time: the bits of the relaxed build, whatever is left over at the end of a row. V8
 * compiles all of them with its optimizer: one that it would end the process over (see `mapPairs` in kernels/wasm/elementwise/unary.ts) ends this test.
 */
import { setFlagsFromString } from 'node:v8';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { hasRelaxedSimd } from '../../src/backends/wasm/module/module.ts';
import { pairsVectors } from '../../src/backends/wasm/module/wide.ts';
import { grad } from '../../src/graph/grad.ts';
import * as o from '../../src/ops/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { whereWide } from '../support/where-wide.ts';
import { random, run } from './support.ts';

setFlagsFromString('--no-liftoff --no-wasm-dynamic-tiering --no-wasm-inlining --no-wasm-lazy-compilation');

const test = suite('wasm: elementwise kernels of the wide build');

const unary = [
  ...[
    o.neg,
    o.exp,
    o.expm1,
    o.log,
    o.log1p,
    o.sqrt,
    o.rsqrt,
    o.square,
    o.reciprocal,
    o.abs,
    o.sin,
    o.cos,
    o.tan,
    o.atan,
  ],
  ...[
    o.tanh,
    o.erf,
    o.sigmoid,
    o.softplus,
    o.sign,
    o.floor,
    o.ceil,
    o.round,
    o.relu,
    o.relu6,
    o.silu,
    o.gelu,
    o.hardSilu,
  ],
];
const binary = [o.add, o.sub, o.mul, o.div, o.pow, o.maximum, o.minimum];
const compared = [o.less, o.lessEqual, o.greater, o.greaterEqual, o.equal, o.notEqual];

/** Every function, alone, with its gradient, of two operands, and behind a product. */
function all(count: number): Float32Array[] {
  const x = random([3, count], 7);
  const f = unary.flatMap((act) => [
    (t: Tensor): Tensor => act(t),
    (t: Tensor): Tensor => grad(o.sum(o.square(act(t))), [t])[0] ?? t,
    (t: Tensor): Tensor => act(o.add(o.matmul(t, random([count, 13], 8)), random([13], 9))),
  ]);
  const values = f.map((g) => run(([t]) => g(t!), [x], wasmBackend));
  for (const other of [random([3, count], 3), random([count], 4), random([3, 1], 5), tensor([0.75], [])]) {
    for (const g of binary) {
      values.push(run(([a, b]) => g(a!, b!), [x, other], wasmBackend));
      values.push(run(([a, b]) => g(b!, a!), [x, other], wasmBackend));
    }
    for (const g of compared) values.push(run(([a, b]) => o.where(g(a!, b!), a!, b!), [x, other], wasmBackend));
  }
  return values.map((value) => Float32Array.from(value));
}

if (hasRelaxedSimd()) {
  test('the same bits for rows of any length', async () => {
    const counts = [1, 5, 8, 12, 31, 700];
    assert.is(wasmBackend.simd(), 'relaxed');
    const relaxed = counts.map(all);
    const { arch, versions } = process;
    // Elsewhere the same kernels run unpaired.
    await wasmBackend.useWideVectors({ paired: !(arch === 'x64' && pairsVectors(versions.v8)) });
    assert.is(wasmBackend.simd(), 'wide');
    for (const [i, count] of counts.entries()) {
      for (const [k, value] of all(count).entries()) {
        const bits = (x: Float32Array): Uint32Array => new Uint32Array(x.buffer);
        assert.equal(bits(value), bits(relaxed[i]![k]!), `function ${k} of ${count} columns`);
      }
    }
  });
} else {
  whereWide(test)('the same bits for rows of any length', () => {});
}

test.run();
