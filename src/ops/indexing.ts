/** Reading and writing by index: `gather` and `scatterAdd` are each other's transpose. An embedding is a gather. */
import { gathered, scattered } from '../graph/batch-rules.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions, checkWhole } from '../tensor/options.ts';
import { checkShape, normalizeAxis, sizeOf } from '../tensor/shape.ts';
import { arange, type Tensor } from '../tensor/tensor.ts';
import { equal } from './binary.ts';
import { expandDims } from './movement.ts';
import { floatOf } from './promote.ts';
import { cast } from './unary.ts';

const gatherOp = defineOp<{ axis: number }>({
  name: 'gather',
  shape: ([x, index], { axis }) => ({
    shape: [...x!.shape.slice(0, axis), ...index!.shape, ...x!.shape.slice(axis + 1)],
    dtype: x!.dtype,
  }),
  vjp: (g, _, [x, index], { axis }) => [() => scatterAdd(g, index!, { axis, size: x!.shape[axis]! }), null],
  batch: gathered,
  linear: 'joint',
  zeros: 'keeps',
  flops: () => 0,
  examples: [
    { inputs: [[5, 3], { shape: [2, 4], dtype: 'int32', range: [0, 5] }], attrs: { axis: 0 } },
    { inputs: [[2, 5, 3], { shape: [4], dtype: 'int32', range: [0, 5] }], attrs: { axis: 1 } },
    {
      inputs: [[10000, 50], { shape: [100, 100], dtype: 'int32', range: [0, 10000] }],
      attrs: { axis: 0 },
      size: 'real',
    },
  ],
});

/**
 * `x` at `index` (int32) along `axis`: the axis is replaced by the index's axes. An index outside the axis is an error
 * when it is run, since that is when the values are known.
 */
export const gather: ((x: Tensor, index: Tensor, axis?: number) => Tensor) & { op: Op } = withOp(
  (x: Tensor, index: Tensor, axis = 0) => {
    if (index.dtype !== 'int32') throw failure('gather', 'the index must be int32', { got: index.dtype });
    return gatherOp([x, index], { axis: normalizeAxis('gather', axis, x.rank) });
  },
  gatherOp,
);

type ScatterAttrs = { readonly axis: number; readonly size: number };
const scatterAddOp = defineOp<ScatterAttrs>({
  name: 'scatterAdd',
  shape: ([x, index], { axis, size }) => ({
    shape: [...x!.shape.slice(0, axis), size, ...x!.shape.slice(axis + index!.shape.length)],
    dtype: floatOf('scatterAdd', x!),
  }),
  vjp: (g, _, [, index], { axis }) => [() => gather(g, index!, axis), null],
  batch: scattered,
  linear: 'joint',
  zeros: 'makes',
  flops: ([x]) => sizeOf(x!.shape),
  examples: [
    { inputs: [[2, 4, 3], { shape: [2, 4], dtype: 'int32', range: [0, 5] }], attrs: { axis: 0, size: 5 } },
    { inputs: [[2, 4], { shape: [4], dtype: 'int32', range: [0, 3] }], attrs: { axis: 1, size: 3 } },
  ],
});

/** Zeros of `size` along `axis` with `updates` added at `index`; entries that meet are summed. */
export const scatterAdd: ((updates: Tensor, index: Tensor, attrs: ScatterAttrs) => Tensor) & { op: Op } = withOp(
  (updates: Tensor, index: Tensor, attrs: ScatterAttrs) => {
    checkOptions<ScatterAttrs>('scatterAdd', attrs, { axis: 1, size: 1 });
    const { axis, size } = attrs;
    checkWhole('scatterAdd', 'axis', axis);
    checkWhole('scatterAdd', 'size', size);
    const span = updates.shape.slice(axis, axis + index.rank);
    if (index.dtype !== 'int32' || span.join() !== index.shape.join()) {
      throw failure('scatterAdd', 'the index must be int32 and match the axes it replaces', {
        updates: updates.shape,
        index: index.toString(),
        axis,
      });
    }
    return scatterAddOp([updates, index], { axis, size });
  },
  scatterAddOp,
);

/** Rows of `table [words, dim]` for integer `ids [...]`: `[..., dim]`. Float ids are truncated, as Keras does. */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return gather(table, cast(ids, 'int32'), 0);
}

/** `ids [...]` as rows of zeros with a single 1: `[..., depth]`. */
export function oneHot(ids: Tensor, depth: number, dtype: 'float32' | 'float64' = 'float32'): Tensor {
  checkShape('oneHot', [...ids.shape, depth]);
  return cast(equal(expandDims(cast(ids, 'int32'), -1), arange(depth, 'int32')), dtype);
}
