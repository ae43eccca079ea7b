/** Seeded random numbers: the same seed gives the same numbers on every machine. Not for secrets. */

/** Numbers in [0, 1) from a 32-bit state (mulberry32, T. Ettinger 2017, public domain algorithm). */
export function randomUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` standard normal numbers (Box and Muller 1958). */
export function randomNormal(count: number, seed: number): Float64Array {
  const next = randomUniform(seed);
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}
