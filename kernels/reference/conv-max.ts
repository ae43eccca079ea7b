/**
 * The maxima of `x [batch, positions, filters]` over positions with the positions that have them, and the gradient that goes back to these.
 * A sample of the result is `[1 + words, filters]`: maxima, then a number `bits / 2^24` for each 24 positions.
 */

type Floats = Float32Array | Float64Array;
/** Samples, positions, filters. */
type Sizes = readonly [number, number, number];

const wordOf = (p: number): number => 1 + Math.floor(p / 24);
const bitOf = (p: number): number => 2 ** -(1 + (p % 24));

/** @param positive whether a maximum counts only above 0, which is what it is else */
export function takeMaxima(out: Floats, x: Floats, [batch, positions, filters]: Sizes, positive: boolean): void {
  out.fill(0);
  const rows = wordOf(positions - 1) + 1;
  for (let q = 0; q < batch; q++) {
    for (let f = 0; f < filters; f++) {
      const at = (p: number): number => x[(q * positions + p) * filters + f]!;
      let top = positive ? 0 : Number.NEGATIVE_INFINITY;
      for (let p = 0; p < positions; p++) top = Math.max(top, at(p));
      const to = q * rows * filters + f;
      out[to] = top;
      if (positive && top === 0) continue;
      for (let p = 0; p < positions; p++) if (at(p) === top) out[to + wordOf(p) * filters]! += bitOf(p);
    }
  }
}

/** `g [batch, filters]` times `scale` in equal shares to the positions that `y` names, zeros elsewhere. */
export function spreadMaxima(
  out: Floats,
  y: Floats,
  g: Floats,
  [batch, positions, filters]: Sizes,
  scale: number,
): void {
  const rows = wordOf(positions - 1) + 1;
  for (let q = 0; q < batch; q++) {
    for (let f = 0; f < filters; f++) {
      const has = (p: number): number => Math.floor(y[(q * rows + wordOf(p)) * filters + f]! / bitOf(p)) % 2;
      let count = 0;
      for (let p = 0; p < positions; p++) count += has(p);
      const share = (g[q * filters + f]! * scale) / count;
      for (let p = 0; p < positions; p++) out[(q * positions + p) * filters + f] = has(p) === 1 ? share : 0;
    }
  }
}
