/**
 * Random bits from a key and a counter: Philox 4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). Invariant: a number depends on seed, stream and its own index alone, so any part can be made by anybody, in any order.
 */

/** High and low half of a product of two unsigned 32-bit numbers. */
function multiply(a: number, b: number): [high: number, low: number] {
  const [ah, al, bh, bl] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = ah * bl + ((al * bl) >>> 16);
  const carry = (middle & 0xffff) + al * bh;
  return [(ah * bh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0, Math.imul(a, b) >>> 0];
}

/** Four words for a counter of four and a key of two. */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0) as [number, number, number, number];
  let [k0, k1] = key.map((word) => word >>> 0) as [number, number];
  for (let round = 0; round < 10; round++) {
    const [h0, l0] = multiply(0xd2511f53, c0);
    const [h1, l1] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    [k0, k1] = [(k0 + 0x9e3779b9) >>> 0, (k1 + 0xbb67ae85) >>> 0];
  }
  return [c0, c1, c2, c3];
}

/**
 * Each element of `x` zero with probability `dropped / 2^16`, else times `scale`. Element `i` is decided by 16 bits: 32 elements share the
 * counters `(4 * floor(i / 32) + i % 4, 0, stream, 2)`, four elements in a row by the low half of a word of each, the next four by the high half.
 */
export function dropout(
  out: Float32Array | Float64Array,
  x: ArrayLike<number>,
  seed: ArrayLike<number>,
  { stream, dropped, scale }: { readonly stream: number; readonly dropped: number; readonly scale: number },
): void {
  const key = [seed[0]!, seed[1]!];
  for (let first = 0; first < out.length; first += 32) {
    for (let lane = 0; lane < 4 && first + lane < out.length; lane++) {
      const words = philox([first / 8 + lane, 0, stream, 2], key);
      for (let k = 0; k < 8; k++) {
        const i = first + 4 * k + lane;
        const word = words[k >> 1]!;
        const bits = k % 2 === 0 ? word & 0xffff : word >>> 16;
        if (i < out.length) out[i] = bits < dropped ? 0 : x[i]! * scale;
      }
    }
  }
}

/**
 * Numbers in [0, 1): element `i` from word `i % 4` of counter `(i / 4, 0, stream, 0)`. Its 24 high bits are the number in float32; in float64
 * 29 bits of the same word of counter `(i / 4, 0, stream, 1)` follow them, so that the float32 number is the float64 number cut off.
 */
export function uniform(out: Float32Array | Float64Array, seed: ArrayLike<number>, stream: number): void {
  const key = [seed[0]!, seed[1]!];
  const double = out instanceof Float64Array;
  for (let i = 0; i < out.length; i += 4) {
    const high = philox([i / 4, 0, stream, 0], key);
    const low = double ? philox([i / 4, 0, stream, 1], key) : null;
    for (let k = 0; k < 4 && i + k < out.length; k++) {
      out[i + k] = (high[k]! >>> 8) / 2 ** 24 + (low ? (low[k]! >>> 3) / 2 ** 53 : 0);
    }
  }
}
