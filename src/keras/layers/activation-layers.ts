/** The activation layers. */
import { prelu as parametricRelu } from '../../ops/activations.ts';
import { mul, sub, where } from '../../ops/binary.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { activationOf } from './activation-functions.ts';
import { defineLayer, keras3Before, type LayerClass, passMask } from './layer.ts';
import { parametric, softmaxOver } from './parametric.ts';

export const activation: LayerClass = defineLayer({
  classes: ['Activation'],
  create: (o) => {
    const f = activationOf(o);
    return { call: ([x]) => f(x!), mask: passMask };
  },
});

export const parametricActivations: LayerClass = defineLayer({
  classes: ['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU'],
  create: (o) => {
    const f = parametric[o.className]!(o);
    return { call: ([x]) => f(x!), mask: passMask };
  },
});

/** Masked elements get a weight of exactly 0; before Keras 3.10 not where all of them are masked. */
export const softmax: LayerClass = defineLayer({
  classes: ['Softmax'],
  create: (o) => {
    const axes = o.integers('axis', [-1]);
    const shifted = (o.dialect.major < 3 && !o.flag('robust_masking', false)) || keras3Before(o.dialect, 13);
    const exact = o.dialect.major === 3 && !keras3Before(o.dialect, 10);
    return {
      call: ([x], _, [mask]) => {
        if (!mask) return softmaxOver(x!, axes);
        const lead = x!.rank - mask.rank;
        if (lead < 0 || mask.shape.some((dim, i) => dim !== 1 && dim !== x!.shape[i + lead])) {
          const hint = 'Keras aligns the mask with the last axes of the input';
          throw failure(o.subject, 'the mask does not broadcast', { input: x!.shape, mask: mask.shape }, hint);
        }
        // -1e9 is Keras's "large negative number": its exponential underflows to 0. Keras 2 shifts scores by it, unless told otherwise.
        const shares = softmaxOver(where(mask, x!, shifted ? sub(x!, 1e9) : -1e9), axes);
        return !exact ? shares : mul(shares, cast(mask, x!.dtype));
      },
      mask: passMask,
    };
  },
});

/** A slope below 0 for each element, shared along `shared_axes` (counted from 1, the batch axis being 0). */
export const prelu: LayerClass = defineLayer({
  classes: ['PReLU'],
  create: (o) => {
    const shared = o.raw('shared_axes') === undefined ? [] : o.integers('shared_axes');
    return {
      weights: ([x]) => [{ name: 'alpha', shape: x!.slice(1).map((dim, i) => (shared.includes(i + 1) ? 1 : dim)) }],
      call: ([x], w) => parametricRelu(x!, w['alpha']!),
      mask: passMask,
    };
  },
});
