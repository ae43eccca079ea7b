/** Activations by the names of transformers (`ACT2FN` in `activations.py`), but for those that have weights. */
import { gelu, leakyRelu, mish, relu, relu6, silu } from '../ops/activations.ts';
import { add, mul, sub } from '../ops/binary.ts';
import { clip, erf, sigmoid, square, tanh } from '../ops/unary.ts';
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
  laplace: (x) => mul(add(erf(mul(sub(x, 707107e-6), 1 / (0.282095 * Math.SQRT2))), 1), 0.5),
  leaky_relu: (x) => leakyRelu(x, 0.01),
  relu: (x) => relu(x),
  relu2: (x) => square(relu(x)),
  relu6,
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
