/**
 * Scores at perturbed inputs, of any number: a point is made when its chunk comes, and its score is handed on at once. Memory is that of one
 * chunk. Also the perturbation itself: groups of features at X, the others at the baseline.
 */
import { allocate, type TypedArray } from '../../tensor/dtype.ts';
import type { Problem } from '../frame/problem.ts';
import { inChunks, scoresOf } from '../frame/rows.ts';
import type { Groups } from './groups.ts';

/**
 * @param write makes point `row`: fills a row of each variable and returns the sample that it belongs to. Called in order
 * @param take gets the scores of point `row`, one per target: `scores[target][at]`. Called in order, after `write`
 */
export async function evaluate(
  problem: Problem,
  rows: number,
  write: (row: number, into: readonly TypedArray[]) => number,
  take: (row: number, scores: readonly Float64Array[], at: number) => void,
): Promise<void> {
  const widths = problem.to.map((values) => values.length / problem.samples);
  const most = Math.min(problem.batch, rows);
  const buffers = widths.map((width, v) => allocate(problem.dtypes[v]!, most * width));
  await inChunks(problem, rows, async (first, count) => {
    const samples = new Int32Array(count);
    for (let at = 0; at < count; at++) {
      const into = buffers.map((buffer, v) => buffer.subarray(at * widths[v]!, (at + 1) * widths[v]!));
      samples[at] = write(first + at, into);
    }
    const values = buffers.map((buffer, v) => buffer.subarray(0, count * widths[v]!));
    const scores = await scoresOf(problem, { samples, values });
    for (let at = 0; at < count; at++) take(first + at, scores, at);
  });
}

/** The row of `sample` as it is in `values`. */
export function writeRow(values: readonly Float64Array[], sample: number, into: readonly TypedArray[]): void {
  for (const [v, row] of into.entries()) row.set(values[v]!.subarray(sample * row.length, (sample + 1) * row.length));
}

/** The row of `sample` in which the groups that are `present` (1) are at X, the others (0) at the baseline, and features of none at X. */
export function mix(
  { from, to }: Problem,
  { of }: Groups,
  sample: number,
  present: Uint8Array,
  into: readonly TypedArray[],
): void {
  for (const [v, row] of into.entries()) {
    const [groups, start, end] = [of[v]!, from[v]!, to[v]!];
    const at = sample * row.length;
    const own = groups.length === row.length ? 0 : at;
    for (let i = 0; i < row.length; i++) {
      const group = groups[own + i]!;
      row[i] = group < 0 || present[group] === 1 ? end[at + i]! : start[at + i]!;
    }
  }
}

/** Per target and sample, the score with all groups at the baseline: what is in no group stays at X. */
export async function emptyScores(problem: Problem, groups: Groups): Promise<readonly Float64Array[]> {
  if (!groups.of.some((of) => of.includes(-1))) return problem.scores.map(({ start }) => start);
  const found = problem.scores.map(() => new Float64Array(problem.samples));
  const nobody = new Uint8Array(groups.names.length);
  await evaluate(
    problem,
    problem.samples,
    (sample, into) => {
      mix(problem, groups, sample, nobody, into);
      return sample;
    },
    (sample, scores, at) => {
      scores.forEach((score, target) => {
        found[target]![sample] = score[at]!;
      });
    },
  );
  return found;
}

/** How a group's value stands in the attributions: in equal shares on its features, so that sums keep their meaning, or whole on each, as in captum. */
export type GroupValue = 'shared' | 'whole';

/**
 * Attributions of features from values of groups.
 * @param values `samples` rows of a number per group
 */
export function toFeatures(
  { to, samples }: Problem,
  { of, names }: Groups,
  values: Float64Array,
  groupValue: GroupValue,
): Float64Array[] {
  const out = to.map((all) => new Float64Array(all.length));
  const size = new Float64Array(names.length);
  for (let sample = 0; sample < samples; sample++) {
    const rows = out.map((all, v) => {
      const width = all.length / samples;
      const groups = of[v]!.length === width ? of[v]! : of[v]!.subarray(sample * width, (sample + 1) * width);
      return { into: all.subarray(sample * width, (sample + 1) * width), groups };
    });
    size.fill(groupValue === 'whole' ? 1 : 0);
    if (groupValue === 'shared')
      for (const { groups } of rows) for (const group of groups) if (group >= 0) size[group]!++;
    for (const { into, groups } of rows) {
      for (let i = 0; i < into.length; i++) {
        const group = groups[i]!;
        if (group >= 0) into[i] = values[sample * names.length + group]! / size[group]!;
      }
    }
  }
  return out;
}
