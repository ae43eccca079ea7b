/** How the tests of convolutions of lines are set. */
import type { LineConvAttrs } from '../../src/ops/line-conv.ts';

/** The kernel is a constant, as in models: others are multiplied step by step, since nobody knows whether they are finite. */
export const weights = 0b10;
const flat = {
  strides: [1, 1],
  dilations: [1, 1],
  poolPads: [
    [0, 0],
    [0, 0],
  ],
} as const;
/** As the second convolution of the MNIST net. */
export const mnist: LineConvAttrs = {
  ...flat,
  relu: true,
  window: [2, 2],
  poolStrides: [2, 2],
  pads: [
    [0, 1],
    [0, 1],
  ],
};
