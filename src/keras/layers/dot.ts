/** The Dot layer: Keras's `batch_dot`, a sum over one axis of each input, sample by sample. */
import { matmul } from '../../ops/matmul.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { unitNorm } from '../../ops/normalization.ts';
import { failure } from '../../tensor/errors.ts';
import { normalizeAxis, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from './layer.ts';

/** `[batch, ...rest of a, ...rest of b]`; `[batch, 1]` where nothing is left. */
function batchDot(subject: string, a: Tensor, b: Tensor, i: number, j: number): Tensor {
  const inner = a.shape[i]!;
  if (inner !== b.shape[j] || a.shape[0] !== b.shape[0]) {
    throw failure(subject, 'the summed axes or the batches differ in size', { a: a.shape, b: b.shape, axes: [i, j] });
  }
  const rest = (x: Tensor, axis: number): number[] => [...x.shape.keys()].filter((k) => k !== 0 && k !== axis);
  const [restA, restB] = [rest(a, i), rest(b, j)];
  const [sizesA, sizesB] = [restA.map((k) => a.shape[k]!), restB.map((k) => b.shape[k]!)];
  const rows = reshape(transpose(a, [0, ...restA, i]), [a.shape[0]!, sizeOf(sizesA), inner]);
  const columns = reshape(transpose(b, [0, j, ...restB]), [b.shape[0]!, inner, sizeOf(sizesB)]);
  const shape = [a.shape[0]!, ...sizesA, ...sizesB];
  return reshape(matmul(rows, columns), shape.length === 1 ? [...shape, 1] : shape);
}

/** With `normalize`, the cosine similarity. */
export const dot: LayerClass = defineLayer({
  classes: ['Dot'],
  create: (o) => {
    const given = o.integers('axes');
    const normalize = o.flag('normalize', false);
    return {
      many: true,
      call: (xs) => {
        const [a, b] = xs;
        if (xs.length !== 2 || !a || !b || a.rank < 2 || b.rank < 2) {
          throw failure(o.subject, 'exactly 2 inputs with 2 axes or more are needed', { inputs: xs.map(String) });
        }
        const [i, j] = [given[0]!, given.at(-1)!].map((axis, k) => normalizeAxis(o.subject, axis, xs[k]!.rank));
        if (i === 0 || j === 0) throw o.wrong('axes', given, 'axes behind the batch axis');
        return batchDot(o.subject, normalize ? unitNorm(a, [i!]) : a, normalize ? unitNorm(b, [j!]) : b, i!, j!);
      },
    };
  },
});
