/**
 * Gaussian noise on the variables of a problem, draw by draw: drawn from a seed and shared by all samples, or given. Its deviation is a
 * number, or a share of each sample's range as in Smilkov et al., "SmoothGrad", 2017. Integers get none.
 */
import { isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions, checkSeed } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { isShapedArray, toTensor } from '../frame/arrays.ts';
import type { Problem } from '../frame/problem.ts';
import type { ArrayInput } from '../frame/types.ts';
import { noiseOf } from './draws.ts';

/** One number for all variables, one each, or a share of the range (largest less smallest value) of each sample in each variable. */
export type Deviations = number | readonly number[] | { readonly ofRange: number };

/** The noise that a method adds to its inputs: its size and seed, or the noise itself. */
export interface NoiseOptions {
  readonly stdevs?: Deviations;
  readonly seed?: number;
  /** The noise itself instead of a deviation and a seed: per variable `[draws, samples or 1, ...]`. */
  readonly noise?: ArrayInput | readonly ArrayInput[];
}

export const noiseOptions = { stdevs: 1, seed: 1, noise: 1 } as const;

/** @throws PathgradError for deviations that make no sense, and for noise given in two ways */
export function checkNoise(subject: string, { stdevs, seed, noise }: NoiseOptions): void {
  if (noise !== undefined && (stdevs !== undefined || seed !== undefined)) {
    throw failure(subject, 'noise is given, so stdevs and seed say nothing', {}, 'leave stdevs and seed out');
  }
  if (seed !== undefined) checkSeed(subject, seed);
  if (stdevs === undefined) return;
  const ofRange = typeof stdevs === 'object' && !Array.isArray(stdevs);
  if (ofRange) checkOptions(`${subject} stdevs`, stdevs as object, { ofRange: 1 } as Record<string, 1>);
  const values = ofRange ? [(stdevs as { ofRange: number }).ofRange] : [stdevs].flat();
  const right = (value: unknown): boolean => typeof value === 'number' && value >= 0 && Number.isFinite(value);
  if (values.length > 0 && values.every(right)) return;
  const hint = 'a number from 0 up, one per input, or { ofRange: 0.15 }';
  throw failure(subject, 'stdevs must be deviations', { got: stdevs }, hint);
}

/** Adds the noise of draws to values of all samples. */
export interface Noise {
  /** `values + noise` of draw `draw`, per variable. */
  add(values: readonly Float64Array[], draw: number): Float64Array[];
}

/** @param draws how many there will be: what given noise must hold */
export function noiseFor(
  subject: string,
  { stdevs = 0, seed = 0, noise }: NoiseOptions,
  problem: Problem,
  draws: number,
): Noise {
  if (noise !== undefined) return givenNoise(subject, noise, problem, draws);
  const { to, samples, dtypes } = problem;
  if (Array.isArray(stdevs) && stdevs.length !== to.length) {
    throw failure(subject, `${to.length} variables need as many deviations`, { stdevs });
  }
  const deviation = (v: number, row: Float64Array): number => {
    if (!isFloat(dtypes[v]!)) return 0;
    if (typeof stdevs === 'number') return stdevs;
    return 'ofRange' in stdevs ? stdevs.ofRange * rangeOf(row) : stdevs[v]!;
  };
  return {
    add: (values, draw) =>
      values.map((all, v) => {
        const width = all.length / samples;
        const unit = noiseOf(width, 1, seed, draw, v);
        const out = all.slice();
        for (let sample = 0; sample < samples; sample++) {
          const row = out.subarray(sample * width, (sample + 1) * width);
          const scale = deviation(v, row);
          if (scale !== 0) for (let i = 0; i < width; i++) row[i]! += scale * unit[i]!;
        }
        return out;
      }),
  };
}

function rangeOf(row: Float64Array): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of row) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

function givenNoise(
  subject: string,
  noise: ArrayInput | readonly ArrayInput[],
  problem: Problem,
  draws: number,
): Noise {
  const { shapes, samples } = problem;
  const isList = Array.isArray(noise) && noise.every((item) => item instanceof Tensor || isShapedArray(item));
  const list = isList ? (noise as readonly ArrayInput[]) : [noise as ArrayInput];
  if (list.length !== shapes.length) {
    throw failure(subject, `${shapes.length} variables need as much noise`, { given: list.length }, 'give a list');
  }
  const tensors = list.map((item, v) => {
    const t = toTensor(`${subject} noise`, item, 'float64', 'float64');
    const row = shapes[v]!.slice(1);
    if (sameShape(t.shape, [draws, samples, ...row]) || sameShape(t.shape, [draws, 1, ...row])) return t;
    const wanted = [draws, samples, ...row];
    throw failure(subject, 'noise is [draws, samples or 1, ...]', { got: t.shape, wanted });
  });
  return {
    add: (values, draw) =>
      values.map((all, v) => {
        const { data, size } = tensors[v]!;
        const [of, one] = [size / draws, all.length / samples];
        const part = data.subarray(draw * of, (draw + 1) * of);
        return all.map((value, i) => value + part[of === one ? i % one : i]!);
      }),
  };
}
