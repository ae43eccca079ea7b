/**
 * Sums of windows along a row of which all columns exist (sliding.ts sees to it). Rows, taps and sums lie in groups of eight channels: all columns of a group,
 * then those of the next, so that addresses are constants apart. Four results at a time stay in registers, and where windows overlap a column is read once
 * for up to three taps. Wide builds take a group at a time, a vector and the one behind it side by side, others its halves in turns.
 * Every sum takes its taps in the order of the kernel's rows, in whatever block it is.
 */
import { madd, scratch } from '../simd';
import { WIDE } from '../width';

/** In the scratch memory: per row of taps a pointer to its columns and one to its taps; two vectors of zeros; the rows. */
export const LIST_AT: usize = 0;
export const ZEROS_AT: usize = 256;
export const ROWS_AT: usize = 384;

/** Bytes of a group's part that is taken at a time. */
export const PART: usize = WIDE ? 32 : 16;

/** How windows lie: tap by tap over each other, or not. */
class Overlapping {
  @inline overlap(): bool { return true; }
}
class Apart {
  @inline overlap(): bool { return false; }
}

/**
 * Distances are in bytes. Of less than four results, those up to the fourth are written, too, and must have room.
 * @param to the first sum, and `sumStep` from one group to the next
 * @param column the first result's first tap, counted from the begin of a row; `every` from result to result, `columnStep` from group to group
 * @param rows how many rows of taps the list holds
 * @param first the first tap, counted from the begin of a row of taps; `tapStep` from group to group
 */
export function windowRow(
  to: usize, sumStep: usize, count: i32, column: usize, every: usize, columnStep: usize, rows: i32, taps: i32, first: usize, tapStep: usize, groups: i32,
): void {
  if (every == 32) sums<Overlapping>(to, sumStep, count, column, every, columnStep, rows, taps, first, tapStep, groups);
  else sums<Apart>(to, sumStep, count, column, every, columnStep, rows, taps, first, tapStep, groups);
}

function sums<T>(
  to: usize, sumStep: usize, count: i32, column: usize, every: usize, columnStep: usize, rows: i32, taps: i32, first: usize, tapStep: usize, groups: i32,
): void {
  const list = scratch() + LIST_AT, zeros = scratch() + ZEROS_AT;
  for (; groups > 0; groups--, to += sumStep, column += columnStep, first += tapStep) {
    for (let part: usize = 0; part < 32; part += PART) {
      const t = first + part;
      for (let at = 0; at < count; at += 4) {
        // The last block has results of the one before, too.
        if (count >= 4) at = min(at, count - 4);
        const p = column + <usize>at * every + part;
        // Zeros are loaded, so that they pair.
        let a0 = v128.load(zeros), b0 = WIDE ? v128.load(zeros, 16) : a0;
        let a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
        let row = list;
        for (let j = rows; j > 0; j--, row += 8) {
          let q = load<usize>(row) + p, tap = load<usize>(row, 4) + t, k = taps;
          if (changetype<T>(0).overlap()) {
            for (; k >= 3; k -= 3, q += 96, tap += 96) {
              const x0 = v128.load(tap), y0 = WIDE ? v128.load(tap, 16) : x0;
              const x1 = v128.load(tap, 32), y1 = WIDE ? v128.load(tap, 48) : x1;
              const x2 = v128.load(tap, 64), y2 = WIDE ? v128.load(tap, 80) : x2;
              let h = v128.load(q), g = WIDE ? v128.load(q, 16) : h;
              a0 = madd(h, x0, a0);
              if (WIDE) b0 = madd(g, y0, b0);
              h = v128.load(q, 32), g = WIDE ? v128.load(q, 48) : h;
              a1 = madd(h, x0, a1);
              if (WIDE) b1 = madd(g, y0, b1);
              a0 = madd(h, x1, a0);
              if (WIDE) b0 = madd(g, y1, b0);
              h = v128.load(q, 64), g = WIDE ? v128.load(q, 80) : h;
              a2 = madd(h, x0, a2);
              if (WIDE) b2 = madd(g, y0, b2);
              a1 = madd(h, x1, a1);
              if (WIDE) b1 = madd(g, y1, b1);
              a0 = madd(h, x2, a0);
              if (WIDE) b0 = madd(g, y2, b0);
              h = v128.load(q, 96), g = WIDE ? v128.load(q, 112) : h;
              a3 = madd(h, x0, a3);
              if (WIDE) b3 = madd(g, y0, b3);
              a2 = madd(h, x1, a2);
              if (WIDE) b2 = madd(g, y1, b2);
              a1 = madd(h, x2, a1);
              if (WIDE) b1 = madd(g, y2, b1);
              h = v128.load(q, 128), g = WIDE ? v128.load(q, 144) : h;
              a3 = madd(h, x1, a3);
              if (WIDE) b3 = madd(g, y1, b3);
              a2 = madd(h, x2, a2);
              if (WIDE) b2 = madd(g, y2, b2);
              h = v128.load(q, 160), g = WIDE ? v128.load(q, 176) : h;
              a3 = madd(h, x2, a3);
              if (WIDE) b3 = madd(g, y2, b3);
            }
            if (k == 2) {
              const x0 = v128.load(tap), y0 = WIDE ? v128.load(tap, 16) : x0;
              const x1 = v128.load(tap, 32), y1 = WIDE ? v128.load(tap, 48) : x1;
              let h = v128.load(q), g = WIDE ? v128.load(q, 16) : h;
              a0 = madd(h, x0, a0);
              if (WIDE) b0 = madd(g, y0, b0);
              h = v128.load(q, 32), g = WIDE ? v128.load(q, 48) : h;
              a1 = madd(h, x0, a1);
              if (WIDE) b1 = madd(g, y0, b1);
              a0 = madd(h, x1, a0);
              if (WIDE) b0 = madd(g, y1, b0);
              h = v128.load(q, 64), g = WIDE ? v128.load(q, 80) : h;
              a2 = madd(h, x0, a2);
              if (WIDE) b2 = madd(g, y0, b2);
              a1 = madd(h, x1, a1);
              if (WIDE) b1 = madd(g, y1, b1);
              h = v128.load(q, 96), g = WIDE ? v128.load(q, 112) : h;
              a3 = madd(h, x0, a3);
              if (WIDE) b3 = madd(g, y0, b3);
              a2 = madd(h, x1, a2);
              if (WIDE) b2 = madd(g, y1, b2);
              h = v128.load(q, 128), g = WIDE ? v128.load(q, 144) : h;
              a3 = madd(h, x1, a3);
              if (WIDE) b3 = madd(g, y1, b3);
            } else if (k == 1) {
              const x0 = v128.load(tap), y0 = WIDE ? v128.load(tap, 16) : x0;
              let h = v128.load(q), g = WIDE ? v128.load(q, 16) : h;
              a0 = madd(h, x0, a0);
              if (WIDE) b0 = madd(g, y0, b0);
              h = v128.load(q, 32), g = WIDE ? v128.load(q, 48) : h;
              a1 = madd(h, x0, a1);
              if (WIDE) b1 = madd(g, y0, b1);
              h = v128.load(q, 64), g = WIDE ? v128.load(q, 80) : h;
              a2 = madd(h, x0, a2);
              if (WIDE) b2 = madd(g, y0, b2);
              h = v128.load(q, 96), g = WIDE ? v128.load(q, 112) : h;
              a3 = madd(h, x0, a3);
              if (WIDE) b3 = madd(g, y0, b3);
            }
          } else {
            for (; k > 0; k--, q += 32, tap += 32) {
              const x0 = v128.load(tap), y0 = WIDE ? v128.load(tap, 16) : x0;
              let h = v128.load(q), g = WIDE ? v128.load(q, 16) : h;
              a0 = madd(h, x0, a0);
              if (WIDE) b0 = madd(g, y0, b0);
              let r = q + every;
              h = v128.load(r), g = WIDE ? v128.load(r, 16) : h;
              a1 = madd(h, x0, a1);
              if (WIDE) b1 = madd(g, y0, b1);
              r += every;
              h = v128.load(r), g = WIDE ? v128.load(r, 16) : h;
              a2 = madd(h, x0, a2);
              if (WIDE) b2 = madd(g, y0, b2);
              r += every;
              h = v128.load(r), g = WIDE ? v128.load(r, 16) : h;
              a3 = madd(h, x0, a3);
              if (WIDE) b3 = madd(g, y0, b3);
            }
          }
        }
        const put = to + (<usize>at << 5) + part;
        v128.store(put, a0);
        if (WIDE) v128.store(put, b0, 16);
        v128.store(put, a1, 32);
        if (WIDE) v128.store(put, b1, 48);
        v128.store(put, a2, 64);
        if (WIDE) v128.store(put, b2, 80);
        v128.store(put, a3, 96);
        if (WIDE) v128.store(put, b3, 112);
      }
    }
  }
}
