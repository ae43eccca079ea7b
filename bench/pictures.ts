/**
 * Pictures for the picture models of the nets suite: random, from a fixed seed, in the range of inputs that `make_nets.py` set the models
 * up for. One row, as in an application that explains what a user has just chosen.
 */
import { randomUniform } from '../src/graph/random.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';

/** @param shape `[1, height, width, channels]` @returns values in [-1, 1) */
export function picture(shape: readonly number[]): Tensor {
  const next = randomUniform(14);
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * next() - 1),
    [...shape],
  );
}
