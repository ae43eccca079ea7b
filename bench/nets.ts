/**
 * The two example models as plain lists of layers with weights, from the attributed tensor to the probabilities: what peers
 * are given, so that all compute the same function from the same file. And how a library that only has gradients computes
 * integrated gradients with them.
 */

import type { ModelLayer } from '../src/keras/model/layer.ts';
import type { Model } from '../src/model/model.ts';
import { quadratureRule } from '../src/quadrature/index.ts';
import { failure } from '../src/tensor/errors.ts';
import type { NetRunner } from './peers/peer.ts';

export interface Weight {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Channels last. `conv` has stride 1; its kernel is `[...window, in, out]` over one or two axes. */
export type NetLayer =
  | { readonly kind: 'conv'; readonly kernel: Weight; readonly bias: Weight; readonly padding: 'valid' | 'same' }
  | { readonly kind: 'relu' | 'softmax' | 'maxPool2' | 'globalMax' | 'flatten' }
  | { readonly kind: 'dense'; readonly kernel: Weight; readonly bias: Weight };

export interface Net {
  readonly name: string;
  /** Of one row of the attributed tensor. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly layers: readonly NetLayer[];
}

/** One explanation: integrated gradients of `rows` samples along straight lines from `from` to `to`. */
export interface ExplainTask {
  readonly model: 'imdb' | 'mnist';
  /** The Keras file, for libraries that read it. */
  readonly file: string;
  /** Index of the attributed layer; null for the input. */
  readonly layer: number | null;
  readonly net: Net;
  readonly rows: number;
  /** Attributions that are compared: one per token or pixel. */
  readonly features: number;
  /** What the whole model takes: token ids or pixels. */
  readonly inputs: Float32Array;
  readonly inputShape: readonly number[];
  /** Baseline and input in the attributed space. */
  readonly from: Float32Array;
  readonly to: Float32Array;
  readonly targets: readonly number[];
  readonly steps: number;
  readonly batch: number;
}

/** One explanation of a model that a library reads itself, and whose layers the other peers' adapters do not map. */
export interface FileTask {
  readonly kind: 'keras' | 'transformer';
  /** The Keras file; the folder of a transformer. */
  readonly file: string;
  /** Index of the attributed layer of a Keras model; a transformer is explained at its embeddings. */
  readonly layer: number | null;
  /** Token ids, and what they are compared with. */
  readonly inputs: Float32Array;
  readonly from: Float32Array;
  readonly inputShape: readonly number[];
  /** The attention mask of a transformer. */
  readonly mask?: Float32Array;
  readonly targets: readonly number[];
  readonly steps: number;
  readonly batch: number;
}

/**
 * The part of a Sequential model behind layer number `afterLayer`, or all of it.
 * @throws PathgradError for a model with a layer that the peers' adapters do not map
 */
export function netOf(name: string, model: Model<ModelLayer>, afterLayer: number | null): Net {
  const layers: NetLayer[] = [];
  const body = model.layers.slice(afterLayer === null ? 0 : afterLayer + 1);
  for (const layer of body) {
    const weights = layer.weights.map(({ tensor, shape }) => ({ data: tensor.data as Float32Array, shape }));
    const [kernel, bias] = [weights[0]!, weights[1]!];
    const activation = layer.config['activation'] as string | undefined;
    switch (layer.className) {
      case 'Conv1D':
      case 'Conv2D':
        layers.push({ kind: 'conv', kernel, bias, padding: layer.config['padding'] as 'valid' | 'same' });
        break;
      case 'Dense':
        layers.push({ kind: 'dense', kernel, bias });
        break;
      case 'MaxPooling2D':
        layers.push({ kind: 'maxPool2' });
        break;
      case 'GlobalMaxPooling1D':
        layers.push({ kind: 'globalMax' });
        break;
      case 'Flatten':
        layers.push({ kind: 'flatten' });
        break;
      case 'Dropout':
      case 'InputLayer':
        break;
      default:
        throw failure(layer.name, `the benchmark's peers have no mapping for a ${layer.className}`);
    }
    if (activation === 'relu' || activation === 'softmax') layers.push({ kind: activation });
  }
  const classes = model.outputs[0]!.shape!.at(-1)!;
  const inputShape = body[0]!.inputShapes[0]!.slice(1).map(Number);
  return { name, inputShape, classes, layers };
}

/**
 * Integrated gradients as a user of a library without them writes it: every path point through the net, `batch` rows at a
 * time, step-major as in alibi. Also predicts at both ends, which completeness needs.
 */
export function explainWith(runners: (rows: number) => NetRunner, task: ExplainTask): Float32Array {
  const { rows, steps, batch, from, to, targets, net } = task;
  const width = from.length / rows;
  const { alphas, weights } = quadratureRule('gausslegendre', steps);
  const sum = new Float64Array(rows * width);
  for (let start = 0; start < rows * steps; start += batch) {
    const count = Math.min(batch, rows * steps - start);
    const points = new Float32Array(count * width);
    const cotangent = new Float32Array(count * net.classes);
    for (let row = 0; row < count; row++) {
      const [sample, alpha] = [(start + row) % rows, alphas[Math.floor((start + row) / rows)]!];
      cotangent[row * net.classes + targets[sample]!] = 1;
      for (let i = 0, at = sample * width; i < width; i++, at++) {
        points[row * width + i] = from[at]! + alpha * (to[at]! - from[at]!);
      }
    }
    const gradient = runners(count).gradient(points, cotangent);
    for (let row = 0; row < count; row++) {
      const [sample, weight] = [(start + row) % rows, weights[Math.floor((start + row) / rows)]!];
      for (let i = 0; i < width; i++) sum[sample * width + i]! += weight * gradient[row * width + i]!;
    }
  }
  runners(rows).forward(from);
  runners(rows).forward(to);
  return Float32Array.from(sum, (g, i) => g * (to[i]! - from[i]!));
}
