/**
 * ModernBERT (Warner et al. 2024): blocks that normalize first, rotary positions, attention that in most blocks sees a window of neighbours, and a
 * gated feed-forward net. Source: `modeling_modernbert.py` of transformers 4.
 */
import { add, mul } from '../../ops/binary.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { allocate, type FloatDType } from '../../tensor/dtype.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import { type ModernBertConfig, readModernBertConfig } from '../config/modernbert.ts';
import { densePart, normPart, type Part, type Session, TransformerLayer, wordPart } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import type { Encoder, Family, Tokens } from './encoder.ts';
import { type Rotation, rotation } from './rotary.ts';

const why = 'hidden_size';

export const modernbertFamily: Family<ModernBertConfig> = {
  base: 'model',
  classes: 'ModernBert',
  positions: { fromIds: false, distances: true, ownMask: true },
  readConfig: readModernBertConfig,
  encoder: modernbert,
};

/** What blocks of one kind share while the model is applied. */
interface Sight {
  readonly rotate: Rotation;
  /** Added to the scores; null where every position sees all. */
  readonly window: Tensor | null;
}

interface Block {
  readonly layer: TransformerLayer;
  readonly run: (x: Tensor, session: Session, sight: Sight) => Tensor;
}

function modernbert(config: ModernBertConfig, weights: WeightSource): Encoder {
  const { vocabulary, width, heads, epsilon, positions, thetas, reach, biases, dropouts } = config;
  const words = wordPart(weights, 'model/embeddings/tok_embeddings', [vocabulary, width], why);
  const norm = normPart(weights, 'model/embeddings/norm', width, epsilon, why, biases.norm);
  const embed = new TransformerLayer('model/embeddings', 'ModernBertEmbeddings', [words.layer, norm.layer]);
  const blocks = config.local.map((_, i) => blockOf(config, weights, i));
  const last = normPart(weights, 'model/final_norm', width, epsilon, why, biases.norm);
  const { dtype } = weights;
  const sightOf = (local: boolean, { ids, positions: given }: Tokens): Sight => {
    const length = ids.shape[1]!;
    const theta = local ? thetas.local : thetas.global;
    return {
      rotate: rotation(given ?? length, { size: width / heads, theta, limit: positions, dtype }),
      window: local && length > reach + 1 ? windowOf(length, reach, dtype) : null,
    };
  };
  return {
    layer: new TransformerLayer('model', 'ModernBertModel', [embed, ...blocks.map(({ layer }) => layer), last.layer]),
    encode: (tokens, session) => {
      const embedded = session.hooked(embed, tokens.ids, (ids) =>
        session.drop(session.call(norm, session.call(words, ids)), dropouts.embeddings),
      );
      const sights = [sightOf(false, tokens), sightOf(true, tokens)] as const;
      const states = blocks.reduce((x, { layer, run }, i) => {
        const sight = sights[config.local[i] ? 1 : 0];
        return session.hooked(layer, x, (given) => run(given, session, sight));
      }, embedded);
      return session.call(last, states);
    },
    pooler: null,
  };
}

function blockOf(config: ModernBertConfig, weights: WeightSource, i: number): Block {
  const { width, inner, epsilon, biases, dropouts } = config;
  const path = `model/layers.${i}`;
  // The embeddings are normalized already.
  const norm1 = i === 0 ? null : normPart(weights, `${path}/attn_norm`, width, epsilon, why, biases.norm);
  const attention = attentionOf(config, weights, `${path}/attn`);
  const norm2 = normPart(weights, `${path}/mlp_norm`, width, epsilon, why, biases.norm);
  const act = activationNamed(config.activation, 'config.json');
  const sizes = `${why} and intermediate_size`;
  const wide = densePart(weights, `${path}/mlp/Wi`, [width, 2 * inner], sizes, undefined, biases.mlp);
  const out = densePart(weights, `${path}/mlp/Wo`, [inner, width], sizes, undefined, biases.mlp);
  const mlp: Part = {
    layer: new TransformerLayer(`${path}/mlp`, 'ModernBertMLP', [wide.layer, out.layer]),
    run: (x, session) => {
      const both = session.call(wide, x);
      const gated = mul(act(slice(both, { 2: [0, inner] })), slice(both, { 2: [inner, 2 * inner] }));
      return session.call(out, session.drop(gated, dropouts.inner));
    },
  };
  const inside = [...(norm1 ? [norm1.layer] : []), attention.layer, norm2.layer, mlp.layer];
  return {
    layer: new TransformerLayer(path, 'ModernBertEncoderLayer', inside),
    run: (x, session, sight) => {
      const first = norm1 ? session.call(norm1, x) : x;
      const attended = session.hooked(attention.layer, first, (given) => attention.run(given, session, sight));
      const middle = add(x, attended);
      return add(middle, session.call(mlp, session.call(norm2, middle)));
    },
  };
}

function attentionOf({ width, heads, biases, dropouts }: ModernBertConfig, weights: WeightSource, path: string): Block {
  const size = width / heads;
  const all = densePart(weights, `${path}/Wqkv`, [width, 3 * width], why, undefined, biases.attention);
  const out = densePart(weights, `${path}/Wo`, [width, width], why, undefined, biases.attention);
  return {
    layer: new TransformerLayer(path, 'ModernBertAttention', [all.layer, out.layer]),
    run: (x, session, { rotate, window }) => {
      const [rows, length] = x.shape as [number, number, number];
      const three = session.call(all, x);
      const part = (i: number): Tensor =>
        transpose(
          reshape(slice(three, { 2: [i * width, (i + 1) * width] }), [rows, length, heads, size]),
          [0, 2, 1, 3],
        );
      const products = matmul(mul(rotate(part(0)), 1 / Math.sqrt(size)), rotate(part(1)), { transposeB: true });
      const near = window ? add(products, window) : products;
      const shares = session.drop(softmax(session.maskBias ? add(near, session.maskBias) : near), dropouts.attention);
      const joined = reshape(transpose(matmul(shares, part(2)), [0, 2, 1, 3]), x.shape);
      return session.drop(session.call(out, joined), dropouts.attention);
    },
  };
}

/** 0 for neighbours, hugely negative for positions farther apart, `[1, 1, length, length]`. */
function windowOf(length: number, reach: number, dtype: FloatDType): Tensor {
  const values = allocate(dtype, length * length).map((_, i) =>
    Math.abs((i % length) - Math.floor(i / length)) > reach ? -1e30 : 0,
  );
  return adopt(values, [1, 1, length, length]);
}
