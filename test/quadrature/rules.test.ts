/** The five rules on [0, 1]: alibi's positions to the last bit, weights that sum to 1, and the two trapezoids of ledger row Q1. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type QuadratureMethod, quadratureMethods, quadratureRule } from '../../src/quadrature/index.ts';

const test: ReturnType<typeof suite> = suite('quadrature rules');

function integrate(method: QuadratureMethod, n: number, g: (a: number) => number, compat?: 'alibi'): number {
  const { alphas, weights } = quadratureRule(method, n, { compat });
  return alphas.reduce((s, a, k) => s + weights[k]! * g(a), 0);
}

function close(actual: number, expected: number, tol = 1e-14): void {
  assert.ok(Math.abs(actual - expected) <= tol, `${actual} is not ${expected}`);
}

test('Riemann positions are numpy.linspace to the last bit, where they differ from k/n', () => {
  const at = (m: QuadratureMethod, n: number): number[] => [...quadratureRule(m, n).alphas.slice(1, 6)];
  const left = [0.14285714285714288, 0.28571428571428575, 0.4285714285714286, 0.5714285714285715, 0.7142857142857144];
  const right = [0.2857142857142857, 0.4285714285714286, 0.5714285714285714, 0.7142857142857144, 0.8571428571428572];
  const middle = [0.2142857142857143, 0.3571428571428572, 0.5, 0.6428571428571429, 0.7857142857142858];
  assert.equal(at('riemann_left', 7), left);
  assert.equal(at('riemann_right', 7), right);
  assert.equal(at('riemann_middle', 7), middle);
  assert.equal(
    at('riemann_trapezoid', 50),
    [0.02040816326530612, 0.04081632653061224, 0.061224489795918366, 0.08163265306122448, 0.1020408163265306],
  );
  assert.is(quadratureRule('riemann_right', 50).alphas[5], 0.12000000000000001);
  for (const m of ['riemann_right', 'riemann_trapezoid'] as const) assert.is(quadratureRule(m, 7).alphas[6], 1);
});

test('weights sum to 1 for every rule', () => {
  for (const method of quadratureMethods) {
    for (const n of [2, 7, 50, 333])
      close(
        integrate(method, n, () => 1),
        1,
      );
  }
});

test('Q1: riemann_trapezoid is exact for linear gradients; under compat alibi it loses 1/n', () => {
  assert.equal([...quadratureRule('riemann_trapezoid', 5).weights], [0.125, 0.25, 0.25, 0.25, 0.125]);
  assert.equal([...quadratureRule('riemann_trapezoid', 4, { compat: 'alibi' }).weights], [0.125, 0.25, 0.25, 0.125]);
  for (const n of [4, 50]) {
    close(
      integrate('riemann_trapezoid', n, (a) => 2 * a),
      1,
    );
    close(
      integrate('riemann_trapezoid', n, () => 1, 'alibi'),
      (n - 1) / n,
    );
  }
});

test('compat alibi changes nothing but riemann_trapezoid', () => {
  for (const method of quadratureMethods) {
    if (method === 'riemann_trapezoid') continue;
    assert.equal(quadratureRule(method, 9, { compat: 'alibi' }), quadratureRule(method, 9));
  }
});

test('Gauss-Legendre tables on [0, 1]', () => {
  const four = quadratureRule('gausslegendre', 4);
  [0.06943184420297371, 0.33000947820757187, 0.6699905217924281, 0.9305681557970262].forEach((a, k) => {
    close(four.alphas[k]!, a, 2e-16);
  });
  [0.17392742256872679, 0.3260725774312732].forEach((w, k) => {
    close(four.weights[k]!, w, 5e-16);
  });
  assert.equal([...quadratureRule('gausslegendre', 1).alphas], [0.5]);
  const fifty = quadratureRule('gausslegendre', 50);
  close(fifty.alphas[0]!, 0.0005667977899644905, 2e-16);
  close(fifty.alphas[1]!, 0.002984015283954644, 2e-16);
  // numpy's own weight is 1e-12 off here (relative); ours is checked against 40 digits elsewhere.
  close(fifty.weights[0]!, 0.0014543112765789633, 2e-15);
  close(fifty.weights[24]!, 0.031088308327673515, 2e-15);
});

test('golden cases: x^4 with ten and fifty points, and the degree where Gauss stops being exact', () => {
  const quartic = (a: number): number => 4 * a ** 3;
  const cases: [QuadratureMethod, number, number][] = [
    ['riemann_left', 0.81, 0.9604],
    ['riemann_right', 1.21, 1.0404],
    ['riemann_middle', 0.995, 0.9998],
  ];
  for (const [method, ten, fifty] of cases) {
    close(integrate(method, 10, quartic), ten, 1e-12);
    close(integrate(method, 50, quartic), fifty, 1e-12);
  }
  close(integrate('riemann_trapezoid', 10, quartic, 'alibi'), 0.911111111111, 1e-12);
  close(integrate('riemann_trapezoid', 50, quartic, 'alibi'), 0.980408163265, 1e-12);
  for (const [n, value] of [
    [1, 0.75],
    [2, 0.97222222],
    [3, 0.9975],
    [5, 0.99998425296],
  ] as const) {
    close(
      integrate('gausslegendre', n, (a) => (2 * n + 1) * a ** (2 * n)),
      value,
      5e-9,
    );
    close(
      integrate('gausslegendre', n, (a) => 2 * n * a ** (2 * n - 1)),
      1,
    );
  }
});

test('golden cases: kinks and steep sigmoids', () => {
  const kink = (a: number): number => (3 * a > 1 ? 3 : 0);
  close(integrate('riemann_left', 50, kink), 1.98, 1e-12);
  close(integrate('riemann_right', 50, kink), 2.04, 1e-12);
  close(integrate('riemann_trapezoid', 50, kink, 'alibi'), 1.95, 1e-12);
  close(integrate('gausslegendre', 50, kink), 1.959137419819, 1e-12);
  close(integrate('gausslegendre', 10, kink), 1.943286337072, 1e-12);
  const steep = (a: number): number => {
    const s = 1 / (1 + Math.exp(-20 * (a - 0.5)));
    return 20 * s * (1 - s);
  };
  close(integrate('riemann_left', 10, steep), 1.001922945931, 1e-12);
  close(integrate('gausslegendre', 20, steep), 0.999756343453, 1e-12);
});

test('every call returns arrays of its own', () => {
  quadratureRule('gausslegendre', 6).weights.fill(0);
  close(
    integrate('gausslegendre', 6, () => 1),
    1,
  );
});

test('names what is wrong with method and nSteps', () => {
  const unknown =
    (name: string): (() => unknown) =>
    () =>
      quadratureRule(name as QuadratureMethod, 50);
  assert.throws(
    unknown('gauslegendre'),
    /^method: unknown quadrature method \(got 'gauslegendre', known \[gausslegendre,.*did you mean 'gausslegendre'\?/s,
  );
  assert.throws(unknown('riemann_midle'), /did you mean 'riemann_middle'/);
  assert.throws(() => quadratureRule('gausslegendre', 0), 'nSteps: must be at least 1 (got 0)\nhint: try 50');
  assert.throws(() => quadratureRule('gausslegendre', -3), /nSteps: must be at least 1 \(got -3\)/);
  assert.throws(
    () => quadratureRule('gausslegendre', 2.5),
    /nSteps: must be a whole number of points on the path \(got 2.5\)/,
  );
  assert.throws(
    () => quadratureRule('gausslegendre', '50' as unknown as number),
    /must be a whole number.*\(got '50'\)/,
  );
  assert.throws(
    () => quadratureRule('riemann_left', 1),
    /nSteps: riemann_left needs at least 2 points \(got 1\)\nhint: gausslegendre/,
  );
  assert.throws(
    () => quadratureRule('riemann_left', 1e9),
    /nSteps: at most 1000000 points, because .* \(got 1000000000\)/,
  );
});

test.run();
