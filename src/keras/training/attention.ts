/**
 * What an activity regularizer of attention holds for, as Keras 3.15 and tf_keras 2.21 do it: of MultiHeadAttention of Keras 3 the projections of
 * query, key, value (and gate) and the output, each a layer of its own there; of GroupQueryAttention these and its outputs once more, scores included;
 * of tf_keras the outputs alone.
 */
import { sigmoid } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { attentionInputs, project } from '../layers/attention/multi-head.ts';
import type { CallArguments, Weights } from '../layers/layer.ts';
import type { ModelLayer } from '../model/layer.ts';

/** A call of a layer that was made. */
export interface MadeCall {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly args?: unknown;
  readonly weights?: Weights;
}

/** The tensors that the layer's activity regularizer sees. */
export function regularized(layer: ModelLayer, { inputs, outputs, args, weights }: MadeCall): readonly Tensor[] {
  const { className, subject, dialect } = layer;
  if (!/^(MultiHead|Group(ed)?Query)Attention$/.test(className) || dialect.major < 3) return outputs;
  const w = weights ?? layer.weightsFor(inputs.map(({ shape }) => shape));
  const [query, key, value] = attentionInputs(subject, inputs, args as CallArguments);
  const products = [
    project(query, w, 'query'),
    project(key, w, 'key'),
    project(value, w, 'value'),
    ...(w['gate_kernel'] ? [sigmoid(project(query, w, 'gate'))] : []),
    outputs[0]!,
  ];
  return className === 'MultiHeadAttention' ? products : [...products, ...outputs];
}
