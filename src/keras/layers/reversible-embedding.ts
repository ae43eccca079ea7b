/**
 * ReversibleEmbedding: a table of vectors that is also called backwards, from vectors to a score per word. Backwards it is the table's transpose,
 * or a matrix of its own. Source: `reversible_embedding.py` of Keras 3.15.
 */
import { div, mul, notEqual } from '../../ops/binary.ts';
import { embedding as lookUp } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { transpose } from '../../ops/movement.ts';
import { cast, tanh } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type CallArguments, defineLayer, type LayerClass } from './layer.ts';

export const reversibleEmbedding: LayerClass = defineLayer({
  classes: ['ReversibleEmbedding'],
  create: (o) => {
    const [words, size, maskZero] = [o.count('input_dim'), o.count('output_dim'), o.flag('mask_zero', false)];
    const tied = o.flag('tie_weights', true);
    const cap = o.raw('logit_soft_cap') === undefined ? null : o.number('logit_soft_cap');
    // Models compute in one float type, whatever precision a file asks for in places.
    o.choice('reverse_dtype', ['float16', 'bfloat16', 'float32', 'float64'], 'float32');
    const backwards = (args: CallArguments): boolean => args.constants.get('reverse') === true;
    const scores = (x: Tensor, kernel: Tensor): Tensor => {
      const logits = matmul(cast(x, kernel.dtype), kernel);
      return cap === null ? logits : mul(tanh(div(logits, cap)), cap);
    };
    return {
      anyDType: true,
      vocabulary: words,
      looksUp: (x, y) => y.rank > x.rank, // backwards, each vector gives a line of scores
      parameters: ['reverse'],
      weights: () => [
        { name: 'embeddings', shape: [words, size] },
        ...(tied ? [] : [{ name: 'reverse_embeddings', shape: [size, words] }]),
      ],
      call: ([x], w, _, args) => {
        const table = w['embeddings']!;
        return backwards(args) ? scores(x!, w['reverse_embeddings'] ?? transpose(table, [1, 0])) : lookUp(table, x!);
      },
      mask: ([x], _, args) => (maskZero && !backwards(args) ? notEqual(x!, 0) : null),
    };
  },
});
