/** Activations by the names of transformers (`ACT2FN` in `activations_tf.py`). */
import { gelu, mish, relu, silu } from '../ops/activations.ts';
import { mul } from '../ops/binary.ts';
import { clip, sigmoid, tanh } from '../ops/unary.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

const exact = (x: Tensor): Tensor => gelu(x);
const approximate = (x: Tensor): Tensor => gelu(x, { approximate: true });

export const activations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gelu: exact,
  gelu_python: exact,
  gelu_new: approximate,
  gelu_fast: approximate,
  gelu_accurate: approximate,
  gelu_python_tanh: approximate,
  gelu_pytorch_tanh: approximate,
  gelu_10: (x) => clip(gelu(x), -10, 10),
  quick_gelu: (x) => mul(x, sigmoid(mul(x, 1.702))),
  relu: (x) => relu(x),
  silu,
  swish: silu,
  mish,
  tanh,
  sigmoid,
  linear: (x) => x,
};

/** @throws with the nearest names */
export function activationNamed(name: string, subject: string): (x: Tensor) => Tensor {
  if (Object.hasOwn(activations, name)) return activations[name]!;
  throw failure(subject, `the activation '${name}' is not known`, {}, didYouMean(name, Object.keys(activations)));
}
