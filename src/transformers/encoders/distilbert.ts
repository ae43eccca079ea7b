/** DistilBERT (Sanh et al. 2019): BERT's blocks without segments and pooler. Source: `modeling_distilbert.py` of transformers 4. */
import { activationNamed } from '../activations.ts';
import type { SharedConfig, TransformerConfig } from '../config/config.ts';
import type { Dropouts } from '../config/dropout.ts';
import type { Fields } from '../config/fields.ts';
import { densePart, normPart, type Part, residual, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import { attentionPart } from './attention.ts';
import { embeddings } from './embeddings.ts';
import { type Encoder, type Family, stackOf } from './encoder.ts';

/** Of what the config states each shape follows from, for errors. */
const why = { width: 'dim', inner: 'dim and hidden_dim' };

export const distilbertFamily: Family = {
  base: 'distilbert',
  classes: 'DistilBert',
  positions: { fromIds: false, distances: false },
  readConfig: (read: Fields, shared: SharedConfig) => {
    const width = read.count('dim', 768);
    const positions = read.count('max_position_embeddings', 512);
    return {
      ...shared,
      positions,
      positionRows: positions,
      embeddingWidth: width,
      segments: 0,
      width,
      heads: read.count('n_heads', 12),
      layers: read.count('n_layers', 6),
      inner: read.count('hidden_dim', 4 * width),
      activation: read.text('activation', 'gelu'),
      // DistilBERT's classes have this epsilon in their code.
      epsilon: 1e-12,
      dropouts: dropoutsOf(read),
    };
  },
  encoder: distilbert,
};

function dropoutsOf(read: Fields): Dropouts {
  const hidden = read.share('dropout', 0.1);
  return {
    ...{ embeddings: hidden, hidden, attention: read.share('attention_dropout', 0.1), inner: 0, before: 0 },
    ...{ classifier: read.share('seq_classif_dropout', 0.2), tokens: hidden, answer: read.share('qa_dropout', 0.1) },
  };
}

function distilbert(config: TransformerConfig, weights: WeightSource): Encoder {
  const embed = embeddings(config, distilbertFamily.positions, weights, 'distilbert/embeddings', {
    positions: 'position_embeddings/embeddings',
    segments: null,
    why: why.width,
  });
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `distilbert/transformer/layer.${i}`;
    const { width, inner, epsilon, dropouts } = config;
    const attention = attentionPart(config, weights, `${path}/attention`, ['q_lin', 'k_lin', 'v_lin', 'out_lin'], {
      className: 'TFMultiHeadSelfAttention',
      why: why.width,
    });
    const norm1 = normPart(weights, `${path}/sa_layer_norm`, width, epsilon, why.width);
    const act = activationNamed(config.activation, 'config.json');
    const lin1 = densePart(weights, `${path}/ffn/lin1`, [width, inner], why.inner);
    const lin2 = densePart(weights, `${path}/ffn/lin2`, [inner, width], why.inner);
    const ffn: Part = {
      layer: new TransformerLayer(`${path}/ffn`, 'TFFFN', [lin1.layer, lin2.layer]),
      run: (x, session) => session.drop(session.call(lin2, act(session.call(lin1, x))), dropouts.hidden),
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
