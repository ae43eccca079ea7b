/** A Model of a definition written by hand: whatever an importer gives, the rest is the same. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { LayerCall } from '../../src/graph/callable.ts';
import type { ModelDefinition } from '../../src/model/definition.ts';
import { makeLayer } from '../../src/model/layer.ts';
import { Model } from '../../src/model/model.ts';
import { add } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('a definition');

/** x [n, 2] · w [2, 1] + 1. */
function definition(batch: number | null = null, kernel: readonly number[] = [2, 3]): ModelDefinition {
  const w = tensor(kernel, [2, 1]);
  const weight = { name: 'w', shape: [2, 1], tensor: w, trainable: true };
  const layer = makeLayer({ name: 'gemm', className: 'Gemm', file: 'm', weights: [weight] });
  return {
    name: 'net',
    file: 'm',
    dtype: 'float32',
    inputs: [{ name: 'x', shape: [batch, 2], dtype: 'float32' }],
    outputs: ['y'],
    layers: [layer],
    run: ([x], hooks) => {
      const given = hooks.onInputs?.({ layer, index: 0, inputs: [x!] }) ?? [x!];
      const outputs = [add(matmul(given[0]!, w), tensor([1]))];
      return hooks.onOutputs?.({ layer, index: 0, inputs: given, outputs }) ?? outputs;
    },
    withWeights: async (change) => {
      const values = change({ layer: 'gemm', name: 'w', tensor: w, trainable: true });
      return definition(batch, values ? Array.from(values) : kernel);
    },
    reference: async () =>
      JSON.stringify({ inputs: [{ shape: [1, 2], data: [1, 1] }], outputs: [{ shape: [1, 1], data: [6] }] }),
  };
}

const x = [
  [1, 1],
  [0, 2],
  [3, 0],
];

test('shapes, parameters, layers and summary come from the definition and one application', () => {
  const model = new Model(definition());
  assert.equal(model.outputs, [{ name: 'y', shape: [null, 1] }]);
  assert.equal(model.getLayer('gemm').outputShape, [null, 1]);
  assert.is(model.countParams(), 2);
  assert.match(model.summary(), /gemm \(Gemm\) +\[\?, 1\] +2/);
  assert.not.match(model.summary(), /Connected to/);
  assert.throws(() => model.getLayer('gem'), /did you mean 'gemm'/i);
});

test('predict in batches, verify, other weights, an explanation', async () => {
  const model = new Model(definition());
  assert.equal(Array.from(((await model.predict(x, { batchSize: 2 })) as Tensor).data), [6, 7, 7]);
  assert.ok((await model.verify()).passed);
  const other = await model.withWeights(() => [1, 1]);
  assert.equal(Array.from(((await other.predict(x)) as Tensor).data), [3, 3, 4]);
  assert.not((await other.verify()).passed);
  const { attributions } = await new IntegratedGradients(model, { nSteps: 4 }).explain(tensor(x));
  assert.equal(Array.from(attributions[0]!.data), [2, 3, 0, 6, 6, 0]);
});

test('hooks see and replace what goes through a layer', () => {
  const model = new Model(definition());
  const seen: LayerCall[] = [];
  model.apply([placeholder([3, 2])], {
    onOutputs: (call) => {
      seen.push(call);
      return null;
    },
  });
  assert.equal(
    seen.map(({ layer, outputs }) => [layer.path, outputs[0]!.shape]),
    [['gemm', [3, 1]]],
  );
});

test('a graph of one batch size takes that size only', async () => {
  const model = new Model(definition(3));
  assert.equal(Array.from(((await model.predict(x, { batchSize: 1 })) as Tensor).data), [6, 7, 7]);
  assert.equal(model.outputs[0]!.shape, [3, 1]);
  const error = await model.predict(x.slice(0, 2)).catch((thrown: Error) => thrown);
  assert.match((error as Error).message, /m, input 'x': the input has the wrong shape/);
});

test('what a format cannot do is an error with the file', async () => {
  const { withWeights: _, reference: __, ...less } = definition();
  const model = new Model(less);
  const fails = async (promise: Promise<unknown>): Promise<string> =>
    ((await promise.catch((thrown: Error) => thrown)) as Error).message;
  assert.match(await fails(model.withWeights(() => null)), /^m: weights of models in this format cannot be changed/);
  assert.match(await fails(model.verify()), /^m: holds no reference values/);
});

test.run();
