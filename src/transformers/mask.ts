/**
 * Attention masks: checked, and turned into the positions that must be computed. A position that the mask hides has an attention
 * weight of exactly 0 everywhere, and what it computes itself reaches nobody, so that it may be left out. The first position
 * stays in any case, since classifiers read it, and all rows keep as many as the row that sees most.
 */
import type { Pruned } from '../graph/callable.ts';
import { takePositions } from '../graph/positions.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape } from '../tensor/shape.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { PositionUse } from './encoders/encoder.ts';

type Kwargs = Readonly<Record<string, Tensor>>;

/** @throws for a mask of another shape than the ids, with other values than 0 and 1, or with a row that hides everything */
export function checkMask(subject: string, mask: Tensor, ids: Tensor): void {
  if (!sameShape(mask.shape, ids.shape)) {
    throw failure(subject, 'the attention_mask needs the shape of the ids', { mask: mask.shape, ids: ids.shape });
  }
  const [rows, positions] = mask.shape as [number, number];
  for (let row = 0; row < rows; row++) {
    let seen = 0;
    for (let p = 0; p < positions; p++) {
      const value = mask.data[row * positions + p]!;
      if (value !== 0 && value !== 1) {
        throw failure(subject, 'the attention_mask must hold 0 and 1', { row, position: p, value });
      }
      seen += value;
    }
    if (seen > 0) continue;
    const hint = 'leave the row out, or keep at least its [CLS] token visible';
    throw failure(subject, `the attention_mask hides every position of row ${row}`, { positions }, hint);
  }
}

/**
 * A hidden first position that a head reads nevertheless: encoders with a way of their own to hide positions compute there what is
 * no function of the text, and differently in each implementation.
 * @throws naming the row
 */
export function checkFirst(subject: string, mask: Tensor): void {
  const [rows, positions] = mask.shape as [number, number];
  for (let row = 0; row < rows; row++) {
    if (mask.data[row * positions] !== 0) continue;
    const hint = 'pad on the right: padding_side of tokenizer_config.json, or texts one at a time';
    throw failure(subject, 'the attention_mask hides the first position, which this model reads', { row }, hint);
  }
}

/**
 * Ids and kwargs without hidden positions; null where every row needs all of them, or where what stays would be seen at other positions.
 * @param use how the encoder tells positions apart @param padId the token that it does not count, if it counts
 */
export function pruneMasked(ids: Tensor, kwargs: Kwargs, use: PositionUse, padId: number): Pruned | null {
  const mask = kwargs['attention_mask'];
  if (!mask) return null;
  const [rows, positions] = ids.shape as [number, number];
  const needed = (row: number, p: number): boolean => p === 0 || mask.data[row * positions + p] !== 0;
  let length = 0;
  for (let row = 0; row < rows; row++) {
    let count = 0;
    for (let p = 0; p < positions; p++) if (needed(row, p)) count++;
    length = Math.max(length, count);
  }
  if (length === positions) return null;
  const kept = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    let spare = length;
    for (let p = 0; p < positions; p++) if (needed(row, p)) spare--;
    let at = row * length;
    // Rows that see less keep their first hidden positions as well: they stay hidden.
    for (let p = 0; p < positions; p++) if (needed(row, p) || spare-- > 0) kept[at++] = p;
  }
  const by = { positions, length, kept };
  if (use.distances && !kept.every((p, i) => i % length === 0 || p === kept[i - 1]! + 1)) return null;
  if (use.fromIds && !kwargs['position_ids'] && hidesTokens(ids, mask, padId)) return null;
  const rest = Object.entries(kwargs).map(([name, t]) => [name, t.rank < 2 ? t : takePositions(t, by)] as const);
  const shorter: Record<string, Tensor> = Object.fromEntries(rest);
  if (shorter['attention_mask']!.data.every((value) => value !== 0)) delete shorter['attention_mask'];
  const inOrder = kept.every((p, i) => p === i % length);
  if (!use.fromIds && !inOrder && !shorter['position_ids']) shorter['position_ids'] = tensor(kept, [rows, length]);
  return { inputs: [takePositions(ids, by)], kwargs: shorter, ...by };
}

/** Whether the mask hides a token that is no padding, and so is counted. */
function hidesTokens(ids: Tensor, mask: Tensor, padId: number): boolean {
  return ids.data.some((id, i) => id !== padId && mask.data[i] === 0);
}
