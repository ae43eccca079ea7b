/** The layers of convolutional and dense networks, which every page that loads models carries; the others are loaded when a model has one. */
// Plain lists: a spread at module level is an effect, which would keep all of them in a bundle without loadModel.
import { activation, parametricActivations, prelu, softmax } from './activation-layers.ts';
import { convolution, depthwise, separable } from './convolution/plain.ts';
import { convolutionTranspose } from './convolution/transpose.ts';
import { dense, embedding, identity, masking, passThrough } from './core.ts';
import type { LayerClass } from './layer.ts';
import { concatenate, elementwise } from './merge.ts';
import {
  batchNormalization,
  groupNormalization,
  layerNormalization,
  unitNormalization,
} from './normalization/normalization.ts';
import { globalPooling, pooling } from './pooling.ts';
import { normalization, rescaling } from './preprocessing.ts';
import { cropping, flatten, permute, repeatVector, reshapeLayer, zeroPadding } from './reshaping.ts';

export const basicLayers: readonly LayerClass[] = [
  dense,
  embedding,
  masking,
  identity,
  passThrough,
  convolution,
  depthwise,
  separable,
  convolutionTranspose,
  pooling,
  globalPooling,
  flatten,
  reshapeLayer,
  permute,
  repeatVector,
  zeroPadding,
  cropping,
  activation,
  parametricActivations,
  prelu,
  softmax,
  batchNormalization,
  groupNormalization,
  layerNormalization,
  unitNormalization,
  elementwise,
  concatenate,
  rescaling,
  normalization,
];
