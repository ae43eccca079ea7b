/** Every layer class that is supported, by Keras class name, and why the others are not. */
import type { LayerSpec } from '../config.ts';
import { activation, parametricActivations, prelu, softmax } from './activation.ts';
import { convolution, depthwise, separable } from './convolution.ts';
import { convolutionTranspose } from './convolution-transpose.ts';
import { dense, embedding, identity, masking, passThrough } from './core.ts';
import { dot } from './dot.ts';
import type { LayerClass } from './layer.ts';
import { concatenate, elementwise } from './merge.ts';
import { batchNormalization, groupNormalization, layerNormalization, unitNormalization } from './normalization.ts';
import { globalPooling, pooling } from './pooling.ts';
import { normalization, rescaling } from './preprocessing.ts';
import { cropping, flatten, permute, repeatVector, reshapeLayer, zeroPadding } from './reshaping.ts';
import { upSampling } from './upsampling.ts';

const all: readonly LayerClass[] = [
  ...[dense, embedding, masking, identity, passThrough],
  ...[convolution, depthwise, separable, convolutionTranspose, pooling, globalPooling],
  ...[flatten, reshapeLayer, permute, repeatVector, zeroPadding, cropping, upSampling],
  ...[activation, parametricActivations, prelu, softmax],
  ...[batchNormalization, groupNormalization, layerNormalization, unitNormalization],
  ...[elementwise, concatenate, dot, rescaling, normalization],
];

const byClass: ReadonlyMap<string, LayerClass> = /* @__PURE__ */ index(all);

// @__NO_SIDE_EFFECTS__
function index(layers: readonly LayerClass[]): ReadonlyMap<string, LayerClass> {
  return new Map(layers.flatMap((definition) => definition.classes.map((name) => [name, definition] as const)));
}

/** Handled by the model itself: they hold other layers, or no computation at all. */
const structural = ['InputLayer', 'Sequential', 'Functional', 'Model', 'TimeDistributed'];

/** The class names of all supported layers, sorted. */
export const supportedLayers: readonly string[] = /* @__PURE__ */ (() => [...byClass.keys(), ...structural].sort())();

export function findLayerClass(className: string): LayerClass | undefined {
  return byClass.get(className);
}

const recurrent = /^(.*LSTM.*|.*GRU.*|SimpleRNN.*|RNN|StackedRNNCells|Bidirectional|ConvRNN.*)$/;
const attention = /^(.*Attention|TransformerEncoder|TransformerDecoder|EinsumDense|PositionEmbedding)$/;

/** Why a class is refused, in words for its user. */
export function whyUnsupported({ className, registeredName }: LayerSpec): string {
  if (className === 'Lambda') return 'a Lambda holds Python bytecode, and no code in a model file is ever run';
  if (/^(TensorFlowOpLayer|TFOpLambda|SlicingOpLambda|AddMetric|AddLoss)$/.test(className)) {
    return 'it records a TensorFlow call, which is not interpreted';
  }
  if (recurrent.test(className)) return 'recurrent layers are not supported yet (planned)';
  if (attention.test(className)) return 'attention layers are not supported yet (planned)';
  if (registeredName?.includes('>')) return `'${registeredName}' is a custom class, whose code is not in the file`;
  return 'the class is neither one of the supported Keras layers nor known to be planned (a custom class?)';
}
