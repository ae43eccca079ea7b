/**
 * Activations with options but without weights. They are layers of their own, and newer files also hold them as objects in the
 * `activation` of other layers. Defaults are those of Keras; `alpha` is the name that Keras 1 and 2 use for `negative_slope`.
 */
import { elu, leakyRelu, relu, thresholdUnit } from '../../ops/activations.ts';
import { sub } from '../../ops/binary.ts';
import { logSumExp } from '../../ops/reduce.ts';
import { softmax } from '../../ops/softmax.ts';
import { exp } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Options } from './options.ts';

type Make = (options: Options) => (x: Tensor) => Tensor;

export const parametric: Readonly<Record<string, Make>> = {
  ReLU: (o) => {
    const maxValue = o.raw('max_value') === undefined ? null : o.number('max_value');
    const [negativeSlope, threshold] = [o.number('negative_slope', 0), o.number('threshold', 0)];
    return (x) => relu(x, { maxValue, negativeSlope, threshold });
  },
  LeakyReLU: (o) => {
    const alpha = o.number('alpha', 0.3);
    const slope = o.number('negative_slope', alpha);
    return (x) => leakyRelu(x, slope);
  },
  ELU: (o) => {
    const alpha = o.number('alpha', 1);
    return (x) => elu(x, alpha);
  },
  ThresholdedReLU: (o) => {
    const theta = o.number('theta', 1);
    return (x) => thresholdUnit(x, theta, 0);
  },
  Softmax: (o) => {
    const axes = o.integers('axis', [-1]);
    return (x) => softmaxOver(x, axes);
  },
};

/** Softmax over one axis, or over several together. */
export function softmaxOver(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.length === 1) return softmax(x, axes[0]!);
  return exp(sub(x, logSumExp(x, { axes, keepDims: true })));
}
