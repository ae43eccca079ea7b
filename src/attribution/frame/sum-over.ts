/**
 * Attributions added up over axes: the pixels' channels, a token's embedding. Sums keep completeness (all attributions
 * add up to the change of the score); norms and means do not.
 */
import { normalizeAxes, reduceShape, type Shape, stridesOf } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';

/** Sums a constant float tensor over `axes` (negative from the end), in double: `[N, ...]` float64. */
export function sumOver(attributions: Tensor, axes: number | readonly number[] = -1): Tensor {
  const { data, shape } = attributions;
  const over = normalizeAxes('sumOver', axes, shape.length);
  const left = reduceShape(shape, over, false);
  const steps = outputSteps(shape, over, left);
  const strides = stridesOf(shape);
  const out = new Float64Array(left.reduce((size, dim) => size * dim, 1));
  for (let at = 0; at < data.length; at++) {
    let to = 0;
    for (let axis = 0; axis < shape.length; axis++)
      to += (Math.floor(at / strides[axis]!) % shape[axis]!) * steps[axis]!;
    out[to]! += data[at]!;
  }
  return tensor(out, left);
}

function outputSteps(shape: Shape, over: readonly number[], left: Shape): number[] {
  const strides = stridesOf(left);
  let kept = 0;
  return shape.map((_, axis) => (over.includes(axis) ? 0 : strides[kept++]!));
}

/** One number per token, `[N, tokens]`, from the attributions of an embedding `[N, tokens, dim]`. */
export function sumTokens(attributions: Tensor): Tensor {
  return sumOver(attributions, -1);
}
