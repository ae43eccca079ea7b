/** The layers and operations that are not in basic.ts; registry.ts loads this module when a model has one of them. */

import { adaptivePooling } from './adaptive-pooling.ts';
import { additiveAttention, attention } from './attention.ts';
import { bidirectional } from './bidirectional.ts';
import { categoryEncoding, discretization } from './category.ts';
import { convRecurrent } from './conv-lstm.ts';
import { dot } from './dot.ts';
import { einsumDense } from './einsum-dense.ts';
import { highway, maxoutDense } from './keras1.ts';
import type { LayerClass } from './layer.ts';
import { locallyConnected } from './locally-connected.ts';
import { groupedQueryAttention, multiHeadAttention } from './multi-head-attention.ts';
import { centerCrop, resizing } from './resizing.ts';
import { rmsNormalization } from './rms-normalization.ts';
import { recurrent } from './rnn.ts';
import { upSampling } from './upsampling.ts';

export * as host from '../host/index.ts';
export * as operations from '../operations/index.ts';

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
  upSampling,
  dot,
  locallyConnected,
  adaptivePooling,
  resizing,
  centerCrop,
  categoryEncoding,
  discretization,
  maxoutDense,
  highway,
];
