/**
 * Masks of attention as Keras makes them: what the layers before say of query, value and key, an explicit `attention_mask`, the causal
 * triangle and the sliding window, all of which must allow a position. Source: `_compute_attention_mask` of Keras 2.15 and 3.15.
 */
import { logicalAnd, notEqual, sub, where } from '../../../ops/binary.ts';
import { expandDims, reshape } from '../../../ops/movement.ts';
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { CallArguments, Mask } from '../layer.ts';
import type { Options } from '../options.ts';
import { softmaxOver } from '../parametric.ts';

/** Bool, 1 where a query position (second to last axis) may look at a key position (last axis). */
export type AttentionMask = Tensor | null;

export function bothMasks(a: AttentionMask, b: AttentionMask): AttentionMask {
  return a && b ? logicalAnd(a, b) : (a ?? b);
}

/** `[1, queries, keys]`: no position looks ahead. */
export function causalMask(queries: number, keys: number): Tensor {
  return pairs(queries, keys, (i, j) => i >= j);
}

/** `[1, queries, keys]`: positions less than `width` apart see each other. */
export function windowMask(queries: number, keys: number, width: number): Tensor {
  return pairs(queries, keys, (i, j) => Math.abs(i - j) < width);
}

function pairs(queries: number, keys: number, sees: (i: number, j: number) => boolean): Tensor {
  checkSize('mask', [queries, keys], TABLE_LIMIT);
  const data = new Uint8Array(queries * keys);
  for (let i = 0; i < queries; i++) for (let j = 0; j < keys; j++) data[i * keys + j] = Number(sees(i, j));
  return tensor(data, [1, queries, keys]);
}

/** The masks of a call of MultiHeadAttention or GroupedQueryAttention, joined. */
export function callMask(
  xs: readonly Tensor[],
  masks: readonly Mask[],
  args: CallArguments,
  slidingWindow: number | null,
  carriedOnly = false,
): AttentionMask {
  const find = (name: string): number | undefined => args.tensors.get(name)?.[0];
  const own = (name: string, explicit: string): Mask => {
    const given = carriedOnly && explicit === 'query_mask' ? undefined : find(explicit);
    if (given !== undefined) return notEqual(xs[given]!, 0);
    const at = find(name);
    return at === undefined ? null : (masks[at] ?? null);
  };
  const [query, value] = [xs[0]!, xs[find('value') ?? 0]!];
  const [queries, keys] = [query.shape[1]!, value.shape[1]!];
  const rows = own('inputs', 'query_mask');
  let mask: AttentionMask = rows && expandDims(rows, -1);
  for (const columns of [own('value', 'value_mask'), own('key', 'key_mask')]) {
    if (columns) mask = bothMasks(mask, expandDims(columns, -2));
  }
  if (args.constants.get('use_causal_mask') === true) mask = bothMasks(mask, causalMask(queries, keys));
  if (slidingWindow !== null) mask = bothMasks(mask, windowMask(queries, keys, slidingWindow));
  const given = find('attention_mask');
  return given === undefined ? mask : bothMasks(notEqual(xs[given]!, 0), mask);
}

/**
 * Softmax over the last `axes` axes of `scores`, with almost no weight where the mask is 0: the weights of a row that is masked all
 * over are equal, as in Keras. Axes that the mask lacks (heads) are put in front of those that it masks.
 * @param shifted takes 1e9 off the scores instead of replacing them, as Keras 2 does: rows that are masked all over keep their order
 */
export function maskedSoftmax(scores: Tensor, mask: AttentionMask, axes: number, shifted = false): Tensor {
  const over = Array.from({ length: axes }, (_, i) => scores.rank - axes + i);
  if (!mask) return softmaxOver(scores, over);
  const lead = mask.rank - 2 * axes;
  const shape = [...mask.shape.slice(0, lead), ...new Array<number>(scores.rank - mask.rank).fill(1)];
  const wide = reshape(mask, [...shape, ...mask.shape.slice(lead)]);
  return softmaxOver(where(wide, scores, shifted ? sub(scores, 1e9) : -1e9), over);
}

/** The share of attention that is dropped in training. */
export function dropoutOf(o: Options): number {
  o.ignore('seed');
  return o.number('dropout', 0);
}
