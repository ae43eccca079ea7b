/** Attributes and constants out of a hostile file: a named error in no time, whatever the numbers. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PathgradError } from '../../../src/tensor/errors.ts';
import { limited } from '../../../src/tensor/shape.ts';
import { boundedNodes, type NestedArray, type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { assertWork, startWork } from '../../support/busy.ts';
import { type CallOptions, callOperator } from '../../support/onnx-call.ts';

const test = suite('hostile onnx operators');
const f = (values: NestedArray): Tensor => tensor(values, undefined, 'float64');
const i = (values: NestedArray): Tensor => tensor(values, undefined, 'int32');
const picture = f([
  [
    [
      [1, 2],
      [3, 4],
    ],
  ],
]);
const HUGE = 2 ** 31 - 1;

type Given = readonly [opType: string, inputs: readonly (Tensor | null)[], options?: CallOptions];
// biome-ignore format: one call a line
const calls: readonly Given[] = [
  ['Tile', [f([1, 2]), i([HUGE])]],
  ['Expand', [f([1]), i([HUGE, HUGE])]],
  ['ConstantOfShape', [i([HUGE, HUGE])]],
  ['ConstantOfShape', [i([-5])]],
  ['Range', [i(0), i(HUGE), i(1)]],
  ['Range', [f(0), f(1), f(0)]],
  ['Pad', [f([1, 2]), i([HUGE, HUGE])], { attrs: { mode: 'reflect' } }],
  ['Pad', [f([1, 2]), i([HUGE, HUGE])]],
  ['Split', [f([1, 2]), null], { attrs: { num_outputs: HUGE } }],
  ['Split', [f([1, 2]), i([-1, 3])]],
  ['LRN', [picture], { attrs: { size: HUGE } }],
  ['MaxPool', [picture], { attrs: { kernel_shape: [HUGE, HUGE], dilations: [2, 2] } }],
  ['MaxPool', [picture], { attrs: { kernel_shape: [2, 2], strides: [0, 0] } }],
  ['LpPool', [picture], { attrs: { kernel_shape: [5, 5] } }],
  ['AveragePool', [picture], { attrs: { kernel_shape: [1, 1], pads: [HUGE, HUGE, HUGE, HUGE], count_include_pad: 1 } }],
  ['Conv', [picture, f([[[[1]]]])], { attrs: { group: 0 } }],
  ['Conv', [picture, f([[[[1]]]])], { attrs: { pads: [-1, -1] } }],
  ['ConvTranspose', [picture, f([[[[1]]]])], { attrs: { strides: [HUGE, HUGE] } }],
  ['ConvTranspose', [picture, f([[[[1]]]])], { attrs: { pads: [9, 9, 9, 9] } }],
  ['TopK', [f([1, 2]), i([HUGE])]],
  ['OneHot', [i([1]), i(HUGE), f([0, 1])]],
  ['Resize', [picture, null, f([1, 1, 1e9, 1e9])]],
  ['Resize', [picture, null, f([1, 1, 0, -1])]],
  ['Upsample', [picture], { opset: 7, attrs: { scales: [1, 1, 1e12, 1] } }],
  ['AffineGrid', [f([[[1, 0, 0], [0, 1, 0]]]), i([1, 1, HUGE, HUGE])]],
  ['HannWindow', [i(HUGE)]],
  ['DFT', [f([[[1], [2]]]), i(HUGE)]],
  ['STFT', [f([[[1], [2]]]), i(0), null, i(2)]],
  ['MelWeightMatrix', [i(HUGE), i(HUGE), i(1), f(0), f(1)]],
  ['Col2Im', [f([[[1]]]), i([HUGE, HUGE]), i([HUGE, 1])]],
  ['BitShift', [i([[1], [2]]), i([[1, 2, 3]])], { attrs: { direction: 'UP' } }],
  ['DepthToSpace', [picture], { attrs: { blocksize: 0 } }],
  ['Einsum', [picture], { attrs: { equation: '(((((' } }],
  ['Slice', [f([1, 2]), i([0]), i([1]), i([7])]],
  ['Slice', [f([1, 2]), i([0]), i([1]), i([0]), i([0])]],
  ['Transpose', [picture], { attrs: { perm: [0, 0, 1, 2] } }],
  ['Concat', [picture, f([1])], { attrs: { axis: 0 } }],
  ['Unsqueeze', [f([1]), i([99])]],
  ['GatherND', [f([1, 2]), i([[9]])]],
  ['ScatterElements', [f([1, 2]), i([5]), f([1])]],
  ['LSTM', [f([[[1]]]), f([[[1]]]), f([[[1]]])], { attrs: { hidden_size: HUGE } }],
  ['GRU', [f([[[1]]]), f([[[1]]]), f([[[1]]])], { attrs: { hidden_size: 1, direction: 'bidirectional' } }],
  ['GroupNormalization', [picture, f([1]), f([1])], { attrs: { num_groups: 7 } }],
  ['Attention', [f([[[1, 2, 3]]]), f([[[1, 2, 3]]]), f([[[1, 2, 3]]])], { attrs: { q_num_heads: 2, kv_num_heads: 2 } }],
  ['Cast', [f([1])], { attrs: { to: 8 } }],
];

calls.forEach(([opType, inputs, options = {}], k) => {
  test(`${k} ${opType}`, () => {
    const work = startWork();
    let found: unknown = null;
    try {
      // As a file's graph is built.
      limited(2 ** 26, () => boundedNodes(2 ** 14, () => callOperator(opType, inputs, options)));
    } catch (error) {
      found = error;
    }
    assert.instance(found, PathgradError, `${found instanceof Error ? found.stack : 'no error'}`);
    assertWork(work, 1000);
  });
});

test.run();
