/** Packing of B for the matrix product: eight columns interleaved, from dense or transposed matrices or a kernel's taps. */
import { NR } from './panels';

/**
 * Packs columns `[8 p, 8 p + 8)` of B `[k, n]` for panels `p` of `[start, end)` as `[k][8]`, zeros beyond column `n`.
 * `row` and `col` are byte steps. For a kernel seen from the gradient side B is read in runs: inner index `s * run + t`
 * lies at `runs[s] + t * row`; plain matrices have one run. With `batches`, panels count through all matrices, and
 * matrix `i` begins at `b + batches[i]`.
 */
export function packB(
  start: i32, end: i32, to: usize, b: usize, k: i32, n: i32, row: i32, col: i32, run: i32, runs: usize, batches: usize,
): void {
  const panels = (n + NR - 1) / NR;
  for (let unit = start; unit < end; unit++) {
    const batch = unit / panels;
    const j = (unit - batch * panels) * NR;
    const origin = b + (batches == 0 ? 0 : load<i32>(batches + (<usize>batch << 2))) + j * col;
    const count = min(NR, n - j);
    let out = to + (<usize>unit * <usize>k * 32);
    for (let s = 0; s * run < k; s++) {
      let from = origin + (runs == 0 ? 0 : load<i32>(runs + (<usize>s << 2)));
      if (col == 4 && count == NR) {
        for (let t = 0; t < run; t++, out += 32, from += row) {
          v128.store(out, v128.load(from));
          v128.store(out, v128.load(from, 16), 16);
        }
      } else if (row == 4 && count == NR) {
        interleaveEight(out, from, col, run);
        out += <usize>run * 32;
      } else {
        for (let t = 0; t < run; t++, out += 32, from += row) {
          for (let i = 0; i < NR; i++) f32.store(out + (<usize>i << 2), i < count ? f32.load(from + i * col) : 0);
        }
      }
    }
  }
}

/** Eight runs, `col` bytes apart, as `[count][8]`. */
function interleaveEight(to: usize, from: usize, col: i32, count: i32): void {
  const bytes = <usize>count << 2;
  for (let half = 0; half < 2; half++) {
    const a0 = from + half * 4 * col;
    const a1 = a0 + col;
    const a2 = a1 + col;
    const a3 = a2 + col;
    let out = to + half * 16;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16, out += 128) {
      const r0 = v128.load(a0 + i);
      const r1 = v128.load(a1 + i);
      const r2 = v128.load(a2 + i);
      const r3 = v128.load(a3 + i);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2));
      v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 32);
      v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 64);
      v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 96);
    }
    for (; i < bytes; i += 4, out += 32) {
      f32.store(out, f32.load(a0 + i));
      f32.store(out, f32.load(a1 + i), 4);
      f32.store(out, f32.load(a2 + i), 8);
      f32.store(out, f32.load(a3 + i), 12);
    }
  }
}
