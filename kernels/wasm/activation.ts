/** Activations by code, for the epilogue of matrix products and convolutions. Codes are those of `src/backends/wasm`. */
import { sigmoid, tanh } from './math';

/** 1: relu, 2: tanh, 3: sigmoid. */
export function activate(x: v128, code: i32): v128 {
  if (code == 1) return f32x4.pmax(x, f32x4.splat(0));
  if (code == 2) return tanh(x);
  return sigmoid(x);
}
