/**
 * A 6x16 tile of C over one inner block, for engines that pair vectors (`WIDE`): 24 vectors of sums are twelve registers of 256 bits, and a step is
 * two loads of B, six of A and twelve fused multiply-adds. Two panels of eight columns lie side by side. A is read through six pointers that move
 * by `step` bytes an index: 4 where rows lie as they are, 24 in a packed panel.
 *
 * As in tile.ts one loop must run straight into the stores, or sums go through memory. 131 of the 133 GFLOP/s that one thread's AVX2
 * reaches on the machine it was measured on, where the 6x8 tile is at 66 (unpaired) and 100 (paired, too few sums to hide the additions' latency).
 */
import { MR, NR } from './panels';
import { madd, scratch, storeLanes } from '../simd';
import { WIDE_SUMS_AT } from '../width';

/**
 * The tile from `count` inner indices.
 * @param run six pointers into A
 * @param b0 the first panel of B, and `b1` the second, which may have fewer than eight columns
 * @param column bytes from a row's begin to the tile's first column
 * @param rows of the tile that exist, and `columns` from it to the end of the row, nine at least
 * @param adds whether the sums go on from what C holds
 */
export function wideTile(
  count: i32, run: usize, step: usize, b0: usize, b1: usize, column: usize, rows: i32, columns: i32, adds: bool,
): void {
  const to = scratch();
  const sums = to + WIDE_SUMS_AT;
  // Zeros are loaded too: where V8 finds them as constants, it may find those of two neighbours in different blocks, and pairs neither.
  if (!adds) put(sums, f32x4.splat(0), f32x4.splat(0), f32x4.splat(0), f32x4.splat(0));
  const c0 = adds ? load<usize>(to) + column : sums;
  let w0 = v128.load(c0), x0 = v128.load(c0, 16), y0 = v128.load(c0, 32), z0 = v128.load(c0, 48);
  const c1 = adds ? load<usize>(to, 4) + column : sums;
  let w1 = v128.load(c1), x1 = v128.load(c1, 16), y1 = v128.load(c1, 32), z1 = v128.load(c1, 48);
  const c2 = adds ? load<usize>(to, 8) + column : sums;
  let w2 = v128.load(c2), x2 = v128.load(c2, 16), y2 = v128.load(c2, 32), z2 = v128.load(c2, 48);
  const c3 = adds ? load<usize>(to, 12) + column : sums;
  let w3 = v128.load(c3), x3 = v128.load(c3, 16), y3 = v128.load(c3, 32), z3 = v128.load(c3, 48);
  const c4 = adds ? load<usize>(to, 16) + column : sums;
  let w4 = v128.load(c4), x4 = v128.load(c4, 16), y4 = v128.load(c4, 32), z4 = v128.load(c4, 48);
  const c5 = adds ? load<usize>(to, 20) + column : sums;
  let w5 = v128.load(c5), x5 = v128.load(c5, 16), y5 = v128.load(c5, 32), z5 = v128.load(c5, 48);
  let a0 = load<usize>(run), a1 = load<usize>(run, 4), a2 = load<usize>(run, 8);
  let a3 = load<usize>(run, 12), a4 = load<usize>(run, 16), a5 = load<usize>(run, 20);
  for (let i = count; i > 0; i--, b0 += 32, b1 += 32) {
    const first = v128.load(b0), second = v128.load(b0, 16), third = v128.load(b1), fourth = v128.load(b1, 16);
    let v: v128;
    v = v128.load32_splat(a0);
    a0 += step;
    w0 = madd(v, first, w0);
    x0 = madd(v, second, x0);
    y0 = madd(v, third, y0);
    z0 = madd(v, fourth, z0);
    v = v128.load32_splat(a1);
    a1 += step;
    w1 = madd(v, first, w1);
    x1 = madd(v, second, x1);
    y1 = madd(v, third, y1);
    z1 = madd(v, fourth, z1);
    v = v128.load32_splat(a2);
    a2 += step;
    w2 = madd(v, first, w2);
    x2 = madd(v, second, x2);
    y2 = madd(v, third, y2);
    z2 = madd(v, fourth, z2);
    v = v128.load32_splat(a3);
    a3 += step;
    w3 = madd(v, first, w3);
    x3 = madd(v, second, x3);
    y3 = madd(v, third, y3);
    z3 = madd(v, fourth, z3);
    v = v128.load32_splat(a4);
    a4 += step;
    w4 = madd(v, first, w4);
    x4 = madd(v, second, x4);
    y4 = madd(v, third, y4);
    z4 = madd(v, fourth, z4);
    v = v128.load32_splat(a5);
    a5 += step;
    w5 = madd(v, first, w5);
    x5 = madd(v, second, x5);
    y5 = madd(v, third, y5);
    z5 = madd(v, fourth, z5);
  }
  if (rows == MR && columns >= 2 * NR) {
    put(load<usize>(to) + column, w0, x0, y0, z0);
    put(load<usize>(to, 4) + column, w1, x1, y1, z1);
    put(load<usize>(to, 8) + column, w2, x2, y2, z2);
    put(load<usize>(to, 12) + column, w3, x3, y3, z3);
    put(load<usize>(to, 16) + column, w4, x4, y4, z4);
    put(load<usize>(to, 20) + column, w5, x5, y5, z5);
  } else {
    // Through memory, so that no sum is alive across a call.
    put(sums, w0, x0, y0, z0);
    put(sums + 64, w1, x1, y1, z1);
    put(sums + 128, w2, x2, y2, z2);
    put(sums + 192, w3, x3, y3, z3);
    put(sums + 256, w4, x4, y4, z4);
    put(sums + 320, w5, x5, y5, z5);
    for (let r = 0; r < rows; r++) {
      const at = load<usize>(to + (<usize>r << 2)) + column;
      const from = sums + (<usize>r << 6);
      for (let lane = 0; lane < columns && lane < 2 * NR; lane += 4) {
        const byte = <usize>lane << 2;
        storeLanes(at + byte, v128.load(from + byte), columns - lane);
      }
    }
  }
}

@inline
function put(at: usize, w: v128, x: v128, y: v128, z: v128): void {
  v128.store(at, w);
  v128.store(at, x, 16);
  v128.store(at, y, 32);
  v128.store(at, z, 48);
}
