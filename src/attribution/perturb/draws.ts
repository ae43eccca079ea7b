/**
 * What sampling methods draw. A draw follows from the seed, its number and the place of the feature alone: all samples share it, so
 * that a sample is explained in the same way whatever else is in its batch and however rows are cut into chunks.
 */
import { drawSeed, randomNormal, randomUniform, shuffle, upTo } from '../../graph/random.ts';

/** A seed for each list of whole numbers; neighbours have nothing in common. */
export function seedOf(...parts: readonly number[]): number {
  return parts.reduce((seed, part) => {
    const mixed = drawSeed(seed, part);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }, 0);
}

/** `count` normal numbers of deviation `stdev` for one draw. */
export function noiseOf(count: number, stdev: number, ...parts: readonly number[]): Float64Array {
  const noise = randomNormal(count, seedOf(...parts));
  for (let i = 0; i < count; i++) noise[i]! *= stdev;
  return noise;
}

/** The numbers below `count` in random order. */
export function permutation(count: number, ...parts: readonly number[]): Int32Array {
  return shuffle(upTo(count), randomUniform(seedOf(...parts)));
}
