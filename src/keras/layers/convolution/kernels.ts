/**
 * Convolution kernels as different Kerases stored them, brought to `[...window, in, out]`.
 *
 * Keras 1 stored `dim_ordering='th'` kernels as `[out, in, ...window]` and 1-D kernels with an extra axis. Apart from the layout,
 * Theano's convolution turns its kernel round in space, so weights trained with it mean the kernel reversed (checked bit for bit
 * on a published pair of Theano and TensorFlow files). Keras 2 reversed such kernels on loading; tf_keras no longer looks at the
 * `backend` attribute, and its results on Theano files differ. We follow the file: `theanoKernels: 'as-stored'` gives tf_keras's.
 */
import { reshape, transpose } from '../../../ops/movement.ts';
import { reverse } from '../../../ops/slicing.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Options } from '../options.ts';

export type KernelConversion = (stored: Tensor) => Tensor;

/** For the kernel of a convolution over `axes` spatial axes with `filters` outputs. */
export function kernelConversion(options: Options, axes: number, filters: number): KernelConversion {
  const channelsFirst = options.channelsFirst;
  return (stored) => {
    let kernel = stored;
    if (options.dialect.major === 1) {
      if (axes === 1 && kernel.rank === 4) kernel = keras1Kernel1d(kernel, filters);
      else if (channelsFirst && kernel.rank === axes + 2) kernel = fromTheanoOrder(kernel, axes);
    }
    return turned(options, kernel, axes);
  };
}

/** For a transposed convolution, `[...window, out, in]`; Keras 1 stored its last two axes the other way round. */
export function transposedKernelConversion(options: Options, axes: number): KernelConversion {
  const channelsFirst = options.channelsFirst;
  return (stored) => {
    let kernel = stored;
    if (options.dialect.major === 1 && kernel.rank === axes + 2) {
      const order = channelsFirst ? [...window(axes, 2), 0, 1] : [...window(axes, 0), axes + 1, axes];
      kernel = transpose(kernel, order);
    }
    return turned(options, kernel, axes);
  };
}

const window = (axes: number, from: number): number[] => Array.from({ length: axes }, (_, i) => i + from);

/** `[out, in, ...window]` to `[...window, in, out]`. */
function fromTheanoOrder(kernel: Tensor, axes: number): Tensor {
  return transpose(kernel, [...window(axes, 2), 1, 0]);
}

/** `[window, 1, in, out]`, or in early versions `[out, in, window, 1]`. */
function keras1Kernel1d(kernel: Tensor, filters: number): Tensor {
  const early = kernel.shape[1] !== 1 || kernel.shape[3] !== filters;
  const modern = early ? transpose(kernel, [2, 3, 1, 0]) : kernel;
  return modern.shape[1] === 1 ? reshape(modern, [modern.shape[0]!, modern.shape[2]!, modern.shape[3]!]) : kernel;
}

function turned(options: Options, kernel: Tensor, axes: number): Tensor {
  return options.flipKernels && kernel.rank === axes + 2 ? reverse(kernel, window(axes, 0)) : kernel;
}
