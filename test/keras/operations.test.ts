/**
 * Operations among the layers of a file, where the zoo by real Keras cannot show them: TensorFlowOpLayer nodes, which only early
 * tf.keras wrote, and arguments that are refused. Expected numbers are worked out by hand.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { modelFrom } from '../support/keras-models.ts';

const test = suite('operations');

/** A model of one node on x [batch, 2, 3]. */
function model(className: string, config: object, inbound: unknown = [[['x', 0, 0, {}]]]): object {
  const input = {
    class_name: 'InputLayer',
    name: 'x',
    config: { name: 'x', batch_input_shape: [null, 2, 3], dtype: 'float32' },
    inbound_nodes: [],
  };
  const node = {
    class_name: className,
    name: 'op',
    config: { name: 'op', trainable: true, dtype: 'float32', ...config },
    inbound_nodes: inbound,
  };
  const layers = [input, node];
  return {
    class_name: 'Model',
    keras_version: '2.3.0-tf',
    config: { name: 'm', layers, input_layers: [['x', 0, 0]], output_layers: [['op', 0, 0]] },
  };
}

async function run(architecture: object): Promise<{ data: number[]; shape: readonly number[] }> {
  const [y] = await modelFrom(architecture).predictAll([
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ]);
  return { data: [...y!.data], shape: y!.shape };
}

const graphNode = (op: string, attr: object = {}, constants: object = {}, inbound?: unknown): object =>
  model('TensorFlowOpLayer', { node_def: { name: op, op, input: ['x'], attr }, constants }, inbound);

test('TensorFlowOpLayer: constants at their places, attributes, many inputs', async () => {
  assert.equal((await run(graphNode('Mean', { keep_dims: { b: true } }, { 1: [2] }))).data, [2, 5]);
  assert.equal((await run(graphNode('Transpose', {}, { 1: [0, 2, 1] }))).data, [1, 4, 2, 5, 3, 6]);
  assert.equal((await run(graphNode('Sub', {}, { 0: 10 }))).data, [9, 8, 7, 6, 5, 4]);
  assert.equal((await run(graphNode('RealDiv', {}, { 1: 2 }))).data, [0.5, 1, 1.5, 2, 2.5, 3]);
  assert.equal((await run(graphNode('Reshape', {}, { 1: [-1, 6] }))).shape, [1, 6]);
  const twice = [
    [
      ['x', 0, 0, {}],
      ['x', 0, 0, {}],
    ],
  ];
  assert.equal((await run(graphNode('ConcatV2', { N: { i: '2' } }, { 2: 1 }, twice))).shape, [1, 4, 3]);
  assert.equal((await run(graphNode('Pack', { N: { i: '2' }, axis: { i: '1' } }, {}, twice))).shape, [1, 2, 2, 3]);
  assert.equal((await run(graphNode('AddN', {}, {}, twice))).data, [2, 4, 6, 8, 10, 12]);
  const product = await run(graphNode('BatchMatMulV2', { adj_y: { b: true } }, {}, twice));
  assert.equal(product.data, [14, 32, 32, 77]);
});

test("StridedSlice's bit masks", async () => {
  const bits = (begin: number, end: number, shrink = 0): object => ({
    begin_mask: { i: String(begin) },
    end_mask: { i: String(end) },
    shrink_axis_mask: { i: String(shrink) },
  });
  // x[:, 1], then x[:, :, ::-2]
  assert.equal(await run(graphNode('StridedSlice', bits(1, 1, 2), { 1: [0, 1], 2: [0, 2], 3: [1, 1] })), {
    data: [4, 5, 6],
    shape: [1, 3],
  });
  assert.equal(
    (await run(graphNode('StridedSlice', bits(7, 7), { 1: [0, 0, 0], 2: [0, 0, 0], 3: [1, 1, -2] }))).data,
    [3, 1, 6, 4],
  );
});

test('indices as TensorFlow writes them', async () => {
  const item = (spec: unknown): object =>
    model('SlicingOpLambda', { function: '__operators__.getitem' }, [['x', 0, 0, { slice_spec: spec }]]);
  const all = { start: null, stop: null, step: null };
  assert.equal(await run(item([all, -1])), { data: [4, 5, 6], shape: [1, 3] });
  assert.equal(await run(item([{ class_name: '__ellipsis__' }, { start: 1, stop: null, step: null }])), {
    data: [2, 3, 5, 6],
    shape: [1, 2, 2],
  });
  assert.equal((await run(item([{ class_name: '__ellipsis__' }, null]))).shape, [1, 2, 3, 1]);
  assert.equal((await run(item([all, all, { start: 2, stop: 0, step: -1 }]))).data, [3, 2, 6, 5]);
  refuses(item([all, 2]), /layer 'op' \(SlicingOpLambda\): an index is out of range \(index 2, axis 1/);
  refuses(item([0, 0, 0, 0]), /more indices than axes/);
});

function refuses(architecture: object, pattern: RegExp): void {
  assert.throws(
    () => modelFrom(architecture),
    (error: Error) => {
      assert.is(error.name, 'PathgradError', error.message);
      assert.match(error.message, pattern);
      return true;
    },
  );
}

test('what is not understood is refused, with its name', () => {
  const call = (name: string, kwargs: object = {}): object =>
    model('TFOpLambda', { function: name }, [['x', 0, 0, kwargs]]);
  refuses(call('signal.fft'), /operation tf.signal.fft is not supported[\s\S]*layers: \{ 'op'/);
  refuses(
    call('math.reduce_sum', { axis: 'all' }),
    /argument 'axis' is not what the operation takes \(expected integers, got "all"\)/,
  );
  refuses(call('math.reduce_sum', { axes_: 2 }), /argument 'axes_' is not supported .*[\s\S]*did you mean 'axes'/);
  refuses(call('reshape', { shape: [-1, 4] }), /do not fill the new shape/);
  refuses(call('split', { num_or_size_splits: 2, axis: 2 }), /does not divide into equal parts/);
  refuses(call('linalg.norm', { ord: 3 }), /argument 'ord' .*1, 2, 'euclidean' or 'fro'/);
  refuses(graphNode('FFT'), /operation tf.raw_ops.FFT is not supported/);
});

test('its TypeScript can be given', async () => {
  const architecture = model('TFOpLambda', { function: 'signal.fft' }, [['x', 0, 0, {}]]);
  const { loadModel, mul } = await import('../../src/index.ts');
  const { legacyTree, writeH5 } = await import('../support/h5.ts');
  const bytes = await writeH5({
    attributes: { model_config: JSON.stringify(architecture), keras_version: '2.15.0' },
    members: { model_weights: legacyTree({ x: {}, op: {} }) },
  });
  const loaded = await loadModel(bytes, { layers: { op: ([x]) => mul(x!, 2) } });
  assert.equal(
    [
      ...(
        await loaded.predictAll([
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ])
      )[0]!.data,
    ],
    [2, 4, 6, 8, 10, 12],
  );
});

test.run();
