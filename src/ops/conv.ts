/**
 * The convolutions that people call by name, on top of `conv` and `convGradInput`. Layouts are Keras's, channels last:
 * depthwise kernels are `[...window, in, multiplier]`, transposed ones `[...window, out, in]`.
 */

import { failure } from '../tensor/errors.ts';
import { checkOptions, checkWhole } from '../tensor/options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { conv, convGradInput } from './conv-primitives.ts';
import { reshape } from './movement.ts';
import { type Padding, type PerAxis, perAxis, resolvePads } from './padding.ts';
import type { Pads } from './slicing.ts';

/** Strides, padding, dilations and groups of a convolution, one number or one per axis. */
export interface ConvOptions {
  /** Steps of the window; 1 by default. */
  stride?: PerAxis;
  /** `valid` (default), `same`, `causal`, or zeros before and after each spatial axis. */
  padding?: Padding;
  /** Distance between the window's elements; 1 by default. */
  dilation?: PerAxis;
  /** Channels are split into this many groups that do not see each other; 1 by default. */
  groups?: number;
}

function checkRanks(name: string, axes: number, x: Tensor, w: Tensor): void {
  if (x.rank !== axes + 2 || w.rank !== axes + 2 || x.dtype !== w.dtype) {
    const details = { input: x.toString(), kernel: w.toString() };
    throw failure(
      name,
      `input and kernel need ${axes + 2} axes and one dtype`,
      details,
      '[batch, ...space, channels] and [...window, in, out]',
    );
  }
}

function convN(name: string, axes: number, x: Tensor, w: Tensor, options: ConvOptions): Tensor {
  checkRanks(name, axes, x, w);
  checkOptions<ConvOptions>(name, options, { stride: 1, padding: 1, dilation: 1, groups: 1 });
  checkWhole(name, 'groups', options.groups ?? 1, 1);
  const strides = perAxis(name, options.stride, axes, 'stride');
  const dilations = perAxis(name, options.dilation, axes, 'dilation');
  const pads = resolvePads(
    name,
    options.padding ?? 'valid',
    x.shape.slice(1, -1),
    w.shape.slice(0, axes),
    strides,
    dilations,
  );
  return conv([x, w], { strides, dilations, pads, groups: options.groups ?? 1 });
}

/** `x [batch, time, in]` with `kernel [window, in/groups, out]`. */
export function conv1d(x: Tensor, kernel: Tensor, options: ConvOptions = {}): Tensor {
  return convN('conv1d', 1, x, kernel, options);
}

/** `x [batch, height, width, in]` with `kernel [h, w, in/groups, out]`. */
export function conv2d(x: Tensor, kernel: Tensor, options: ConvOptions = {}): Tensor {
  return convN('conv2d', 2, x, kernel, options);
}

/** Each channel with kernels of its own: `kernel [...window, in, multiplier] -> [batch, ...space, in * multiplier]`. */
export function depthwiseConv(x: Tensor, kernel: Tensor, options: Omit<ConvOptions, 'groups'> = {}): Tensor {
  const channels = x.shape.at(-1)!;
  const [window, multiplier] = [kernel.shape.slice(0, -2), kernel.shape.at(-1)!];
  if (kernel.shape.at(-2) !== channels) {
    const details = { input: x.shape, kernel: kernel.shape };
    throw failure('depthwiseConv', `input has ${channels} channels, kernel expects ${kernel.shape.at(-2)}`, details);
  }
  const grouped = reshape(kernel, [...window, 1, channels * multiplier]);
  return convN('depthwiseConv', x.rank - 2, x, grouped, { ...options, groups: channels });
}

/** A depthwise convolution followed by a 1-wide one that mixes the channels. */
export function separableConv(
  x: Tensor,
  depthwise: Tensor,
  pointwise: Tensor,
  options: Omit<ConvOptions, 'groups'> = {},
): Tensor {
  return convN('separableConv', x.rank - 2, depthwiseConv(x, depthwise, options), pointwise, {});
}

/** Strides, padding, dilations and groups of a transposed convolution, and where its size is left open. */
export interface ConvTransposeOptions extends ConvOptions {
  padding?: 'valid' | 'same' | Pads;
  /** Extra elements at the end of each axis, where the stride leaves the size open. */
  outputPadding?: readonly number[] | null;
}

/**
 * The transpose of `conv` (a "deconvolution"): `x [batch, ...space, in]` with `kernel [...window, out, in]`. Sizes follow
 * Keras: `same` gives `size * stride`, `valid` adds what the window reaches beyond the stride; `outputPadding` overrides.
 */
export function convTranspose(x: Tensor, kernel: Tensor, options: ConvTransposeOptions = {}): Tensor {
  const axes = x.rank - 2;
  checkRanks('convTranspose', axes, x, kernel);
  const names = { stride: 1, padding: 1, dilation: 1, groups: 1, outputPadding: 1 } as const;
  checkOptions<ConvTransposeOptions>('convTranspose', options, names);
  const strides = perAxis('convTranspose', options.stride, axes, 'stride');
  const dilations = perAxis('convTranspose', options.dilation, axes, 'dilation');
  const extra = options.outputPadding;
  const padding = options.padding ?? 'valid';
  checkWhole('convTranspose', 'groups', options.groups ?? 1, 1);
  for (const by of extra ?? []) checkWhole('convTranspose', 'an output padding', by);
  if (extra && extra.length !== axes)
    throw failure('convTranspose', 'one output padding per spatial axis', { got: extra });
  if (typeof padding !== 'string')
    resolvePads('convTranspose', padding, x.shape.slice(1, -1), kernel.shape, strides, dilations);
  const space: number[] = [];
  const pads = x.shape.slice(1, -1).map((dim, i) => {
    const reach = (kernel.shape[i]! - 1) * dilations[i]! + 1;
    if (typeof padding !== 'string') {
      const pad = padding[i]!;
      space.push((dim - 1) * strides[i]! + reach - pad[0] - pad[1] + (extra?.[i] ?? 0));
      return pad;
    }
    const valid = padding === 'valid';
    // Keras's deconv_output_length: with an output padding, `same` counts as a pad of half the window.
    const half = valid ? 0 : reach >> 1;
    const size = extra
      ? (dim - 1) * strides[i]! + reach - 2 * half + extra[i]!
      : valid
        ? dim * strides[i]! + Math.max(reach - strides[i]!, 0)
        : dim * strides[i]!;
    space.push(size);
    const [before, after] = resolvePads(
      'convTranspose',
      padding,
      [size],
      [kernel.shape[i]!],
      [strides[i]!],
      [dilations[i]!],
    )[0]!;
    return [before, after] as const;
  });
  const inputShape = [x.shape[0]!, ...space, kernel.shape.at(-2)!];
  return convGradInput([x, kernel], { strides, dilations, pads, groups: options.groups ?? 1, inputShape });
}
