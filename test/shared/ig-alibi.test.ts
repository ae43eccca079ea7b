/** The 63 runs of the real alibi in shared/golden/ig-alibi.json, in float64 to 1e-12: attributions, predictions and deltas. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Baselines, IntegratedGradients, type ModelInput, predictedClass } from '../../src/attribution/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { relu } from '../../src/ops/activations.ts';
import { mul } from '../../src/ops/binary.ts';
import { embedding } from '../../src/ops/indexing.ts';
import { dense } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/movement.ts';
import { sum } from '../../src/ops/reduce.ts';
import { concat } from '../../src/ops/slicing.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { sigmoid, tanh } from '../../src/ops/unary.ts';
import type { QuadratureMethod } from '../../src/quadrature/index.ts';
import { type NestedArray, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { f64, floatInput, tinyModel } from '../attribution/tiny-models.ts';
import { sharedFolder } from '../support/shared.ts';

interface Case {
  readonly id: number;
  readonly model: string;
  readonly method: QuadratureMethod;
  readonly n_steps: number;
  readonly internal_batch_size: number;
  readonly layer: string | null;
  readonly attribute_to_layer_inputs: boolean;
  readonly target_fn: string | null;
  readonly target_arg: number | number[] | number[][] | null;
  readonly baselines_arg: unknown;
  readonly forward_kwargs: Record<string, NestedArray> | null;
  readonly X: NestedArray;
  readonly attributions: NestedArray[];
  readonly deltas_alibi: number[];
  readonly predictions: NestedArray;
}

const golden = JSON.parse(readFileSync(`${sharedFolder}/golden/ig-alibi.json`, 'utf8')) as {
  weights: Record<string, NestedArray>;
  cases: Case[];
};
const w = (name: string): Tensor => f64(golden.weights[name]!);

function mlp(activation: (x: Tensor) => Tensor, head: string): CallableModel {
  const heads: Record<string, (h: Tensor) => Tensor> = {
    softmax2: (h) => softmax(dense(h, w('W2'), w('b2'))),
    sigmoid1: (h) => sigmoid(dense(h, w('w1o'), w('b1o'))),
    linear1: (h) => dense(h, w('w1o'), w('b1o')),
    sigmoid_squashed: (h) => reshape(sigmoid(dense(h, w('w1o'), w('b1o'))), [-1]),
    rank3_2x3: (h) => reshape(dense(h, w('W3')), [-1, 2, 3]),
  };
  return tinyModel({
    inputs: [floatInput('x', 4)],
    layers: [['h', 'Dense']],
    forward: (call, [x], { scale }) => {
      const scaled = scale ? mul(x!, scale) : x!;
      return heads[head]!(call('h', [scaled], (v) => activation(dense(v, w('W1'), w('b1')))));
    },
  });
}

function modelOf(name: string): CallableModel {
  if (name === 'multi_input_softmax3') {
    return tinyModel({
      inputs: [floatInput('a', 2, 2), floatInput('b', 3)],
      forward: (_, [a, b]) => {
        const z = concat([reshape(a!, [-1, 4]), b!], 1);
        return softmax(dense(tanh(dense(z, w('Wm'), w('bm'))), w('Wm2')));
      },
    });
  }
  if (name === 'embedding_softmax2') {
    return tinyModel({
      inputs: [{ name: 'tokens', shape: [null, 4], dtype: 'int32' }],
      layers: [['emb', 'Embedding']],
      forward: (call, [tokens]) => {
        const e = call('emb', [tokens!], (ids) => embedding(w('E'), ids));
        const p = sum(mul(tanh(e), reshape(w('we'), [4, 1])), { axes: 1 });
        return softmax(dense(p, w('We')));
      },
    });
  }
  const [, activation, head] = /^mlp_(relu|tanh)_(.*)$/.exec(name)!;
  return mlp(activation === 'relu' ? relu : tanh, head!);
}

const flat = (values: NestedArray): number[] => (Array.isArray(values) ? values.flatMap(flat) : [Number(values)]);

function largestDifference(ours: Tensor, theirs: NestedArray): number {
  const expected = flat(theirs);
  assert.is(ours.size, expected.length);
  return expected.reduce((most, v, i) => Math.max(most, Math.abs(v - ours.data[i]!)), 0);
}

const test = suite('integrated gradients against alibi');
let worst = 0;

for (const c of golden.cases) {
  test(`case ${c.id}: ${c.model}, ${c.method}, ${c.n_steps} steps${c.layer ? `, layer ${c.layer}` : ''}`, async () => {
    const several = c.model === 'multi_input_softmax3';
    const ig = new IntegratedGradients(modelOf(c.model), {
      method: c.method,
      nSteps: c.n_steps,
      internalBatchSize: c.internal_batch_size,
      layer: c.layer,
      targetFn: c.target_fn ? predictedClass : null,
      compat: 'alibi',
    });
    const X = (several ? (c.X as NestedArray[]).map((x) => tensor(x, undefined, 'float64')) : c.X) as ModelInput;
    const explanation = await ig.explain(X, {
      target: c.target_arg,
      baselines: c.baselines_arg as Baselines,
      forwardKwargs: c.forward_kwargs,
      attributeToLayerInputs: c.attribute_to_layer_inputs,
    });
    assert.is(explanation.attributions.length, c.attributions.length);
    const differences = [
      ...c.attributions.map((expected, i) => largestDifference(explanation.attributions[i]!, expected)),
      largestDifference(explanation.predictions, c.predictions),
      largestDifference(explanation.deltas, c.deltas_alibi),
    ];
    worst = Math.max(worst, ...differences);
    assert.ok(Math.max(...differences) < 1e-12, `differences ${differences.join(', ')}`);
  });
}

test.after(() =>
  console.log(`note: largest difference from alibi over ${golden.cases.length} cases: ${worst.toExponential(1)}`),
);
test.run();
