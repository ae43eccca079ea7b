/**
 * What is added to attention's scores, and which keys a block of queries sees at all: keys that masks hide from every query of a block
 * are left out where their probability is exactly 0 in float32.
 */
import { NR } from '../product/panels';
import { WIDE } from '../width';

/** Bytes of a turn of the loops over a row of scores, which has room for whole turns. */
export const TURN: usize = WIDE ? 32 : 16;

/** Scores of at most 1e7 aside, a key at or below the first has no share next to one at or above the second: `exp(-7e7)` is 0. */
const HIDDEN: f32 = -1e8;
const SEEN: f32 = -1e7;

/** Something that is broadcast to the scores: bytes from sample to sample, and so on; of keys 0 or 4. */
@unmanaged
export class Bias {
  at: usize;
  sample: i32;
  head: i32;
  query: i32;
  key: i32;

  @inline
  rowAt(sample: i32, head: i32, query: i32): usize {
    return this.at + sample * this.sample + head * this.head + query * this.query;
  }

  /** Adds keys `[from, from + count)`; up to seven elements behind them are written, too. */
  addTo(row: usize, sample: i32, head: i32, query: i32, from: i32, count: i32): void {
    const end = row + (<usize>count << 2);
    let at = this.rowAt(sample, head, query);
    if (this.key == 0) {
      const all = v128.load32_splat(at);
      for (; row < end; row += TURN) {
        const v = f32x4.add(v128.load(row), all);
        if (WIDE) v128.store(row, f32x4.add(v128.load(row, 16), all), 16);
        v128.store(row, v);
      }
    } else {
      at += <usize>from << 2;
      for (; row < end; row += TURN, at += TURN) {
        const v = f32x4.add(v128.load(row), v128.load(at));
        if (WIDE) v128.store(row, f32x4.add(v128.load(row, 16), v128.load(at, 16)), 16);
        v128.store(row, v);
      }
    }
  }
}

/** The keys that the block at work sees, set by `keyRange`: the first a multiple of eight, the end one too or that of all keys. */
export let rangeBegin: i32 = 0;
export let rangeEnd: i32 = 0;

/** The sum of all biases at a key. */
@inline
function biasAt(biases: usize, count: i32, sample: i32, head: i32, query: i32, key: i32): f32 {
  let sum: f32 = 0;
  for (let n = 0; n < count; n++) {
    const bias = changetype<Bias>(biases + <usize>n * offsetof<Bias>());
    sum += load<f32>(bias.rowAt(sample, head, query) + key * bias.key);
  }
  return sum;
}

/** Whether one of the queries may see one of the keys `[from, to)`. */
function sees(
  biases: usize, count: i32, sample: i32, head: i32, first: i32, queries: i32, from: i32, to: i32,
): bool {
  for (let i = first; i < first + queries; i++) {
    for (let j = from; j < to; j++) if (!(biasAt(biases, count, sample, head, i, j) <= HIDDEN)) return true;
  }
  return false;
}

/** Sets the range for `rows` queries from `first` on: all keys where one of these queries is hidden from all of them. */
export function keyRange(
  biases: usize, count: i32, sample: i32, head: i32, first: i32, rows: i32, keys: i32,
): void {
  rangeBegin = 0;
  rangeEnd = keys;
  if (count == 0) return;
  // Where the biases are those of one query for all, one is looked at.
  let queries = 1;
  for (let n = 0; n < count; n++) {
    if (changetype<Bias>(biases + <usize>n * offsetof<Bias>()).query != 0) queries = rows;
  }
  let begin = 0;
  while (begin < keys && !sees(biases, count, sample, head, first, queries, begin, min(begin + NR, keys))) begin += NR;
  let end = (keys + NR - 1) / NR * NR;
  while (end > begin && !sees(biases, count, sample, head, first, queries, end - NR, min(end, keys))) end -= NR;
  end = min(end, keys);
  if (begin == 0 && end == keys) return;
  for (let i = first; i < first + queries; i++) {
    let seen = false;
    for (let j = begin; j < end && !seen; j++) seen = biasAt(biases, count, sample, head, i, j) >= SEEN;
    if (!seen) return;
  }
  rangeBegin = begin;
  rangeEnd = end;
}

/** The largest magnitude of `rows` rows of `count` elements; NaN where there is one. */
export function largest(from: usize, step: usize, rows: i32, count: i32): f32 {
  let most = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    let at = from + <usize>i * step;
    const end = at + (<usize>count << 2);
    for (; at + 16 <= end; at += 16) most = f32x4.max(most, f32x4.abs(v128.load(at)));
    for (; at < end; at += 4) most = f32x4.max(most, f32x4.abs(v128.load32_splat(at)));
  }
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2)), 0);
}
