/**
 * What stands on top of an encoder: the sequence classifiers of transformers, or a head of the caller's own, a function of graph
 * tensors or dense layers given as arrays.
 */
import { relu } from '../../ops/activations.ts';
import { div, mul, notEqual } from '../../ops/binary.ts';
import { dense } from '../../ops/matmul.ts';
import { expandDims } from '../../ops/movement.ts';
import { mean, sum } from '../../ops/reduce.ts';
import { softmax } from '../../ops/softmax.ts';
import { cast, sigmoid } from '../../ops/unary.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { type NestedArray, Tensor, tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import type { TransformerConfig } from '../config/config.ts';
import { type Encoder, firstPosition } from '../encoders/encoder.ts';
import { chain, densePart, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';

/** What a head function gets, as graph tensors. */
export interface Encoding {
  /** `[rows, positions, width]`. */
  readonly hidden: Tensor;
  /** BERT's pooled `[rows, width]`; null for DistilBERT and for encoders saved without a pooler. */
  readonly pooled: Tensor | null;
  /** 1 where a position is visible, `[rows, positions]` in the model's float type; null where all are. */
  readonly mask: Tensor | null;
}

type Values = Tensor | NestedArray | { readonly data: TypedArray; readonly shape: readonly number[] };

export interface DenseLayer {
  readonly name?: string;
  /** `[inputs, outputs]`, as Keras stores it. */
  readonly kernel: Values;
  readonly bias?: Values;
  /** By name; none by default. */
  readonly activation?: string;
}

/** Dense layers on one vector per text. */
export interface DenseHead {
  readonly layers: readonly DenseLayer[];
  /** The vector: the hidden state of the first position (default), the mean over visible positions, or BERT's pooler. */
  readonly pooling?: 'first' | 'mean' | 'pooler';
}

/**
 * A head of one's own. A function may look at all positions, so that hidden ones are computed for it unless it is given as
 * `{ apply, ignoresHidden: true }`.
 */
export type Head =
  | DenseHead
  | ((encoding: Encoding) => Tensor)
  | { readonly apply: (encoding: Encoding) => Tensor; readonly ignoresHidden: boolean };

export type OutputKind = 'probabilities' | 'logits';

export interface MadeHead {
  readonly layers: readonly TransformerLayer[];
  readonly apply: (hidden: Tensor, mask: Tensor | null, session: Session) => Tensor;
  /** Whether hidden positions never reach the result. */
  readonly ignoresHidden: boolean;
}

/** The sequence classifier that the file holds. */
export function classifierHead(
  config: TransformerConfig,
  weights: WeightSource,
  encoder: Encoder,
  output: OutputKind,
): MadeHead {
  const { width, labels, problemType } = config;
  const count = labels.length || weights.sizeOf('classifier/kernel', 1);
  const finish = finisher(count, problemType, output, weights.file);
  const why = 'the number of labels (id2label)';
  const parts: Part[] = [];
  if (config.architecture === 'distilbert') {
    parts.push(densePart(weights, 'pre_classifier', [width, width], 'dim', (x) => relu(x)));
  }
  parts.push(densePart(weights, 'classifier', [width, count], why));
  const { pooler } = encoder;
  if (config.architecture === 'bert' && !pooler) {
    throw failure(weights.file, 'lacks the pooler that the classifier reads', {}, 'give a head of your own');
  }
  const apply = (hidden: Tensor, _: Tensor | null, session: Session): Tensor =>
    finish(chain(parts)(pooler ? session.call(pooler, hidden) : firstPosition(hidden), session));
  return { layers: parts.map(({ layer }) => layer), apply, ignoresHidden: true };
}

function finisher(count: number, problem: string | null, output: OutputKind, file: string): (x: Tensor) => Tensor {
  if (output === 'logits') return (x) => x;
  if (problem === 'multi_label_classification') return sigmoid;
  if (count > 1 && problem !== 'regression') return (x) => softmax(x);
  throw failure(file, 'the model has no probabilities: it is a regression', { labels: count }, "use output: 'logits'");
}

/** A head that the caller brings. Its result is taken as it is. */
export function ownHead(head: Head, config: TransformerConfig, encoder: Encoder, weights: WeightSource): MadeHead {
  if (typeof head === 'function' || 'apply' in head) {
    const [f, ignoresHidden] = typeof head === 'function' ? [head, false] : [head.apply, head.ignoresHidden];
    return {
      layers: [],
      ignoresHidden,
      apply: (hidden, mask, session) =>
        f({ hidden, mask, pooled: encoder.pooler ? session.call(encoder.pooler, hidden) : null }),
    };
  }
  const pool = poolingOf(head.pooling ?? 'first', encoder);
  let width = config.width;
  const parts = head.layers.map((layer, i): Part => {
    const name = layer.name ?? `head_${i}`;
    const own = (which: string, values: Values): Tensor =>
      weights.change(`${name}/${which}`, constantOf(values, weights.dtype));
    const kernel = own('kernel', layer.kernel);
    const bias = layer.bias === undefined ? null : own('bias', layer.bias);
    if (kernel.rank !== 2 || kernel.shape[0] !== width || (bias && bias.shape.join() !== `${kernel.shape[1]}`)) {
      const details = { inputs: width, kernel: kernel.shape, bias: bias?.shape ?? 'none' };
      throw failure(`head layer '${name}'`, 'kernel [inputs, outputs] and bias [outputs] do not fit', details);
    }
    width = kernel.shape[1]!;
    const activation = activationOf(layer.activation ?? 'linear', name);
    return { layer: new TransformerLayer(name, 'Dense'), run: (x) => activation(dense(x, kernel, bias)) };
  });
  if (parts.length === 0) throw failure('head', 'has no layers', {}, 'give { layers: [{ kernel, bias, activation }] }');
  return {
    layers: parts.map(({ layer }) => layer),
    ignoresHidden: true,
    apply: (hidden, mask, session) => chain(parts)(pool(hidden, mask, session), session),
  };
}

function activationOf(name: string, layer: string): (x: Tensor) => Tensor {
  return name === 'softmax' ? (x) => softmax(x) : activationNamed(name, `head layer '${layer}'`);
}

function constantOf(values: Values, dtype: Tensor['dtype']): Tensor {
  if (values instanceof Tensor) return values.dtype === dtype ? values : tensor(values.data, values.shape, dtype);
  if (typeof values === 'object' && 'data' in values) return tensor(values.data, values.shape, dtype);
  return tensor(values, undefined, dtype);
}

type Pooling = (hidden: Tensor, mask: Tensor | null, session: Session) => Tensor;

function poolingOf(name: string, { pooler }: Encoder): Pooling {
  if (name === 'first') return firstPosition;
  if (name === 'mean') return maskedMean;
  if (name !== 'pooler')
    throw failure('head', `unknown pooling '${name}'`, {}, didYouMean(name, ['first', 'mean', 'pooler']));
  if (!pooler) throw failure('head', 'the encoder has no pooler', {}, "use pooling: 'first'");
  return (hidden, _, session) => session.call(pooler, hidden);
}

function maskedMean(hidden: Tensor, mask: Tensor | null): Tensor {
  if (!mask) return mean(hidden, { axes: 1 });
  const weights = cast(notEqual(mask, 0), hidden.dtype);
  return div(sum(mul(hidden, expandDims(weights, -1)), { axes: 1 }), sum(weights, { axes: 1, keepDims: true }));
}
