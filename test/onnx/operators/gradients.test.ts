/** Gradients of ONNX operators against central differences in float64, most to the second order, away from kinks. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGrads } from '../../../src/graph/check-grads.ts';
import { randomNormal } from '../../../src/graph/random.ts';
import { operators } from '../../../src/onnx/operators/index.ts';
import { reshape } from '../../../src/ops/index.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { type CallOptions, callOperator } from '../../support/onnx-call.ts';

const test = suite('onnx operator gradients');
type Shape = readonly number[];

interface Case extends CallOptions {
  /** Shapes of the float inputs, which are differentiated. */
  readonly x: readonly Shape[];
  /** Inputs behind them, as they are. */
  readonly rest?: readonly (Tensor | null)[];
  /** Added to what is drawn: functions that want positive numbers, or numbers beside a kink. */
  readonly shift?: number;
  readonly scale?: number;
  /** Which result; the first by default. */
  readonly of?: number;
  readonly order?: number;
}

const ints = (...values: number[]): Tensor => tensor(values, [values.length], 'int32');
const matrix = (rows: readonly (readonly number[])[]): Tensor => tensor(rows, undefined, 'int32');
const f64 = (values: readonly number[], shape: Shape): Tensor => tensor([...values], shape, 'float64');
const one = (x: Shape, options: Partial<Case> = {}): Case => ({ x: [x], ...options });
const two = (x: Shape, y: Shape, options: Partial<Case> = {}): Case => ({ x: [x, y], ...options });
const positive = { shift: 1.5, scale: 0.2 } as const;
const small = { scale: 0.3 } as const;

// biome-ignore format: one case a line
const cases: Readonly<Record<string, readonly Case[]>> = {
  Add: [two([2, 3], [3])], Sub: [two([2, 3], [2, 1])], Mul: [two([2, 3], [3])], Div: [two([2, 3], [3], positive)],
  Pow: [two([2, 3], [3], positive), one([2, 3], { rest: [f64([2], [])] }), one([4], { rest: [f64([3], [])] })],
  Sum: [{ x: [[2, 3], [3], [1]] }], Mean: [{ x: [[2, 3], [3]] }], Max: [two([3, 4], [4])], Min: [two([3, 4], [4])],
  Mod: [one([5], { rest: [f64([7], [])], attrs: { fmod: 1 } })],
  Where: [{ x: [[2, 3], [3]], rest: [] }],
  Abs: [one([5])], Neg: [one([5])], Reciprocal: [one([5], positive)], Sqrt: [one([5], positive)], Exp: [one([5])], Log: [one([5], positive)],
  Sin: [one([5])], Cos: [one([5])], Tan: [one([5], small)], Asin: [one([5], small)], Acos: [one([5], small)], Atan: [one([5])],
  Sinh: [one([5])], Cosh: [one([5])], Asinh: [one([5])], Acosh: [one([5], positive)], Atanh: [one([5], small)], Erf: [one([5])],
  Relu: [one([7])], Sigmoid: [one([7])], Tanh: [one([7])], Softplus: [one([7])], Softsign: [one([7])], LeakyRelu: [one([7], { attrs: { alpha: 0.1 } })],
  PRelu: [two([2, 3, 2], [3, 1])], Elu: [one([7], { attrs: { alpha: 2 } })], Celu: [one([7], { attrs: { alpha: 2 } })], Selu: [one([7])],
  HardSigmoid: [one([7])], HardSwish: [one([7])], ThresholdedRelu: [one([7])], Shrink: [one([7], { attrs: { bias: 0.5, lambd: 0.4 } })],
  Gelu: [one([7]), one([7], { attrs: { approximate: 'tanh' } })], Mish: [one([7])], Swish: [one([7], { attrs: { alpha: 1.5 } })],
  Clip: [one([7], { rest: [f64([-0.5], []), f64([0.7], [])] }), one([7], { opset: 6, attrs: { min: -0.5, max: 0.7 } })],
  MatMul: [two([2, 3], [3, 2]), two([3], [3, 2]), two([2, 2, 3], [3]), two([2, 2, 3], [3, 2])],
  Gemm: [{ x: [[3, 2], [4, 3], [4]], attrs: { transA: 1, transB: 1, alpha: 0.5, beta: 2 } }],
  Einsum: [two([2, 3, 4], [2, 4, 2], { attrs: { equation: 'bij,bjk->bik' } }), one([2, 3, 3], { attrs: { equation: '...ii->...i' } }), one([3, 3], { attrs: { equation: 'ii' } })],
  Softmax: [one([2, 3, 2]), one([2, 3, 2], { opset: 11, attrs: { axis: 1 } })], LogSoftmax: [one([2, 3, 2]), one([2, 3, 2], { opset: 11 })],
  Conv: [{ x: [[1, 2, 4, 4], [4, 1, 3, 3], [4]], attrs: { group: 2, pads: [1, 0, 1, 1], strides: [2, 1], dilations: [1, 1] } }, two([2, 2, 6], [3, 2, 3], { attrs: { auto_pad: 'SAME_LOWER', dilations: [2] } })],
  ConvTranspose: [{ x: [[1, 4, 3, 3], [4, 1, 3, 3], [2]], attrs: { group: 2, strides: [2, 2], pads: [1, 1, 0, 1], output_padding: [1, 0] } }, two([1, 2, 3], [2, 2, 2], { attrs: { output_shape: [9], strides: [3] } })],
  Col2Im: [one([1, 4, 4], { rest: [ints(3, 3), ints(2, 2)] })],
  MaxPool: [one([1, 2, 5, 5], { attrs: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 } }), one([1, 1, 7], { attrs: { kernel_shape: [2], dilations: [2] } })],
  AveragePool: [one([1, 2, 5, 4], { attrs: { kernel_shape: [3, 2], pads: [1, 0, 1, 1], strides: [2, 2], count_include_pad: 1, ceil_mode: 1 } }), one([1, 1, 7], { attrs: { kernel_shape: [3], dilations: [2], pads: [1, 1] } })],
  LpPool: [one([1, 1, 6], { attrs: { kernel_shape: [3], p: 3 }, ...positive })],
  GlobalMaxPool: [one([2, 2, 3])], GlobalAveragePool: [one([2, 2, 3, 2])], GlobalLpPool: [one([1, 2, 3], { attrs: { p: 2 } })],
  MaxUnpool: [one([1, 1, 2, 2], { rest: [tensor([[[[5, 7], [13, 15]]]], undefined, 'int32')], attrs: { kernel_shape: [2, 2], strides: [2, 2] } })],
  BatchNormalization: [{ x: [[2, 3, 2], [3], [3], [3], [3]], ...positive }], InstanceNormalization: [{ x: [[2, 3, 4], [3], [3]] }],
  LayerNormalization: [{ x: [[2, 3, 4], [4], [4]] }, { x: [[2, 3, 4], [3, 4]], attrs: { axis: 1 } }],
  GroupNormalization: [{ x: [[2, 4, 3], [4], [4]], attrs: { num_groups: 2 } }, { x: [[2, 4, 3], [2], [2]], attrs: { num_groups: 2 }, opset: 18 }],
  RMSNormalization: [two([2, 3, 4], [4])], LRN: [one([1, 5, 2], { attrs: { size: 3, alpha: 0.5 } })], LpNormalization: [one([2, 3]), one([2, 3], { attrs: { p: 1, axis: 0 } })],
  MeanVarianceNormalization: [one([2, 2, 2, 2])], Dropout: [one([4])],
  Reshape: [one([2, 6], { rest: [ints(0, -1, 3)] })], Flatten: [one([2, 3, 2])], Squeeze: [one([2, 1, 3], { rest: [ints(1)] }), one([2, 1, 3], { opset: 11, attrs: { axes: [1] } })],
  Unsqueeze: [one([2, 3], { rest: [ints(0, -1)] }), one([2, 3], { opset: 11, attrs: { axes: [0] } })], Transpose: [one([2, 3, 4], { attrs: { perm: [2, 0, 1] } })],
  Expand: [one([3, 1], { rest: [ints(2, 1, 4)] })], Concat: [two([2, 3], [2, 1], { attrs: { axis: -1 } })], Tile: [one([2, 3], { rest: [ints(2, 2)] })],
  Split: [one([2, 5], { rest: [ints(2, 3)], attrs: { axis: 1 }, outputs: 2, of: 1 }), one([5], { attrs: { num_outputs: 2 }, outputs: 2, of: 1 }), one([6], { opset: 11, outputs: 3, of: 2 })],
  DepthToSpace: [one([1, 8, 2, 2], { attrs: { blocksize: 2 } }), one([1, 8, 2, 2], { attrs: { blocksize: 2, mode: 'CRD' } })], SpaceToDepth: [one([1, 2, 4, 4], { attrs: { blocksize: 2 } })],
  Identity: [one([3])], Cast: [one([3], { attrs: { to: 11 } })], CastLike: [one([3], { rest: [f64([0], [1])] })],
  Slice: [one([4, 5], { rest: [ints(3, 1), ints(-10, 5), ints(0, 1), ints(-2, 2)] }), one([4, 5], { opset: 9, attrs: { starts: [1], ends: [3], axes: [1] } })],
  Pad: [one([2, 3], { rest: [ints(1, 0, 0, 2), f64([0.5], [])] }), one([4], { rest: [ints(2, 3)], attrs: { mode: 'reflect' } }), one([3], { rest: [ints(2, 1)], attrs: { mode: 'edge' } }), one([3], { rest: [ints(2, 4)], attrs: { mode: 'wrap' } }), one([4], { rest: [ints(-1, 2)] })],
  CenterCropPad: [one([5, 2], { rest: [ints(2, 5)] })], Trilu: [one([3, 4], { rest: [tensor(1, [], 'int32')] })], ReverseSequence: [one([3, 2, 2], { rest: [ints(2, 3)] })],
  Gather: [one([4, 2], { rest: [matrix([[0, -1], [2, 0]])] }), one([2, 3], { rest: [ints(1)], attrs: { axis: 1 } })], GatherElements: [one([3, 2], { rest: [matrix([[0, 1], [-1, 0]])] })],
  GatherND: [one([2, 3, 2], { rest: [matrix([[0, 1], [1, -1]])] }), one([2, 3, 2], { rest: [matrix([[1], [0]])], attrs: { batch_dims: 1 } })],
  Scatter: [two([3, 3], [1, 2], { rest: [] })], ScatterElements: [], ScatterND: [],
  OneHot: [], ReduceSum: [one([2, 3, 2], { rest: [ints(1)] }), one([2, 3], { opset: 11, attrs: { axes: [0], keepdims: 0 } }), one([2, 3], { attrs: { noop_with_empty_axes: 1 } })],
  ReduceMean: [one([2, 3], { rest: [ints(-1)] })], ReduceMax: [one([2, 3], { rest: [ints(1)] })], ReduceMin: [one([2, 3], { opset: 13, attrs: { axes: [1] } })],
  ReduceProd: [one([2, 3], { rest: [ints(1)] })], ReduceL1: [one([2, 3], { rest: [ints(1)] })], ReduceL2: [one([2, 3], { rest: [ints(1)] })],
  ReduceSumSquare: [one([2, 3])], ReduceLogSum: [one([2, 3], positive)], ReduceLogSumExp: [one([2, 3], { rest: [ints(1)] })],
  CumSum: [one([2, 5], { rest: [tensor(1, [], 'int32')], attrs: { exclusive: 1, reverse: 1 } })], CumProd: [one([5], { rest: [tensor(0, [], 'int32')] })],
  TopK: [one([2, 5], { rest: [ints(3)] })],
  Resize: [one([1, 1, 3, 4], { rest: [null, f64([1, 1, 2, 1.5], [4])], attrs: { mode: 'cubic' } }), one([1, 1, 4], { rest: [null, null, ints(1, 1, 3)], attrs: { mode: 'linear', antialias: 1 } }), one([1, 1, 4], { rest: [null, f64([1, 1, 2], [3])] })],
  Upsample: [one([1, 1, 2, 2], { rest: [f64([1, 1, 2, 3], [4])], opset: 9 }), one([1, 1, 2, 2], { attrs: { mode: 'linear', scales: [1, 1, 2, 2] }, opset: 7 })],
  GridSample: [two([1, 2, 3, 4], [1, 2, 2, 2], { scale: 0.4, order: 1 }), two([1, 1, 3, 4], [1, 2, 2, 2], { scale: 0.4, order: 1, attrs: { mode: 'cubic', align_corners: 1, padding_mode: 'border' } })],
  AffineGrid: [one([1, 2, 3], { rest: [ints(1, 1, 2, 2)] })],
  Attention: [{ x: [[1, 2, 4], [1, 3, 4], [1, 3, 4]], attrs: { q_num_heads: 2, kv_num_heads: 2, is_causal: 1 } }, { x: [[1, 4, 2, 3], [1, 2, 2, 3], [1, 2, 2, 3]], attrs: { softcap: 2 } }],
  RotaryEmbedding: [{ x: [[1, 2, 2, 4], [1, 2, 2], [1, 2, 2]] }, { x: [[1, 2, 2, 4], [1, 2, 2], [1, 2, 2]], attrs: { interleaved: 1 } }],
  RNN: [{ x: [[2, 2, 3], [1, 2, 3], [1, 2, 2], [1, 4]], attrs: { hidden_size: 2, direction: 'reverse' } }],
  GRU: [{ x: [[2, 1, 2], [2, 6, 2], [2, 6, 2], [2, 12]], attrs: { hidden_size: 2, direction: 'bidirectional', linear_before_reset: 1 } }, { x: [[2, 1, 2], [1, 6, 2], [1, 6, 2], [1, 12]], attrs: { hidden_size: 2 } }],
  LSTM: [{ x: [[2, 2, 2], [1, 8, 2], [1, 8, 2], [1, 16]], rest: [ints(2, 1)], attrs: { hidden_size: 2 } }, { x: [[2, 1, 2], [1, 8, 2], [1, 8, 2]], attrs: { hidden_size: 2, input_forget: 1 } }],
  DequantizeLinear: [one([3], { rest: [f64([0.1], []), tensor(3, [], 'int32')], types: [2, 1, 2] })],
  NegativeLogLikelihoodLoss: [one([2, 3], { rest: [ints(0, 2)], attrs: { ignore_index: 2 } })], SoftmaxCrossEntropyLoss: [one([2, 3, 2], { rest: [matrix([[0, 2], [1, 1]])] })],
  DFT: [one([1, 5, 1]), one([1, 4, 2], { attrs: { inverse: 1 } }), one([1, 3, 2], { attrs: { inverse: 1, onesided: 1 } })], STFT: [one([1, 8, 1], { rest: [ints(2), f64([0.2, 0.8, 0.8, 0.2], [4])] })],
};

const microsoft: Readonly<Record<string, readonly Case[]>> = {
  Attention: [{ x: [[1, 3, 4], [4, 12], [12]], rest: [matrix([[1, 1, 0]])], attrs: { num_heads: 2 } }],
  MultiHeadAttention: [{ x: [[1, 2, 4], [1, 3, 4], [1, 3, 4], [12]], attrs: { num_heads: 2 } }],
  LayerNormalization: [{ x: [[2, 4], [4], [4]] }],
  SimplifiedLayerNormalization: [{ x: [[2, 4], [4]] }],
  SkipLayerNormalization: [{ x: [[1, 2, 4], [1, 2, 4], [4], [4], [4]] }],
  SkipSimplifiedLayerNormalization: [{ x: [[1, 2, 4], [1, 2, 4], [4]] }],
  Gelu: [one([5])],
  BiasGelu: [two([2, 3], [3])],
  FastGelu: [two([2, 3], [3])],
  QuickGelu: [one([5])],
  FusedMatMul: [two([3, 2], [4, 3], { attrs: { transA: 1, transB: 1, alpha: 0.5 } })],
};

const fused: Readonly<Record<string, readonly Case[]>> = {
  FusedConv: [{ x: [[1, 2, 4, 4], [3, 2, 3, 3], [3]], attrs: { activation: 'Tanh' } }],
  FusedGemm: [{ x: [[2, 3], [3, 2], [2]], attrs: { activation: 'Sigmoid' } }],
};

const learning: Readonly<Record<string, readonly Case[]>> = {
  LinearClassifier: [
    one([2, 3], {
      of: 1,
      outputs: 2,
      attrs: {
        coefficients: [1, -1, 2, 0.5, 1, 1],
        intercepts: [0.1, 0.2],
        classlabels_ints: [0, 1],
        post_transform: 'SOFTMAX',
      },
    }),
  ],
  LinearRegressor: [one([2, 3], { attrs: { coefficients: [1, -1, 2], intercepts: [0.1] } })],
  Scaler: [one([2, 2], { attrs: { offset: [1, 2], scale: [0.5, 2] } })],
  Normalizer: [one([2, 3], { attrs: { norm: 'L2' } }), one([2, 3], { attrs: { norm: 'L1' } })],
  FeatureVectorizer: [two([2, 2], [2, 1], { attrs: { inputdimensions: [2, 1] } })],
  ArrayFeatureExtractor: [one([2, 3], { rest: [ints(2, 0)] })],
  Imputer: [one([2, 2], { attrs: { imputed_value_floats: [0.5], replaced_value_float: Number.NaN } })],
  ZipMap: [one([2, 2])],
};

/** Made of many nodes, the second order of which is that of their parts: checked to the first, for time. */
const long = [
  'RNN',
  'GRU',
  'LSTM',
  'Attention',
  'MultiHeadAttention',
  'GridSample',
  'LRN',
  'LpPool',
  'STFT',
  'DFT',
  'CumProd',
  'TopK',
];

const drawn = (shape: Shape, seed: number, { shift = 0, scale = 1 }: Case): Tensor =>
  tensor(
    Float64Array.from(randomNormal(sizeOf(shape), seed), (v) => v * scale + shift),
    shape,
  );

function check(opType: string, list: readonly Case[], domain: string): void {
  list.forEach((given, i) => {
    test(`${domain}${domain && ' '}${opType} ${i}`, () => {
      const xs = given.x.map((shape, k) => drawn(shape, 10 * i + k + 1, given));
      const options = { order: given.order ?? (long.includes(opType) ? 1 : 2), directions: 1 };
      checkGrads(
        (...float) => callOperator(opType, [...float, ...(given.rest ?? [])], { domain, ...given })[given.of ?? 0]!,
        xs,
        options,
      );
    });
  });
}

for (const [name, list] of Object.entries(cases)) if (!['Where', 'Scatter'].includes(name)) check(name, list, '');
for (const [name, list] of Object.entries({ ...microsoft, ...fused })) check(name, list, 'com.microsoft');
for (const [name, list] of Object.entries(learning)) check(name, list, 'ai.onnx.ml');

test('operators whose other inputs stand in front', () => {
  const options = { order: 2, directions: 1 };
  const [a, b] = [drawn([2, 3], 1, one([])), drawn([3], 2, one([]))];
  const on = tensor(
    [
      [1, 0, 1],
      [0, 0, 1],
    ],
    undefined,
    'bool',
  );
  checkGrads((x, y) => callOperator('Where', [on, x!, y!])[0]!, [a, b], options);
  const index = matrix([
    [1, 0, 2],
    [1, 1, 0],
  ]);
  for (const reduction of ['none', 'add', 'mul', 'max', 'min']) {
    const data = drawn([3, 3], 3, one([]));
    const once = matrix([
      [1, 0, 2],
      [0, 1, 0],
    ]);
    const write =
      (i: Tensor) =>
      (x?: Tensor, u?: Tensor): Tensor =>
        callOperator('ScatterElements', [x!, i, u!], { attrs: { reduction } })[0]!;
    checkGrads(write(reduction === 'none' ? once : index), [data, drawn([2, 3], 4, one([]))], options);
    const rows = (x?: Tensor, u?: Tensor): Tensor =>
      callOperator('ScatterND', [x!, matrix([[2], [0]]), u!], { attrs: { reduction } })[0]!;
    checkGrads(rows, [data, drawn([2, 3], 5, one([]))], options);
  }
  checkGrads(
    (v) => callOperator('OneHot', [ints(0, 2), tensor(3, [], 'int32'), v!])[0]!,
    [drawn([2], 6, one([]))],
    options,
  );
  const ids = matrix([[0, 2]]);
  const tables = [[3, 4], [2, 4], [4], [4]].map((shape, i) => drawn(shape, 20 + i, one([])));
  const embed = (words?: Tensor, places?: Tensor, gamma?: Tensor, beta?: Tensor): Tensor =>
    callOperator('EmbedLayerNormalization', [ids, null, words!, places!, null, gamma!, beta!], {
      domain: 'com.microsoft',
    })[0]!;
  checkGrads(embed, tables, options);
});

/** No gradient by nature, or constants; their values are tested in values.test.ts. */
const without = [
  'Equal',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'And',
  'Or',
  'Xor',
  'Not',
  'BitShift',
  'BitwiseAnd',
  'BitwiseOr',
  'BitwiseXor',
  'BitwiseNot',
  'Sign',
  'Floor',
  'Ceil',
  'Round',
  'IsNaN',
  'IsInf',
  'Hardmax',
  'Shape',
  'Size',
  'Constant',
  'ConstantOfShape',
  'Range',
  'EyeLike',
  'HannWindow',
  'HammingWindow',
  'BlackmanWindow',
  'ArgMax',
  'ArgMin',
  'NonZero',
  'MelWeightMatrix',
  'Scatter',
  'Compress',
  // Straight-through gradients differ from those of the steps that they stand for.
  'QuantizeLinear',
  'DynamicQuantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'ConvInteger',
  'MatMulInteger',
];

test('every operator is checked here or has no gradient', () => {
  const missing = Object.keys(operators['']!).filter(
    (name) => !cases[name] && !microsoft[name] && !without.includes(name),
  );
  assert.equal(missing, []);
  const rest = [...Object.keys(operators['com.microsoft']!), ...Object.keys(operators['ai.onnx.ml']!)];
  const known = [
    ...Object.keys(microsoft),
    ...Object.keys(fused),
    ...Object.keys(learning),
    'EmbedLayerNormalization',
    'TransposeMatMul',
    'Binarizer',
    'OneHotEncoder',
  ];
  assert.equal(
    rest.filter((name) => !known.includes(name)),
    [],
  );
  assert.is(reshape(tensor(1), [1]).size, 1);
});

test.run();
