/**
 * BERT (Devlin et al. 2019) and what has its blocks: RoBERTa (Liu et al. 2019), XLM-RoBERTa, CamemBERT, which count positions over tokens
 * that are no padding, and ELECTRA (Clark et al. 2020), whose tables may be narrower than its blocks. Source: `modeling_bert.py`,
 * `modeling_roberta.py` and `modeling_electra.py` of transformers 4.
 */
import { add } from '../../ops/binary.ts';
import { tanh } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import type { SharedConfig, TransformerConfig } from '../config/config.ts';
import { bertDropouts } from '../config/dropout.ts';
import type { Fields } from '../config/fields.ts';
import { densePart, normPart, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import { attentionPart } from './attention.ts';
import { embeddings } from './embeddings.ts';
import { type Encoder, type Family, firstPosition, type PositionUse, stackOf } from './encoder.ts';

/** Of what the config states each shape follows from, for errors. */
const why = { width: 'hidden_size', inner: 'hidden_size and intermediate_size', embedding: 'embedding_size' };

/** What the configuration classes that follow BERT's share. @throws for what would make another net of it */
export function readBertConfig(
  read: Fields,
  shared: SharedConfig,
  defaults: { readonly epsilon: number; readonly classifiers?: string | null; readonly fallback?: number },
): TransformerConfig {
  read.expect('position_embedding_type', 'absolute', 'relative positions are not supported');
  read.expect('is_decoder', false, 'decoders, which hide what comes after a position, are not supported');
  read.expect('add_cross_attention', false, 'cross attention is not supported');
  const width = read.count('hidden_size', 768);
  const positions = read.count('max_position_embeddings', 512);
  return {
    ...shared,
    positions,
    positionRows: positions,
    segments: read.count('type_vocab_size', 2),
    width,
    embeddingWidth: width,
    heads: read.count('num_attention_heads', 12),
    layers: read.count('num_hidden_layers', 12),
    inner: read.count('intermediate_size', 4 * width),
    activation: read.text('hidden_act', 'gelu'),
    epsilon: read.number('layer_norm_eps', defaults.epsilon),
    dropouts: bertDropouts(read, defaults),
  };
}

export const bertFamily: Family = {
  base: 'bert',
  classes: 'Bert',
  positions: { fromIds: false, distances: false },
  readConfig: (read, shared) => readBertConfig(read, shared, { epsilon: 1e-12 }),
  encoder: (config, weights) => bertLike('bert', bertFamily.positions, config, weights),
};

/** The encoder of all three is called `roberta` inside the models with heads. */
function robertaFamily(classes: string): Family {
  const positions = { fromIds: true, distances: false };
  return {
    base: 'roberta',
    classes,
    positions,
    readConfig: (read, shared) => {
      const padId = read.number('pad_token_id', 1);
      const found = readBertConfig(read, { ...shared, padId }, { epsilon: 1e-12 });
      return { ...found, positions: usable(read, found.positionRows, padId) };
    },
    encoder: (config, weights) => bertLike('roberta', positions, config, weights),
  };
}

/** Positions are counted from behind the padding's. */
export function usable(read: Fields, rows: number, padId: number): number {
  if (rows - padId - 1 < 1) throw read.wrong('max_position_embeddings', `more than pad_token_id + 1 = ${padId + 1}`);
  return rows - padId - 1;
}

export const robertaFamilies = {
  roberta: robertaFamily('Roberta'),
  'xlm-roberta': robertaFamily('XLMRoberta'),
  camembert: robertaFamily('Camembert'),
} as const;

export const electraFamily: Family = {
  base: 'electra',
  classes: 'Electra',
  positions: { fromIds: false, distances: false },
  readConfig: (read, shared) => {
    const width = read.count('hidden_size', 256);
    const found = readBertConfig(read, shared, { epsilon: 1e-12 });
    const sizes = { width, inner: read.count('intermediate_size', 1024), heads: read.count('num_attention_heads', 4) };
    return { ...found, ...sizes, embeddingWidth: read.count('embedding_size', 128) };
  },
  encoder: (config, weights) => bertLike('electra', electraFamily.positions, config, weights),
};

function bertLike(base: string, use: PositionUse, config: TransformerConfig, weights: WeightSource): Encoder {
  const { width, embeddingWidth } = config;
  const embed = embeddings(config, use, weights, `${base}/embeddings`, {
    positions: 'position_embeddings/embeddings',
    segments: 'token_type_embeddings/embeddings',
    why: embeddingWidth === width ? why.width : why.embedding,
  });
  const widen =
    embeddingWidth === width
      ? null
      : densePart(weights, `${base}/embeddings_project`, [embeddingWidth, width], `${why.embedding} and ${why.width}`);
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `${base}/encoder/layer.${i}`;
    const own = attentionPart(config, weights, `${path}/attention/self`, ['query', 'key', 'value', null], {
      className: 'TFBertSelfAttention',
      why: why.width,
    });
    const output = projection(config, weights, `${path}/attention/output`, [width, width], why.width);
    const attention: Part = {
      layer: new TransformerLayer(`${path}/attention`, 'TFBertAttention', [own.layer, output.layer]),
      run: (x, session) => output.run(session.call(own, x), x, session),
    };
    return feedForward(config, weights, path, attention);
  });
  const stack = stackOf(`${base}/encoder`, 'TFBertEncoder', blocks);
  const pooler = weights.has(`${base}/pooler`) ? poolerPart(weights, `${base}/pooler`, width) : null;
  const inside = [embed.layer, ...(widen ? [widen.layer] : []), stack.layer, ...(pooler ? [pooler.layer] : [])];
  return {
    layer: new TransformerLayer(base, 'TFBertMainLayer', inside),
    encode: (tokens, session) => {
      const x = embed.run(tokens, session);
      return session.call(stack, widen ? session.call(widen, x) : x);
    },
    pooler,
  };
}

/** A block: attention, then BERT's feed-forward net with its own residual step. */
export function feedForward(config: TransformerConfig, weights: WeightSource, path: string, attention: Part): Part {
  const { width, inner } = config;
  const act = activationNamed(config.activation, 'config.json');
  const lin1 = densePart(weights, `${path}/intermediate/dense`, [width, inner], why.inner);
  const intermediate: Part = {
    layer: new TransformerLayer(`${path}/intermediate`, 'TFBertIntermediate', [lin1.layer]),
    run: (x, session) => act(session.call(lin1, x)),
  };
  const last = projection(config, weights, `${path}/output`, [inner, width], why.inner);
  return {
    layer: new TransformerLayer(path, 'TFBertLayer', [attention.layer, intermediate.layer, last.layer]),
    run: (x, session) => {
      const attended = session.call(attention, x);
      return last.run(session.call(intermediate, attended), attended, session);
    },
  };
}

/** BERT's `TFBertSelfOutput` and `TFBertOutput`: `LayerNorm(dropout(dense(x)) + shortcut)`. Its hooks see `x` and the result. */
export function projection(
  { epsilon, dropouts }: TransformerConfig,
  weights: WeightSource,
  path: string,
  sizes: readonly [number, number],
  why: string,
): { layer: TransformerLayer; run: (x: Tensor, shortcut: Tensor, session: Session) => Tensor } {
  const lin = densePart(weights, `${path}/dense`, sizes, why);
  const norm = normPart(weights, `${path}/LayerNorm`, sizes[1], epsilon, why);
  const layer = new TransformerLayer(path, 'TFBertOutput', [lin.layer, norm.layer]);
  const run = (x: Tensor, shortcut: Tensor, session: Session): Tensor =>
    session.hooked(layer, x, (given) => {
      const y = session.drop(session.call(lin, given), dropouts.hidden);
      return session.call(norm, add(y, session.own(shortcut)));
    });
  return { layer, run };
}

/** A dense layer with tanh on the first position: `path/dense`, or `path` itself where the model has it so. */
export function poolerPart(weights: WeightSource, path: string, width: number, dense = `${path}/dense`): Part {
  const lin = densePart(weights, dense, [width, width], 'hidden_size', tanh);
  return {
    layer: new TransformerLayer(path, 'TFBertPooler', dense === path ? [] : [lin.layer]),
    run: (x, session) => (dense === path ? lin.run(firstPosition(x), session) : session.call(lin, firstPosition(x))),
  };
}
