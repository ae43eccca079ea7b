/** What an encoder adds up for each token: rows of the tables of words, positions and segments. */
import { add, mul, notEqual } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import { cast } from '../../ops/unary.ts';
import { allocate } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { TransformerConfig } from '../config/config.ts';
import { normPart, type Session, TransformerLayer, wordPart } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import type { PositionUse, Tokens } from './encoder.ts';

export interface EmbeddingNames {
  /** The tables below the layer's path; null where the encoder has none. */
  readonly positions: string | null;
  readonly segments: string | null;
  /** The field of the config that states the width. */
  readonly why: string;
  /** A kernel without bias that widens the sum before it is normalized. */
  readonly widen?: string | null;
  /** Hidden positions become zeros. */
  readonly masked?: boolean;
}

/** The sum of the tables' rows, normalized. The layer has no float inputs: hooks see the ids going in. */
export function embeddings(
  config: TransformerConfig,
  { fromIds }: PositionUse,
  weights: WeightSource,
  path: string,
  names: EmbeddingNames,
): { layer: TransformerLayer; run: (tokens: Tokens, session: Session) => Tensor } {
  const { vocabulary, positionRows, segments, embeddingWidth: width, epsilon, dropouts } = config;
  const { why, widen = null, masked = false } = names;
  const words = wordPart(weights, `${path}/word_embeddings`, [vocabulary, width], why);
  const rows = `max_position_embeddings and ${why}`;
  const places =
    names.positions === null ? null : weights.take(`${path}/${names.positions}`, [positionRows, width], rows);
  const kinds =
    names.segments === null ? null : weights.take(`${path}/${names.segments}`, [segments, width], 'type_vocab_size');
  const wide = widen === null ? width : config.width;
  const kernel =
    widen === null ? null : weights.take(`${path}/${widen}/kernel`, [width, wide], `${why} and hidden_size`);
  const norm = normPart(weights, `${path}/LayerNorm`, wide, epsilon, widen === null ? why : 'hidden_size');
  const layer = new TransformerLayer(path, 'TFEmbeddings', [words.layer, norm.layer]);
  const run = (tokens: Tokens, session: Session): Tensor =>
    session.hooked(layer, tokens.ids, (ids) => {
      const length = ids.shape[1]!;
      let x = session.call(words, ids);
      if (places) {
        const wanted = tokens.positions ?? (fromIds ? countedPositions(ids, config.padId) : null);
        x = add(x, wanted ? gather(places, wanted) : slice(places, { 0: [0, length] }));
      }
      if (kinds) {
        const first = reshape(slice(kinds, { 0: [0, 1] }), [width]);
        x = add(x, tokens.segments ? gather(kinds, tokens.segments) : first);
      }
      const y = session.call(norm, kernel ? matmul(x, kernel) : x);
      const seen = masked && session.visible ? mul(y, expandDims(session.visible, -1)) : y;
      return session.drop(seen, dropouts.embeddings);
    });
  return { layer, run };
}

/**
 * RoBERTa's positions: tokens that are no padding are counted from `padId + 1` on, padding has `padId`. int32 `[rows, positions]`.
 * Source: `create_position_ids_from_input_ids` of transformers 4.
 */
function countedPositions(ids: Tensor, padId: number): Tensor {
  const length = ids.shape[1]!;
  const upTo = allocate('float32', length * length);
  for (let from = 0; from < length; from++) upTo.fill(1, from * length + from, (from + 1) * length);
  const isToken = cast(notEqual(ids, padId), 'float32');
  return cast(add(mul(matmul(isToken, tensor(upTo, [length, length])), isToken), padId), 'int32');
}
