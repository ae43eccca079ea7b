/**
 * The encoders: token and position embeddings, then blocks of self-attention and a feed-forward net. Each maps token ids to hidden
 * states `[rows, positions, width]`. Layers have the names that transformers' TensorFlow classes give them, with `layer.3` for
 * `layer_._3`. Sources: `modeling_tf_distilbert.py` and `modeling_tf_bert.py` of transformers 4.
 */
import { add, mul } from '../ops/binary.ts';
import { gather } from '../ops/indexing.ts';
import { matmul } from '../ops/matmul.ts';
import { reshape, transpose } from '../ops/movement.ts';
import { slice } from '../ops/slicing.ts';
import { softmax } from '../ops/softmax.ts';
import { tanh } from '../ops/unary.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activationNamed } from './activations.ts';
import type { TransformerConfig } from './config.ts';
import { chain, densePart, normPart, type Part, residual, type Session, TransformerLayer } from './layers.ts';
import type { TransformerWeights } from './weights.ts';

/** What the embeddings read, all int32 `[rows, positions]`. */
export interface Tokens {
  readonly ids: Tensor;
  /** Null: 0, 1, 2, … */
  readonly positions: Tensor | null;
  /** Null: all 0. DistilBERT has none. */
  readonly segments: Tensor | null;
}

export interface Encoder {
  readonly layer: TransformerLayer;
  readonly encode: (tokens: Tokens, session: Session) => Tensor;
  /** BERT's pooler: `[rows, positions, width]` to `[rows, width]`. */
  readonly pooler: Part | null;
}

export function makeEncoder(config: TransformerConfig, weights: TransformerWeights): Encoder {
  return config.architecture === 'distilbert' ? distilbert(config, weights) : bert(config, weights);
}

/** Of what the config states each shape follows from, for errors. */
const fields = {
  distilbert: { width: 'dim', inner: 'dim and hidden_dim' },
  bert: { width: 'hidden_size', inner: 'hidden_size and intermediate_size' },
} as const;

function distilbert(config: TransformerConfig, weights: TransformerWeights): Encoder {
  const embed = embeddings(config, weights, 'distilbert/embeddings', {
    positions: 'position_embeddings/embeddings',
    segments: null,
  });
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `distilbert/transformer/layer.${i}`;
    const why = fields.distilbert;
    const { width, inner, epsilon } = config;
    const attention = attentionPart(config, weights, `${path}/attention`, ['q_lin', 'k_lin', 'v_lin', 'out_lin']);
    const norm1 = normPart(weights, `${path}/sa_layer_norm`, width, epsilon, why.width);
    const act = activationNamed(config.activation, 'config.json');
    const lin1 = densePart(weights, `${path}/ffn/lin1`, [width, inner], why.inner);
    const lin2 = densePart(weights, `${path}/ffn/lin2`, [inner, width], why.inner);
    const ffn: Part = {
      layer: new TransformerLayer(`${path}/ffn`, 'TFFFN', [lin1.layer, lin2.layer]),
      run: (x, session) => session.call(lin2, act(session.call(lin1, x))),
    };
    const norm2 = normPart(weights, `${path}/output_layer_norm`, width, epsilon, why.width);
    const first = residual((x, session) => session.call(attention, x), norm1);
    const second = residual((x, session) => session.call(ffn, x), norm2);
    return {
      layer: new TransformerLayer(path, 'TFTransformerBlock', [attention.layer, norm1.layer, ffn.layer, norm2.layer]),
      run: (x, session) => second(first(x, session), session),
    };
  });
  const stack = stackOf('distilbert/transformer', 'TFTransformer', blocks);
  return {
    layer: new TransformerLayer('distilbert', 'TFDistilBertMainLayer', [embed.layer, stack.layer]),
    encode: (tokens, session) => session.call(stack, embed.run(tokens, session)),
    pooler: null,
  };
}

function bert(config: TransformerConfig, weights: TransformerWeights): Encoder {
  const embed = embeddings(config, weights, 'bert/embeddings', {
    positions: 'position_embeddings/embeddings',
    segments: 'token_type_embeddings/embeddings',
  });
  const { width, inner, epsilon } = config;
  const why = fields.bert;
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `bert/encoder/layer.${i}`;
    const own = attentionPart(config, weights, `${path}/attention/self`, ['query', 'key', 'value', null]);
    const output = projection(weights, `${path}/attention/output`, [width, width], epsilon, why.width);
    const attention: Part = {
      layer: new TransformerLayer(`${path}/attention`, 'TFBertAttention', [own.layer, output.layer]),
      run: (x, session) => output.run(session.call(own, x), x, session),
    };
    const act = activationNamed(config.activation, 'config.json');
    const lin1 = densePart(weights, `${path}/intermediate/dense`, [width, inner], why.inner);
    const intermediate: Part = {
      layer: new TransformerLayer(`${path}/intermediate`, 'TFBertIntermediate', [lin1.layer]),
      run: (x, session) => act(session.call(lin1, x)),
    };
    const last = projection(weights, `${path}/output`, [inner, width], epsilon, why.inner);
    return {
      layer: new TransformerLayer(path, 'TFBertLayer', [attention.layer, intermediate.layer, last.layer]),
      run: (x, session) => {
        const attended = session.call(attention, x);
        return last.run(session.call(intermediate, attended), attended, session);
      },
    };
  });
  const stack = stackOf('bert/encoder', 'TFBertEncoder', blocks);
  const pooler = weights.has('bert/pooler') ? poolerPart(weights, width) : null;
  return {
    layer: new TransformerLayer('bert', 'TFBertMainLayer', [
      embed.layer,
      stack.layer,
      ...(pooler ? [pooler.layer] : []),
    ]),
    encode: (tokens, session) => session.call(stack, embed.run(tokens, session)),
    pooler,
  };
}

/** BERT's `TFBertSelfOutput` and `TFBertOutput`: `LayerNorm(dense(x) + shortcut)`. Its hooks see `x` and the result. */
function projection(
  weights: TransformerWeights,
  path: string,
  sizes: readonly [number, number],
  epsilon: number,
  why: string,
): { layer: TransformerLayer; run: (x: Tensor, shortcut: Tensor, session: Session) => Tensor } {
  const lin = densePart(weights, `${path}/dense`, sizes, why);
  const norm = normPart(weights, `${path}/LayerNorm`, sizes[1], epsilon, why);
  const layer = new TransformerLayer(path, 'TFBertOutput', [lin.layer, norm.layer]);
  const run = (x: Tensor, shortcut: Tensor, session: Session): Tensor =>
    session.hooked(layer, x, (given) => session.call(norm, add(session.call(lin, given), shortcut)));
  return { layer, run };
}

function poolerPart(weights: TransformerWeights, width: number): Part {
  const lin = densePart(weights, 'bert/pooler/dense', [width, width], 'hidden_size', tanh);
  return {
    layer: new TransformerLayer('bert/pooler', 'TFBertPooler', [lin.layer]),
    run: (x, session) => session.call(lin, firstPosition(x)),
  };
}

/** The hidden state of the first position, `[CLS]`: `[rows, positions, width]` to `[rows, width]`. */
export function firstPosition(x: Tensor): Tensor {
  return reshape(slice(x, { 1: [0, 1] }), [x.shape[0]!, x.shape[2]!]);
}

function stackOf(path: string, className: string, blocks: readonly Part[]): Part {
  const layers = blocks.map(({ layer }) => layer);
  return { layer: new TransformerLayer(path, className, layers), run: chain(blocks) };
}

/** The sum of the tables' rows, normalized. The layer has no float inputs: hooks see the ids going in. */
function embeddings(
  { vocabulary, positions, segments, width, epsilon, architecture }: TransformerConfig,
  weights: TransformerWeights,
  path: string,
  names: { readonly positions: string; readonly segments: string | null },
): { layer: TransformerLayer; run: (tokens: Tokens, session: Session) => Tensor } {
  const why = fields[architecture].width;
  const words = weights.take(`${path}/word_embeddings/weight`, [vocabulary, width], `vocab_size and ${why}`);
  const places = weights.take(`${path}/${names.positions}`, [positions, width], `max_position_embeddings and ${why}`);
  const kinds =
    names.segments === null ? null : weights.take(`${path}/${names.segments}`, [segments, width], 'type_vocab_size');
  const norm = normPart(weights, `${path}/LayerNorm`, width, epsilon, why);
  const layer = new TransformerLayer(path, 'TFEmbeddings', [norm.layer]);
  const run = (tokens: Tokens, session: Session): Tensor =>
    session.hooked(layer, tokens.ids, (ids) => {
      const length = ids.shape[1]!;
      const at = tokens.positions ? gather(places, tokens.positions) : slice(places, { 0: [0, length] });
      let x = add(gather(words, ids), at);
      if (kinds) {
        const first = reshape(slice(kinds, { 0: [0, 1] }), [width]);
        x = add(x, tokens.segments ? gather(kinds, tokens.segments) : first);
      }
      return session.call(norm, x);
    });
  return { layer, run };
}

/** Multi-head self-attention (Vaswani et al. 2017); without an output name the last projection is left to the caller. */
function attentionPart(
  { width, heads, architecture }: TransformerConfig,
  weights: TransformerWeights,
  path: string,
  names: readonly [string, string, string, string | null],
): Part {
  const project = (name: string): Part =>
    densePart(weights, `${path}/${name}`, [width, width], fields[architecture].width);
  const [query, key, value] = [project(names[0]), project(names[1]), project(names[2])];
  const out = names[3] === null ? null : project(names[3]);
  const size = width / heads;
  const split = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, size]), [0, 2, 1, 3]);
  const className = architecture === 'bert' ? 'TFBertSelfAttention' : 'TFMultiHeadSelfAttention';
  const layers = [query, key, value, ...(out ? [out] : [])].map(({ layer }) => layer);
  return {
    layer: new TransformerLayer(path, className, layers),
    run: (x, session) => {
      // The scale is applied to the query: it is the smaller tensor, and the product is the same up to rounding.
      const q = split(mul(session.call(query, x), 1 / Math.sqrt(size)));
      const scores = matmul(q, split(session.call(key, x)), { transposeB: true });
      const shares = softmax(session.maskBias ? add(scores, session.maskBias) : scores);
      const context = transpose(matmul(shares, split(session.call(value, x))), [0, 2, 1, 3]);
      const joined = reshape(context, x.shape);
      return out ? session.call(out, joined) : joined;
    },
  };
}
