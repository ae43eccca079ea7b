/** Faults of arguments that were not looked at. */
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { checkGrads } from '../../src/graph/check-grads.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad, jvp } from '../../src/graph/grad.ts';
import { encodeText, parseVocabulary } from '../../src/inputs/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import * as o from '../../src/ops/index.ts';
import { quadratureRule } from '../../src/quadrature/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { normalizeAttributions, overlay, tokensToHtml } from '../../src/visualize/index.ts';
import { example } from '../support/cli.ts';
import { faults } from '../support/faults.ts';

const fault = faults('options');
const x = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: rows
const picture = placeholder([1, 4, 4, 2]);
const kernel = placeholder([2, 2, 2, 3]);
const any = <T>(value: unknown): T => value as T;

const calls: Record<string, [() => unknown, RegExp]> = {
  'reshape to negative sizes': [
    () => o.reshape(x, [-2, -3]),
    /^reshape: a size beside one -1 is a whole number from 0 up \(got -2\)/,
  ],
  'reshape to half a row': [() => o.reshape(x, [0.5, 12]), /^reshape: .*got 0\.5/],
  'slice between elements': [() => o.slice(x, { 0: [0.5, 2.5] }), /^slice: a range is of whole numbers/],
  'slice up to NaN': [() => o.slice(x, { 0: [0, NaN] }), /^slice: a range is of whole numbers/],
  'expandDims beyond the rank': [() => o.expandDims(x, 7), /^expandDims: axis 7 is out of range/],
  'tile with surplus counts': [() => o.tile(x, [1, 2, 3]), /^tile: one count per axis/],
  'tile by a half': [() => o.tile(x, [1, 0.5]), /^tile: a count is a whole number/],
  'repeat less than not at all': [
    () => o.repeat(x, -1, 0),
    /^repeat: the count is a whole number from 0 up \(got -1\)/,
  ],
  'pad with gaps of a half': [() => o.pad(x, [[0, 0], [0, 0]], 0, [0.5, 0]), /^pad: one gap per axis/], // biome-ignore format: pads
  'layerNorm along no axis': [() => o.layerNorm(x, { axes: [2] }), /^layerNorm: axis 2 is out of range/],
  'groups of a half': [() => o.conv2d(picture, kernel, { groups: 0.5 }), /^conv2d: groups is a whole number from 1 up/],
  'padding by a half': [
    () => o.conv2d(picture, kernel, { padding: [[0.5, 0.5], [0, 0]] }), // biome-ignore format: pads
    /^conv2d: padding is one \[before, after\] per spatial axis/,
  ],
  'padding of one axis': [() => o.maxPool(picture, { padding: [[0, 0]] }), /^maxPool: padding is one/],
  'broadcastTo half a row': [() => o.broadcastTo(tensor([1]), [2.5]), /^broadcastTo: a size is a whole number/],
  'sum({ toString })': [() => o.sum(x, any({ toString: 1 })), /^sum: unknown option 'toString'/],
  'an operand that is missing': [() => o.add(x, any(undefined)), /^add: an operand is a tensor or a number/],
  'a plan fed with a plain array': [
    () => compile([o.mul(x, 3)], [x]).runSync([any([1, 2, 3, 4, 5, 6])]),
    /^Plan: input 0 is a typed array of float32/,
  ],
  'sum({ axis })': [() => o.sum(x, any({ axis: 0 })), /^sum: unknown option 'axis'\nhint: did you mean 'axes'\?/],
  'mean({ keepdims })': [
    () => o.mean(x, any({ keepdims: true })),
    /^mean: unknown option 'keepdims'\nhint: did you mean 'keepDims'/,
  ],
  'logSumExp({ axis })': [() => o.logSumExp(x, any({ axis: 0 })), /^logSumExp: unknown option 'axis'/],
  'conv2d({ strides })': [
    () => o.conv2d(picture, kernel, any({ strides: 2 })),
    /^conv2d: unknown option 'strides'\nhint: did you mean 'stride'\?/,
  ],
  'depthwiseConv({ strides })': [
    () => o.depthwiseConv(picture, placeholder([2, 2, 2, 1]), any({ strides: 2 })),
    /^depthwiseConv: unknown option 'strides'/,
  ],
  'convTranspose({ strides })': [
    () => o.convTranspose(picture, placeholder([2, 2, 3, 2]), any({ strides: 2 })),
    /^convTranspose: unknown option 'strides'/,
  ],
  'maxPool({ size })': [() => o.maxPool(picture, any({ size: 2 })), /^maxPool: unknown option 'size'/],
  'matmul({ transposeb })': [
    () => o.matmul(x, x, any({ transposeb: true })),
    /^matmul: unknown option 'transposeb'\nhint: did you mean 'transposeB'/,
  ],
  'relu({ slope })': [() => o.relu(x, any({ slope: 1 })), /^relu: unknown option 'slope'/],
  'layerNorm({ eps })': [() => o.layerNorm(x, any({ eps: 1 })), /^layerNorm: unknown option 'eps'/],
  'simpleRnn({ backwards })': [
    () => o.simpleRnn(placeholder([1, 2, 3]), placeholder([3, 3]), any({ backwards: true })),
    /^simpleRnn: unknown option 'backwards'/,
  ],
  'compile({ backends })': [
    () => compile([o.square(x)], [x], any({ backends: null })),
    /^compile: unknown option 'backends'\nhint: did you mean 'backend'/,
  ],
  'checkGrads({ orders })': [
    () => checkGrads(o.square, [tensor([1], [1], 'float64')], any({ orders: 1 })),
    /^checkGrads: unknown option 'orders'/,
  ],
  'new IntegratedGradients({ steps })': [
    () => new IntegratedGradients((t: Tensor) => o.sum(t, { axes: 1 }), any({ steps: 5 })),
    /^IntegratedGradients: unknown option 'steps'/,
  ],
  'gelu({ aproximate })': [() => o.gelu(x, any({ aproximate: true })), /^gelu: unknown option 'aproximate'/],
  'batchNorm({ gama })': [
    () => o.batchNorm(x, any({ mean: x, variance: x, gama: x })),
    /^batchNorm: unknown option 'gama'\nhint: did you mean 'gamma'/,
  ],
  'batchNorm along no axis': [
    () => o.batchNorm(x, { mean: tensor([0, 0, 0]), variance: tensor([1, 1, 1]), axis: 5 }),
    /^batchNorm: axis 5 is out of range/,
  ],
  'groupNorm({ eps })': [() => o.groupNorm(picture, 1, any({ eps: 1 })), /^groupNorm: unknown option 'eps'/],
  'scatterAdd to half a row': [
    () => o.scatterAdd(x, tensor([0, 1], [2], 'int32'), { axis: 0, size: 1.5 }),
    /^scatterAdd: size is a whole number/,
  ],
  'one axis turned round twice': [() => o.reverse(x, [0, -2]), /^reverse: an axis is given twice/],
  'convTranspose with padding by a half': [
    () => o.convTranspose(picture, placeholder([2, 2, 3, 2]), { padding: [[0.5, 0], [0, 0]] }), // biome-ignore format: pads
    /^convTranspose: padding is one \[before, after\] per spatial axis/,
  ],
  'convTranspose with an output padding by a half': [
    () => o.convTranspose(picture, placeholder([2, 2, 3, 2]), { outputPadding: [0.5, 0] }),
    /^convTranspose: an output padding is a whole number/,
  ],
  'cast to a dtype that there is not': [
    () => o.cast(x, any('float16')),
    /^cast: unknown dtype 'float16'\nhint: did you mean/,
  ],
  'a placeholder of strings': [() => placeholder([1], any('string')), /^placeholder: unknown dtype 'string'/],
  'a tensor of int64': [() => tensor([1], [1], any('int64')), /^tensor: unknown dtype 'int64'/],
  'a recurrent activation that there is not': [
    () => o.simpleRnn(placeholder([1, 2, 3]), placeholder([3, 3]), any({ activation: 'tan' })),
    /^simpleRnn: unknown activation 'tan'\nhint: did you mean 'tanh'/,
  ],
  'grad with a gy of another dtype': [
    () => grad(o.square(x), [x], tensor([[1, 2, 3], [4, 5, 6]], undefined, 'float64')), // biome-ignore format: rows
    /^grad: gy must have the shape of y and its dtype/,
  ],
  'one input twice': [() => compile([o.square(x)], [x, x]), /^compile: an input is given twice/],
  'checkGrads of order 0': [
    () => checkGrads(o.square, [tensor([1], [1], 'float64')], { order: 0 }),
    /^checkGrads: order is a whole number from 1 up/,
  ],
  'quadratureRule({ compta })': [
    () => quadratureRule('riemann_left', 3, any({ compta: 'alibi' })),
    /^quadratureRule: unknown option 'compta'\nhint: did you mean 'compat'/,
  ],
  'overlay({ opacity })': [
    () => overlay({ data: [1], shape: [1, 1] }, { data: [1], shape: [1, 1] }, any({ opacity: 1 })),
    /^overlay: unknown option 'opacity'/,
  ],
  'tokensToHtml({ seperator })': [
    () => tokensToHtml(['a'], [1], any({ seperator: '' })),
    /^tokensToHtml: unknown option 'seperator'\nhint: did you mean 'separator'/,
  ],
  'normalizeAttributions({ percentil })': [
    () => normalizeAttributions([1], any({ percentil: 90 })),
    /^normalizeAttributions: unknown option 'percentil'/,
  ],
  'encodeText({ truncate })': [
    () => encodeText('a', parseVocabulary('a\nb'), any({ truncate: 'post' })),
    /^encodeText: unknown option 'truncate'/,
  ],
  'options that are none': [() => o.sum(x, any(0)), /^sum: options are an object/],
  'jvp with too few tangents': [() => jvp(o.square(x), [x], []), /^jvp: one tangent per tensor/],
  'jvp with a tangent of another shape': [
    () => jvp(o.square(x), [x], [placeholder([3])]),
    /^jvp: one tangent per tensor, of its shape and dtype/,
  ],
};
for (const [what, [call, message]] of Object.entries(calls)) {
  fault('R15', `${what} was taken as something else`, () => {
    assert.throws(call, (error: Error) => error.name === 'PathgradError' && message.test(error.message));
  });
}

fault('R15', 'misspelt options of explain, loadModel and predict were ignored', async () => {
  const ig = new IntegratedGradients((t: Tensor) => o.sum(t, { axes: 1 }));
  const errors = await Promise.all(
    [
      () => ig.explain(x, any({ baseline: 0 })),
      () => loadModel(example('mnist-cnn.h5'), any({ dtypes: 'float64' })),
      async () => (await loadModel(example('mnist-cnn.h5'))).predict(new Array(784).fill(0), any({ batch: 1 })),
    ].map((call) => call().then(String, (error: Error) => error.message)),
  );
  assert.match(errors[0]!, /^explain: unknown option 'baseline'\nhint: did you mean 'baselines'/);
  assert.match(errors[1]!, /^loadModel: unknown option 'dtypes'\nhint: did you mean 'dtype'/);
  assert.match(errors[2]!, /^predict: unknown option 'batch'/);
});

fault('R15', 'sums of zeros in logarithms were NaN', () => {
  const none = tensor([-Infinity, -Infinity], undefined, 'float64');
  const some = tensor([-Infinity, 2], undefined, 'float64');
  for (const [y, value, gradient] of [
    [o.logSumExp(none), -Infinity, [0, 0]],
    [o.logSumExp(some), 2, [0, 1]],
    [o.logSumExp(tensor([Infinity, 2])), Infinity, null],
    [o.sum(o.logAddExp(none, none)), -Infinity, [0, 0]],
    [o.sum(o.logAddExp(tensor([0, 0], undefined, 'float64'), none)), 0, [0, 0]],
  ] as const) {
    assert.is(evaluate(y).item(), value);
    const at = value === 2 ? some : none;
    if (gradient) assert.equal(Array.from(evaluate(grad(y, [at])[0]!).data), [...gradient]);
  }
});

fault.run();
