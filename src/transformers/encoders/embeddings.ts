/** What an encoder adds up for each token: rows of the tables of words, positions and segments. */
import { add } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { reshape } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { TransformerConfig } from '../config/config.ts';
import { normPart, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';
import type { Tokens } from './encoder.ts';

/** The sum of the tables' rows, normalized. The layer has no float inputs: hooks see the ids going in. */
export function embeddings(
  { vocabulary, positions, segments, width, epsilon }: TransformerConfig,
  weights: WeightSource,
  path: string,
  names: { readonly positions: string; readonly segments: string | null; readonly why: string },
): { layer: TransformerLayer; run: (tokens: Tokens, session: Session) => Tensor } {
  const { why } = names;
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
