/**
 * The epilogue of matrix products and convolutions: bias and activation on rows of C while they are in the first-level
 * cache. The same bits as an addition and an activation of their own. Codes are those of `src/backends/wasm/panels.ts`.
 */
import { sigmoid, tanh } from './math';
import { scratch, storeLanes } from './simd';

class Linear {
  @inline of(x: v128): v128 { return x; }
}
class Relu {
  @inline of(x: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); }
}
class Tanh {
  @inline of(x: v128): v128 { return tanh(x); }
}
class Sigmoid {
  @inline of(x: v128): v128 { return sigmoid(x); }
}

@inline
function finishRow<F>(at: usize, count: i32, bias: usize): void {
  if (bias == 0) {
    for (; count > 0; count -= 4, at += 16) storeLanes(at, changetype<F>(0).of(v128.load(at)), count);
  } else {
    for (; count > 0; count -= 4, at += 16, bias += 16) {
      storeLanes(at, changetype<F>(0).of(f32x4.add(v128.load(at), v128.load(bias))), count);
    }
  }
}

/**
 * `act(c + bias)` on `count` columns from column `first` on of the rows that the scratch memory points at.
 * @param bias 0, or the address of one float per column of C
 * @param act 0: none, 1: relu, 2: tanh, 3: sigmoid
 */
export function finishRows(rows: i32, first: i32, count: i32, bias: usize, act: i32): void {
  const shift = <usize>first << 2;
  if (bias != 0) bias += shift;
  for (let r: usize = 0; r < <usize>rows; r++) {
    const at = load<usize>(scratch() + (r << 2)) + shift;
    if (act == 0) finishRow<Linear>(at, count, bias);
    else if (act == 1) finishRow<Relu>(at, count, bias);
    else if (act == 2) finishRow<Tanh>(at, count, bias);
    else finishRow<Sigmoid>(at, count, bias);
  }
}
