/** Transposed convolutions ("deconvolutions") in 1 to 3 dimensions; kernels are `[...window, out, in]`. */
import { convTranspose } from '../../../ops/conv.ts';
import { defineLayer, type LayerClass } from '../layer.ts';
import { transposedKernelConversion } from './kernels.ts';
import { acceleratedBy, biasRule, channelsOf, commonOptions, finish } from './plain.ts';

export const convolutionTranspose: LayerClass = defineLayer({
  classes: ['Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose'],
  create: (o) => {
    const c = commonOptions(o);
    const [filters, padding] = [o.count('filters'), o.choice('padding', ['valid', 'same'], 'valid')];
    o.expect('groups', 1, '1');
    const extra = o.raw('output_padding');
    const outputPadding = extra === undefined ? null : o.integers('output_padding');
    if (outputPadding?.length === 1) while (outputPadding.length < c.axes) outputPadding.push(outputPadding[0]!);
    if (outputPadding?.some((by, i) => by < 0 || by >= c.strides[i]!)) {
      throw o.wrong('output_padding', extra, 'integers from 0 up, less than the strides');
    }
    o.ignore('output_shape'); // Keras 1 wrote it; it follows from the other options
    const options = { stride: c.strides, dilation: c.dilations, padding, outputPadding };
    const convert = transposedKernelConversion(o, c.axes);
    return {
      rank: c.axes + 2,
      ...acceleratedBy(c, filters),
      weights: ([x]) => [
        { name: 'kernel', shape: [...c.window, filters, channelsOf(x!, c.channelsFirst)], convert },
        ...biasRule(c.useBias, filters),
      ],
      call: ([x], w) => finish(c, w, x!, (v) => convTranspose(v, w['kernel']!, options)),
    };
  },
});
