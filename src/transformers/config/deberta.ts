/** What the config of a DeBERTa-v2 or v3 says beyond the others'. Source: `configuration_deberta_v2.py` of transformers 4. */
import type { SharedConfig, TransformerConfig } from './config.ts';
import { bertDropouts, type Dropouts } from './dropout.ts';
import type { Fields } from './fields.ts';

export interface DebertaConfig extends TransformerConfig {
  /** Whether attention looks at distances. */
  readonly relative: boolean;
  readonly contentToPosition: boolean;
  readonly positionToContent: boolean;
  /** Distances are projected by the layers of the contents. */
  readonly sharedKeys: boolean;
  /** Buckets of distances for each direction; 0: every distance has a row. */
  readonly buckets: number;
  /** The distance from which on all are alike. */
  readonly farthest: number;
  /** Half of the rows of the table of distances. */
  readonly span: number;
  readonly normalizedTable: boolean;
  /** Whether there is a table of positions. */
  readonly positionTable: boolean;
  readonly convolution: { readonly size: number; readonly groups: number; readonly activation: string } | null;
  readonly poolerActivation: string;
  /** Whether the head of a masked language model is BERT's. */
  readonly legacyHead: boolean;
}

/** @throws for sizes that no model can have */
export function readDebertaConfig(read: Fields, shared: SharedConfig): DebertaConfig {
  const width = read.count('hidden_size', 1536);
  const heads = read.count('num_attention_heads', 24);
  const positions = read.count('max_position_embeddings', 512);
  const segments = read.number('type_vocab_size', 0);
  if (!Number.isInteger(segments)) throw read.wrong('type_vocab_size', 'an integer from 0 up');
  if (read.count('attention_head_size', Math.max(1, width / heads)) * heads !== width) {
    throw read.wrong('attention_head_size', `hidden_size / num_attention_heads = ${width / heads}`);
  }
  const relative = read.flag('relative_attention', false);
  const buckets = sizeOrNone(read, 'position_buckets');
  const farthest = sizeOrNone(read, 'max_relative_positions') || positions;
  if (buckets > 0 && (buckets < 2 || farthest - 1 <= Math.floor(buckets / 2))) {
    throw read.wrong('position_buckets', `from 2 up and less than twice the positions, ${farthest}`);
  }
  const kinds = words(read, 'pos_att_type');
  const size = sizeOrNone(read, 'conv_kernel_size');
  if (size > 0 && size % 2 === 0) throw read.wrong('conv_kernel_size', 'an odd number');
  const convolution = {
    size,
    groups: read.count('conv_groups', 1),
    activation: read.text('conv_act', 'tanh'),
  };
  return {
    ...shared,
    positions,
    positionRows: positions,
    segments,
    width,
    embeddingWidth: read.count('embedding_size', width),
    heads,
    layers: read.count('num_hidden_layers', 24),
    inner: read.count('intermediate_size', 6144),
    activation: read.text('hidden_act', 'gelu'),
    epsilon: read.number('layer_norm_eps', 1e-7),
    relative,
    contentToPosition: kinds.includes('c2p'),
    positionToContent: kinds.includes('p2c'),
    sharedKeys: read.flag('share_att_key', false),
    buckets,
    farthest,
    span: buckets || farthest,
    normalizedTable: words(read, 'norm_rel_ebd').includes('layer_norm'),
    positionTable: read.flag('position_biased_input', true),
    convolution: size > 0 ? convolution : null,
    poolerActivation: read.text('pooler_hidden_act', 'gelu'),
    legacyHead: read.flag('legacy', true),
    dropouts: dropoutsOf(read),
  };
}

/** `cls_dropout` counts for texts alone. */
function dropoutsOf(read: Fields): Dropouts {
  const shared = bertDropouts(read, { classifiers: 'cls_dropout' });
  return { ...shared, before: read.share('pooler_dropout', 0), tokens: shared.hidden };
}

/** A size that files may state as -1 or 0, or leave out, where there is none. */
function sizeOrNone(read: Fields, key: string): number {
  const value = read.raw(key) ?? 0;
  if (typeof value !== 'number' || !Number.isInteger(value) || value > 1e6) throw read.wrong(key, 'an integer');
  return Math.max(0, value);
}

/** A list of words, or a text of them with `|` between. */
function words(read: Fields, key: string): string[] {
  const value = read.raw(key) ?? [];
  if (typeof value === 'string') return value.split('|').map((word) => word.trim().toLowerCase());
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value as string[];
  throw read.wrong(key, 'a list of words');
}
