/** Dense layers, embeddings, activations and what else begins a model. Source: Keras 3.15. */
import {
  activation as activationField,
  anything,
  constraint,
  count,
  type Field,
  flag,
  initializer,
  type LayerOptions,
  layerClass,
  numberOr,
  regularizer,
} from '../fields.ts';
import type { Part } from '../parts.ts';
import { type ActivationOptions, type KernelOptions, kernelFields, linear } from './shared.ts';

/** Options of `dense`. */
export interface DenseOptions extends KernelOptions, ActivationOptions {
  readonly units: number;
}
/** `activation(x · kernel + bias)` over the last axis. */
export const dense = layerClass<DenseOptions>('Dense', { units: count, activation: linear, ...kernelFields });

/** Options of `einsumDense`. */
export interface EinsumDenseOptions extends Omit<KernelOptions, 'useBias'>, ActivationOptions {
  /** Input, kernel and output: `'abc,cd->abd'`. */
  readonly equation: string;
  /** Without the batch axis; null where the input says. */
  readonly outputShape: number | readonly (number | null)[];
  /** The axes of the output that the bias has; none by default. */
  readonly biasAxes?: string | null;
}
const { useBias: _, ...noUse } = kernelFields;
/** A dense layer by an einsum equation. */
export const einsumDense = layerClass<EinsumDenseOptions>('EinsumDense', {
  equation: {},
  outputShape: { write: (value: number | readonly number[]) => (Array.isArray(value) ? value : [value]) as number[] },
  activation: linear,
  biasAxes: anything(null),
  ...noUse,
});

/** Options of `embedding`. */
export interface EmbeddingOptions extends LayerOptions {
  /** How many ids there are. */
  readonly inputDim: number;
  readonly outputDim: number;
  /** Uniform in [-0.05, 0.05] by default. */
  readonly embeddingsInitializer?: Part;
  readonly embeddingsRegularizer?: Part | null;
  readonly activityRegularizer?: Part | null;
  readonly embeddingsConstraint?: Part | null;
  /** Whether id 0 is padding, which the layers behind leave out. */
  readonly maskZero?: boolean;
}
/** A vector per id: `[N, T]` to `[N, T, outputDim]`. */
export const embedding = layerClass<EmbeddingOptions>('Embedding', {
  inputDim: count,
  outputDim: count,
  embeddingsInitializer: initializer('uniform'),
  embeddingsRegularizer: regularizer,
  activityRegularizer: regularizer,
  embeddingsConstraint: constraint,
  maskZero: flag(false),
});

/** Masks the time steps whose features all equal `maskValue` (0). */
export const masking = layerClass<LayerOptions & { readonly maskValue?: number }>('Masking', {
  maskValue: numberOr(0),
});
/** Returns its input. */
export const identity = layerClass<LayerOptions>('Identity', {});
/** An activation by Keras's name. */
export const activation = layerClass<LayerOptions & { readonly activation: string }>('Activation', {
  activation: { write: (activationField('linear') as Required<Field>).write },
});
/** Options of `relu`. */
export interface ReluOptions extends LayerOptions {
  readonly maxValue?: number | null;
  readonly negativeSlope?: number;
  readonly threshold?: number;
}
/** `max(x, 0)`, and its variants. */
export const relu = layerClass<ReluOptions>('ReLU', {
  maxValue: anything(null),
  negativeSlope: numberOr(0),
  threshold: numberOr(0),
});
/** `x` above 0, `negativeSlope x` below (0.3 by default). */
export const leakyRelu = layerClass<LayerOptions & { readonly negativeSlope?: number }>('LeakyReLU', {
  negativeSlope: numberOr(0.3),
});
/** `x` above 0, `alpha (exp x - 1)` below. */
export const elu = layerClass<LayerOptions & { readonly alpha?: number }>('ELU', { alpha: numberOr(1) });
/** Options of `prelu`. */
export interface PreluOptions extends LayerOptions {
  readonly alphaInitializer?: Part;
  readonly alphaRegularizer?: Part | null;
  readonly alphaConstraint?: Part | null;
  /** Axes along which the slope is shared, from 1. */
  readonly sharedAxes?: readonly number[] | null;
}
/** `x` above 0, a trained slope below. */
export const prelu = layerClass<PreluOptions>('PReLU', {
  alphaInitializer: initializer('zeros'),
  alphaRegularizer: regularizer,
  alphaConstraint: constraint,
  sharedAxes: anything(null),
});
/** Softmax along an axis (the last). */
export const softmax = layerClass<LayerOptions & { readonly axis?: number | readonly number[] }>('Softmax', {
  axis: anything(-1),
});
