/** What the config of a ModernBERT says beyond the others', as transformers 4 and 5 write it. Source: `configuration_modernbert.py`. */
import type { SharedConfig, TransformerConfig } from './config.ts';
import type { Dropouts } from './dropout.ts';
import type { Fields, Json } from './fields.ts';

export interface ModernBertConfig extends TransformerConfig {
  /** Which blocks see their neighbours only. */
  readonly local: readonly boolean[];
  /** How far a neighbour may be. */
  readonly reach: number;
  readonly thetas: { readonly global: number; readonly local: number };
  readonly biases: {
    readonly attention: boolean;
    readonly mlp: boolean;
    readonly norm: boolean;
    readonly head: boolean;
    readonly decoder: boolean;
  };
  readonly headActivation: string;
  readonly pooling: 'cls' | 'mean';
}

/** @throws for sizes that no model can have, and for rotary positions that are scaled */
export function readModernBertConfig(read: Fields, shared: SharedConfig): ModernBertConfig {
  const width = read.count('hidden_size', 768);
  const heads = read.count('num_attention_heads', 12);
  const layers = read.count('num_hidden_layers', 22);
  const positions = read.count('max_position_embeddings', 8192);
  if ((width / heads) % 2 !== 0) throw read.wrong('hidden_size', 'an even number of dimensions for each head');
  if (read.raw('rope_scaling')) throw read.wrong('rope_scaling', 'none: scaled rotary positions are not supported');
  const pooling = read.text('classifier_pooling', 'cls');
  if (pooling !== 'cls' && pooling !== 'mean') throw read.wrong('classifier_pooling', "'cls' or 'mean'");
  return {
    ...shared,
    positions,
    positionRows: positions,
    embeddingWidth: width,
    segments: 0,
    width,
    heads,
    layers,
    inner: read.count('intermediate_size', 1152),
    activation: read.text('hidden_activation', 'gelu'),
    epsilon: read.number('norm_eps', 1e-5),
    local: localBlocks(read, layers),
    reach: Math.floor(read.count('local_attention', 128) / 2),
    thetas: thetasOf(read),
    biases: {
      attention: read.flag('attention_bias', false),
      mlp: read.flag('mlp_bias', false),
      norm: read.flag('norm_bias', false),
      head: read.flag('classifier_bias', false),
      decoder: read.flag('decoder_bias', true),
    },
    headActivation: read.text('classifier_activation', 'gelu'),
    pooling,
    dropouts: dropoutsOf(read),
  };
}

function dropoutsOf(read: Fields): Dropouts {
  const classifier = read.share('classifier_dropout', 0);
  return {
    ...{ embeddings: read.share('embedding_dropout', 0), hidden: 0, attention: read.share('attention_dropout', 0) },
    ...{ inner: read.share('mlp_dropout', 0), before: 0, classifier, tokens: classifier, answer: classifier },
  };
}

/** transformers 5 lists the kind of every block, transformers 4 says which ones see everything. */
function localBlocks(read: Fields, layers: number): boolean[] {
  const types = read.raw('layer_types') ?? null;
  if (types === null) {
    const every = read.count('global_attn_every_n_layers', 3);
    return Array.from({ length: layers }, (_, i) => i % every !== 0);
  }
  const known =
    Array.isArray(types) && types.every((type) => type === 'full_attention' || type === 'sliding_attention');
  if (!known || types.length !== layers) {
    throw read.wrong('layer_types', `${layers} of 'full_attention' and 'sliding_attention'`);
  }
  return types.map((type) => type === 'sliding_attention');
}

/** The bases of the angles: of each kind in `rope_parameters` (transformers 5), or in fields of their own. */
function thetasOf(read: Fields): ModernBertConfig['thetas'] {
  const parameters = read.raw('rope_parameters') ?? null;
  if (parameters === null) {
    const global = read.number('global_rope_theta', 160000);
    // A file may say null: no base of their own.
    return { global, local: read.raw('local_rope_theta') === null ? global : read.number('local_rope_theta', 10000) };
  }
  const theta = (kind: string): number => {
    const own = (parameters as Json)[kind] as Json | undefined;
    const value = own?.['rope_theta'];
    if (typeof value === 'number' && value > 0 && (own?.['rope_type'] ?? 'default') === 'default') return value;
    throw read.wrong('rope_parameters', `${kind} with a rope_theta, of rope_type 'default'`);
  };
  return { global: theta('full_attention'), local: theta('sliding_attention') };
}
