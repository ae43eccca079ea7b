/**
 * Numbers to categories and categories to vectors: Discretization and CategoryEncoding. Source: `discretization.py`,
 * `category_encoding.py` and `numerical_utils.encode_categorical_inputs` of Keras 3.15.
 */
import { greaterEqual, mul } from '../../ops/binary.ts';
import { oneHot } from '../../ops/indexing.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { max, sum } from '../../ops/reduce.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from './layer.ts';
import type { Options } from './options.ts';

export const encodings = ['one_hot', 'multi_hot', 'count'] as const;
export type Encoding = (typeof encodings)[number];

/** `one_hot` gives each id a row; `multi_hot` and `count` one row to all ids along the last axis. */
export function encode(ids: Tensor, depth: number, mode: Encoding, dtype: 'float32' | 'float64'): Tensor {
  if (mode === 'one_hot') {
    const last = ids.shape.at(-1) === 1 && ids.rank > 1;
    return oneHot(last ? reshape(ids, ids.shape.slice(0, -1)) : ids, depth, dtype);
  }
  const rows = oneHot(ids.rank === 1 ? expandDims(ids, -1) : ids, depth, dtype);
  return mode === 'count' ? sum(rows, { axes: -2 }) : max(rows, { axes: -2 });
}

/** Old files say `binary` for `multi_hot`. */
export function encodingOf(o: Options, fallback: Encoding | 'int', more: readonly string[] = []): string {
  const mode = o.raw('output_mode') ?? fallback;
  if (mode === 'binary') return 'multi_hot';
  return o.choice('output_mode', [...encodings, ...more], fallback);
}

export const categoryEncoding: LayerClass = defineLayer({
  classes: ['CategoryEncoding'],
  create: (o) => {
    const depth = o.count('num_tokens', o.raw('max_tokens') === undefined ? undefined : o.count('max_tokens'));
    checkSize(o.subject, [depth], TABLE_LIMIT);
    const mode = encodingOf(o, 'multi_hot') as Encoding;
    o.expect('sparse', false, 'false: sparse tensors are not supported');
    return {
      anyDType: true,
      vocabulary: depth,
      parameters: ['count_weights'],
      call: (xs, _, __, args) => {
        const weights = args.tensors.get('count_weights')?.[0];
        const [ids, dtype] = [xs[0]!, o.computeType] as const;
        if (weights === undefined) return encode(ids, depth, mode, dtype);
        const rows = mul(oneHot(ids, depth, dtype), expandDims(cast(xs[weights]!, dtype), -1));
        return sum(rows, { axes: -2 });
      },
    };
  },
});

/** The bin of each number: how many boundaries it is not below. */
export const discretization: LayerClass = defineLayer({
  classes: ['Discretization'],
  create: (o) => {
    const given = o.raw('bin_boundaries') ?? o.raw('bins');
    if (!Array.isArray(given) || !given.every((v) => typeof v === 'number')) {
      const hint = 'adapt the layer and save the model again, or give bin_boundaries';
      throw failure(o.subject, 'the file holds no bin boundaries', {}, hint);
    }
    const mode = encodingOf(o, 'int', ['int']);
    o.ignore('num_bins', 'epsilon');
    o.expect('sparse', false, 'false: sparse tensors are not supported');
    return {
      call: ([x]) => {
        const boundaries = tensor(given as number[], undefined, x!.dtype as 'float32');
        const bins = sum(cast(greaterEqual(expandDims(x!, -1), boundaries), 'int32'), { axes: -1 });
        if (mode === 'int') return bins;
        return encode(bins, given.length + 1, mode as Encoding, x!.dtype as 'float32');
      },
    };
  },
});
