/** The Model: what it takes, what it says when that is wrong, its layers, hooks and summary. Weights are small enough to check by hand. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { LayerCall } from '../../src/graph/callable.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { mul } from '../../src/ops/binary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import {
  averager,
  branched,
  classifier,
  dropping,
  embedder,
  nested,
  twoInputs,
  unbuilt,
} from '../support/keras-examples.ts';

const test = suite('Model');

async function rejects(promise: Promise<unknown>, ...patterns: readonly RegExp[]): Promise<void> {
  const error = await promise.then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.is(error?.name, 'PathgradError', `${error}`);
  for (const pattern of patterns) assert.match(error!.message, pattern);
}

test('predict takes nested arrays, tensors and flat data with a shape', async () => {
  const model = classifier();
  const expected = [3, 7];
  for (const x of [
    [
      [1, 2],
      [3, 4],
    ],
    tensor([
      [1, 2],
      [3, 4],
    ]),
    { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] },
  ]) {
    const y = (await model.predict(x)) as Tensor;
    assert.equal([...y.data], expected);
    assert.equal(y.shape, [2, 1]);
  }
});

test('predict works in batches and gives the same for any batch size', async () => {
  const model = classifier();
  const x = Array.from({ length: 7 }, (_, i) => [i, 1]);
  const whole = (await model.predict(x)) as Tensor;
  assert.equal([...whole.data], [1, 2, 3, 4, 5, 6, 7]);
  for (const batchSize of [1, 2, 3, 100]) {
    assert.equal([...((await model.predict(x, { batchSize })) as Tensor).data], [...whole.data]);
  }
  await rejects(model.predict(x, { batchSize: 0 }), /predict: batchSize is a whole number from 1 up \(got 0\)/);
});

test('more input shapes than plans are kept give the same results again', async () => {
  const model = classifier();
  for (const size of [...Array(12).keys(), ...Array(12).keys()]) {
    const x = Array.from({ length: size + 1 }, (_, i) => [i, size]);
    const y = (await model.predict(x)) as Tensor;
    assert.equal(
      [...y.data],
      x.map(([a, b]) => a! + b!),
    );
  }
  model.dispose();
  assert.equal([...((await model.predict([[1, 2]])) as Tensor).data], [3]);
});

test('a batch size that the file states does not bind', async () => {
  const model = classifier({ batch: 32 });
  assert.equal(model.inputs[0]!.shape, [null, 2]);
  assert.equal([...((await model.predict([[1, 2]])) as Tensor).data], [3]);
});

test('a wrong input names itself, what was expected and what came', async () => {
  const model = classifier();
  await rejects(
    model.predict([[1, 2, 3]]),
    /test.json, input 'dense_input': .*wrong shape \(expected \[any,2\], got \[1,3\]\)/,
  );
  await rejects(model.predict([1, 2]), /expected \[any,2\], got \[2\]/, /give a batch of one as \[x\]/);
  await rejects(model.predict({ data: [1, 2, 3], shape: [1, 2] }), /3 values do not fill the shape/);
  await rejects(model.predict(Float32Array.of(1, 2) as unknown as number[]), /a typed array needs a shape/);
  await rejects(model.predict({ data: [], shape: [0, 2] }), /the batch is empty/);
});

test('several inputs by list and by name; errors name them', async () => {
  const model = twoInputs();
  const [a, b] = [[[1, 2]], [[10]]];
  assert.equal([...((await model.predict([a, b])) as Tensor).data], [11, 12]);
  assert.equal([...((await model.predict({ left: a, right: b })) as Tensor).data], [11, 12]);
  await rejects(model.predict([a]), /the model has 2 inputs \(needs \[left,right\]/);
  await rejects(
    model.predict({ left: a, wrong: b }),
    /do not match by name \(needs \[left,right\], got \[left,wrong\]/,
  );
  await rejects(
    model.predict([
      [
        [1, 2],
        [3, 4],
      ],
      b,
    ]),
    /different batch sizes \(left \[2,2\], right \[1,1\]\)/,
  );
});

test('several outputs come in a list', async () => {
  const [sum, product] = (await branched().predict([[2, 3]])) as readonly Tensor[];
  assert.equal([...sum!.data], [4, 6]);
  assert.equal([...product!.data], [4, 9]);
});

test('a token outside the vocabulary names layer, id and range', async () => {
  const model = embedder();
  assert.equal([...((await model.predict([[0, 2]])) as Tensor).data], [0, 20]);
  await rejects(
    model.predict([
      [0, 1],
      [1, 3],
    ]),
    /layer 'embedding' \(Embedding\): token id 3 is outside the vocabulary \(sample 1, allowed 0 to 2\)/,
  );
  await rejects(model.checkInputs([[0, 7]]), /token id 7 is outside the vocabulary/);
  await model.checkInputs([[0, 2]]);
  await rejects(model.predict([[0, -1]]), /token id -1 is outside the vocabulary/);
});

test('getLayer finds by index, name and path, and otherwise says what is near', () => {
  const model = nested();
  assert.is(model.getLayer(1).name, 'inner');
  assert.is(model.getLayer(-1).name, 'last');
  assert.is(model.getLayer('inner/first').path, 'inner/first');
  assert.is(model.getLayer('first').path, 'inner/first');
  assert.throws(() => model.getLayer('lats'), /there is no layer 'lats'[\s\S]*did you mean 'last'/);
  assert.throws(() => model.getLayer(3), /there is no layer 3 \(layers 3\)[\s\S]*from 0 to 2/);
});

test('layers state their shapes and weights', () => {
  const model = nested();
  const first = model.getLayer('inner/first');
  assert.equal(first.inputShape, [null, 2]);
  assert.equal(first.outputShape, [null, 2]);
  assert.equal(
    first.weights.map(({ name, shape }) => [name, ...shape]),
    [
      ['kernel', 2, 2],
      ['bias', 2],
    ],
  );
  assert.equal(model.outputs, [{ name: 'last', shape: [null, 2] }]);
  assert.is(model.countParams(), 6);
});

test('hooks see every call with paths and indices, and may replace tensors', () => {
  const model = nested();
  const x = tensor([[1, 2]]);
  const calls: string[] = [];
  const see = ({ layer, index }: LayerCall): null => {
    calls.push(`${layer.path}#${index}`);
    return null;
  };
  const [plain] = model.apply([x], { onOutputs: see });
  assert.ok(
    calls.includes('inner/first#0') && calls.includes('inner/first#1') && calls.includes('last#0'),
    calls.join(),
  );
  const double = (call: LayerCall): readonly Tensor[] | null =>
    call.layer.path === 'last' ? call.outputs.map((y) => mul(y, 2)) : null;
  const [doubled] = model.apply([x], { onOutputs: double });
  assert.equal(
    [...evaluate(doubled!).data],
    [...evaluate(plain!).data].map((v) => 2 * v),
  );
  const bad = (): readonly Tensor[] => [tensor([1])];
  assert.throws(() => model.apply([x], { onOutputs: bad }), /a hook returned outputs of other shapes/);
});

test('apply refuses another float type and another shape, and knows mask and training only', () => {
  const model = classifier();
  const x = tensor([[1, 2]]);
  assert.throws(
    () => model.apply([tensor([[1, 2]], undefined, 'float64')]),
    /computes in float32, the input is float64/,
  );
  assert.throws(() => model.apply([tensor([[1]])]), /input 'dense_input'.*expected \[any,2\], got \[1,1\]/);
  assert.throws(() => model.apply([]), /the model has 1 inputs, 0 given/);
  assert.throws(() => model.apply([x], { kwargs: { maks: x } }), /argument 'maks'[\s\S]*did you mean 'mask'/);
  assert.throws(
    () => model.apply([x], { kwargs: { training: tensor(1) } }),
    /argument 'training'[\s\S]*inference only/,
  );
  assert.is(model.apply([x], { kwargs: { training: tensor(0) } }).length, 1);
});

test('a mask given to apply reaches the layers that look at masks', () => {
  const model = averager();
  const x = tensor([[[1], [2], [9]]]);
  assert.equal([...evaluate(model.apply([x])[0]!).data], [4]);
  const mask = tensor([[true, true, false]], undefined, 'bool');
  assert.equal([...evaluate(model.apply([x], { kwargs: { mask } })[0]!).data], [1.5]);
});

test('a dropout called with training=True is refused in Keras 2, where it drops, and not in Keras 3, where predict overrides it', async () => {
  assert.throws(() => dropping('2.15.0'), /layer 'dropout' \(Dropout\): the model calls it with training=True/);
  assert.equal([...((await dropping('3.0.0').predict([[1, 2]])) as Tensor).data], [1, 2]);
});

test('a Sequential that never saw data takes the shape of its first input', async () => {
  const model = unbuilt();
  assert.is(model.hasInputShape, false);
  assert.is(model.outputs[0]!.shape, null);
  assert.equal([...((await model.predict([[1, 2]])) as Tensor).data], [3]);
  assert.equal(model.outputs[0]!.shape, [null, 1]);
  await rejects(
    unbuilt().predict([[1, 2, 3]]),
    /weight 'kernel' has the wrong shape \(expected \[3,1\], found \[2,1\]/,
  );
});

test('missing, surplus and misshapen weights name layer, file and shapes', () => {
  const missing =
    /test.json, layer 'dense' \(Dense\): weights are missing \(expected \[kernel \[2,1\],bias \[1\]\], found \[kernel \[2,1\]\], file test.h5\/dense\)/;
  assert.throws(() => classifier({ weights: [{ name: 'kernel', shape: [2, 1], data: [1, 1] }] }), missing);
  const wrong = [
    { name: 'kernel', shape: [3, 1], data: [1, 1, 1] },
    { name: 'bias', shape: [1], data: [0] },
  ];
  assert.throws(
    () => classifier({ weights: wrong }),
    /weight 'kernel' has the wrong shape \(expected \[2,1\], found \[3,1\], file test.h5\/dense\/kernel\)/,
  );
  const nan = [
    { name: 'kernel', shape: [2, 1], data: [1, Number.NaN] },
    { name: 'bias', shape: [1], data: [0] },
  ];
  assert.throws(() => classifier({ weights: nan }), /weight 'kernel' is not finite/);
});

test('the summary lists layers, shapes, parameters and connections', () => {
  const text = nested().summary();
  const lines = text.split('\n');
  assert.is(lines[0], 'Model: outer');
  assert.match(text, /inner \(Sequential\) +\[\?, 2\] +6 +x; inner\n/);
  assert.match(text, / {2}first \(Dense\) +\[\?, 2\] +6/);
  assert.match(text, /Parameters: 6 \(6 trainable, 0 not\)/);
  const width = Math.max(...lines.map((line) => line.length));
  assert.ok(width < 100);
});

test('an explanation of token ids that the vocabulary lacks names the layer, for inputs and for baselines', async () => {
  const ig = new IntegratedGradients(embedder(), { layer: 'embedding' });
  const outside = /layer 'embedding' \(Embedding\): token id 7 is outside the vocabulary/;
  await rejects(ig.explain(tensor([[0, 7]]), { target: 0 }), outside);
  await rejects(ig.explain(tensor([[0, 1]]), { target: 0, baselines: 7 }), outside);
});

test.run();
