import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { erf } from '../../kernels/reference/elementwise.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { maxPoolArgmax, maxPoolGrad } from '../../src/ops/pool.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { run } from './support.ts';

const test = suite('wasm: elementary functions');

/** The distance from `wanted` in units of the last place of the nearest float32. */
function ulps(got: number, wanted: number): number {
  const near = Math.fround(wanted);
  if (Object.is(got, near) || got === near) return 0;
  if (!Number.isFinite(near) || !Number.isFinite(got)) return Infinity;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(wanted))));
  return Math.abs(got - wanted) / 2 ** (exponent - 23);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Function, truth, interval, bound in units of the last place. */
const cases: readonly [string, (x: Tensor) => Tensor, (x: number) => number, number, number, number][] = [
  ['exp', o.exp, Math.exp, -104, 89, 2],
  ['expm1', o.expm1, Math.expm1, -20, 20, 2.5],
  ['expm1 near 0', o.expm1, Math.expm1, -0.01, 0.01, 2],
  ['log', o.log, Math.log, 1e-6, 1e6, 2],
  ['log near 1', o.log, Math.log, 0.5, 2, 2],
  ['log1p', o.log1p, Math.log1p, -0.999, 100, 2.5],
  ['log1p near 0', o.log1p, Math.log1p, -0.01, 0.01, 2],
  ['tanh', o.tanh, Math.tanh, -10, 10, 3],
  ['tanh near 0', o.tanh, Math.tanh, -0.01, 0.01, 2],
  ['sigmoid', o.sigmoid, sigmoid, -87, 20, 4],
  ['softplus', o.softplus, softplus, -80, 80, 4],
  ['erf', o.erf, erf, -5, 5, 3],
  ['erf near 0', o.erf, erf, -0.01, 0.01, 2.5],
  ['sin', o.sin, Math.sin, -100, 100, 2],
  ['sin of large numbers', o.sin, Math.sin, -4e7, 4e7, 2],
  ['cos', o.cos, Math.cos, -100, 100, 2],
  ['tan', o.tan, Math.tan, -100, 100, 4],
  ['atan', o.atan, Math.atan, -20, 20, 2.5],
];

for (const [name, f, truth, low, high, bound] of cases) {
  test(`${name} on [${low}, ${high}]`, () => {
    const next = randomUniform(5);
    const x = Float32Array.from({ length: 20_001 }, () => low + next() * (high - low));
    const y = run(([a]) => f(a!), [tensor(x)], wasmBackend);
    let worst = 0;
    let where = 0;
    x.forEach((v, i) => {
      const distance = ulps(y[i]!, truth(v));
      if (distance > worst) [worst, where] = [distance, v];
    });
    assert.ok(worst <= bound, `${name}(${where}): ${worst.toFixed(2)} units in the last place`);
  });
}

const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
const edges = [0, -0, 1, -1, inf, -inf, nan, 1e-40, -1e-40, 3e38, -3e38, 88.7, 88.8, -87.4, -103.9, -104.1, 1e-20];

test('infinities, NaN, zeros, denormals', () => {
  const x = tensor(Float32Array.from(edges));
  const check = (name: string, f: (x: Tensor) => Tensor, truth: (x: number) => number, flush = 0): void => {
    const y = run(([a]) => f(a!), [x], wasmBackend);
    x.data.forEach((v, i) => {
      const [got, wanted] = [y[i]!, Math.fround(truth(v))];
      const fine = got === wanted || (Number.isNaN(got) && Number.isNaN(wanted)) || ulps(got, truth(v)) <= 4;
      assert.ok(fine || Math.abs(got - wanted) <= flush, `${name}(${v}) is ${got}, not ${wanted}`);
    });
  };
  check('exp', o.exp, Math.exp);
  check('expm1', o.expm1, Math.expm1);
  check('log', o.log, Math.log);
  check('log1p', o.log1p, Math.log1p);
  check('tanh', o.tanh, Math.tanh);
  check('sigmoid', o.sigmoid, sigmoid, 1.2e-38);
  check('softplus', o.softplus, softplus, 1.2e-38);
  check('erf', o.erf, erf);
  check('atan', o.atan, Math.atan);
  check('relu', o.relu, (v) => Math.max(v, 0));
  check('sign', o.sign, Math.sign);
  check('rsqrt', o.rsqrt, (v) => 1 / Math.sqrt(v));
  check(
    'clip',
    (a) => o.clip(a, -2, 2),
    (v) => Math.min(Math.max(v, -2), 2),
  );
  check(
    'sin of what is no number',
    (a) => o.sin(o.mul(a, inf)),
    () => nan,
  );
});

const normal = (x: number): number => (x < 0 ? 0.5 * erfc(-x / Math.SQRT2) : 1 - 0.5 * erfc(x / Math.SQRT2));
/** 1 - erf, also where that is small: a continued fraction (Gautschi 1970). */
function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let rest = x;
  for (let k = 120; k > 0; k--) rest = x + k / 2 / rest;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / rest;
}

test('gelu within 3e-7 of x, of its value where that is small, and its gradient within 5e-7; infinities and NaN', () => {
  const next = randomUniform(9);
  const x = Float32Array.from({ length: 40_001 }, (_, i) => (i % 2 ? 13.5 : 3) * (2 * next() - 1));
  const [y, slope] = [o.gelu, (t: Tensor) => grad(o.sum(o.gelu(t)), [t])[0]!].map((f) =>
    run(([t]) => f(t!), [tensor(x)], wasmBackend),
  ) as [Float32Array, Float32Array];
  x.forEach((v, i) => {
    const [wanted, least] = [v * normal(v), 1.2e-38];
    const density = Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI);
    assert.ok(Math.abs(y[i]! - wanted) <= 3e-7 * Math.abs(v) + least, `gelu(${v}) is ${y[i]}, not ${wanted}`);
    const relative = Math.abs(y[i]! / wanted - 1);
    if (v < -0.1 && v > -5) assert.ok(relative <= 1e-5, `gelu(${v}) is ${y[i]}, not ${wanted}`);
    const steep = normal(v) + v * density;
    assert.ok(Math.abs(slope[i]! - steep) <= 5e-7, `the gradient at ${v} is ${slope[i]}, not ${steep}`);
  });
  const edges = run(([t]) => o.gelu(t!), [tensor([inf, -inf, nan, 0, -1e38, 3e38])], wasmBackend);
  assert.equal([...edges], [inf, -0, nan, 0, -0, Math.fround(3e38)]);
});

test('a NaN with payload bits stays a NaN', () => {
  const x = new Float32Array(new Uint32Array([0x7fc00001, 0xffc001ff, 0x7fffffff, 0x7fc00100]).buffer);
  for (const f of [o.exp, o.sigmoid, o.tanh, o.softmax, o.log, o.erf, o.relu, o.silu, o.gelu]) {
    const y = run(([a]) => f(a!), [tensor(x)], wasmBackend);
    assert.ok(y.every(Number.isNaN), `${f.name}: ${y}`);
  }
});

test("pow has JavaScript's special cases and float32's exactness elsewhere", () => {
  const values = [0, -0, 1, -1, 2, -2, 0.5, 3, -3, inf, -inf, nan, 1e30, 2.5, -2.5, 17];
  const [a, b] = [tensor(Float32Array.from(values), [16, 1]), tensor(Float32Array.from(values), [1, 16])];
  const y = run(([x, p]) => o.pow(x!, p!), [a, b], wasmBackend);
  for (const [i, x] of values.entries()) {
    for (const [j, p] of values.entries()) {
      const [got, wanted] = [y[i * 16 + j]!, Math.fround(x) ** Math.fround(p)];
      const fine = Object.is(got, Math.fround(wanted)) || ulps(got, wanted) <= 0.6;
      assert.ok(fine, `${x} ** ${p} is ${got}, not ${wanted}`);
    }
  }
});

test('rounding: halves to even; NaN is the maximum of a pool and of a reduction, and the first argmax', () => {
  const halves = run(([x]) => o.round(x!), [tensor([0.5, 1.5, 2.5, -0.5, -1.5, 3e9])], wasmBackend);
  assert.equal([...halves], [0, 2, 2, -0, -2, 3e9]);
  const x = tensor(Float32Array.of(1, nan, 5, nan, 2, 3), [1, 6, 1]);
  assert.ok(Number.isNaN(run(([a]) => o.max(a!), [x], wasmBackend)[0]!));
  assert.equal([...run(([a]) => o.argmax(a!, 1), [x], wasmBackend)], [1]);
  assert.equal([...run(([a]) => o.maxPool(a!, { window: 3 }), [x], wasmBackend)], [nan, nan]);
  const pool = { window: [3], strides: [3], pads: [[0, 0]] } as const;
  assert.equal([...run(([a]) => maxPoolArgmax([a!], pool), [x], wasmBackend)], [1, 3]);
  const g = tensor(Float32Array.of(7, 8), [1, 2, 1]);
  const dx = ([a, b]: Tensor[]): Tensor => maxPoolGrad([a!, b!], { ...pool, rectified: false });
  assert.equal([...run(dx, [x, g], wasmBackend)], [0, 7, 0, 8, 0, 0]);
});

test.run();
