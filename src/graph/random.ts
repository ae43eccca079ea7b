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

/** A seed for draw `draw`. Seeds of successive draws must not be neighbours: their sequences would be each other's, shifted. */
export function drawSeed(seed: number, draw: number): number {
  return Math.imul(seed ^ Math.imul(draw + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
}

/** A seed for a name: 32 bits that depend on every character (FNV-1a, Fowler, Noll and Vo 1991). */
export function nameSeed(name: string): number {
  let hash = 0x811c9dc5;
  for (const unit of name) hash = Math.imul(hash ^ unit.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}

/**
 * Puts `count` of the values, in random order, before the others, in place: any choice is as likely as any other (Fisher and Yates).
 * @param next numbers in [0, 1)
 */
export function shuffle<T extends Int32Array | Float64Array>(values: T, next: () => number, count = values.length): T {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(next() * (values.length - i));
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
}

/** The whole numbers from 0 up. */
export const upTo = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
