/**
 * MPNet (Song et al. 2020): BERT's blocks without segments, positions counted as RoBERTa does, and a table of how far two positions are apart
 * that is added to the scores of every block. Source: `modeling_mpnet.py` of transformers 4.
 */
import { add } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { TransformerConfig } from '../config/config.ts';
import { normPart, type Part, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import { attentionPart } from './attention.ts';
import { feedForward, poolerPart, readBertConfig, usable } from './bert.ts';
import { embeddings } from './embeddings.ts';
import { type Encoder, type Family, stackOf } from './encoder.ts';

export interface MpnetConfig extends TransformerConfig {
  /** Rows of the table of distances. */
  readonly buckets: number;
}

/** Rows of the table that are looked at, whatever the config says: so transformers computes. */
const used = 32;
/** MPNet's code has this in place of the config's `pad_token_id`. */
const padding = 1;

export const mpnetFamily: Family<MpnetConfig> = {
  base: 'mpnet',
  classes: 'MPNet',
  positions: { fromIds: true, distances: true },
  readConfig: (read, shared) => {
    const found = readBertConfig(read, { ...shared, padId: padding }, { epsilon: 1e-12, classifiers: null });
    const buckets = read.count('relative_attention_num_buckets', 32);
    if (buckets < used) throw read.wrong('relative_attention_num_buckets', `an integer from ${used} up`);
    return { ...found, positions: usable(read, found.positionRows, padding), segments: 0, buckets };
  },
  encoder: mpnet,
};

function mpnet(config: MpnetConfig, weights: WeightSource): Encoder {
  const { width, heads, epsilon, buckets, dropouts } = config;
  const embed = embeddings(config, mpnetFamily.positions, weights, 'mpnet/embeddings', {
    positions: 'position_embeddings/embeddings',
    segments: null,
    why: 'hidden_size',
  });
  const table = weights.take(
    'mpnet/encoder/relative_attention_bias/weight',
    [buckets, heads],
    'relative_attention_num_buckets',
  );
  const known = new Map<number, Tensor>();
  const bias = (length: number): Tensor => {
    const made = known.get(length) ?? distances(table, length, used);
    known.set(length, made);
    return made;
  };
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `mpnet/encoder/layer.${i}`;
    const names = ['q', 'k', 'v', 'o'] as const;
    const options = { className: 'MPNetSelfAttention', why: 'hidden_size', bias };
    const own = attentionPart(config, weights, `${path}/attention/attn`, names, options);
    const norm = normPart(weights, `${path}/attention/LayerNorm`, width, epsilon, 'hidden_size');
    const attention: Part = {
      layer: new TransformerLayer(`${path}/attention`, 'MPNetAttention', [own.layer, norm.layer]),
      run: (x, session) => session.call(norm, add(session.drop(session.call(own, x), dropouts.hidden), session.own(x))),
    };
    return feedForward(config, weights, path, attention);
  });
  const stack = stackOf('mpnet/encoder', 'MPNetEncoder', blocks);
  const pooler = weights.has('mpnet/pooler') ? poolerPart(weights, 'mpnet/pooler', width) : null;
  return {
    layer: new TransformerLayer('mpnet', 'MPNetModel', [embed.layer, stack.layer, ...(pooler ? [pooler.layer] : [])]),
    encode: (tokens, session) => session.call(stack, embed.run(tokens, session)),
    pooler,
  };
}

/** `[1, heads, positions, positions]`: the row of the table for each pair of positions. */
function distances(table: Tensor, length: number, buckets: number): Tensor {
  const rows = Int32Array.from({ length: length * length }, (_, i) =>
    bucketOf((i % length) - Math.floor(i / length), buckets),
  );
  const picked = gather(table, tensor(rows, [length, length]));
  return reshape(transpose(picked, [2, 0, 1]), [1, table.shape[1]!, length, length]);
}

/**
 * Half of the buckets for each direction; in each, the first half are exact distances, the rest grow to 128 by their logarithm.
 * Source: Raffel et al. 2020 (T5), section 2.1, as `relative_position_bucket` computes it in float32.
 */
export function bucketOf(distance: number, buckets: number, farthest = 128): number {
  const half = buckets / 2;
  const side = distance > 0 ? half : 0;
  const far = Math.abs(distance);
  const exact = Math.floor(half / 2);
  if (far < exact) return side + far;
  const share = Math.fround(Math.fround(Math.log(Math.fround(far / exact))) / Math.log(farthest / exact));
  return side + Math.min(half - 1, exact + Math.trunc(Math.fround(share * (half - exact))));
}
