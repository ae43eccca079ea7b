/**
 * The epilogue of matrix products and convolutions: bias and activation on rows of C while they are in the first-level
 * cache. The same bits as an addition and an activation of their own. Codes are those of `src/backends/wasm/bind/panels.ts`.
 */
import { chainRow, firstAct, saveRows } from '../elementwise/chain';
import { sigmoid, sigmoidInline, tanh, tanhInline } from '../elementwise/math';
import { scratch, storeLanes } from '../simd';
import { WIDE } from '../width';

class Linear {
  @inline of(x: v128): v128 { return x; }
}
class Relu {
  @inline of(x: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); }
}
class Tanh {
  @inline of(x: v128): v128 { return WIDE ? tanhInline(x) : tanh(x); }
}
class Sigmoid {
  @inline of(x: v128): v128 { return WIDE ? sigmoidInline(x) : sigmoid(x); }
}

@inline
function finishRow<F>(at: usize, count: i32, bias: usize): void {
  if (bias == 0) {
    if (WIDE) {
      for (; count >= 8; count -= 8, at += 32) {
        const a = changetype<F>(0).of(v128.load(at)), b = changetype<F>(0).of(v128.load(at, 16));
        v128.store(at, a);
        v128.store(at, b, 16);
      }
    }
    for (; count > 0; count -= 4, at += 16) storeLanes(at, changetype<F>(0).of(v128.load(at)), count);
  } else {
    if (WIDE) {
      for (; count >= 8; count -= 8, at += 32, bias += 32) {
        const a = changetype<F>(0).of(f32x4.add(v128.load(at), v128.load(bias)));
        const b = changetype<F>(0).of(f32x4.add(v128.load(at, 16), v128.load(bias, 16)));
        v128.store(at, a);
        v128.store(at, b, 16);
      }
    }
    for (; count > 0; count -= 4, at += 16, bias += 16) {
      storeLanes(at, changetype<F>(0).of(f32x4.add(v128.load(at), v128.load(bias))), count);
    }
  }
}

/**
 * `act(c + bias)` on `count` columns from column `first` on of the rows that the scratch memory points at.
 * @param bias 0, or the address of one float per column of C
 * @param act 0: none, 1: relu, 2: tanh, 3: sigmoid; above that the table of a chain (`chain.ts`), which says what goes before it
 */
export function finishRows(rows: i32, first: i32, count: i32, bias: usize, act: i32): void {
  const shift = <usize>first << 2;
  if (act > 3) {
    const before = firstAct(act);
    if (bias != 0 || before != 0) {
      for (let r: usize = 0; r < <usize>rows; r++) {
        finishOne(load<usize>(scratch() + (r << 2)) + shift, count, bias == 0 ? 0 : bias + shift, before);
      }
    }
    const at = saveRows(rows);
    let run = count;
    for (let r = 0; r < rows; r++) {
      const from = load<usize>(at + (<usize>r << 2)) + shift;
      // Rows that follow each other are one.
      if (r + 1 < rows && load<usize>(at + (<usize>r << 2), 4) + shift == from + (<usize>count << 2)) {
        run += count;
        continue;
      }
      chainRow(act, from - (<usize>(run - count) << 2), run);
      run = count;
    }
    return;
  }
  if (bias != 0) bias += shift;
  for (let r: usize = 0; r < <usize>rows; r++) finishOne(load<usize>(scratch() + (r << 2)) + shift, count, bias, act);
}

/** A relu with a bound. */
function clipRow(at: usize, count: i32, bias: usize, most: f32): void {
  const zero = f32x4.splat(0), high = f32x4.splat(most);
  if (WIDE && bias != 0) {
    for (; count >= 8; count -= 8, at += 32, bias += 32) {
      const a = f32x4.pmin(f32x4.pmax(f32x4.add(v128.load(at), v128.load(bias)), zero), high);
      const b = f32x4.pmin(f32x4.pmax(f32x4.add(v128.load(at, 16), v128.load(bias, 16)), zero), high);
      v128.store(at, a);
      v128.store(at, b, 16);
    }
  }
  for (; count > 0; count -= 4, at += 16) {
    let v = v128.load(at);
    if (bias != 0) {
      v = f32x4.add(v, v128.load(bias));
      bias += 16;
    }
    storeLanes(at, f32x4.pmin(f32x4.pmax(v, zero), high), count);
  }
}

/** Codes as for `finishRows`; above 3 the bits of a relu's bound, as the table of a chain has it. */
function finishOne(at: usize, count: i32, bias: usize, act: i32): void {
  if (act == 0) finishRow<Linear>(at, count, bias);
  else if (act == 1) finishRow<Relu>(at, count, bias);
  else if (act == 2) finishRow<Tanh>(at, count, bias);
  else if (act == 3) finishRow<Sigmoid>(at, count, bias);
  else clipRow(at, count, bias, reinterpret<f32>(act));
}

/** The same on `rows` rows of `count` columns that follow each other. */
export function finishLine(at: usize, rows: i32, count: i32, bias: usize, act: i32): void {
  const before = act > 3 ? firstAct(act) : act;
  if (bias != 0 || before != 0) {
    for (let r = 0; r < rows; r++) finishOne(at + (<usize>(r * count) << 2), count, bias, before);
  }
  if (act > 3) chainRow(act, at, rows * count);
}
