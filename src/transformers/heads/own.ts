/** A head of the caller's own: a function of graph tensors, or dense layers given as arrays. */
import { dense } from '../../ops/matmul.ts';
import { softmax } from '../../ops/softmax.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkBoolean, checkList, checkOptions } from '../../tensor/options.ts';
import { type NestedArray, Tensor, tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import type { TransformerConfig } from '../config/config.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { chain, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import type { NewClassifier } from './fresh.ts';
import { firstPooling, meanPooling } from './pooling.ts';
import type { Encoding, MadeHead } from './types.ts';

type Values = Tensor | NestedArray | { readonly data: TypedArray; readonly shape: readonly number[] };

/** A dense layer of a head of one's own. */
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
 * A head of one's own, or a classifier to be trained. A function may look at all positions, so that hidden ones are computed for it unless it is given as
 * `{ apply, ignoresHidden: true }`.
 */
export type Head =
  | DenseHead
  | NewClassifier
  | ((encoding: Encoding) => Tensor)
  | { readonly apply: (encoding: Encoding) => Tensor; readonly ignoresHidden: boolean };

/** A head that the caller brings. Its result is taken as it is. */
export function ownHead(
  head: Exclude<Head, NewClassifier>,
  config: TransformerConfig,
  encoder: Encoder,
  weights: WeightSource,
): MadeHead {
  checkHead(head);
  if (typeof head === 'function' || 'apply' in head) {
    const [own, ignoresHidden] = typeof head === 'function' ? [head, false] : [head.apply, head.ignoresHidden];
    const f = (encoding: Encoding): Tensor => {
      const made: unknown = own(encoding);
      if (made instanceof Tensor) return made;
      throw failure('head', 'the function gave no tensor', { got: made }, 'compute it of hidden, mask and pooled');
    };
    return {
      task: 'own',
      layers: [],
      outputs: ['output'],
      ignoresHidden,
      apply: (hidden, mask, session) => [
        f({ hidden, mask, pooled: encoder.pooler ? session.call(encoder.pooler, hidden) : null }),
      ],
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
    task: 'own',
    layers: parts.map(({ layer }) => layer),
    outputs: ['output'],
    readsFirst: head.pooling !== 'mean',
    firstAlone: head.pooling !== 'mean',
    ignoresHidden: true,
    apply: (hidden, mask, session) => [chain(parts)(pool(hidden, mask, session), session)],
  };
}

/** @throws where it is neither a function nor layers */
function checkHead(head: unknown): void {
  if (typeof head === 'function') return;
  const hint =
    'a function of the hidden states, { apply, ignoresHidden }, or { layers: [{ kernel, bias, activation }] }';
  if (typeof head !== 'object' || head === null) throw failure('head', 'is no head', { got: head }, hint);
  if ('apply' in head) {
    const { apply, ignoresHidden } = head as { apply: unknown; ignoresHidden?: unknown };
    checkOptions('head', head as { apply: 1; ignoresHidden: 1 }, { apply: 1, ignoresHidden: 1 });
    if (typeof apply !== 'function') throw failure('head', 'apply is no function', { got: apply }, hint);
    checkBoolean('head, ignoresHidden', ignoresHidden);
    return;
  }
  checkOptions<DenseHead>('head', head as DenseHead, { layers: 1, pooling: 1 });
  const { layers } = head as Partial<DenseHead>;
  checkList('head, layers', layers, hint);
  for (const layer of layers!) {
    checkOptions<DenseLayer>('head layer', layer, { name: 1, kernel: 1, bias: 1, activation: 1 });
    if (layer.kernel === undefined) throw failure('head layer', 'has no kernel', { got: layer }, hint);
  }
}

function activationOf(name: string, layer: string): (x: Tensor) => Tensor {
  return name === 'softmax' ? (x) => softmax(x) : activationNamed(name, `head layer '${layer}'`);
}

function constantOf(values: Values, dtype: Tensor['dtype']): Tensor {
  if (values instanceof Tensor) return values.dtype === dtype ? values : tensor(values.data, values.shape, dtype);
  if (typeof values === 'object' && 'data' in values) return tensor(values.data, values.shape, dtype);
  return tensor(values, undefined, dtype);
}

type HeadPooling = (hidden: Tensor, mask: Tensor | null, session: Session) => Tensor;

function poolingOf(name: string, { pooler }: Encoder): HeadPooling {
  if (name === 'first') return firstPooling;
  if (name === 'mean') return meanPooling;
  if (name !== 'pooler')
    throw failure('head', `unknown pooling '${name}'`, {}, didYouMean(name, ['first', 'mean', 'pooler']));
  if (!pooler) throw failure('head', 'the encoder has no pooler', {}, "use pooling: 'first'");
  return (hidden, _, session) => session.call(pooler, hidden);
}
