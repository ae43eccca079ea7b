/** Values of ONNX operators that follow from their definitions by hand, across opsets, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../../src/graph/evaluate.ts';
import { grad } from '../../../src/graph/grad.ts';
import { operators, refusals } from '../../../src/onnx/operators/index.ts';
import { type NestedArray, placeholder, type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { type CallOptions, callOne, callOperator } from '../../support/onnx-call.ts';

const test = suite('onnx operator values');
const f = (values: NestedArray): Tensor => tensor(values, undefined, 'float64');
const i = (values: NestedArray): Tensor => tensor(values, undefined, 'int32');
const b = (values: NestedArray): Tensor => tensor(values, undefined, 'bool');
const value = (opType: string, inputs: readonly (Tensor | null)[], options: CallOptions = {}): NestedArray =>
  evaluate(callOne(opType, inputs, options)).toArray();
const all = (opType: string, inputs: readonly (Tensor | null)[], options: CallOptions = {}): NestedArray[] =>
  callOperator(opType, inputs, options).map((y) => evaluate(y).toArray());
const near = (got: NestedArray, want: NestedArray, tolerance = 1e-12): void => {
  const flat = (v: NestedArray): number[] => (Array.isArray(v) ? (v as NestedArray[]).flatMap(flat) : [Number(v)]);
  assert.equal(evaluate(tensor(got)).shape, tensor(want).shape);
  flat(got).forEach((v, k) => {
    assert.ok(Math.abs(v - flat(want)[k]!) <= tolerance, `${k}: ${v}, expected ${flat(want)[k]}`);
  });
};

test('integers divide towards zero and keep 32 bits', () => {
  assert.equal(value('Div', [i([7, -7, 2147483647]), i([2, 2, 1])]), [3, -3, 2147483647]);
  assert.equal(value('Mod', [i([5, -5, 5]), i([3, 3, -3])]), [2, 1, -1]);
  assert.equal(value('Mod', [i([5, -5, 5]), i([3, 3, -3])], { attrs: { fmod: 1 } }), [2, -2, 2]);
  assert.equal(value('Pow', [i([2, 3]), f([3, 2])]), [8, 9]);
  assert.equal(value('BitShift', [i([1, 8]), i([2, 1])], { attrs: { direction: 'LEFT' } }), [4, 16]);
  assert.equal(value('BitwiseNot', [i([0, 255])], { types: [2] }), [255, 0]);
});

test('logic and comparisons give booleans', () => {
  assert.equal(value('Xor', [b([1, 0, 1]), b([1, 1, 0])]), [false, true, true]);
  assert.equal(value('GreaterOrEqual', [f([1, 2]), f(2)]), [false, true]);
  assert.equal(value('IsInf', [f([Infinity, -Infinity, 1])], { attrs: { detect_negative: 0 } }), [true, false, false]);
  assert.equal(value('IsNaN', [f([Number.NaN, 1])]), [true, false]);
  assert.equal(value('Where', [b([1, 0]), i([1, 2]), i([3, 4])]), [1, 4]);
});

test('bounds of Clip are attributes or inputs, and the upper one wins', () => {
  const x = f([-2, 0.5, 9]);
  assert.equal(value('Clip', [x], { opset: 6, attrs: { min: -1, max: 6 } }), [-1, 0.5, 6]);
  assert.equal(value('Clip', [x, f(-1), f(6)]), [-1, 0.5, 6]);
  assert.equal(value('Clip', [x, null, f(0)]), [-2, 0, 0]);
  assert.equal(value('Clip', [x, f(5), f(1)]), [1, 1, 1]);
});

test('Softmax flattens what lies behind its axis before opset 13', () => {
  const x = f([
    [
      [0, Math.log(3)],
      [0, 0],
    ],
  ]);
  near(value('Softmax', [x], { opset: 13 }), [
    [
      [0.25, 0.75],
      [0.5, 0.5],
    ],
  ]);
  near(value('Softmax', [x], { opset: 11 }), [
    [
      [1 / 6, 0.5],
      [1 / 6, 1 / 6],
    ],
  ]);
  near(value('Hardmax', [f([[1, 3, 3]])]), [[0, 1, 0]]);
});

test('LRN of an even size reaches one further behind than before, as the standard has it', () => {
  const [alpha, beta, bias, size] = [0.5, 0.75, 1.5, 4];
  const x = [1, -2, 3, 4, -5];
  // From c - floor((size - 1) / 2) to c + ceil((size - 1) / 2).
  const want = x.map((v, c) => {
    const around = x.filter((_, i) => i >= c - 1 && i <= c + 2).reduce((total, u) => total + u * u, 0);
    return v / (bias + (alpha / size) * around) ** beta;
  });
  const y = value('LRN', [f([x.map((v) => [v])])], { attrs: { alpha, beta, bias, size } });
  near(y, [want.map((v) => [v])]);
});

test('axes are attributes or inputs', () => {
  const x = f([
    [1, 2],
    [3, 4],
  ]);
  assert.equal(value('ReduceSum', [x], { opset: 11, attrs: { axes: [0], keepdims: 0 } }), [4, 6]);
  assert.equal(value('ReduceSum', [x, i([0])], { attrs: { keepdims: 0 } }), [4, 6]);
  assert.equal(value('ReduceSum', [x, null], { attrs: { noop_with_empty_axes: 1 } }), [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(value('ReduceMax', [x], { opset: 13, attrs: { axes: [-1] } }), [[2], [4]]);
  assert.equal(value('ReduceL2', [f([3, 4])], { attrs: { keepdims: 0 } }), 5);
  assert.equal(callOne('Squeeze', [f([[[1]], [[2]]]), i([1])]).shape, [2, 1]);
  assert.equal(callOne('Squeeze', [f([[[1]], [[2]]])], { opset: 11 }).shape, [2]);
  assert.equal(callOne('Unsqueeze', [f([1, 2]), i([0, -1])]).shape, [1, 2, 1]);
  assert.equal(value('CumSum', [f([1, 2, 3]), i(0)], { attrs: { exclusive: 1 } }), [0, 1, 3]);
  assert.equal(value('CumSum', [i([1, 2, 3]), i(0)], { attrs: { reverse: 1 } }), [6, 5, 3]);
});

test('shapes: 0 keeps a size, -1 is what is left, parts may be uneven', () => {
  const x = f([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.equal(callOne('Reshape', [x, i([0, -1, 1])]).shape, [2, 3, 1]);
  assert.equal(
    callOne('Reshape', [tensor(new Float64Array(0), [0, 3, 4]), i([3, 4, 0])], { attrs: { allowzero: 1 } }).shape,
    [3, 4, 0],
  );
  assert.throws(
    () => callOne('Reshape', [x, i([1, 1, 0])]),
    /Reshape node: a size of 0 keeps an axis that the input lacks/,
  );
  assert.equal(callOne('Flatten', [tensor(new Float64Array(24), [2, 3, 4])], { attrs: { axis: 2 } }).shape, [6, 4]);
  assert.equal(all('Split', [f([1, 2, 3, 4, 5])], { attrs: { num_outputs: 2 }, outputs: 2 }), [
    [1, 2, 3],
    [4, 5],
  ]);
  assert.throws(
    () => callOperator('Split', [f([1, 2, 3]), i([1, 1])], { outputs: 2 }),
    /the parts do not add up to the axis/,
  );
  assert.equal(value('Shape', [x], { attrs: { start: 1 } }), [3]);
  assert.equal(value('Range', [f(3), f(0), f(-1)]), [3, 2, 1]);
  assert.equal(value('ConstantOfShape', [i([2])], { attrs: { value: i([7]) } }), [7, 7]);
  assert.equal(value('Constant', [], { attrs: { value_floats: [1, 2] } }), [1, 2]);
  assert.equal(
    value(
      'EyeLike',
      [
        f([
          [0, 0],
          [0, 0],
        ]),
      ],
      { attrs: { k: 1 } },
    ),
    [
      [0, 1],
      [0, 0],
    ],
  );
});

test('slices go backwards as in Python, and pads cut where they are negative', () => {
  const x = f([0, 1, 2, 3, 4]);
  assert.equal(value('Slice', [x, i([-1]), i([-2147483648]), i([0]), i([-2])]), [4, 2, 0]);
  assert.equal(value('Slice', [x, i([3]), i([0]), i([0]), i([-1])]), [3, 2, 1]);
  assert.equal(value('Slice', [x, i([1]), i([2147483647])]), [1, 2, 3, 4]);
  assert.equal(value('Pad', [x, i([-1, 1]), f(9)]), [1, 2, 3, 4, 9]);
  assert.equal(value('Pad', [x, i([2, 1])], { attrs: { mode: 'reflect' } }), [2, 1, 0, 1, 2, 3, 4, 3]);
  assert.equal(value('Pad', [x, i([1, 2])], { attrs: { mode: 'wrap' } }), [4, 0, 1, 2, 3, 4, 0, 1]);
  assert.equal(
    value(
      'Trilu',
      [
        i([
          [1, 2],
          [3, 4],
        ]),
      ],
      { attrs: { upper: 0 } },
    ),
    [
      [1, 0],
      [3, 4],
    ],
  );
});

test('a negative index counts from behind, a wrong one is refused', () => {
  const x = f([
    [1, 2],
    [3, 4],
  ]);
  assert.equal(value('Gather', [x, i([-1])]), [[3, 4]]);
  assert.throws(() => callOne('Gather', [x, i([2])]), /Gather node: index 2 lies outside an axis of 2/);
  assert.equal(
    value(
      'GatherElements',
      [
        x,
        i([
          [1, 0],
          [0, -1],
        ]),
      ],
      { attrs: { axis: 1 } },
    ),
    [
      [2, 1],
      [3, 4],
    ],
  );
  assert.equal(
    value('GatherND', [
      x,
      i([
        [0, 1],
        [-1, 0],
      ]),
    ]),
    [2, 3],
  );
  assert.equal(value('ScatterND', [f([1, 2, 3]), i([[2], [0]]), f([9, 8])]), [8, 2, 9]);
  const twice = { attrs: { reduction: 'mul' } } as const;
  assert.equal(value('ScatterElements', [f([1, 2, 3]), i([1, 1]), f([5, 7])], twice), [1, 70, 3]);
  assert.equal(value('OneHot', [i([0, -1, 5]), i(3), f([0, 2])]), [
    [2, 0, 0],
    [0, 0, 2],
    [0, 0, 0],
  ]);
  assert.equal(all('TopK', [f([3, 9, 9, 1]), i([3])], { outputs: 2 }), [
    [9, 9, 3],
    [1, 2, 0],
  ]);
  assert.equal(all('TopK', [f([3, 9, 1]), i([2])], { outputs: 2, attrs: { largest: 0 } }), [
    [1, 3],
    [2, 0],
  ]);
  assert.equal(value('ArgMax', [f([1, 5, 5])], { attrs: { select_last_index: 1, keepdims: 0 } }), 2);
  assert.equal(
    value('NonZero', [
      f([
        [0, 2],
        [3, 0],
      ]),
    ]),
    [
      [0, 1],
      [1, 0],
    ],
  );
  assert.equal(value('Compress', [x, b([0, 1])], { attrs: { axis: 0 } }), [[3, 4]]);
});

test('convolutions and pools: paddings with names, ceil_mode, counted padding', () => {
  const line = f([[[1, 2, 3, 4]]]);
  const ones = f([[[1, 1]]]);
  assert.equal(value('Conv', [line, ones]), [[[3, 5, 7]]]);
  assert.equal(value('Conv', [line, ones], { attrs: { auto_pad: 'SAME_UPPER' } }), [[[3, 5, 7, 4]]]);
  assert.equal(value('Conv', [line, ones], { attrs: { auto_pad: 'SAME_LOWER' } }), [[[1, 3, 5, 7]]]);
  assert.equal(value('ConvTranspose', [line, f([[[1, 10]]])], { attrs: { strides: [2] } }), [
    [[1, 10, 2, 20, 3, 30, 4, 40]],
  ]);
  assert.equal(
    value('ConvTranspose', [line, f([[[1, 10]]])], { attrs: { strides: [2], output_padding: [1], pads: [1, 0] } }),
    [[[10, 2, 20, 3, 30, 4, 40, 0]]],
  );
  const pool = (attrs: CallOptions['attrs'], opType = 'MaxPool'): NestedArray =>
    value(opType, [f([[[1, 2, 3, 4, 5]]])], { attrs: { kernel_shape: [2], strides: [2], ...attrs } });
  assert.equal(pool({}), [[[2, 4]]]);
  assert.equal(pool({ ceil_mode: 1 }), [[[2, 4, 5]]]);
  assert.equal(pool({ ceil_mode: 1 }, 'AveragePool'), [[[1.5, 3.5, 5]]]);
  assert.equal(pool({ pads: [1, 1] }, 'AveragePool'), [[[1, 2.5, 4.5]]]);
  assert.equal(pool({ pads: [1, 0], count_include_pad: 1 }, 'AveragePool'), [[[0.5, 2.5, 4.5]]]);
  assert.equal(pool({ dilations: [2], strides: [1] }), [[[3, 4, 5]]]);
  const indices = all(
    'MaxPool',
    [
      f([
        [
          [
            [1, 9],
            [3, 4],
          ],
          [
            [8, 2],
            [3, 4],
          ],
        ],
      ]),
    ],
    { attrs: { kernel_shape: [2, 2] }, outputs: 2 },
  );
  assert.equal(indices[1], [[[[1]], [[4]]]]);
  assert.throws(() => callOne('Conv', [line, f([[[[1]]]])]), /Conv node: input and kernel have 1 to 3 spatial axes/);
});

test('normalization with the statistics of a model, of a sample, and of neighbours', () => {
  const x = f([
    [
      [1, 3],
      [2, 6],
    ],
  ]);
  const attrs = { epsilon: 0 };
  near(value('BatchNormalization', [x, f([2, 1]), f([1, 0]), f([1, 2]), f([4, 16])], { attrs }), [
    [
      [1, 3],
      [0, 1],
    ],
  ]);
  near(value('InstanceNormalization', [x, f([1, 2]), f([0, 1])], { attrs }), [
    [
      [-1, 1],
      [-1, 3],
    ],
  ]);
  near(value('LRN', [f([[[1], [2], [3]]])], { attrs: { size: 3, alpha: 3, beta: 1, bias: 1 } }), [
    [[1 / 6], [2 / 15], [3 / 14]],
  ]);
  near(
    value('LpNormalization', [
      f([
        [3, 4],
        [0, 0],
      ]),
    ]),
    [
      [0.6, 0.8],
      [0, 0],
    ],
  );
  assert.throws(
    () => callOne('BatchNormalization', [x, ...[1, 2, 3, 4].map(() => f([1, 1]))], { attrs: { training_mode: 1 } }),
    /training_mode 1 is not supported\nhint: export the model for inference/,
  );
  assert.equal(all('Dropout', [f([1, 2])], { outputs: 2 }), [
    [1, 2],
    [true, true],
  ]);
});

test('resizing: coordinates and roundings', () => {
  const x = f([[[1, 2, 3, 4]]]);
  const to = (size: number, attrs: CallOptions['attrs']): NestedArray =>
    value('Resize', [x, null, null, i([1, 1, size])], { attrs: attrs ?? {} });
  assert.equal(to(8, { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }), [
    [[1, 1, 2, 2, 3, 3, 4, 4]],
  ]);
  near(to(7, { mode: 'linear', coordinate_transformation_mode: 'align_corners' }), [[[1, 1.5, 2, 2.5, 3, 3.5, 4]]]);
  near(to(8, { mode: 'linear' }), [[[1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]]]);
  near(to(2, { mode: 'linear', antialias: 1 }), [[[1.625, 3.375]]]);
  near(to(2, { mode: 'linear', antialias: 1, exclude_outside: 1 }), [[[12 / 7, 23 / 7]]]);
  assert.equal(value('Upsample', [x], { opset: 7, attrs: { scales: [1, 1, 2] } }), [[[1, 1, 2, 2, 3, 3, 4, 4]]]);
  assert.equal(value('DepthToSpace', [f([[[[1]], [[2]], [[3]], [[4]]]])], { attrs: { blocksize: 2 } }), [
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ]);
});

test('products: vectors, diagonals, a scale', () => {
  assert.equal(value('MatMul', [f([1, 2]), f([3, 4])]), 11);
  assert.equal(value('MatMul', [i([[1, 2]]), i([[3], [4]])]), [[11]]);
  assert.equal(value('Gemm', [f([[1, 2]]), f([[3, 4]]), f([1])], { attrs: { transB: 1, alpha: 2, beta: 3 } }), [[25]]);
  assert.equal(
    value(
      'Einsum',
      [
        f([
          [1, 2],
          [3, 4],
        ]),
      ],
      { attrs: { equation: 'ii' } },
    ),
    5,
  );
  assert.equal(
    value(
      'Einsum',
      [
        f([
          [1, 2],
          [3, 4],
        ]),
      ],
      { attrs: { equation: 'ij->ji' } },
    ),
    [
      [1, 3],
      [2, 4],
    ],
  );
});

test('quantised values are whole numbers of floats, and gradients pass straight through', () => {
  const x = placeholder([4], 'float64');
  const data = f([-1, 0.26, 0.34, 99]);
  const through = (input: Tensor): Tensor => {
    const q = callOne('QuantizeLinear', [input, f(0.1), i(10)], { types: [1, 1, 2] });
    return callOne('DequantizeLinear', [q, f(0.1), i(10)], { types: [1, 1, 2] });
  };
  near(value('QuantizeLinear', [data, f(0.1), i(10)], { types: [1, 1, 2] }), [0, 13, 13, 255]);
  near(evaluate(through(data)).toArray(), [-1, 0.3, 0.3, 24.5]);
  near(value('QuantizeLinear', [f([-20, 20]), f(0.1), i(0)], { types: [1, 1, 3] }), [-128, 127]);
  const [g] = grad(through(data), [data]);
  near(evaluate(g!).toArray(), [1, 1, 1, 0]);
  assert.is(through(x).dtype, 'float64');
  near(all('DynamicQuantizeLinear', [f([0, 2, -0.55])], { outputs: 3 })[0]!, [55, 255, 0]);
  const per = callOne(
    'DequantizeLinear',
    [
      i([
        [1, 2],
        [3, 4],
      ]),
      f([1, 10]),
      i([0, 1]),
    ],
    { attrs: { axis: 0 }, types: [2, 1, 2] },
  );
  near(evaluate(per).toArray(), [
    [1, 2],
    [20, 30],
  ]);
  assert.throws(
    () => callOne('QuantizeLinear', [data, f(0.1), i(0)], { types: [1, 1, 17] }),
    /quantising to element type 17 is not supported/,
  );
});

test('recurrent operators: one step by hand, lengths, directions', () => {
  // One unit, one feature; weights of the gates i, o, f, c.
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  const w = f([[[0.1], [0.2], [0.3], [0.4]]]);
  const r = f([[[0], [0], [0], [0]]]);
  const c = sigmoid(0.1) * Math.tanh(0.4);
  const step = [sigmoid(0.2) * Math.tanh(c), c];
  const [y, h, cell] = all('LSTM', [f([[[1]], [[1]]]), w, r, null, i([1])], { attrs: { hidden_size: 1 }, outputs: 3 });
  near(y!, [[[[step[0]!]]], [[[0]]]]);
  near(h!, [[[step[0]!]]]);
  near(cell!, [[[step[1]!]]]);
  const rnn = { attrs: { hidden_size: 1, direction: 'reverse', activations: ['Relu'] }, outputs: 2 } as const;
  near(all('RNN', [f([[[1]], [[2]]]), f([[[1]]]), f([[[10]]])], rnn)[1]!, [[[21]]]);
  assert.throws(
    () => callOne('RNN', [f([[[1]]]), f([[[1]]]), f([[[1]]])], { attrs: { hidden_size: 1, direction: 'sideways' } }),
    /unknown direction/,
  );
});

test('linear models of ai.onnx.ml', () => {
  const domain = 'ai.onnx.ml';
  const attrs = { coefficients: [1, 0, 0, 1], intercepts: [0, 1], classlabels_ints: [7, 8], post_transform: 'NONE' };
  assert.equal(
    all(
      'LinearClassifier',
      [
        f([
          [1, 3],
          [5, 0],
        ]),
      ],
      { domain, attrs, outputs: 2 },
    ),
    [
      [8, 7],
      [
        [1, 4],
        [5, 1],
      ],
    ],
  );
  const binary = { coefficients: [1, 1], intercepts: [0], classlabels_ints: [0, 1], post_transform: 'LOGISTIC' };
  near(all('LinearClassifier', [f([[0, 0]])], { domain, attrs: binary, outputs: 2 })[1]!, [[0.5, 0.5]]);
  assert.equal(value('Scaler', [f([[3, 4]])], { domain, attrs: { offset: [1, 2], scale: [2, 3] } }), [[4, 6]]);
  assert.equal(
    value('Imputer', [f([[Number.NaN, 1]])], {
      domain,
      attrs: { imputed_value_floats: [5, 6], replaced_value_float: Number.NaN },
    }),
    [[5, 1]],
  );
  assert.equal(value('OneHotEncoder', [i([[2]])], { domain, attrs: { cats_int64s: [1, 2] } }), [[[0, 1]]]);
});

test('masks of com.microsoft hide keys', () => {
  const domain = 'com.microsoft';
  const x = f([
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  const w = f([
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 1],
  ]);
  const attended = (mask: Tensor | null): NestedArray =>
    value('Attention', [x, w, f([0, 0, 0, 0, 0, 0]), mask], { domain, attrs: { num_heads: 1 } });
  near(attended(null), [
    [
      [2, 3],
      [2, 3],
    ],
  ]);
  near(attended(i([[1, 0]])), [
    [
      [1, 2],
      [1, 2],
    ],
  ]);
  near(attended(i([1])), [
    [
      [1, 2],
      [1, 2],
    ],
  ]);
  near(
    value('SkipLayerNormalization', [f([[[1, 0]]]), f([[[0, 3]]]), f([1, 1]), f([0, 0])], {
      domain,
      attrs: { epsilon: 0 },
    }),
    [[[-1, 1]]],
  );
});

test('shapes that depend on the input of the model are refused by node and operator', () => {
  const x = placeholder([2, 3], 'float64');
  const shape = placeholder([2], 'int32');
  assert.throws(
    () => callOne('Reshape', [x, shape]),
    /Reshape node: shape \(input 1\) depends on the model's inputs\nhint: shapes must be known/,
  );
  assert.throws(() => callOne('NonZero', [x]), /NonZero node: values \(input 0\) depends/);
  assert.throws(() => callOne('MatMul', [x]), /MatMul node: input 1 is missing/);
});

test('no operator is both there and refused', () => {
  for (const [domain, names] of Object.entries(refusals)) {
    for (const name of Object.keys(names)) assert.not.ok(operators[domain]?.[name], `${domain} ${name}`);
  }
});

test.run();
