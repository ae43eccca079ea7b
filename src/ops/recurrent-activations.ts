/**
 * The activations that the recurrent ops know: those whose derivative is a function of their value, so that the scan
 * back through time keeps values only. Each is listed with the op that means the same; kernels have them by code.
 */
import type { Tensor } from '../tensor/tensor.ts';
import * as op from './activations.ts';
import { exp, sigmoid, softplus, tanh } from './unary.ts';

export const recurrentActivations = {
  linear: { code: 0, apply: (x: Tensor): Tensor => x },
  tanh: { code: 1, apply: (x: Tensor): Tensor => tanh(x) },
  sigmoid: { code: 2, apply: (x: Tensor): Tensor => sigmoid(x) },
  /** Keras 3's: `relu6(x + 3) / 6`. */
  hardSigmoid: { code: 3, apply: op.hardSigmoid },
  /** Keras 2's: `clip(0.2 x + 0.5, 0, 1)`. */
  hardSigmoid2: { code: 4, apply: op.hardSigmoid2 },
  relu: { code: 5, apply: (x: Tensor): Tensor => op.relu(x) },
  softsign: { code: 6, apply: op.softsign },
  elu: { code: 7, apply: (x: Tensor): Tensor => op.elu(x) },
  selu: { code: 8, apply: op.selu },
  softplus: { code: 9, apply: (x: Tensor): Tensor => softplus(x) },
  exponential: { code: 10, apply: (x: Tensor): Tensor => exp(x) },
} as const satisfies Record<string, { readonly code: number; readonly apply: (x: Tensor) => Tensor }>;

/** An activation of a recurrent op. */
export type RecurrentActivation = keyof typeof recurrentActivations;
