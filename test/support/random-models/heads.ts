/** Inputs of ids, words and numbers in intervals, with the layers that make something of them to compute with. */
import { input, layers as l, type SymbolicTensor } from '../../../src/training/index.ts';
import type { Draw } from './draw.ts';
import type { Sizes } from './layers.ts';

export type Feed =
  | { readonly data: Float32Array | Int32Array; readonly shape: readonly number[] }
  | { readonly strings: readonly string[]; readonly shape: readonly number[] };

interface Head {
  readonly tensor: SymbolicTensor;
  readonly feed: Feed;
  /** What its layers make of it. */
  readonly made: SymbolicTensor;
  readonly shape: Sizes;
  readonly used: readonly string[];
}

/** Samples of a batch. */
export const rows = 2;

const words = ['cat', 'dog', 'bird', 'fish'];
const kinds = [
  'embedding',
  'categoryEncoding',
  'discretization',
  'stringLookup',
  'integerLookup',
  'textVectorization',
] as const;

export function drawHead(d: Draw): Head {
  const [kind, t, most] = [d.pick(kinds), d.int(3, 5), d.int(5, 8)];
  const list = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);
  const word = (): string => d.pick([...words, 'unknown']);
  const ids = { data: Int32Array.from(list(rows * t, () => d.int(0, most - 1))), shape: [rows, t] };
  const embedded = (tensor: SymbolicTensor, feed: Feed, from: SymbolicTensor, inputDim: number): Head => {
    const outputDim = d.int(2, 4);
    const made = l.embedding({ inputDim, outputDim, maskZero: d.chance(0.5) })(from);
    return { tensor, feed, made, shape: [t, outputDim], used: [kind, 'embedding'] };
  };
  switch (kind) {
    case 'embedding': {
      const x = input({ shape: [t], dtype: 'int32' });
      return embedded(x, ids, x, most);
    }
    case 'categoryEncoding': {
      const x = input({ shape: [t], dtype: 'int32' });
      const made = l.categoryEncoding({ numTokens: most, outputMode: d.pick(['multi_hot', 'count']) })(x);
      return { tensor: x, feed: ids, made, shape: [most], used: [kind] };
    }
    case 'integerLookup': {
      const x = input({ shape: [t], dtype: 'int32' });
      return embedded(x, ids, l.integerLookup({ vocabulary: [2, 4, 1] })(x), 4);
    }
    case 'discretization': {
      const x = input({ shape: [t] });
      const feed = { data: Float32Array.from(list(rows * t, () => 2 * d.next() - 1)), shape: [rows, t] };
      return embedded(x, feed, l.discretization({ binBoundaries: [-0.6, 0, 0.45] })(x), 4);
    }
    case 'stringLookup': {
      const x = input({ shape: [t], dtype: 'string' });
      return embedded(
        x,
        { strings: list(rows * t, word), shape: [rows, t] },
        l.stringLookup({ vocabulary: words })(x),
        5,
      );
    }
    case 'textVectorization': {
      const x = input({ shape: [1], dtype: 'string' });
      const feed = { strings: list(rows, () => list(3, word).join(' ')), shape: [rows, 1] };
      const cut = l.textVectorization({ vocabulary: words, outputSequenceLength: t, ngrams: d.pick([null, 2]) });
      return embedded(x, feed, cut(x), 6);
    }
  }
}
