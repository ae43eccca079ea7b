/** BERT (Devlin et al. 2019). Source: `modeling_bert.py` of transformers 4. */
import { add } from '../../ops/binary.ts';
import { tanh } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import type { SharedConfig, TransformerConfig } from '../config/config.ts';
import type { Fields } from '../config/fields.ts';
import { densePart, normPart, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import { attentionPart } from './attention.ts';
import { embeddings } from './embeddings.ts';
import { type Encoder, type Family, firstPosition, stackOf } from './encoder.ts';

/** Of what the config states each shape follows from, for errors. */
const why = { width: 'hidden_size', inner: 'hidden_size and intermediate_size' };

export const bertFamily: Family = {
  base: 'bert',
  classes: 'Bert',
  readConfig: (read: Fields, shared: SharedConfig) => {
    read.expect('position_embedding_type', 'absolute', 'relative positions are not supported');
    read.expect('is_decoder', false, 'decoders, which hide what comes after a position, are not supported');
    read.expect('add_cross_attention', false, 'cross attention is not supported');
    const width = read.count('hidden_size', 768);
    return {
      ...shared,
      positions: read.count('max_position_embeddings', 512),
      segments: read.count('type_vocab_size', 2),
      width,
      heads: read.count('num_attention_heads', 12),
      layers: read.count('num_hidden_layers', 12),
      inner: read.count('intermediate_size', 4 * width),
      activation: read.text('hidden_act', 'gelu'),
      epsilon: read.number('layer_norm_eps', 1e-12),
    };
  },
  encoder: bert,
};

function bert(config: TransformerConfig, weights: WeightSource): Encoder {
  const embed = embeddings(config, weights, 'bert/embeddings', {
    positions: 'position_embeddings/embeddings',
    segments: 'token_type_embeddings/embeddings',
    why: why.width,
  });
  const { width, inner, epsilon } = config;
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `bert/encoder/layer.${i}`;
    const own = attentionPart(config, weights, `${path}/attention/self`, ['query', 'key', 'value', null], {
      className: 'TFBertSelfAttention',
      why: why.width,
    });
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
  weights: WeightSource,
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

function poolerPart(weights: WeightSource, width: number): Part {
  const lin = densePart(weights, 'bert/pooler/dense', [width, width], 'hidden_size', tanh);
  return {
    layer: new TransformerLayer('bert/pooler', 'TFBertPooler', [lin.layer]),
    run: (x, session) => session.call(lin, firstPosition(x)),
  };
}
