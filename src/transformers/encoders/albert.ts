/**
 * ALBERT (Lan et al. 2020): BERT's blocks with one set of weights for several of them, on tables that are narrower than the blocks. A block
 * that is used several times has one path, and its calls are counted. Source: `modeling_albert.py` of transformers 4.
 */
import { add } from '../../ops/binary.ts';
import { activationNamed } from '../activations.ts';
import type { TransformerConfig } from '../config/config.ts';
import type { Dropouts } from '../config/dropout.ts';
import type { Fields } from '../config/fields.ts';
import { densePart, normPart, type Part, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import { attentionPart } from './attention.ts';
import { poolerPart, readBertConfig } from './bert.ts';
import { embeddings } from './embeddings.ts';
import type { Encoder, Family } from './encoder.ts';

export interface AlbertConfig extends TransformerConfig {
  /** Sets of weights, each for as many blocks in a row. */
  readonly groups: number;
  /** Blocks within a set. */
  readonly groupSize: number;
}

export const albertFamily: Family<AlbertConfig> = {
  base: 'albert',
  classes: 'Albert',
  positions: { fromIds: false, distances: false },
  readConfig: (read, shared) => {
    const found = readBertConfig(read, shared, { epsilon: 1e-12, classifiers: null, fallback: 0 });
    const width = read.count('hidden_size', 4096);
    const [groups, groupSize] = [read.count('num_hidden_groups', 1), read.count('inner_group_num', 1)];
    if (groups > found.layers) throw read.wrong('num_hidden_groups', `at most num_hidden_layers = ${found.layers}`);
    return {
      ...found,
      width,
      heads: read.count('num_attention_heads', 64),
      inner: read.count('intermediate_size', 16384),
      activation: read.text('hidden_act', 'gelu_new'),
      embeddingWidth: read.count('embedding_size', 128),
      dropouts: dropoutsOf(read, found.dropouts),
      groups,
      groupSize,
    };
  },
  encoder: albert,
};

/** The classifier's own field is 0.1 where a file is silent; null means as much as the rest, for tokens alone: for texts it is an error. */
function dropoutsOf(read: Fields, shared: Dropouts): Dropouts {
  const own = read.raw('classifier_dropout_prob') === null ? shared.hidden : read.share('classifier_dropout_prob', 0.1);
  return { ...shared, classifier: own, tokens: own };
}

function albert(config: AlbertConfig, weights: WeightSource): Encoder {
  const { width, embeddingWidth, layers, groups, groupSize } = config;
  const embed = embeddings(config, albertFamily.positions, weights, 'albert/embeddings', {
    positions: 'position_embeddings/embeddings',
    segments: 'token_type_embeddings/embeddings',
    why: 'embedding_size',
  });
  const widenPath = 'albert/encoder/embedding_hidden_mapping_in';
  const widen = densePart(weights, widenPath, [embeddingWidth, width], 'embedding_size and hidden_size');
  const made = Array.from({ length: groups }, (_, g): Part => {
    const path = `albert/encoder/albert_layer_groups.${g}`;
    const blocks = Array.from({ length: groupSize }, (_, i) => block(config, weights, `${path}/albert_layers.${i}`));
    return {
      layer: new TransformerLayer(
        path,
        'AlbertLayerGroup',
        blocks.map(({ layer }) => layer),
      ),
      run: (x, session) => blocks.reduce((y, each) => session.call(each, y), x),
    };
  });
  const stack: Part = {
    layer: new TransformerLayer('albert/encoder', 'AlbertTransformer', [
      widen.layer,
      ...made.map(({ layer }) => layer),
    ]),
    run: (x, session) => {
      let y = session.call(widen, x);
      const group = (i: number): Part => made[Math.floor((i * groups) / layers)]!;
      for (let i = 0; i < layers - 1; i++) y = session.call(group(i), y);
      // Of several blocks in a group the first ones are read at all positions.
      return groupSize === 1 ? session.last(stack.layer, group(layers - 1), y) : session.call(group(layers - 1), y);
    },
  };
  const pooler = weights.has('albert/pooler') ? poolerPart(weights, 'albert/pooler', width, 'albert/pooler') : null;
  return {
    layer: new TransformerLayer('albert', 'AlbertModel', [embed.layer, stack.layer, ...(pooler ? [pooler.layer] : [])]),
    encode: (tokens, session) => session.call(stack, embed.run(tokens, session)),
    pooler,
  };
}

function block(config: AlbertConfig, weights: WeightSource, path: string): Part {
  const { width, inner, epsilon, dropouts } = config;
  const names = ['query', 'key', 'value', 'dense'] as const;
  const own = attentionPart(config, weights, `${path}/attention`, names, {
    className: 'AlbertAttention',
    why: 'hidden_size',
  });
  const norm = normPart(weights, `${path}/attention/LayerNorm`, width, epsilon, 'hidden_size');
  const act = activationNamed(config.activation, 'config.json');
  const why = 'hidden_size and intermediate_size';
  const up = densePart(weights, `${path}/ffn`, [width, inner], why);
  const down = densePart(weights, `${path}/ffn_output`, [inner, width], why);
  const last = normPart(weights, `${path}/full_layer_layer_norm`, width, epsilon, 'hidden_size');
  return {
    layer: new TransformerLayer(path, 'AlbertLayer', [own.layer, norm.layer, up.layer, down.layer, last.layer]),
    run: (x, session) => {
      const attended = session.call(norm, add(session.drop(session.call(own, x), dropouts.hidden), session.own(x)));
      const filled = session.call(down, act(session.call(up, attended)));
      return session.call(last, add(filled, attended));
    },
  };
}
