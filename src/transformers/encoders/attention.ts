/** Multi-head self-attention (Vaswani et al. 2017) over hidden states. */
import { add, mul } from '../../ops/binary.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { TransformerConfig } from '../config/config.ts';
import { densePart, type Part, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';

export interface AttentionOptions {
  readonly className: string;
  /** The field of the config that states the width. */
  readonly why: string;
  /** Added to the scores of so many positions, `[1, heads, positions, positions]`. */
  readonly bias?: ((positions: number) => Tensor) | null;
}

/** Multi-head self-attention; without an output name the last projection is left to the caller. */
export function attentionPart(
  { width, heads, dropouts }: TransformerConfig,
  weights: WeightSource,
  path: string,
  names: readonly [string, string, string, string | null],
  { className, why, bias = null }: AttentionOptions,
): Part {
  const project = (name: string): Part => densePart(weights, `${path}/${name}`, [width, width], why);
  const [query, key, value] = [project(names[0]), project(names[1]), project(names[2])];
  const out = names[3] === null ? null : project(names[3]);
  const size = width / heads;
  const split = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, size]), [0, 2, 1, 3]);
  const layers = [query, key, value, ...(out ? [out] : [])].map(({ layer }) => layer);
  return {
    layer: new TransformerLayer(path, className, layers),
    run: (x, session) => {
      const rows = session.own(x);
      // The scale is applied to the query: it is the smaller tensor, and the product is the same up to rounding.
      const q = split(mul(session.call(query, rows), 1 / Math.sqrt(size)));
      const products = matmul(q, split(session.call(key, x)), { transposeB: true });
      const scores = bias ? add(products, seenBy(rows, bias(x.shape[1]!))) : products;
      const whole = softmax(session.maskBias ? add(scores, session.maskBias) : scores);
      const shares = session.drop(whole, dropouts.attention);
      const context = transpose(matmul(shares, split(session.call(value, x))), [0, 2, 1, 3]);
      const joined = reshape(context, rows.shape);
      return out ? session.call(out, joined) : joined;
    },
  };
}

/** The rows of a bias for the positions that are computed. */
function seenBy(rows: Tensor, bias: Tensor): Tensor {
  const count = rows.shape[1]!;
  return count === bias.shape[2] ? bias : slice(bias, { 2: [0, count] });
}
