/** Convolutions of one to three axes of space. Source: Keras 3.15. */
import { failure } from '../../../tensor/errors.ts';
import {
  anything,
  constraint,
  count,
  type Field,
  flag,
  initializer,
  type LayerOptions,
  layerClass,
  oneOf,
  perAxis,
  regularizer,
  whole,
} from '../fields.ts';
import type { Part } from '../parts.ts';
import {
  type ActivationOptions,
  type DataFormat,
  dataFormat,
  type KernelOptions,
  kernelFields,
  linear,
  type PerAxis,
} from './shared.ts';

interface Windows {
  readonly kernelSize: PerAxis;
  readonly strides?: PerAxis;
  readonly padding?: 'valid' | 'same';
  readonly dataFormat?: DataFormat;
  readonly dilationRate?: PerAxis;
}
/** Options of convolutions. */
export interface ConvOptions extends KernelOptions, ActivationOptions, Omit<Windows, 'padding'> {
  readonly filters: number;
  /** `'causal'` for one axis only. */
  readonly padding?: 'valid' | 'same' | 'causal';
  readonly groups?: number;
}
/** Options of transposed convolutions. */
export interface ConvTransposeOptions extends KernelOptions, ActivationOptions, Windows {
  readonly filters: number;
  readonly outputPadding?: PerAxis | null;
}

/** Keras refuses both at once, but where each channel has a kernel of its own. */
const strides = (axes: number): Field => {
  const field = perAxis(axes, 1);
  return {
    ...field,
    write: (value: never, subject, options) => {
      const above = (size: unknown): boolean => (Array.isArray(size) ? size : [size ?? 1]).some((one) => one > 1);
      if (above(options['strides']) && above(options['dilationRate']))
        throw failure(subject, 'strides and dilationRate cannot both be above 1', {}, 'leave one of them at 1');
      return field.write!(value, subject, options);
    },
  };
};

const windows = (axes: number) => ({
  kernelSize: perAxis(axes),
  strides: perAxis(axes, 1),
  padding: oneOf(axes === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'], 'valid'),
  dataFormat,
  dilationRate: perAxis(axes, 1),
});
const groups = { fallback: 1, write: whole(1) };
const conv = (axes: number) =>
  layerClass<ConvOptions>(`Conv${axes}D`, {
    filters: count,
    ...windows(axes),
    strides: strides(axes),
    groups,
    activation: linear,
    ...kernelFields,
  });
const transpose = (axes: number) =>
  layerClass<ConvTransposeOptions>(`Conv${axes}DTranspose`, {
    filters: count,
    ...windows(axes),
    strides: strides(axes),
    outputPadding: anything(null),
    activation: linear,
    ...kernelFields,
  });

/** `[N, T, C]` to `[N, T', filters]`. */
export const conv1d = conv(1);
/** `[N, H, W, C]` to `[N, H', W', filters]`. */
export const conv2d = conv(2);
/** `[N, D, H, W, C]` to `[N, D', H', W', filters]`. */
export const conv3d = conv(3);
/** The transpose of a convolution along one axis. */
export const conv1dTranspose = transpose(1);
/** The transpose of a convolution of pictures. */
export const conv2dTranspose = transpose(2);
/** The transpose of a convolution of volumes. */
export const conv3dTranspose = transpose(3);

interface Depthwise extends Omit<Windows, 'padding'> {
  readonly padding?: 'valid' | 'same' | 'causal';
  readonly depthMultiplier?: number;
  readonly depthwiseInitializer?: Part;
  readonly depthwiseRegularizer?: Part | null;
  readonly depthwiseConstraint?: Part | null;
  readonly useBias?: boolean;
  readonly biasInitializer?: Part;
  readonly biasRegularizer?: Part | null;
  readonly biasConstraint?: Part | null;
  readonly activityRegularizer?: Part | null;
}
/** Options of depthwise convolutions. */
export interface DepthwiseConvOptions extends LayerOptions, ActivationOptions, Depthwise {}
/** Options of separable convolutions. */
export interface SeparableConvOptions extends DepthwiseConvOptions {
  readonly filters: number;
  readonly pointwiseInitializer?: Part;
  readonly pointwiseRegularizer?: Part | null;
  readonly pointwiseConstraint?: Part | null;
}

const depthwiseFields = (axes: number) => ({
  ...windows(axes),
  depthMultiplier: { fallback: 1, write: whole(1) },
  activation: linear,
  useBias: flag(true),
  depthwiseInitializer: initializer('glorot_uniform'),
  biasInitializer: initializer('zeros'),
  depthwiseRegularizer: regularizer,
  biasRegularizer: regularizer,
  activityRegularizer: regularizer,
  depthwiseConstraint: constraint,
  biasConstraint: constraint,
});
const depthwise = (axes: number) => layerClass<DepthwiseConvOptions>(`DepthwiseConv${axes}D`, depthwiseFields(axes));
const separable = (axes: number) =>
  layerClass<SeparableConvOptions>(`SeparableConv${axes}D`, {
    filters: count,
    ...depthwiseFields(axes),
    pointwiseInitializer: initializer('glorot_uniform'),
    pointwiseRegularizer: regularizer,
    pointwiseConstraint: constraint,
  });

/** Each channel of a series convolved by itself. */
export const depthwiseConv1d = depthwise(1);
/** Each channel of a picture convolved by itself. */
export const depthwiseConv2d = depthwise(2);
/** A depthwise convolution, and one of size 1 behind it. */
export const separableConv1d = separable(1);
/** A depthwise convolution of pictures, and one of size 1 behind it. */
export const separableConv2d = separable(2);
