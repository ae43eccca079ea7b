/** `com.microsoft`: products and convolutions with the activation behind them. Source: docs/ContribOperators.md of onnxruntime 1.2x. */
import { leakyRelu, relu } from '../../ops/activations.ts';
import { add, mul } from '../../ops/binary.ts';
import { clip, sigmoid, tanh } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { gemm } from './products.ts';
import { at, fail, maybe, number, text } from './support.ts';
import { convolved } from './windows/convolution.ts';

/** The activation that the attributes name, with its parameters; none where none is named. */
function activated(call: OperatorCall, y: Tensor, params: readonly number[]): Tensor {
  const name = text(call, 'activation', '');
  const [a, b] = [params[0] ?? 0, params[1] ?? 0];
  switch (name) {
    case '':
      return y;
    case 'Relu':
      return relu(y);
    case 'Sigmoid':
      return sigmoid(y);
    case 'Tanh':
      return tanh(y);
    case 'LeakyRelu':
      return leakyRelu(y, params[0] ?? 0.01);
    case 'Clip':
      return clip(y, a, b);
    case 'HardSigmoid':
      return clip(add(mul(y, a), b), 0, 1);
    default:
      throw fail(call, `activation '${name}' is not supported`);
  }
}

export const fused: Readonly<Record<string, Operator>> = {
  FusedConv: (call) => {
    const y = convolved(call, at(call, 0), at(call, 1), maybe(call, 2));
    const rest = maybe(call, 3);
    const params = call.attrs.has('activation_params') ? call.attrs.floats('activation_params') : [];
    return [activated(call, rest ? add(y, rest) : y, params)];
  },
  FusedGemm: (call) => {
    const names = ['activation_alpha', 'activation_beta', 'activation_gamma'];
    const params = names.filter((name) => call.attrs.has(name)).map((name) => number(call, name));
    return [activated(call, gemm(call), params)];
  },
};
