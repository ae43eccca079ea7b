/**
 * Random words as a baseline. A word is drawn for each draw and position and shared by all texts, so that the explanation of a text does not
 * depend on which others are in its batch; which positions keep their token is each text's own.
 */
import type { BaselineKind } from '../../attribution/frame/types.ts';
import { drawSeed, randomUniform } from '../../graph/random.ts';
import { checkWhole } from '../../tensor/options.ts';
import { tensor } from '../../tensor/tensor.ts';

export interface RandomWords {
  /** Ids go from 0 to this, less 1. */
  readonly vocabulary: number;
  /** Never drawn. */
  readonly except: ReadonlySet<number>;
  /** Stay where they are. */
  readonly keep: readonly number[];
  readonly count: number;
  readonly seed: number;
}

export function randomWords({ vocabulary, except, keep, count, seed }: RandomWords): BaselineKind {
  checkWhole('randomWordsBaseline', 'count', count, 1);
  checkWhole('randomWordsBaseline', 'seed', seed);
  const words = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => !except.has(id));
  const kept = new Set(keep);
  return {
    kind: 'drawn',
    count,
    draw: (index, { data, shape, dtype }) => {
      const next = randomUniform(drawSeed(seed, index));
      const width = shape[1]!;
      const drawn = Array.from({ length: width }, () => words[Math.floor(next() * words.length)]!);
      const ids = Int32Array.from(data, (id, i) => (kept.has(id) ? id : drawn[i % width]!));
      return tensor(ids, shape, dtype);
    },
  };
}
