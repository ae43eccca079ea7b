/** Attention of opset 23 and rotary positions. Source: Operators.md of ONNX 1.22 (Attention, RotaryEmbedding). */
import { add, div, equal, greaterEqual, mul, sub, where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { repeat, reshape, transpose } from '../../ops/movement.ts';
import { sum } from '../../ops/reduce.ts';
import { concat, pad, slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { cast, tanh } from '../../ops/unary.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { at, constantsOf, fail, integer, maybe, number, subjectOf } from './support.ts';

/** `[batch, heads, time, size]` of `[batch, time, heads * size]`. */
export function heads(call: OperatorCall, x: Tensor, count: number): Tensor {
  if (x.rank === 4) return x;
  const [batch, time, width] = x.shape as [number, number, number];
  if (x.rank !== 3 || count < 1 || width % count !== 0) {
    throw fail(call, 'the last axis does not divide into heads', { input: x.shape, heads: count });
  }
  return transpose(reshape(x, [batch, time, count, width / count]), [0, 2, 1, 3]);
}

/** The way back. */
export function merged(x: Tensor): Tensor {
  const [batch, count, time, size] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, time, count * size]);
}

/** True where a query may see a key: those up to it, `past` keys lying before the first query. */
export function causal(call: OperatorCall, queries: number, keys: number, past: number): Tensor {
  checkSize(subjectOf(call), [queries, keys], TABLE_LIMIT);
  const seen = Array.from({ length: queries * keys }, (_, i) => Number(i % keys <= Math.floor(i / keys) + past));
  return tensor(seen, [queries, keys], 'bool');
}

/** `mask`, bool or added, widened with what hides the keys that it lacks. */
function applied(scores: Tensor, mask: Tensor): Tensor {
  const missing = scores.shape.at(-1)! - mask.shape.at(-1)!;
  const around = mask.shape.map((_, i) => [0, i === mask.rank - 1 ? missing : 0] as const);
  if (mask.dtype === 'bool') {
    return where(missing > 0 ? pad(mask, around, 0) : mask, scores, -Infinity);
  }
  return add(scores, missing > 0 ? pad(mask, around, -Infinity) : mask);
}

/** A softmax whose rows that see nothing are 0. */
function shares(scores: Tensor, anyHidden: boolean): Tensor {
  if (!anyHidden) return softmax(scores, -1);
  const hidden = cast(equal(scores, -Infinity), scores.dtype);
  const none = greaterEqual(sum(hidden, { axes: -1, keepDims: true }), scores.shape.at(-1)!);
  return where(none, 0, softmax(where(none, 0, scores), -1));
}

function attention(call: OperatorCall): Tensor[] {
  const flat = at(call, 0).rank === 3;
  const queryHeads = integer(call, 'q_num_heads', flat ? 0 : at(call, 0).shape[1]!);
  const keyHeads = integer(call, 'kv_num_heads', flat ? 0 : at(call, 1).shape[1]!);
  const q = heads(call, at(call, 0), queryHeads);
  let [k, v] = [heads(call, at(call, 1), keyHeads), heads(call, at(call, 2), keyHeads)];
  const [mask, pastKey, pastValue] = [maybe(call, 3), maybe(call, 4), maybe(call, 5)];
  const past = pastKey ? pastKey.shape[2]! : 0;
  if (pastKey && pastValue) [k, v] = [concat([pastKey, k], 2), concat([pastValue, v], 2)];
  const present = [k, v];
  if (queryHeads % keyHeads !== 0)
    throw fail(call, 'query heads do not divide among key heads', { queryHeads, keyHeads });
  const group = queryHeads / keyHeads;
  if (group > 1) [k, v] = [repeat(k, group, 1), repeat(v, group, 1)];
  // Both sides get the root of the scale, so that half floats do not overflow; in one float it is one product.
  const scale = number(call, 'scale', 1 / Math.sqrt(q.shape[3]!));
  const raw = mul(matmul(q, k, { transposeB: true }), scale);
  const cap = number(call, 'softcap', 0);
  const lengths = maybe(call, 6) ? constantsOf(call, 6, 'nonpad_kv_seqlen') : null;
  const isCausal = integer(call, 'is_causal', 0) === 1;
  const capped = cap === 0 ? raw : mul(tanh(div(raw, cap)), cap);
  const seen = hidden(call, isCausal, lengths, [q.shape[2]!, k.shape[2]!], past);
  const biased = mask ? applied(capped, mask) : capped;
  const scores = seen ? where(seen, biased, -Infinity) : biased;
  const weights = shares(scores, mask !== null || seen !== null);
  const y = matmul(weights, v);
  const shown = [raw, capped, scores, weights][integer(call, 'qk_matmul_output_mode', 0)];
  return [flat ? merged(y) : y, present[0]!, present[1]!, shown!];
}

/** True where a query may see a key, by order and by the number of keys that each sample has; null where all may. */
function hidden(
  call: OperatorCall,
  isCausal: boolean,
  lengths: readonly number[] | null,
  [queries, keys]: readonly [number, number],
  past: number,
): Tensor | null {
  if (!lengths) return isCausal ? causal(call, queries, keys, past) : null;
  checkSize(subjectOf(call), [lengths.length, queries, keys], TABLE_LIMIT);
  // With a cache outside, the queries are the last of the keys that there are.
  const on = lengths.flatMap((count) =>
    Array.from({ length: queries * keys }, (_, i) => {
      const [query, key] = [Math.floor(i / keys), i % keys];
      return Number(key < count && (!isCausal || key <= query + (past > 0 ? past : count - queries)));
    }),
  );
  return tensor(on, [lengths.length, 1, queries, keys], 'bool');
}

/** Pairs of elements turned by the angle of their position. */
export function rotated(
  call: OperatorCall,
  x: Tensor,
  cos: Tensor,
  sin: Tensor,
  size: number,
  interleaved: boolean,
): Tensor {
  const [turned, rest] = [slice(x, { 3: [0, size] }), slice(x, { 3: [size, x.shape[3]!] })];
  const half = size / 2;
  if (!Number.isInteger(half)) throw fail(call, 'the rotated part has an even size', { size });
  const along = interleaved
    ? [slice(turned, { 3: [0, size, 2] }), slice(turned, { 3: [1, size, 2] })]
    : [slice(turned, { 3: [0, half] }), slice(turned, { 3: [half, size] })];
  const [a, b] = along as [Tensor, Tensor];
  const [real, imaginary] = [sub(mul(cos, a), mul(sin, b)), add(mul(sin, a), mul(cos, b))];
  const shape = turned.shape;
  const y = interleaved ? reshape(stackLast(real, imaginary), shape) : concat([real, imaginary], 3);
  return rest.size > 0 ? concat([y, rest], 3) : y;
}

const stackLast = (a: Tensor, b: Tensor): Tensor =>
  concat([reshape(a, [...a.shape, 1]), reshape(b, [...b.shape, 1])], a.rank);

function rotary(call: OperatorCall): Tensor {
  const [given, cosines, sines, positions] = [at(call, 0), at(call, 1), at(call, 2), maybe(call, 3)];
  const flat = given.rank === 3;
  const x = heads(call, given, integer(call, 'num_heads', 0));
  const size = integer(call, 'rotary_embedding_dim', 0) || x.shape[3]!;
  const table = (t: Tensor): Tensor => {
    const rows = positions ? gather(t, cast(positions, 'int32'), 0) : t;
    // [batch, time, size / 2] beside heads.
    return reshape(rows, [rows.shape[0]!, 1, ...rows.shape.slice(1)]);
  };
  const y = rotated(call, x, table(cosines), table(sines), size, integer(call, 'interleaved', 0) === 1);
  return flat ? merged(y) : y;
}

export const attentions: Readonly<Record<string, Operator>> = {
  Attention: attention,
  RotaryEmbedding: (call) => [rotary(call)],
};
