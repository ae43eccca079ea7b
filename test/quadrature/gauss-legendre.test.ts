/** Gauss-Legendre against values computed with 40 digits, and against what defines the rule: zeros of P_n, exact moments. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gaussLegendre } from '../../src/quadrature/index.ts';

const test: ReturnType<typeof suite> = suite('gauss-legendre');

/** [n, index, node, weight] from 40-digit arithmetic; 19 and 20 lie on the two sides of the change of method. */
const REFERENCE: readonly (readonly [n: number, index: number, node: number, weight: number])[] = [
  [19, 0, -0.9924068438435844, 0.019461788229726478],
  [19, 4, -0.7209661773352294, 0.11156664554733399],
  [19, 9, 0.0, 0.1610544498487837],
  [20, 0, -0.9931285991850949, 0.017614007139152118],
  [20, 4, -0.7463319064601508, 0.10193011981724044],
  [20, 9, -0.07652652113349734, 0.15275338713072584],
  [50, 0, -0.998866404420071, 0.002908622553155141],
  [50, 1, -0.9940319694320907, 0.006759799195745401],
  [50, 24, -0.031098338327188876, 0.06217661665534726],
  [1000, 0, -0.9999971112980756, 7.413338416432072e-6],
  [1000, 12, -0.9991985701379369, 0.00012567812476456147],
  [1000, 250, -0.7057176251892954, 0.002224684178668293],
  [1000, 499, -0.0015700104800831938, 0.003140018380182868],
  [10000, 0, -0.9999999710869617, 7.420019273239323e-8],
  [10000, 12, -0.9999919774256385, 1.2582454382685505e-6],
  [10000, 2500, -0.7069679335244269, 0.00022217664923618183],
  [10000, 4999, -0.00015707177824834785, 0.00031414355391322683],
];

const ORDERS = [1, 2, 3, 4, 5, 6, 7, 10, 13, 19, 20, 21, 32, 50, 51, 100, 257, 1000];

test('matches 40-digit nodes and weights', () => {
  for (const [n, i, node, weight] of REFERENCE) {
    const rule = gaussLegendre(n);
    assert.ok(Math.abs(rule.nodes[i]! - node) <= 5e-16, `n ${n} node ${i}: ${rule.nodes[i]}`);
    assert.ok(Math.abs(rule.weights[i]! / weight - 1) <= 3e-15, `n ${n} weight ${i}: ${rule.weights[i]}`);
  }
});

test('matches the closed forms of orders 1 to 3 and 5', () => {
  assert.equal([...gaussLegendre(1).nodes], [0]);
  assert.ok(Math.abs(gaussLegendre(1).weights[0]! - 2) < 1e-15);
  assert.ok(Math.abs(gaussLegendre(2).nodes[1]! - 1 / Math.sqrt(3)) < 2e-16);
  const three = gaussLegendre(3);
  assert.ok(Math.abs(three.nodes[2]! - Math.sqrt(0.6)) < 2e-16);
  assert.ok(Math.abs(three.weights[0]! - 5 / 9) < 1e-15);
  assert.ok(Math.abs(three.weights[1]! - 8 / 9) < 1e-15);
  const five = gaussLegendre(5);
  assert.ok(Math.abs(five.nodes[4]! - Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3) < 3e-16);
  assert.ok(Math.abs(five.weights[4]! - (322 - 13 * Math.sqrt(70)) / 900) < 1e-15);
});

test('nodes are zeros of P_n, increasing and exactly symmetric, for every order tried', () => {
  for (const n of ORDERS) {
    const { nodes, weights } = gaussLegendre(n);
    for (let k = 0; k < n; k++) {
      // A node can be no closer to the zero than rounding: that alone leaves |P_n| = 2e-16 |P_n'|.
      const slope = Math.sqrt(2 / (weights[k]! * (1 - nodes[k]! ** 2)));
      const residual = Math.abs(legendre(n, nodes[k]!));
      assert.ok(residual < 1e-13 + 2e-16 * slope, `P_${n}(node ${k}) = ${residual}`);
      assert.is(nodes[k], 0 - nodes[n - 1 - k]!);
      assert.is(weights[k], weights[n - 1 - k]);
      if (k > 0) assert.ok(nodes[k]! > nodes[k - 1]!);
    }
  }
});

test('integrates powers up to 2n - 1 exactly, and not 2n', () => {
  for (const n of ORDERS) {
    const { nodes, weights } = gaussLegendre(n);
    for (let j = 0; j <= 2 * n - 1; j++) {
      const sum = nodes.reduce((s, x, k) => s + weights[k]! * x ** j, 0);
      assert.ok(Math.abs(sum - (j % 2 === 0 ? 2 / (j + 1) : 0)) < 2e-14, `n ${n}, x^${j}: ${sum}`);
    }
    if (n > 10) continue;
    const next = nodes.reduce((s, x, k) => s + weights[k]! * x ** (2 * n), 0);
    assert.ok(2 / (2 * n + 1) - next > 1e-7);
  }
});

test('every order to 300 sums to 2 and integrates cos', () => {
  for (let n = 1; n <= 300; n++) {
    const { nodes, weights } = gaussLegendre(n);
    assert.ok(Math.abs(weights.reduce((s, w) => s + w, 0) - 2) < 1e-14, `n ${n}`);
    if (n < 8) continue;
    const integral = nodes.reduce((s, x, k) => s + weights[k]! * Math.cos(x), 0);
    assert.ok(Math.abs(integral - 2 * Math.sin(1)) < 1e-14, `n ${n}`);
  }
});

test('callers cannot change the cached rule', () => {
  const first = gaussLegendre(8);
  const kept = [...first.nodes];
  first.nodes.fill(7);
  first.weights.fill(7);
  assert.equal([...gaussLegendre(8).nodes], kept);
});

test('refuses orders that are not integers from 1 to a million', () => {
  for (const n of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 1e6 + 1]) {
    assert.throws(() => gaussLegendre(n), `gaussLegendre: n must be an integer from 1 to 1000000 (n ${n})`);
  }
});

/** P_n(x) by the three-term recurrence. */
function legendre(n: number, x: number): number {
  let before = 1;
  let value = n === 0 ? 1 : x;
  for (let k = 1; k < n; k++) {
    const next = ((2 * k + 1) * x * value - k * before) / (k + 1);
    before = value;
    value = next;
  }
  return value;
}

test.run();
