/** `com.microsoft`: what onnxruntime's optimizer writes into transformers. Source: docs/ContribOperators.md of onnxruntime 1.2x. */
import { gelu } from '../../ops/activations.ts';
import { add, less, mul, where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape, transpose } from '../../ops/movement.ts';
import { layerNorm } from '../../ops/normalization.ts';
import { sum } from '../../ops/reduce.ts';
import { slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { cast } from '../../ops/unary.ts';
import { arange, full, type Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { causal, heads, merged } from './attention.ts';
import { quickGelu } from './elementwise.ts';
import { normalization, rmsNormalized } from './normalization.ts';
import { product } from './products.ts';
import { at, fail, integer, integers, maybe, number } from './support.ts';

const plus = (x: Tensor, bias: Tensor | null): Tensor => (bias ? add(x, bias) : x);

function normalized(x: Tensor, gamma: Tensor, beta: Tensor | null, epsilon: number): Tensor {
  return layerNorm(x, { gamma, epsilon, ...(beta && { beta }) });
}

/** Input, skip and bias added, then normalised; the sum is the fourth result. */
function skipped(call: OperatorCall): Tensor[] {
  const total = plus(add(at(call, 0), at(call, 1)), maybe(call, 4));
  const y = normalized(total, at(call, 2), maybe(call, 3), number(call, 'epsilon', 1e-12));
  return sparse(y, total);
}

function skippedSimple(call: OperatorCall): Tensor[] {
  const total = plus(add(at(call, 0), at(call, 1)), maybe(call, 3));
  return sparse(rmsNormalized(total, at(call, 2), [total.rank - 1], number(call, 'epsilon', 1e-12)), total);
}

/** Mean and deviation, the second and third result, exist for training only: nobody may ask for them. */
const sparse = (y: Tensor, total: Tensor): Tensor[] => [y, y, y, total];

function embedded(call: OperatorCall): Tensor[] {
  const ids = cast(at(call, 0), 'int32');
  const [segments, table, positions, types] = [maybe(call, 1), at(call, 2), at(call, 3), maybe(call, 4)];
  const places = maybe(call, 8);
  const time = ids.shape[1]!;
  const words = gather(table, ids, 0);
  const where_ = places ? gather(positions, cast(places, 'int32'), 0) : slice(positions, { 0: [0, time] });
  const sums = plus(add(words, where_), segments && types ? gather(types, cast(segments, 'int32'), 0) : null);
  const y = normalized(sums, at(call, 5), at(call, 6), number(call, 'epsilon', 1e-12));
  const mask = maybe(call, 7);
  const count = mask ? sum(cast(mask, 'int32'), { axes: 1 }) : full([ids.shape[0]!], 0, 'int32');
  return [y, count, sums];
}

/**
 * What is added to scores `[batch, heads, queries, keys]` where a mask hides keys: lengths `[batch]`, zeros and ones `[batch, keys]` or
 * `[batch, queries, keys]`.
 */
function hiding(call: OperatorCall, mask: Tensor, keys: number, value: number, like: Tensor): Tensor {
  const filter = (seen: Tensor): Tensor => where(seen, full([], 0, like.dtype), value);
  const batch = like.shape[0]!;
  if (mask.rank === 1 && mask.shape[0] === batch) {
    return filter(reshape(less(arange(keys, 'int32'), expandDims(cast(mask, 'int32'), 1)), [batch, 1, 1, keys]));
  }
  const seen = cast(mask, 'bool');
  if (mask.rank === 2 && mask.shape[1] === keys) return filter(reshape(seen, [mask.shape[0]!, 1, 1, keys]));
  if (mask.rank === 3) return filter(expandDims(seen, 1));
  throw fail(
    call,
    'this shape of a mask is not supported',
    { mask: mask.shape },
    'lengths, [batch, keys] and [batch, queries, keys] are',
  );
}

interface Heads {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

function attended(call: OperatorCall, { q, k, v }: Heads, mask: Tensor | null, bias: Tensor | null): Tensor {
  const given = call.attrs.has('scale') ? number(call, 'scale') : 0;
  let scores = mul(matmul(q, k, { transposeB: true }), given || 1 / Math.sqrt(q.shape[3]!));
  const [queries, keys] = [q.shape[2]!, k.shape[2]!];
  const value = number(call, 'mask_filter_value', -10000);
  if (bias) scores = add(scores, bias);
  if (mask) scores = add(scores, hiding(call, mask, keys, value, q));
  if (integer(call, 'unidirectional', 0) === 1)
    scores = where(causal(call, queries, keys, keys - queries), scores, value);
  return merged(matmul(softmax(scores, -1), v));
}

/** One product for queries, keys and values, split into heads. */
function attention(call: OperatorCall): Tensor[] {
  const [x, w, b] = [at(call, 0), at(call, 1), maybe(call, 2)];
  if (maybe(call, 4)) throw fail(call, 'past keys and values are not supported');
  if (integer(call, 'do_rotary', 0) !== 0) throw fail(call, 'do_rotary is not supported');
  const count = integer(call, 'num_heads');
  const width = w.shape[1]!;
  const sizes = integers(call, 'qkv_hidden_sizes') ?? [width / 3, width / 3, width / 3];
  const all = plus(product(x, w), b);
  const starts = [0, sizes[0]!, sizes[0]! + sizes[1]!];
  const part = (i: number): Tensor => heads(call, slice(all, { 2: [starts[i]!, starts[i]! + sizes[i]!] }), count);
  return [attended(call, { q: part(0), k: part(1), v: part(2) }, maybe(call, 3), maybe(call, 5))];
}

/** Queries, keys and values as they come; a bias for all three lies behind each other. */
function multiHead(call: OperatorCall): Tensor[] {
  const count = integer(call, 'num_heads');
  const [given, keys, values] = [at(call, 0), maybe(call, 1), maybe(call, 2)];
  if (!keys || !values || given.rank !== 3 || keys.rank !== 3) {
    throw fail(call, 'packed or transposed queries, keys and values are not supported');
  }
  if (maybe(call, 6) || maybe(call, 7)) throw fail(call, 'past keys and values are not supported');
  const bias = maybe(call, 3);
  let from = 0;
  const parts = [given, keys, values].map((x) => {
    const size = x.shape[2]!;
    const shift = bias && slice(bias, { 0: [from, from + size] });
    from += size;
    return heads(call, plus(x, shift), count);
  }) as [Tensor, Tensor, Tensor];
  return [attended(call, { q: parts[0], k: parts[1], v: parts[2] }, maybe(call, 4), maybe(call, 5))];
}

/** `alpha A B`, with the last two axes, or the batch axes and the rows, of either swapped. */
function fused(call: OperatorCall): Tensor {
  const turned = (x: Tensor, on: number): Tensor =>
    on === 0 ? x : transpose(x, [...Array.from({ length: x.rank - 2 }, (_, i) => i + 1), 0, x.rank - 1]);
  const a = turned(at(call, 0), integer(call, 'transBatchA', 0));
  const b = turned(at(call, 1), integer(call, 'transBatchB', 0));
  const transposed = (x: Tensor, name: string): boolean => x.rank > 1 && integer(call, name, 0) === 1;
  const y = product(a, b, { transposeA: transposed(a, 'transA'), transposeB: transposed(b, 'transB') });
  return mul(y, number(call, 'alpha', 1));
}

export const microsoft: Readonly<Record<string, Operator>> = {
  Attention: attention,
  MultiHeadAttention: multiHead,
  LayerNormalization: normalization['LayerNormalization']!,
  SimplifiedLayerNormalization: (call) => {
    const x = at(call, 0);
    return [rmsNormalized(x, at(call, 1), [x.rank - 1], number(call, 'epsilon', 1e-5))];
  },
  SkipLayerNormalization: skipped,
  SkipSimplifiedLayerNormalization: skippedSimple,
  EmbedLayerNormalization: embedded,
  Gelu: (call) => [gelu(at(call, 0))],
  BiasGelu: (call) => [gelu(add(at(call, 0), at(call, 1)))],
  FastGelu: (call) => [gelu(plus(at(call, 0), maybe(call, 1)), { approximate: true })],
  QuickGelu: (call) => [quickGelu(at(call, 0), number(call, 'alpha', 1.702))],
  FusedMatMul: (call) => [fused(call)],
  TransposeMatMul: (call) => [fused(call)],
};
