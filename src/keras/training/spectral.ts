/**
 * SpectralNormalization in training (Miyato et al. 2018): before its layer reads the kernel, that is divided by its largest singular value, as
 * so many power iterations estimate it from a vector that is kept. As Keras 3.15 and tf_keras 2.21 do it: the kernel itself is set to the
 * quotient, so that no gradient passes the division, a regularizer sees the quotient, and the optimizer goes on from it; a frozen layer does it, too.
 */
import type { TrainingContext } from '../../graph/callable.ts';
import { div, equal, minimum, mul, where } from '../../ops/binary.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape, stopGradient, transpose } from '../../ops/movement.ts';
import { max, sum } from '../../ops/reduce.ts';
import { abs, reciprocal, sqrt, square } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ModelLayer } from '../model/layer.ts';

/** The inverse of a length is at most this: Keras 3 bounds it by its epsilon, TensorFlow the square by 1e-12. */
const longest = { keras3: 1e7, keras2: 1e6 };

/** @param own weights of the wrapper: the vector */
export function normalizeKernel(
  context: TrainingContext,
  layer: ModelLayer,
  own: Readonly<Record<string, Tensor>>,
  inputs: readonly Tensor[],
): void {
  const inner = layer.parts.get('layer');
  const weights = inner?.weightsFor(inputs.map(({ shape }) => shape)) ?? {};
  const kernel = weights['kernel'] ?? weights['embeddings'];
  // Keras 3 stores the kernel among the wrapper's own, too.
  const vector = Object.values(own).findLast(({ shape }) => shape.length === 2 && shape[0] === 1);
  if (!kernel || !vector) throw failure(layer.subject, 'has no kernel, or no vector, to be normalized in training');
  if (context.assigned(kernel) !== kernel)
    throw failure(layer.subject, 'is used twice in a step: it would be normalized anew in between', {}, 'use it once');
  const most = layer.dialect.major < 3 ? longest.keras2 : longest.keras3;
  const unit = (v: Tensor): Tensor => mul(v, minimum(reciprocal(sqrt(sum(square(v)))), most));
  const matrix = reshape(kernel, [-1, kernel.shape.at(-1)!]);
  const turned = transpose(matrix);
  let u = vector;
  let v = vector;
  const times = Number(layer.config['power_iterations'] ?? 1);
  if (!(Number.isInteger(times) && times > 0 && times <= 1000))
    throw failure(layer.subject, 'power_iterations is a whole number from 1 to 1000', { got: times });
  for (let i = 0; i < times; i++) {
    v = unit(matmul(u, turned));
    u = unit(matmul(v, matrix));
  }
  const sigma = reshape(matmul(matmul(v, matrix), transpose(u)), []);
  // A kernel of zeros stays, and so does its vector.
  const nothing = equal(max(abs(kernel)), 0);
  context.assign(kernel, stopGradient(where(nothing, kernel, div(kernel, where(nothing, 1, sigma)))));
  context.assign(vector, stopGradient(where(nothing, vector, u)));
}
