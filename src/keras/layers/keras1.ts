/** Layers that only Keras 1 had: MaxoutDense and Highway. Source: `keras/legacy/layers.py` and `core.py` of Keras 1.2 and 2.0. */
import { add, mul, sub } from '../../ops/binary.ts';
import { dense } from '../../ops/matmul.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { max } from '../../ops/reduce.ts';
import { sigmoid } from '../../ops/unary.ts';
import { activationOf } from './activation-functions.ts';
import { defineLayer, type LayerClass } from './layer.ts';

/** The maximum of `nb_feature` Dense layers; the kernel is `[nb_feature, in, units]`. */
export const maxoutDense: LayerClass = defineLayer({
  classes: ['MaxoutDense'],
  create: (o) => {
    const [units, pieces, useBias] = [o.count('units'), o.count('nb_feature', 4), o.flag('use_bias', true)];
    return {
      rank: 2,
      weights: ([x]) => [
        { name: 'kernel', shape: [pieces, x!.at(-1)!, units] },
        ...(useBias ? [{ name: 'bias', shape: [pieces, units] }] : []),
      ],
      call: ([x], w) => {
        const kernel = reshape(transpose(w['kernel']!, [1, 0, 2]), [x!.shape[1]!, pieces * units]);
        const all = dense(x!, kernel, w['bias'] ? reshape(w['bias'], [pieces * units]) : null);
        return max(reshape(all, [x!.shape[0]!, pieces, units]), { axes: 1 });
      },
    };
  },
});

/** `t f(x W + b) + (1 - t) x` with the gate `t = sigmoid(x W_carry + b_carry)`. */
export const highway: LayerClass = defineLayer({
  classes: ['Highway'],
  create: (o) => {
    const [f, useBias] = [activationOf(o), o.flag('use_bias', true)];
    o.ignore('transform_bias'); // the gate bias's initial value
    return {
      rank: 2,
      weights: ([x]) => {
        const n = x!.at(-1)!;
        const square = [n, n];
        const biases = [
          { name: 'bias', shape: [n] },
          { name: 'bias_carry', shape: [n] },
        ];
        return [{ name: 'kernel', shape: square }, { name: 'kernel_carry', shape: square }, ...(useBias ? biases : [])];
      },
      call: ([x], w) => {
        const gate = sigmoid(dense(x!, w['kernel_carry']!, w['bias_carry']));
        return add(mul(f(dense(x!, w['kernel']!, w['bias'])), gate), mul(sub(1, gate), x!));
      },
    };
  },
});
