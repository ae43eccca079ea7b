/**
 * Scores at perturbed inputs, of any number: a point is made when its chunk comes, and its score is handed on at once. Memory is that of one
 * chunk. Also the perturbation itself: groups of features at X, the others at the baseline.
 */
import { allocate, type TypedArray } from '../../tensor/dtype.ts';
import type { Problem } from '../frame/problem.ts';
import { inChunks, scoresOf } from '../frame/rows.ts';
import type { Groups } from './groups.ts';

/** A point to be evaluated: which sample it belongs to, and what a method knows of it. */
export interface Point {
  readonly sample: number;
}

/**
 * @param points in order, each asked for when its chunk comes
 * @param count how many there are
 * @param write fills a row of each variable
 * @param take gets the scores of a point, one per target: `scores[target][at]`; in the order of the points
 */
export async function evaluate<P extends Point>(
  problem: Problem,
  points: Iterable<P>,
  count: number,
  write: (point: P, into: readonly TypedArray[]) => void,
  take: (point: P, scores: readonly Float64Array[], at: number) => void,
): Promise<void> {
  const widths = problem.to.map((values) => values.length / problem.samples);
  const most = Math.min(problem.batch, count);
  const buffers = widths.map((width, v) => allocate(problem.dtypes[v]!, most * width));
  const next = points[Symbol.iterator]();
  await inChunks(problem, count, async (_, rows) => {
    const chunk: P[] = [];
    for (let at = 0; at < rows; at++) {
      const point = next.next().value as P;
      const into = buffers.map((buffer, v) => buffer.subarray(at * widths[v]!, (at + 1) * widths[v]!));
      write(point, into);
      chunk.push(point);
    }
    const values = buffers.map((buffer, v) => buffer.subarray(0, rows * widths[v]!));
    const samples = Int32Array.from(chunk, ({ sample }) => sample);
    const scores = await scoresOf(problem, { samples, values });
    for (const [at, point] of chunk.entries()) take(point, scores, at);
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
  const points = Array.from({ length: problem.samples }, (_, sample) => ({ sample }));
  await evaluate(
    problem,
    points,
    points.length,
    ({ sample }, into) => mix(problem, groups, sample, nobody, into),
    ({ sample }, scores, at) => {
      for (const [target, score] of scores.entries()) found[target]![sample] = score[at]!;
    },
  );
  return found;
}

/**
 * Per sample, the groups in which X and the baseline differ, rising. The others change nothing wherever they are: their value is 0, and no
 * row is spent on them, which are most of a text that is mostly padding.
 */
export function varyingGroups({ from, to, samples }: Problem, { of, names }: Groups): Int32Array[] {
  const varies = new Uint8Array(names.length);
  return Array.from({ length: samples }, (_, sample) => {
    varies.fill(0);
    to.forEach((end, v) => {
      const width = end.length / samples;
      const [at, own] = [sample * width, of[v]!.length === width ? 0 : sample * width];
      for (let i = 0; i < width; i++) {
        const group = of[v]![own + i]!;
        if (group >= 0 && end[at + i] !== from[v]![at + i]) varies[group] = 1;
      }
    });
    return Int32Array.from(varies.keys()).filter((group) => varies[group] === 1);
  });
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
