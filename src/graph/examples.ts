/** Turns the examples that ops carry into inputs: for the gradient check, the comparison of backends and benchmarks. */
import { allocate, type FloatDType } from '../tensor/dtype.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Example } from './op.ts';
import { randomUniform } from './random.ts';

/** Constants for the inputs of an example: floats in its domain, integers in their range, fair booleans. */
export function exampleInputs(example: Example, dtype: FloatDType, seed = 1): Tensor[] {
  const next = randomUniform(seed);
  const [low, high] = example.domain ?? [-2, 2];
  return example.inputs.map((input) => {
    const given = Array.isArray(input) ? null : (input as Exclude<typeof input, Shape>);
    const shape = given?.shape ?? (input as Shape);
    const data = allocate(given?.dtype ?? dtype, sizeOf(shape));
    const [from, to] = given?.range ?? [0, 2];
    for (let i = 0; i < data.length; i++) {
      data[i] = given ? Math.floor(from + next() * (to - from)) : low + next() * (high - low);
    }
    return tensor(data, shape);
  });
}
