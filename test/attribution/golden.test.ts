/**
 * Closed forms of integrated gradients that need no other software, numbered as in the list they come from: polynomials and
 * smooth functions (1-28), kinks, ties and flat parts (29-39). Where a rule is exact the bound is 1e-12.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { relu } from '../../src/ops/activations.ts';
import { add, div, maximum, mul, pow, sub } from '../../src/ops/binary.ts';
import { conv1d } from '../../src/ops/conv.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/movement.ts';
import { logSumExp, sum } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { abs, clip, erf, exp, floor, sigmoid, sin, softplus, sqrt, square, tanh } from '../../src/ops/unary.ts';
import type { QuadratureMethod } from '../../src/quadrature/index.ts';
import { full, type Tensor } from '../../src/tensor/tensor.ts';
import { affine, attributions, col, explainOne, type Model, type Setting } from './closed-forms.ts';
import { f64 } from './tiny-models.ts';

type Row = readonly [
  name: string,
  f: Model,
  x: readonly number[],
  setting: Setting,
  expected: readonly number[],
  tolerance?: number,
];

const methods: readonly QuadratureMethod[] = [
  'gausslegendre',
  'riemann_left',
  'riemann_right',
  'riemann_middle',
  'riemann_trapezoid',
];
const left = { method: 'riemann_left' } as const;
const right = { method: 'riemann_right' } as const;
const middle = { method: 'riemann_middle' } as const;
const alibiTrapezoid = { method: 'riemann_trapezoid', compat: 'alibi' } as const;
const trapezoid = { method: 'riemann_trapezoid' } as const;

const linear: Model = (x) => affine(x, [2, -3, 0.5], 7);
const squares: Model = (x) => sum(square(x), { axes: 1, keepDims: true });
const product: Model = (x) => mul(col(x, 0), col(x, 1));
const power =
  (n: number): Model =>
  (x) =>
    pow(col(x, 0), n);
const ridge =
  (g: (z: Tensor) => Tensor): Model =>
  (x) =>
    g(affine(x, [1, 2, -1.5], 0.3));
const gelu = (z: Tensor): Tensor => mul(mul(z, 0.5), add(erf(mul(z, Math.SQRT1_2)), 1));
const softmax2: Model = (x) =>
  softmax(
    add(
      matmul(
        x,
        f64([
          [1, -0.5],
          [0.2, 0.7],
          [-0.3, 0.4],
        ]),
      ),
      0,
    ),
  );
const softmax3: Model = (x) =>
  softmax(
    matmul(
      x,
      f64([
        [1, -0.5, 0.3],
        [0.2, 0.7, -0.9],
        [-0.3, 0.4, 0.1],
      ]),
    ),
  );
const sensitivity: Model = (x) => sub(1, relu(sub(1, x)));
const hinge: Model = (x) => relu(sub(x, 1));
const steep: Model = (x) => sigmoid(mul(sub(x, 0.5), 20));
const f1: Model = (x) => relu(sub(sub(relu(col(x, 0)), 1), relu(col(x, 1))));
const f2: Model = (x) => relu(sub(relu(sub(col(x, 0), 1)), relu(col(x, 1))));
const larger: Model = (x) => maximum(col(x, 0), col(x, 1));
const x3 = [0.5, 1, 0.4];

const rows: Row[] = [
  ...methods.map((method): Row => [`1 linear, ${method}`, linear, [1, 2, 4], { method, n: 7 }, [2, -6, 2]]),
  ['1 linear, trapezoid of alibi', linear, [1, 2, 4], { ...alibiTrapezoid, n: 7 }, [12 / 7, -36 / 7, 12 / 7]],
  ['2 linear from ones', linear, [1, 2, 4], { b: 1, n: 3 }, [0, -3, 1.5]],
  ['3 squares, one point', squares, [1, 2], { n: 1 }, [1, 4]],
  ['3 squares, left', squares, [1, 2], { ...left, n: 10 }, [0.9, 3.6]],
  ['3 squares, right', squares, [1, 2], { ...right, n: 10 }, [1.1, 4.4]],
  ['3 squares, middle', squares, [1, 2], { ...middle, n: 10 }, [1, 4]],
  ['3 squares, trapezoid', squares, [1, 2], { ...trapezoid, n: 10 }, [1, 4]],
  ['3 squares, trapezoid of alibi', squares, [1, 2], { ...alibiTrapezoid, n: 10 }, [0.9, 3.6]],
  ['4 squares between points', squares, [3, 2], { b: [1, -1] }, [8, 3]],
  ['5 product', product, [2, 3], {}, [3, 3]],
  ['6 product between points', product, [2, 3], { b: [1, -1] }, [1, 6]],
  ['7 product of three', (x) => mul(product(x), col(x, 2)), [1, 2, 3], {}, [2, 2, 2]],
  ['8 x^2 y', (x) => mul(square(col(x, 0)), col(x, 1)), [2, 3], {}, [8, 4]],
  ['9 x^3 y^2', (x) => mul(pow(col(x, 0), 3), pow(col(x, 1), 2)), [2, 1], {}, [4.8, 3.2]],
  ...[1, 2, 3, 5].map((n): Row => [`10 degree ${2 * n}, ${n} points`, power(2 * n), [1], { n }, [1]]),
  ...(
    [
      [1, 0.75],
      [2, 35 / 36],
      [3, 0.9975],
      [5, 1 - 1 / 252 ** 2],
    ] as const
  ).map(([n, value]): Row => [`11 degree ${2 * n + 1}, ${n} points`, power(2 * n + 1), [1], { n }, [value]]),
  ['12 x^4, left 10', power(4), [1], { ...left, n: 10 }, [0.81]],
  ['12 x^4, right 10', power(4), [1], { ...right, n: 10 }, [1.21]],
  ['12 x^4, middle 10', power(4), [1], { ...middle, n: 10 }, [0.995]],
  ['12 x^4, trapezoid of alibi 10', power(4), [1], { ...alibiTrapezoid, n: 10 }, [0.911111111111], 1e-11],
  ['12 x^4, left 50', power(4), [1], left, [0.9604]],
  ['12 x^4, right 50', power(4), [1], right, [1.0404]],
  ['12 x^4, middle 50', power(4), [1], middle, [0.9998]],
  ['12 x^4, trapezoid of alibi 50', power(4), [1], alibiTrapezoid, [0.980408163265], 1e-11],
  [
    '13 5x + y^2 + sin z',
    (x) => add(add(mul(col(x, 0), 5), square(col(x, 1))), sin(col(x, 2))),
    [1, 2, 3],
    { b: [0.5, 1, 1] },
    [2.5, 3, Math.sin(3) - Math.sin(1)],
  ],
  ['14 exp(x + y)', (x) => exp(affine(x, [1, 1], 0)), [1, 2], {}, [(Math.E ** 3 - 1) / 3, (2 * (Math.E ** 3 - 1)) / 3]],
  ['15 sigmoid ridge', ridge(sigmoid), x3, {}, [0.08573868265, 0.342954730599, -0.10288641918], 1e-11],
  ['16 tanh ridge', ridge(tanh), x3, {}, [0.1801132941, 0.7204531764, -0.21613595292], 1e-11],
  ['17 softplus ridge', ridge(softplus), x3, {}, [0.381770546132, 1.527082184526, -0.458124655358], 1e-11],
  ['18 sin ridge', ridge(sin), x3, {}, [0.134993736094, 0.539974944377, -0.161992483313], 1e-11],
  ['19 exp ridge', ridge(exp), x3, {}, [2.019777550489, 8.079110201956, -2.423733060587], 1e-11],
  ['20 gelu ridge', ridge(gelu), x3, {}, [0.522115523372, 2.088462093488, -0.626538628046], 1e-11],
  ['21 square ridge', ridge(square), x3, {}, [1.25, 5, -1.5]],
  [
    '22 sigmoid ridge between points',
    ridge(sigmoid),
    x3,
    { b: [1, -1, 0.5] },
    [-0.097294239023, 0.778353912181, 0.029188271707],
    1e-11,
  ],
  ['23 degenerate ridge', (x) => sigmoid(affine(x, [1, 1], 0)), [1, -1], {}, [0.25, -0.25]],
  ['24 softmax of 2, class 0', softmax2, x3, { target: 0 }, [0.187485938766, -0.124990625844, -0.069994750472], 1e-11],
  ['24 softmax of 2, class 1', softmax2, x3, { target: 1 }, [-0.187485938766, 0.124990625844, 0.069994750472], 1e-11],
  ['25 softmax of 3, class 0', softmax3, x3, { target: 0 }, [0.145265127319, 0.011725372503, -0.056620827595], 1e-11],
  ['25 softmax of 3, class 1', softmax3, x3, { target: 1 }, [-0.149768020467, 0.209852682681, 0.053493232922], 1e-11],
  ['25 softmax of 3, class 2', softmax3, x3, { target: 2 }, [0.004502893148, -0.221578055185, 0.003127594673], 1e-11],
  [
    '26 logsumexp',
    (x) => logSumExp(x, { axes: 1, keepDims: true }),
    [1, 2, 3],
    {},
    [0.194970566488, 0.602130382494, 1.511892726794],
    1e-11,
  ],
  [
    '27 convolution',
    (x) => sum(conv1d(reshape(x, [-1, 4, 1]), f64([[[1]], [[-1]]])), { axes: [1] }),
    [1, 2, 3, 4],
    { n: 3 },
    [1, 0, 0, -4],
  ],
  ['29 sensitivity, left', sensitivity, [2], left, [1]],
  ['29 sensitivity, right: relu has slope 0 at 0', sensitivity, [2], right, [0.96]],
  ['29 sensitivity, middle', sensitivity, [2], middle, [1]],
  ['29 sensitivity, trapezoid of alibi', sensitivity, [2], alibiTrapezoid, [0.98]],
  ['29 sensitivity, Gauss-Legendre', sensitivity, [2], {}, [1]],
  ['30 hinge, left', hinge, [3], left, [1.98]],
  ['30 hinge, right', hinge, [3], right, [2.04]],
  ['30 hinge, middle', hinge, [3], middle, [1.98]],
  ['30 hinge, trapezoid of alibi', hinge, [3], alibiTrapezoid, [1.95]],
  ['30 hinge, Gauss-Legendre 50', hinge, [3], {}, [1.959137419819], 1e-11],
  ['30 hinge, Gauss-Legendre 10', hinge, [3], { n: 10 }, [1.943286337072], 1e-11],
  ['31 nested relus, left 50', f1, [3, 1], left, [1.44, -0.48]],
  ['32 the same function otherwise, left 50', f2, [3, 1], left, [1.44, -0.48]],
  ['31 nested relus, left 10', f1, [3, 1], { ...left, n: 10 }, [1.2, -0.4]],
  ['32 the same function otherwise, left 10', f2, [3, 1], { ...left, n: 10 }, [1.2, -0.4]],
  ['31 nested relus, limit', f1, [3, 1], { ...middle, n: 3000 }, [1.5, -0.5], 1e-3],
  ['33 maximum, middle', larger, [3, 1], { b: [0, 2], ...middle, n: 10 }, [1.5, -0.5]],
  ['33 maximum, right 10: a tie goes to the first', larger, [3, 1], { b: [0, 2], ...right, n: 10 }, [1.8, -0.4]],
  ['33 maximum, right 50', larger, [3, 1], { b: [0, 2], ...right }, [1.56, -0.48]],
  ['34 |x|', abs, [1], { b: [-1] }, [0]],
  ['34 |x|, left', abs, [1], { b: [-1], ...left, n: 10 }, [-0.2]],
  ['34 |x|, right', abs, [1], { b: [-1], ...right, n: 10 }, [0.2]],
  ...[left, right, middle].map(
    (rule): Row => [`35 clip, ${rule.method}`, (x) => clip(x, 0, 1), [3], { b: [-1], ...rule }, [1.04]],
  ),
  ['35 clip, Gauss-Legendre', (x) => clip(x, 0, 1), [3], { b: [-1] }, [0.954880266959], 1e-11],
  ['36 floor', floor, [2.5], {}, [0]],
  ['37 sqrt, left', sqrt, [4], left, [Number.POSITIVE_INFINITY]],
  ['37 sqrt, trapezoid', sqrt, [4], trapezoid, [Number.POSITIVE_INFINITY]],
  ['37 sqrt, right', sqrt, [4], right, [1.803458018527], 1e-11],
  ['37 sqrt, Gauss-Legendre', sqrt, [4], {}, [1.982758493198], 1e-11],
  ['38 steep sigmoid, left 10', steep, [1], { ...left, n: 10 }, [1.001922945931], 1e-11],
  ['38 steep sigmoid, Gauss-Legendre 10', steep, [1], { n: 10 }, [0.962150735185], 1e-11],
  ['38 steep sigmoid, left 20', steep, [1], { ...left, n: 20 }, [0.999901973312], 1e-11],
  ['38 steep sigmoid, Gauss-Legendre 20', steep, [1], { n: 20 }, [0.999756343453], 1e-11],
  ['38 steep sigmoid, Gauss-Legendre 50', steep, [1], {}, [0.999909204263], 1e-11],
  ['39 constant', (x) => full([x.shape[0]!, 1], 3, 'float64'), [1, 2], { n: 5 }, [0, 0]],
];

import { said } from '../support/warnings.ts';

const test = suite('integrated gradients in closed form');

for (const [name, f, x, setting, expected, tolerance = 1e-12] of rows) {
  test(name, async () => {
    const found = await attributions(f, x, setting);
    assert.is(found.length, expected.length);
    const close = found.every((v, i) => v === expected[i] || Math.abs(v - expected[i]!) <= tolerance);
    assert.ok(close, `got ${found.join(', ')}, expected ${expected.join(', ')}`);
  });
}

test('25 the classes of a softmax sum to 0 for every feature', async () => {
  const classes = await Promise.all([0, 1, 2].map((target) => attributions(softmax3, x3, { target })));
  for (const i of [0, 1, 2]) assert.ok(Math.abs(classes.reduce((total, a) => total + a[i]!, 0)) < 1e-15);
});

test('26 logsumexp adds up to the change of its value', async () => {
  const { completeness } = await explainOne((x) => logSumExp(x, { axes: 1, keepDims: true }), [1, 2, 3]);
  assert.ok(Math.abs(completeness[0]!.attributionSum - 2.308993675776) < 1e-11);
});

test('28 a spike near the baseline, as LayerNorm makes it, needs points', async () => {
  const spike: Model = (x) => div(x, sqrt(add(square(x), 1e-5)));
  const error = async (setting: Setting): Promise<number> =>
    (await attributions(spike, [1], setting))[0]! - 0.999995000037;
  assert.ok(Math.abs((await error({ n: 20 })) - -9.7e-2) < 1e-3);
  assert.ok(Math.abs((await error({ n: 50 })) - -3.8e-3) < 1e-4);
  assert.ok(Math.abs((await error({ n: 100 })) - -2.3e-7) < 1e-8);
  assert.ok(Math.abs((await error(left)) - 5.35) < 1e-2);
});

test('36 the delta of a flat function shows that something is missing, and a warning says so', async () => {
  const { deltas, warnings } = await explainOne(floor, [2.5]);
  assert.is(deltas.item(), -2);
  assert.match(said({ warnings }), "'input' gets zeros: the output does not depend on it differentiably");
  assert.match(said({ warnings }), 'its gradient is 0 on the whole path (sample 0)');
});

test('37 an infinite gradient is named by step and alpha', async () => {
  const { warnings, diagnostics } = await explainOne(sqrt, [4], left);
  assert.equal(diagnostics.firstNonFinite, { sample: 0, step: 0, alpha: 0 });
  assert.match(said({ warnings }), 'the gradient is not finite at step 0 (alpha 0) of sample 0: use gausslegendre');
});

test.run();
