/** Closed forms for what surrounds the path: outputs, several inputs, kwargs, layers (53-60 of the list of closed forms). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AttributionPass,
  brutePass,
  IntegratedGradients,
  type IntegratedGradientsOptions,
} from '../../src/attribution/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { relu } from '../../src/ops/activations.ts';
import { mul } from '../../src/ops/binary.ts';
import { embedding } from '../../src/ops/indexing.ts';
import { dense, matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/movement.ts';
import { sum } from '../../src/ops/reduce.ts';
import { concat } from '../../src/ops/slicing.ts';
import { sigmoid, square } from '../../src/ops/unary.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { affine, col, explainOne } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite('integrated gradients of outputs, inputs and layers');
const total = (x: Tensor): Tensor => sum(x, { axes: [1], keepDims: true });
const rounded = (t: Tensor): number[] => Array.from(t.data, (v) => Math.round(v * 1e12) / 1e12 + 0);

test('53 label 0 of a scalar output is the negative of label 1, and deltas are 0 for both', async () => {
  const f = (x: Tensor): Tensor => sigmoid(affine(x, [1, 2], 0.1));
  const [one, zero] = [await explainOne(f, [1, 0.5], { target: 1 }), await explainOne(f, [1, 0.5], { target: 0 })];
  assert.equal(
    Array.from(zero.attributions[0]!.data),
    Array.from(one.attributions[0]!.data, (v) => -v),
  );
  for (const { deltas } of [one, zero]) assert.ok(Math.abs(deltas.item()) < 1e-15);
});

test('54 an output of rank 3 is explained at a tuple of indices', async () => {
  const A = f64([
    [1, 2, 3, 4, 5, 6],
    [-1, 0.5, 2, 0, 3, -2],
  ]);
  const f = (x: Tensor): Tensor => reshape(matmul(x, A), [-1, 2, 3]);
  const { attributions, target } = await new IntegratedGradients(f).explain(
    f64([
      [2, 3],
      [4, 5],
    ]),
    {
      target: [
        [1, 2],
        [0, 1],
      ],
    },
  );
  assert.equal(rounded(attributions[0]!), [12, -6, 8, 2.5]);
  assert.equal(target!.toArray(), [
    [1, 2],
    [0, 1],
  ]);
});

test('55 two inputs', async () => {
  const f = (u: Tensor, v: Tensor): Tensor => total(mul(u, v));
  const explanation = await new IntegratedGradients(f).explain([f64([[1, 2]]), f64([[3, 4]])]);
  assert.equal(explanation.attributions.map(rounded), [
    [1.5, 4],
    [1.5, 4],
  ]);
  assert.equal(explanation.names, ['input_0', 'input_1']);
});

test('56 a forward kwarg is repeated along the path and gets no attribution', async () => {
  const f = (x: Tensor, { w }: { w: Tensor }): Tensor => total(mul(w, square(x)));
  const ig = new IntegratedGradients(f, { internalBatchSize: 3 });
  const explanation = await ig.explain(
    f64([
      [1, 2],
      [3, 4],
    ]),
    {
      forwardKwargs: {
        w: f64([
          [1, 2],
          [3, 4],
        ]),
      },
    },
  );
  assert.equal(explanation.attributions.length, 1);
  assert.equal(rounded(explanation.attributions[0]!), [1, 8, 27, 64]);
});

const twoStage: CallableModel = tinyModel({
  inputs: [floatInput('x', 2)],
  layers: [['h', 'Lambda']],
  forward: (call, [x]) => {
    const h = call('h', [x!], (v) => concat([square(col(v, 0)), col(v, 1)], 1));
    return mul(col(h, 0), col(h, 1));
  },
});

test('57 layer outputs, layer inputs and model inputs', async () => {
  const attribute = async (
    options: IntegratedGradientsOptions<CallableModel>,
    attributeToLayerInputs = false,
  ): Promise<number[]> => {
    const ig = new IntegratedGradients(twoStage, options);
    return rounded((await ig.explain([[2, 3]], { attributeToLayerInputs })).attributions[0]!);
  };
  assert.equal(await attribute({ layer: 'h' }), [6, 6]);
  assert.equal(await attribute({}), [8, 4]);
  assert.equal(await attribute({ layer: 'h' }, true), [8, 4]);
});

test('58 a skip connection sees the real input; alibi gives it zeros', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 2)],
    layers: [['h', 'Dense']],
    forward: (call, [x]) =>
      total(
        mul(
          x!,
          call('h', [x!], (v) => mul(v, 3)),
        ),
      ),
  });
  const right = await new IntegratedGradients(model, { layer: 'h' }).explain([[1, 2]]);
  assert.equal(rounded(right.attributions[0]!), [3, 12]);
  assert.ok(Math.abs(right.deltas.item()) < 1e-12);
  const alibi = await new IntegratedGradients(model, { layer: 'h', compat: 'alibi' }).explain([[1, 2]]);
  assert.equal(rounded(alibi.attributions[0]!), [0, 0]);
  assert.is(alibi.deltas.item(), -15);
});

const tokens: CallableModel = tinyModel({
  inputs: [{ name: 'tokens', shape: [null, 2], dtype: 'int32' }],
  layers: [['emb', 'Embedding']],
  forward: (call, [ids]) => {
    const E = f64([
      [0, 0],
      [1, 2],
      [3, -1],
      [0.5, 0.5],
    ]);
    const e = call('emb', [ids!], (t) => embedding(E, t));
    return matmul(reshape(e, [-1, 4]), f64([[1], [-2], [0.5], [4]]));
  },
});

test('59 an embedding, from PAD and from another token', async () => {
  const ig = new IntegratedGradients(tokens, { layer: 'emb' });
  const pad = await ig.explain([[1, 2]]);
  assert.equal(pad.attributions[0]!.shape, [1, 2, 2]);
  assert.equal(rounded(pad.attributions[0]!), [1, -4, 1.5, -4]);
  assert.equal(rounded((await ig.explain([[1, 2]], { baselines: 3 })).attributions[0]!), [0.5, -3, 1.25, -6]);
});

const shared: CallableModel = tinyModel({
  inputs: [floatInput('x', 2)],
  layers: [['d', 'Dense']],
  forward: (call, [x]) => {
    const d = (v: Tensor): Tensor =>
      call('d', [v], (t) =>
        matmul(
          t,
          f64([
            [1, 1],
            [0, 1],
          ]),
        ),
      );
    return total(d(d(x!)));
  },
});

test('60 a shared layer: the last call by default, any call when asked for', async () => {
  const attribute = async (options: IntegratedGradientsOptions<CallableModel>): Promise<number[]> =>
    rounded((await new IntegratedGradients(shared, options).explain([[1, 2]])).attributions[0]!);
  assert.equal(await attribute({ layer: 'd' }), [1, 4]);
  assert.equal(await attribute({ layer: { layer: 'd', call: 1 } }), [1, 4]);
  assert.equal(await attribute({ layer: { layer: 'd', call: 0 } }), [2, 3]);
  assert.equal(await attribute({ layer: 'd', compat: 'alibi' }), [1, 4]);
});

test('65 ones network: predictions of the model and of its layers', async () => {
  const ones = (rows: number, columns: number): Tensor =>
    tensor(new Float64Array(rows * columns).fill(1), [rows, columns]);
  const model = tinyModel({
    inputs: [floatInput('x', 16)],
    layers: [['d', 'Dense']],
    forward: (call, [x]) =>
      dense(
        call('d', [x!], (v) => relu(dense(v, ones(16, 8)))),
        ones(8, 1),
      ),
  });
  const ig = new IntegratedGradients(model, { layer: 'd' });
  const { predictions, attributions } = await ig.explain(ones(2, 16));
  assert.equal(predictions.toArray(), [[128], [128]]);
  assert.equal(rounded(attributions[0]!), new Array(16).fill(16));
  const inLayer = await ig.explain(ones(3, 16), { baselines: { space: 'layer', value: 1 } });
  assert.equal(inLayer.baselinePredictions.toArray(), [[8], [8], [8]]);
});

test('the layer can be the one that makes the output', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 2)],
    layers: [['out', 'Dense']],
    forward: (call, [x]) => call('out', [x!], (v) => matmul(v, f64([[1], [2]]))),
  });
  const ig = new IntegratedGradients(model, { layer: -1 });
  assert.equal(rounded((await ig.explain([[3, 4]])).attributions[0]!), [11]);
});

test("a strategy of one's own computes the gradients, and may integrate in other variables", async () => {
  let points = 0;
  // Integrates in y = 2 x: half the gradient over twice the distance.
  const doubled: AttributionPass = {
    name: 'doubled',
    prepare: async (problem) => {
      const path = await brutePass.prepare(problem);
      const twice = (values: readonly Float64Array[]): Float64Array[] => values.map((v) => v.map((x) => 2 * x));
      return {
        name: 'doubled',
        from: twice(path.from),
        to: twice(path.to),
        gradients: async (at) => {
          points += at.samples.length;
          return (await path.gradients(at)).map((g) => g.map((v) => v / 2) as TypedArray);
        },
        finish: (means) => path.finish(twice(means)),
      };
    },
  };
  for (const [nSteps, expected] of [
    [4, 4],
    ['auto', 15],
  ] as const) {
    points = 0;
    const ig = new IntegratedGradients((x: Tensor) => total(square(x)), { strategy: doubled, nSteps });
    const { attributions, meta } = await ig.explain(f64([[1, 2]]));
    assert.equal(rounded(attributions[0]!), [1, 4]);
    assert.is(points, expected);
    assert.is(meta.path!.pass, 'doubled');
  }
});

test.run();
