/**
 * Disentangled self-attention (He et al. 2021, "DeBERTa", section 3.1): scores of contents on contents, and of contents on how far two
 * positions are apart, both ways. Source: `modeling_deberta_v2.py` of transformers 4.
 * Invariant: rows of a batch do not meet; what depends on distances alone is made of weights, one column for each distance, and moved to its
 * place by shapes alone, so that no table of all pairs is looked up.
 */
import { compile } from '../../graph/compile.ts';
import { add, mul } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { pad, slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { adopt, placeholder, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { DebertaConfig } from '../config/deberta.ts';
import { densePart, type Part, type Session, TransformerLayer } from '../layers.ts';
import type { WeightSource } from '../weights/source.ts';

const why = 'hidden_size';

/** @param table gives the embeddings of distances `[2 * span, width]`; null without relative attention */
export function disentangledAttention(
  config: DebertaConfig,
  weights: WeightSource,
  path: string,
  table: ((session: Session) => Tensor) | null,
): Part {
  const { width, heads, contentToPosition, positionToContent, sharedKeys, dropouts } = config;
  const size = width / heads;
  const project = (name: string): Part => densePart(weights, `${path}/${name}`, [width, width], why);
  const [query, key, value] = [project('query_proj'), project('key_proj'), project('value_proj')];
  const own = (shared: Part, name: string): Part => (sharedKeys ? shared : project(name));
  const positionKey = table && contentToPosition ? projected(own(key, 'pos_key_proj')) : null;
  const positionQuery = table && positionToContent ? projected(own(query, 'pos_query_proj')) : null;
  // The kinds of scores that the config lists count, computed or not.
  const scale = 1 / Math.sqrt(size * (1 + Number(contentToPosition) + Number(positionToContent)));
  const split = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, size]), [0, 2, 1, 3]);
  return {
    layer: new TransformerLayer(path, 'DisentangledSelfAttention', [query.layer, key.layer, value.layer]),
    run: (x, session) => {
      const length = x.shape[1]!;
      const near = table ? session.drop(table(session), dropouts.hidden) : null;
      const q = split(mul(session.call(query, x), scale));
      const k = split(session.call(key, x));
      let scores = matmul(q, k, { transposeB: true });
      // All distances that occur, one after another: `[1, heads, distances, size]`.
      const columns = (rows: Projected, sign: 1 | -1): Tensor => {
        const places = Int32Array.from({ length: 2 * length - 1 }, (_, c) => rowOf(sign * (c - length + 1), config));
        return split(reshape(gather(rows(near!, session), tensor(places)), [1, places.length, width]));
      };
      if (positionKey) {
        scores = add(scores, diagonals(matmul(q, columns(positionKey, -1), { transposeB: true })));
      }
      if (positionQuery) {
        const byKey = matmul(k, mul(columns(positionQuery, 1), scale), { transposeB: true });
        scores = add(scores, transpose(diagonals(byKey), [0, 1, 3, 2]));
      }
      const whole = softmax(session.maskBias ? add(scores, session.maskBias) : scores);
      const shares = session.drop(whole, dropouts.attention);
      return reshape(transpose(matmul(shares, split(session.call(value, x))), [0, 2, 1, 3]), x.shape);
    },
  };
}

type Projected = (table: Tensor, session: Session) => Tensor;

/**
 * The table of distances behind a projection, computed once where the weights stay as they are: each plan would do it again, on the slow
 * kernels that fold constants. It is no call of the layer, whose hooks see texts alone.
 */
function projected({ run }: Part): Projected {
  let known: Tensor | null = null;
  return (table, session) => {
    if (!session.fixed) return run(table, session);
    if (known) return known;
    const x = placeholder(table.shape, table.dtype);
    const plan = compile([run(x, session)], [x]);
    try {
      known = adopt(plan.runSync([table.data])[0]!, table.shape);
      return known;
    } finally {
      plan.dispose();
    }
  };
}

/**
 * `y[…, i, j] = x[…, i, j - i + n - 1]` of `x [rows, heads, n, 2n - 1]`: with rows one longer, what lies below each other in `y` is in
 * `x` one step more than a row apart (Huang et al. 2018, "Music Transformer", section 3.4.1).
 */
function diagonals(x: Tensor): Tensor {
  const [rows, heads, n, columns] = x.shape as [number, number, number, number];
  const none = [0, 0] as const;
  const flat = reshape(pad(x, [none, none, none, [0, 1]]), [rows, heads, n * (columns + 1)]);
  const from = slice(flat, { 2: [n - 1, n - 1 + n * columns] });
  return slice(reshape(from, [rows, heads, n, columns]), { 3: [0, n] });
}

/** The row of the table for a distance from key to query. */
function rowOf(distance: number, { buckets, farthest, span }: DebertaConfig): number {
  const bucket = buckets > 0 ? logBucket(distance, buckets, farthest) : distance;
  return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
}

/** Distances up to half of the buckets are their own, the rest grow by their logarithm; in float32, since a step may lie on a whole number. */
export function logBucket(distance: number, buckets: number, farthest: number): number {
  const f = Math.fround;
  const middle = Math.floor(buckets / 2);
  const far = Math.abs(distance);
  if (far <= middle) return distance;
  const share = f(f(Math.log(f(far / middle))) / f(Math.log(f((farthest - 1) / middle))));
  return Math.sign(distance) * (Math.ceil(f(share * (middle - 1))) + middle);
}
