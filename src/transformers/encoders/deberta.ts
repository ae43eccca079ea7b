/**
 * DeBERTa of the second and third version (He et al. 2021 and 2023): BERT's blocks with attention that looks at contents and distances apart, and
 * in some a convolution beside the first block. Source: `modeling_deberta_v2.py` of transformers 4.
 */
import { evaluate } from '../../graph/evaluate.ts';
import { add, mul } from '../../ops/binary.ts';
import { conv1d } from '../../ops/conv.ts';
import { expandDims, transpose } from '../../ops/movement.ts';
import { layerNorm } from '../../ops/normalization.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import { type DebertaConfig, readDebertaConfig } from '../config/deberta.ts';
import { normPart, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import { feedForward, projection } from './bert.ts';
import { disentangledAttention } from './disentangled.ts';
import { embeddings } from './embeddings.ts';
import type { Encoder, Family } from './encoder.ts';

const why = 'hidden_size';

export const debertaFamily: Family<DebertaConfig> = {
  base: 'deberta',
  classes: 'DebertaV2',
  positions: { fromIds: false, distances: true, ownMask: true },
  readConfig: readDebertaConfig,
  encoder: deberta,
};

function deberta(config: DebertaConfig, weights: WeightSource): Encoder {
  const { width, embeddingWidth, positionTable, segments } = config;
  const at = 'deberta/embeddings';
  const embed = embeddings(config, debertaFamily.positions, weights, at, {
    positions: positionTable ? 'position_embeddings/embeddings' : null,
    segments: segments > 0 ? 'token_type_embeddings/embeddings' : null,
    widen: embeddingWidth === width ? null : 'embed_proj',
    masked: true,
    why: embeddingWidth === width ? why : 'embedding_size',
  });
  // Files of the first releases hold a table of positions that the model does not read.
  const unused = `${at}/position_embeddings/embeddings`;
  if (!positionTable && weights.has(unused)) weights.take(unused, [config.positions, embeddingWidth], why);
  if (!config.relative && config.normalizedTable) {
    // transformers makes and saves the normalization of a table that there is not.
    for (const name of ['gamma', 'beta']) weights.take(`deberta/encoder/LayerNorm/${name}`, [width], why);
  }
  const table = config.relative ? distanceTable(config, weights) : null;
  const blocks = Array.from({ length: config.layers }, (_, i): Part => {
    const path = `deberta/encoder/layer.${i}`;
    const own = disentangledAttention(config, weights, `${path}/attention/self`, table);
    const output = projection(config, weights, `${path}/attention/output`, [width, width], why);
    const attention: Part = {
      layer: new TransformerLayer(`${path}/attention`, 'DebertaV2Attention', [own.layer, output.layer]),
      run: (x, session) => output.run(session.call(own, x), x, session),
    };
    return feedForward(config, weights, path, attention);
  });
  const conv = config.convolution ? convolution(config, config.convolution, weights) : null;
  const inside = [...blocks.map(({ layer }) => layer), ...(conv ? [conv.layer] : [])];
  const stack: Part = {
    layer: new TransformerLayer('deberta/encoder', 'DebertaV2Encoder', inside),
    run: (embedded, session) =>
      blocks.reduce((x, block, i) => {
        const y = session.call(block, x);
        return conv && i === 0 ? conv.run(embedded, y, session) : y;
      }, embedded),
  };
  return {
    layer: new TransformerLayer('deberta', 'DebertaV2Model', [embed.layer, stack.layer]),
    encode: (tokens, session) => session.call(stack, embed.run(tokens, session)),
    pooler: null,
  };
}

/** One row per distance, the farthest on the left first. */
function distanceTable(
  { span, width, normalizedTable, epsilon }: DebertaConfig,
  weights: WeightSource,
): (session: Session) => Tensor {
  const rows = 'position_buckets or max_relative_positions';
  const table = weights.take('deberta/encoder/rel_embeddings/weight', [2 * span, width], rows);
  if (!normalizedTable) return () => table;
  const gamma = weights.take('deberta/encoder/LayerNorm/gamma', [width], why);
  const beta = weights.take('deberta/encoder/LayerNorm/beta', [width], why);
  const normalized = layerNorm(table, { gamma, beta, epsilon });
  let known: Tensor | null = null;
  return ({ fixed }) => {
    if (!fixed) return normalized;
    known ??= evaluate(normalized);
    return known;
  };
}

/** A convolution of the embeddings, added to what the first block gives. Its hooks see the embeddings and the result. */
function convolution(
  { width, epsilon, dropouts }: DebertaConfig,
  { size, groups, activation }: NonNullable<DebertaConfig['convolution']>,
  weights: WeightSource,
): { layer: TransformerLayer; run: (x: Tensor, shortcut: Tensor, session: Session) => Tensor } {
  const path = 'deberta/encoder/conv';
  if (width % groups !== 0) throw failure('config.json', 'the width does not divide into conv_groups', { groups });
  const stored = weights.take(`${path}/conv/weight`, [width, width / groups, size], 'conv_kernel_size and hidden_size');
  const kernel = transpose(stored, [2, 1, 0]);
  const bias = weights.take(`${path}/conv/bias`, [width], why);
  const norm = normPart(weights, `${path}/LayerNorm`, width, epsilon, why);
  const act = activationNamed(activation, 'config.json');
  const layer = new TransformerLayer(path, 'ConvLayer', [norm.layer]);
  const around = [[(size - 1) / 2, (size - 1) / 2]] as const;
  const run = (x: Tensor, shortcut: Tensor, session: Session): Tensor => {
    const seen = session.visible ? expandDims(session.visible, -1) : null;
    const masked = (states: Tensor): Tensor => (seen ? mul(states, seen) : states);
    return session.hooked(layer, x, (given) => {
      const convolved = masked(add(conv1d(given, kernel, { padding: around, groups }), bias));
      const mixed = act(session.drop(convolved, dropouts.hidden));
      return masked(session.call(norm, add(shortcut, mixed)));
    });
  };
  return { layer, run };
}
