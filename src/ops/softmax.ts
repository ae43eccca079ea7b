/** Softmax and its logarithm along one axis, shifted by the maximum so that nothing overflows. */
import { along } from '../graph/batch-rules.ts';
import { defineOp, type Example, type Op, withOp } from '../graph/op.ts';
import { normalizeAxis, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul, sub } from './binary.ts';
import { softmaxRowsGrad } from './fused.ts';
import { floating } from './promote.ts';
import { sum } from './reduce.ts';
import { exp } from './unary.ts';

type AxisAttrs = { readonly axis: number };
/** An op along one axis, the last unless told; the shape stays. */
export type AxisFunction = ((x: Tensor, axis?: number) => Tensor) & { readonly op: Op };

const examples: readonly Example<AxisAttrs>[] = [
  { inputs: [[3, 4]], attrs: { axis: 1 } },
  { inputs: [[2, 3, 4]], attrs: { axis: 1 } },
  { inputs: [[5, 1]], attrs: { axis: 1 } },
  { inputs: [[1000, 1000]], attrs: { axis: 1 }, size: 'real' },
];

// @__NO_SIDE_EFFECTS__
function alongAxis(name: string, vjp: (g: Tensor, y: Tensor, axis: number) => Tensor): AxisFunction {
  const make = defineOp<AxisAttrs>({
    name,
    shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    vjp: (g, y, _, { axis }) => [() => vjp(g, y, axis)],
    batch: along(({ axis }: AxisAttrs) => [axis]),
    linear: [],
    flops: (_, out) => 13 * sizeOf(out.shape),
    examples,
  });
  const call = (x: Tensor, axis = -1): Tensor => make([floating(x)], { axis: normalizeAxis(name, axis, x.rank) });
  return withOp(call, make);
}

/** `exp(x) / sum(exp(x))` along `axis` (the last by default). */
export const softmax: AxisFunction = alongAxis('softmax', (g, y, axis) =>
  axis === y.rank - 1 ? softmaxRowsGrad(g, y) : mul(y, sub(g, sum(mul(g, y), { axes: axis, keepDims: true }))),
);
/** `x - log(sum(exp(x)))` along `axis` (the last by default). */
export const logSoftmax: AxisFunction = alongAxis('logSoftmax', (g, y, axis) =>
  sub(g, mul(exp(y), sum(g, { axes: axis, keepDims: true }))),
);
