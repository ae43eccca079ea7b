/** Samples of a batch do not see each other: each alone gives the bits it gives among others, and the engine can prove it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { placeSamples } from '../../../src/graph/batch.ts';
import { evaluate } from '../../../src/graph/evaluate.ts';
import { randomNormal } from '../../../src/graph/random.ts';
import { slice } from '../../../src/ops/index.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { type CallOptions, callOne } from '../../support/onnx-call.ts';

const test = suite('onnx operators by sample');
const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float64Array.from(randomNormal(sizeOf(shape), seed)), shape);
const ints = (...values: number[]): Tensor => tensor(values, [values.length], 'int32');

interface Case extends CallOptions {
  /** Shape of one sample. */
  readonly x: readonly number[];
  /** Inputs behind it, the same for all samples. */
  readonly rest?: readonly (Tensor | null)[];
  /** Where samples lie in input and result; in front by default. */
  readonly axis?: number;
  readonly outAxis?: number;
}

// biome-ignore format: one case a line
const cases: Readonly<Record<string, Case>> = {
  Conv: { x: [2, 5, 5], rest: [random([4, 1, 3, 3], 1), random([4], 2)], attrs: { group: 2, pads: [1, 1, 1, 1] } },
  ConvTranspose: { x: [2, 3], rest: [random([2, 2, 3], 1)], attrs: { strides: [2] } },
  MaxPool: { x: [2, 5, 5], attrs: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 } },
  AveragePool: { x: [2, 6], attrs: { kernel_shape: [3], pads: [1, 1], count_include_pad: 1 } },
  GlobalAveragePool: { x: [2, 3, 3] },
  BatchNormalization: { x: [2, 3], rest: [random([2], 1), random([2], 2), random([2], 3), tensor([1, 2], [2], 'float64')] },
  InstanceNormalization: { x: [2, 5], rest: [random([2], 1), random([2], 2)] },
  GroupNormalization: { x: [4, 3], rest: [random([4], 1), random([4], 2)], attrs: { num_groups: 2 } },
  LayerNormalization: { x: [3, 4], rest: [random([4], 1), random([4], 2)] },
  LRN: { x: [5, 2], attrs: { size: 3 } },
  Gemm: { x: [3], rest: [random([2, 3], 1), random([2], 2)], attrs: { transB: 1 } },
  MatMul: { x: [3, 4], rest: [random([4, 2], 1)] },
  Softmax: { x: [3, 2] }, Flatten: { x: [2, 3] }, Reshape: { x: [2, 6], rest: [ints(0, 3, 4)] },
  Transpose: { x: [2, 3], attrs: { perm: [0, 2, 1] } }, Slice: { x: [4, 2], rest: [ints(3), ints(0), ints(1), ints(-1)] },
  Pad: { x: [4], rest: [ints(0, 2, 0, 1)], attrs: { mode: 'reflect' } }, Gather: { x: [4, 2], rest: [ints(0, -1)], attrs: { axis: 1 } },
  ReduceMean: { x: [3, 2], rest: [ints(1)] }, CumSum: { x: [5], rest: [tensor(1, [], 'int32')] }, TopK: { x: [5], rest: [ints(2)] }, ArgMax: { x: [5], attrs: { axis: 1 } },
  Resize: { x: [1, 3, 3], rest: [null, tensor([1, 1, 2, 1.5], [4], 'float64')], attrs: { mode: 'linear' } },
  DepthToSpace: { x: [4, 2, 2], attrs: { blocksize: 2 } }, Einsum: { x: [2, 3], rest: [random([3, 2], 1)], attrs: { equation: 'bij,jk->bik' } },
  LSTM: { x: [3, 2], axis: 1, outAxis: 2, rest: [random([2, 8, 2], 1), random([2, 8, 2], 2), random([2, 16], 3)], attrs: { hidden_size: 2, direction: 'bidirectional' } },
  GRU: { x: [3, 2], rest: [random([1, 6, 2], 1), random([1, 6, 2], 2)], attrs: { hidden_size: 2, layout: 1 } },
  DequantizeLinear: { x: [3], rest: [tensor(0.1, [], 'float64'), tensor(3, [], 'int32')], types: [2, 1, 2] },
  STFT: { x: [8, 1], rest: [ints(2), random([4], 1)] },
};

const ROWS = 3;

for (const [opType, given] of Object.entries(cases)) {
  test(opType, () => {
    const { x, rest = [], axis = 0, outAxis = axis } = given;
    const shape = [...x.slice(0, axis), ROWS, ...x.slice(axis)];
    const all = random(shape, 9);
    const together = evaluate(callOne(opType, [all, ...rest], given));
    for (let row = 0; row < ROWS; row++) {
      const alone = evaluate(callOne(opType, [evaluate(slice(all, { [axis]: [row, row + 1] })), ...rest], given));
      assert.equal(alone.toArray(), evaluate(slice(together, { [outAxis]: [row, row + 1] })).toArray());
    }
    const input = placeholder(shape, 'float64');
    const y = callOne(opType, [input, ...rest], given);
    const place = placeSamples([y], new Map([[input, { axis, outer: 1, inner: 1 }]]), ROWS).get(y);
    assert.equal(place, { axis: outAxis, outer: 1, inner: 1 });
  });
}

test.run();
