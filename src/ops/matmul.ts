/** Matrix products with batches and transposes. Each gradient is again a matrix product. */

import { multiplied } from '../graph/batch-rules.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { broadcastShapes, sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { add } from './binary.ts';
import { reshape } from './movement.ts';
import { floatOf } from './promote.ts';
import { sumTo } from './reduce.ts';

/** Which of the two matrices are transposed on the way in. */
export interface MatmulOptions {
  /** Read `a` with its last two axes swapped. */
  transposeA?: boolean;
  /** Read `b` with its last two axes swapped. */
  transposeB?: boolean;
}
type MatmulAttrs = { readonly transposeA: boolean; readonly transposeB: boolean };

/** `[rows, inner, columns]` of the product. */
export function matmulSizes(
  a: TensorSpec,
  b: TensorSpec,
  { transposeA, transposeB }: MatmulAttrs,
): [number, number, number] {
  const [ar, ac] = [a.shape.at(-2)!, a.shape.at(-1)!];
  const [br, bc] = [b.shape.at(-2)!, b.shape.at(-1)!];
  const [m, k] = transposeA ? [ac, ar] : [ar, ac];
  const [inner, n] = transposeB ? [bc, br] : [br, bc];
  if (k !== inner) {
    const details = { a: a.shape, b: b.shape, transposeA, transposeB };
    throw failure('matmul', `inner sizes differ: ${k} and ${inner}`, details);
  }
  return [m, k, n];
}

const matmulOp = defineOp<MatmulAttrs>({
  name: 'matmul',
  shape: ([a, b], attrs) => {
    const [m, , n] = matmulSizes(a!, b!, attrs);
    return {
      shape: [...broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2)), m, n],
      dtype: floatOf('matmul', a!, b!),
    };
  },
  vjp: (g, _, [a, b], { transposeA: ta, transposeB: tb }) => [
    () => sumTo(ta ? times(b!, g, tb, true) : times(g, b!, false, !tb), a!.shape),
    () => sumTo(tb ? times(g, a!, true, ta) : times(a!, g, !ta, false), b!.shape),
  ],
  batch: multiplied,
  linear: [0, 1],
  flops: ([a, b], out, attrs) => 2 * sizeOf(out.shape) * matmulSizes(a!, b!, attrs)[1],
  examples: [
    {
      inputs: [
        [2, 3],
        [3, 4],
      ],
      attrs: { transposeA: false, transposeB: false },
    },
    {
      inputs: [
        [3, 2],
        [3, 4],
      ],
      attrs: { transposeA: true, transposeB: false },
    },
    {
      inputs: [
        [2, 3],
        [4, 3],
      ],
      attrs: { transposeA: false, transposeB: true },
    },
    {
      inputs: [
        [3, 2],
        [4, 3],
      ],
      attrs: { transposeA: true, transposeB: true },
    },
    {
      inputs: [
        [2, 1, 3, 2],
        [5, 2, 4],
      ],
      attrs: { transposeA: false, transposeB: false },
    },
    {
      inputs: [
        [7, 5],
        [5, 9],
      ],
      attrs: { transposeA: false, transposeB: false },
    },
    {
      inputs: [
        [512, 512],
        [512, 512],
      ],
      attrs: { transposeA: false, transposeB: false },
      size: 'real',
    },
    {
      inputs: [
        [500, 1568],
        [1568, 256],
      ],
      attrs: { transposeA: false, transposeB: false },
      size: 'real',
    },
  ],
});

const times = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor =>
  matmul(a, b, { transposeA, transposeB });

/** `a [..., m, k] @ b [..., k, n] -> [..., m, n]`; leading axes broadcast. */
export const matmul: ((a: Tensor, b: Tensor, options?: MatmulOptions) => Tensor) & { op: Op } = withOp(
  (a: Tensor, b: Tensor, options: MatmulOptions = {}) => {
    checkOptions<MatmulOptions>('matmul', options, { transposeA: 1, transposeB: 1 });
    const { transposeA = false, transposeB = false } = options;
    if (a.rank < 2 || b.rank < 2 || a.dtype !== b.dtype) {
      throw failure('matmul', 'two tensors of one dtype with at least 2 axes each are needed', {
        a: a.toString(),
        b: b.toString(),
      });
    }
    return matmulOp([a, b], { transposeA, transposeB });
  },
  matmulOp,
);

/** A fully connected layer: `x [..., k] @ kernel [k, n] (+ bias [n])`, as one product over all rows. */
export function dense(x: Tensor, kernel: Tensor, bias?: Tensor | null): Tensor {
  const rows = reshape(x, [x.size / Math.max(1, x.shape.at(-1)!), x.shape.at(-1)!]);
  const y = matmul(rows, kernel);
  // Right behind the product, where backends do both in one step.
  return reshape(bias ? add(y, bias) : y, [...x.shape.slice(0, -1), kernel.shape[1]!]);
}
