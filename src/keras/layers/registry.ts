/** Every layer class that is supported, by Keras class name, and why the others are not. */
import type { LayerSpec } from '../config.ts';
import { wrapperNames } from '../custom.ts';
import { hostLayers } from '../host/index.ts';
import { activation, parametricActivations, prelu, softmax } from './activation.ts';
import { adaptivePooling } from './adaptive-pooling.ts';
import { additiveAttention, attention } from './attention.ts';
import { bidirectional } from './bidirectional.ts';
import { categoryEncoding, discretization } from './category.ts';
import { convRecurrent } from './conv-lstm.ts';
import { convolution, depthwise, separable } from './convolution.ts';
import { convolutionTranspose } from './convolution-transpose.ts';
import { dense, embedding, identity, masking, passThrough } from './core.ts';
import { dot } from './dot.ts';
import { einsumDense } from './einsum-dense.ts';
import { highway, maxoutDense } from './keras1.ts';
import type { LayerClass } from './layer.ts';
import { locallyConnected } from './locally-connected.ts';
import { concatenate, elementwise } from './merge.ts';
import { groupedQueryAttention, multiHeadAttention } from './multi-head-attention.ts';
import { batchNormalization, groupNormalization, layerNormalization, unitNormalization } from './normalization.ts';
import { globalPooling, pooling } from './pooling.ts';
import { normalization, rescaling } from './preprocessing.ts';
import { cropping, flatten, permute, repeatVector, reshapeLayer, zeroPadding } from './reshaping.ts';
import { centerCrop, resizing } from './resizing.ts';
import { rmsNormalization } from './rms-normalization.ts';
import { recurrent } from './rnn.ts';
import { upSampling } from './upsampling.ts';

const all: readonly LayerClass[] = [
  ...[dense, embedding, masking, identity, passThrough],
  ...[convolution, depthwise, separable, convolutionTranspose, pooling, globalPooling],
  ...[flatten, reshapeLayer, permute, repeatVector, zeroPadding, cropping, upSampling],
  ...[activation, parametricActivations, prelu, softmax],
  ...[batchNormalization, groupNormalization, layerNormalization, unitNormalization],
  ...[elementwise, concatenate, dot, rescaling, normalization],
  ...[recurrent, bidirectional, convRecurrent],
  ...[attention, additiveAttention, multiHeadAttention, groupedQueryAttention, einsumDense, rmsNormalization],
  ...[locallyConnected, adaptivePooling, resizing, centerCrop, categoryEncoding, discretization, maxoutDense, highway],
];

const byClass: ReadonlyMap<string, LayerClass> = /* @__PURE__ */ index(all);

// @__NO_SIDE_EFFECTS__
function index(layers: readonly LayerClass[]): ReadonlyMap<string, LayerClass> {
  return new Map(layers.flatMap((definition) => definition.classes.map((name) => [name, definition] as const)));
}

/** Handled by the model itself: they hold other layers, or no computation at all. */
const structural = [
  'InputLayer',
  'Sequential',
  'Functional',
  'Model',
  'TimeDistributed',
  ...wrapperNames,
  ...hostLayers,
];

/** The class names of all supported layers, sorted. */
export const supportedLayers: readonly string[] = /* @__PURE__ */ (() => [...byClass.keys(), ...structural].sort())();

export function findLayerClass(className: string): LayerClass | undefined {
  return byClass.get(className);
}

/** Why a class is refused, in words for its user. */
export function whyUnsupported({ name, className, registeredName }: LayerSpec): string {
  if (className === 'Lambda') {
    return `a Lambda is Python code, which is never run: give its TypeScript, loadModel(file, { layers: { '${name}': ([x]) => … } })`;
  }
  if (/^Add(Metric|Loss)$/.test(className))
    return 'it belongs to training: save the model without add_loss and add_metric';
  const what = registeredName?.includes('>')
    ? `'${registeredName}' is a custom class`
    : "the class is none of Keras's (a custom class?)";
  return `${what}, whose code is not in the file: give its TypeScript, registerLayer('${className}', …)`;
}
