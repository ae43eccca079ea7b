/** Guided backpropagation and the deconvolution: what comes back through a relu, and through what is nearly one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Deconvolution, GuidedBackprop, Saliency } from '../../../src/attribution/methods/index.ts';
import * as op from '../../../src/ops/index.ts';
import { PathgradError } from '../../../src/tensor/errors.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { f64, floatInput, tinyModel } from '../tiny-models.ts';

const test = suite('guided backpropagation and deconvolution');
type Model = (x: Tensor) => Tensor;
const { add, mul, neg, relu } = op;
const methods = { GuidedBackprop, Deconvolution };

async function slopes(method: keyof typeof methods, f: Model, x: readonly number[]): Promise<number[]> {
  const explainer = new methods[method](f, { dtype: 'float64' });
  const { attributions } = await explainer.explain(f64([[...x]]));
  return [...attributions[0]!.data].map((value) => value + 0);
}
/** Per element: a weight from above, a relu. */
const rectified =
  (weights: readonly number[], f: Model = relu): Model =>
  (x) =>
    op.sum(mul(f(x), f64([...weights])), { axes: 1 });

test('guided: what is positive, where the unit was on', async () => {
  // On and off, with gradients of either sign; at 0 a unit is off.
  assert.equal(await slopes('GuidedBackprop', rectified([2, -3, 2, -3, 2]), [1, 1, -1, -1, 0]), [2, 0, 0, 0, 0]);
});

test('deconvolution: what is positive, on or off', async () => {
  assert.equal(await slopes('Deconvolution', rectified([2, -3, 2, -3, 2]), [1, 1, -1, -1, 0]), [2, 0, 2, 0, 2]);
});

test('a relu with an upper bound is off beyond it', async () => {
  assert.equal(await slopes('GuidedBackprop', rectified([2, -3, 2, 2], op.relu6), [1, 1, -1, 7]), [2, 0, 0, 0]);
});

test('relus that leak are left as they are', async () => {
  const x = [1, 1, -1, -1, 0];
  for (const f of [(t: Tensor) => op.leakyRelu(t, 0.5), (t: Tensor) => relu(t, { negativeSlope: 0.5, maxValue: 6 })]) {
    const both = rectified([2, -3, 2, -3, 0], (t) => add(f(t), mul(relu(op.sin(t)), 0)));
    assert.equal(await slopes('GuidedBackprop', both, x), [2, -3, 1, -1.5, 0]);
  }
});

test('the two parts of a parametric relu are left as they are', async () => {
  const f = (x: Tensor): Tensor => op.prelu(x, f64([0.5, 0.5, 0.5, 0.5]));
  const both = rectified([2, -3, 2, -3], (x) => add(f(x), mul(relu(op.sin(x)), 0)));
  assert.equal(await slopes('GuidedBackprop', both, [1, 1, -1, -1]), [2, -3, 1, -1.5]);
  // A relu of a negated tensor that is not such a part counts.
  assert.equal(
    await slopes(
      'GuidedBackprop',
      rectified([2, -3], (x) => relu(neg(x))),
      [-1, -1],
    ),
    [-2, 0],
  );
});

test('two layers: signs are looked at in each', async () => {
  const f: Model = (x) => {
    const h = relu(
      op.matmul(
        x,
        f64([
          [1, -1],
          [1, 2],
        ]),
      ),
    );
    return op.sum(
      mul(
        relu(
          op.matmul(
            h,
            f64([
              [1, -2],
              [-1, 1],
            ]),
          ),
        ),
        f64([1, 1]),
      ),
      { axes: 1 },
    );
  };
  // h = [3, 3]; the second layer is [0, -3]: off, so that guided passes nothing.
  assert.equal(await slopes('GuidedBackprop', f, [1, 2]), [0, 0]);
  // Above each unit of h 1 - 2 = -1 and -1 + 1 = 0.
  assert.equal(await slopes('Deconvolution', f, [1, 2]), [0, 0]);
  // h = [1, 5]; the second layer is [-4, 3]: guided gets [-2, 1] at h and passes [0, 1].
  assert.equal(await slopes('GuidedBackprop', f, [-1, 2]), [-1, 2]);
});

test('at a layer only relus behind it count', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 2)],
    layers: [
      ['one', 'ReLU'],
      ['two', 'Dense'],
      ['three', 'ReLU'],
    ],
    forward: (call, [x]) => {
      const h = call('two', [call('one', [x!], (t) => relu(t))], (t) => mul(t, f64([2, -1])));
      return op.sum(
        call('three', [h], (t) => relu(add(t, 5))),
        { axes: 1 },
      );
    },
  });
  const X = f64([[1, 1]]);
  const at = async (layer: string | null): Promise<number[]> => [
    ...(await new GuidedBackprop(model, { layer }).explain(X)).attributions[0]!.data,
  ];
  assert.equal(await at(null), [2, 0]);
  assert.equal(await at('one'), [2, -1]);
  try {
    await at('three');
    assert.unreachable('no relu is left');
  } catch (error) {
    assert.instance(error, PathgradError);
    assert.match(
      (error as Error).message,
      /^GuidedBackprop: changes what comes back through a relu, and none lies between/,
    );
    assert.match((error as PathgradError).hint!, 'Saliency');
  }
});

test('several targets, and a relu that passes everything is the gradient', async () => {
  const f: Model = (x) =>
    op.matmul(
      relu(x),
      f64([
        [1, 2, 3],
        [4, 0, 6],
      ]),
    );
  const X = f64([
    [1, 2],
    [3, 1],
  ]);
  const all = await new Deconvolution(f).explain(X, { target: 'all' });
  assert.equal(
    all.map(({ attributions }) => [...attributions[0]!.data]),
    [
      [1, 4, 1, 4],
      [2, 0, 2, 0],
      [3, 6, 3, 6],
    ],
  );
  const plain = await new Saliency(f, { abs: false }).explain(X, { target: 'all' });
  assert.equal(
    plain.map(({ attributions }) => attributions[0]!.data),
    all.map(({ attributions }) => attributions[0]!.data),
  );
});

test.run();
