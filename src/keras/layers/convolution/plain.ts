/**
 * Convolutions in 1 to 3 dimensions: plain, depthwise and separable. Activations come after the axes are back in the layer's own
 * order, because softmax works on the last axis of that order, as in Keras.
 */
import { forWinograd, type LoadAccelerator, sliding, winograd } from '../../../backends/wasm/accelerators.ts';
import { add } from '../../../ops/binary.ts';
import { type ConvOptions, conv1d, conv2d, depthwiseConv, separableConv } from '../../../ops/conv.ts';
import { conv } from '../../../ops/conv-primitives.ts';
import { resolvePads } from '../../../ops/padding.ts';
import { failure } from '../../../tensor/errors.ts';
import type { Shape } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Activation, activationOf } from '../activation-functions.ts';
import { defineLayer, type LayerClass, type LayerRun, type WeightRule, type Weights } from '../layer.ts';
import { inLayout, spatialAxes } from '../layout.ts';
import type { Options } from '../options.ts';
import { kernelConversion } from './kernels.ts';

/** Options that all convolutions share. */
export interface Common {
  readonly axes: number;
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly channelsFirst: boolean;
  readonly useBias: boolean;
  readonly activation: Activation;
}

export function commonOptions(o: Options): Common {
  const axes = spatialAxes(o);
  const strides = o.perAxis('strides', axes, 1);
  return {
    axes,
    window: o.perAxis('kernel_size', axes),
    strides,
    dilations: o.perAxis('dilation_rate', axes, 1),
    channelsFirst: o.channelsFirst,
    useBias: o.flag('use_bias', true),
    activation: activationOf(o),
  };
}

export function channelsOf(shape: Shape, channelsFirst: boolean): number {
  return channelsFirst ? shape[1]! : shape.at(-1)!;
}

export function biasRule(use: boolean, size: number): WeightRule[] {
  return use ? [{ name: 'bias', shape: [size] }] : [];
}

/** `f` on channels last, then bias, then the activation in the layer's own layout. */
export function finish(c: Common, w: Weights, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const bias = w['bias'];
  return c.activation(inLayout(c.channelsFirst, (v) => (bias ? add(f(v), bias) : f(v)))(x));
}

/** What such a layer of `filters` runs faster with, if it is a 3x3 convolution of stride 1 with filters enough; depthwise ones need no number of them. */
export function acceleratedBy(
  c: Pick<Common, 'window' | 'strides' | 'dilations'>,
  filters: number,
): Pick<LayerRun, 'accelerator'> {
  return { accelerator: accelerators(c, filters) };
}

function accelerators(
  { window, strides, dilations }: Pick<Common, 'window' | 'strides' | 'dilations'>,
  filters: number,
): LoadAccelerator[] {
  const plain = [...strides, ...dilations].every((size) => size === 1);
  return plain && forWinograd(window, [filters]) ? [winograd] : [];
}

function paddingOf(o: Options, axes: number): 'valid' | 'same' | 'causal' {
  return o.choice('padding', axes === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'], 'valid');
}

function convolve(
  x: Tensor,
  kernel: Tensor,
  axes: number,
  options: ConvOptions & { padding: 'valid' | 'same' | 'causal' },
) {
  if (axes === 1) return conv1d(x, kernel, options);
  if (axes === 2) return conv2d(x, kernel, options);
  const [strides, dilations] = [options.stride as readonly number[], options.dilation as readonly number[]];
  const pads = resolvePads(
    'conv3d',
    options.padding,
    x.shape.slice(1, -1),
    kernel.shape.slice(0, axes),
    strides,
    dilations,
  );
  return conv([x, kernel], { strides, dilations, pads, groups: options.groups ?? 1 });
}

export const convolution: LayerClass = defineLayer({
  classes: ['Conv1D', 'Conv2D', 'Conv3D'],
  create: (o) => {
    const c = commonOptions(o);
    const [filters, groups, padding] = [o.count('filters'), o.count('groups', 1), paddingOf(o, c.axes)];
    const options = { stride: c.strides, dilation: c.dilations, padding, groups };
    const convert = kernelConversion(o, c.axes, filters);
    return {
      rank: c.axes + 2,
      ...(groups === 1 && acceleratedBy(c, filters)),
      weights: ([x]) => {
        const channels = channelsOf(x!, c.channelsFirst);
        if (channels % groups !== 0 || filters % groups !== 0) {
          throw failure(o.subject, 'channels and filters must divide into the groups', { channels, filters, groups });
        }
        return [
          { name: 'kernel', shape: [...c.window, channels / groups, filters], convert },
          ...biasRule(c.useBias, filters),
        ];
      },
      call: ([x], w) => finish(c, w, x!, (v) => convolve(v, w['kernel']!, c.axes, options)),
    };
  },
});

export const depthwise: LayerClass = defineLayer({
  classes: ['DepthwiseConv1D', 'DepthwiseConv2D'],
  create: (o) => {
    const c = commonOptions(o);
    const [multiplier, padding] = [o.count('depth_multiplier', 1), paddingOf(o, c.axes)];
    o.expect('groups', 1, '1'); // tf.keras writes the option of its base class
    o.ignore('filters');
    const options = { stride: c.strides, dilation: c.dilations, padding };
    return {
      rank: c.axes + 2,
      accelerator: [sliding, ...accelerators(c, 16)],
      weights: ([x]) => {
        const channels = channelsOf(x!, c.channelsFirst);
        return [
          { name: 'kernel', shape: [...c.window, channels, multiplier] },
          ...biasRule(c.useBias, channels * multiplier),
        ];
      },
      call: ([x], w) => finish(c, w, x!, (v) => depthwiseConv(v, w['kernel']!, options)),
    };
  },
});

export const separable: LayerClass = defineLayer({
  classes: ['SeparableConv1D', 'SeparableConv2D'],
  create: (o) => {
    const c = commonOptions(o);
    const [filters, multiplier] = [o.count('filters'), o.count('depth_multiplier', 1)];
    o.expect('groups', 1, '1');
    const options = { stride: c.strides, dilation: c.dilations, padding: paddingOf(o, c.axes) };
    return {
      rank: c.axes + 2,
      accelerator: [sliding, ...accelerators(c, 16)],
      weights: ([x]) => {
        const channels = channelsOf(x!, c.channelsFirst);
        const ones = c.window.map(() => 1);
        return [
          { name: 'depthwise_kernel', shape: [...c.window, channels, multiplier] },
          { name: 'pointwise_kernel', shape: [...ones, channels * multiplier, filters] },
          ...biasRule(c.useBias, filters),
        ];
      },
      call: ([x], w) =>
        finish(c, w, x!, (v) => separableConv(v, w['depthwise_kernel']!, w['pointwise_kernel']!, options)),
    };
  },
});
