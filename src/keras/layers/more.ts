/** The layers and operations that are not in basic.ts; registry.ts loads this module when a model has one of them. */

import { adaptivePooling } from './adaptive-pooling.ts';
import { layerScale, scaledResidual, stochasticDepth } from './applications.ts';
import { additiveAttention, attention } from './attention/attention.ts';
import { groupedQueryAttention, multiHeadAttention } from './attention/multi-head.ts';
import { categoryEncoding, discretization } from './category.ts';
import { locallyConnected } from './convolution/locally-connected.ts';
import { dot } from './dot.ts';
import { einsumDense } from './einsum-dense.ts';
import { highway, maxoutDense } from './keras1.ts';
import type { LayerClass } from './layer.ts';
import { rmsNormalization } from './normalization/rms-normalization.ts';
import { augmentation } from './pictures/augmentation.ts';
import { autoContrast } from './pictures/auto-contrast.ts';
import { contrastLimited } from './pictures/equalization.ts';
import { centerCrop, resizing } from './pictures/resizing.ts';
import { upSampling } from './pictures/upsampling.ts';
import { bidirectional } from './recurrent/bidirectional.ts';
import { convRecurrent } from './recurrent/conv-lstm.ts';
import { recurrent } from './recurrent/rnn.ts';
import { reversibleEmbedding } from './reversible-embedding.ts';
import { melSpectrogram, stftSpectrogram } from './sound/spectrogram.ts';

export * as host from '../host/index.ts';
export * as operations from '../operations/index.ts';
export { executionOrder } from './attention/execution.ts';

export const moreLayers: readonly LayerClass[] = [
  recurrent,
  bidirectional,
  convRecurrent,
  attention,
  additiveAttention,
  multiHeadAttention,
  groupedQueryAttention,
  einsumDense,
  rmsNormalization,
  layerScale,
  stochasticDepth,
  scaledResidual,
  upSampling,
  dot,
  locallyConnected,
  adaptivePooling,
  resizing,
  centerCrop,
  autoContrast,
  contrastLimited,
  augmentation,
  melSpectrogram,
  stftSpectrogram,
  reversibleEmbedding,
  categoryEncoding,
  discretization,
  maxoutDense,
  highway,
];
