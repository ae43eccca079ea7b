/**
 * Draws as samples: a problem in which each sample stands several times, so that few samples with many draws fill the chunks as well as many
 * samples with few. Invariant: no more rows than a chunk, or than there are samples; memory does not grow with the number of draws.
 */
import type { TypedArray } from '../../tensor/dtype.ts';
import { repeatRow } from '../frame/endpoints.ts';
import { RepeatedPace } from '../frame/pace.ts';
import type { Feed, Problem } from '../frame/problem.ts';

/** The samples `copies` times, one copy of all after another. */
function copiesOf(problem: Problem, copies: number): Problem {
  if (copies === 1) return problem;
  const several = <T extends TypedArray>(values: T): T => repeatRow(values, copies);
  const feed = ({ data, width }: Feed): Feed => ({ data: width === 0 ? data : several(data), width });
  const samples = problem.samples * copies;
  return {
    ...problem,
    samples,
    from: problem.from.map(several),
    to: problem.to.map(several),
    shapes: problem.shapes.map(([, ...row]) => [samples, ...row]),
    held: problem.held.map(feed),
    scores: problem.scores.map(({ cotangent, end, start }) => ({
      cotangent: feed(cotangent),
      end: several(end),
      start: several(start),
    })),
  };
}

/**
 * `work` on all draws, some at a time: `block` holds each sample once for each of the draws `first` to `first + copies`.
 * @param together false: one draw at a time, for work that knows the samples by their numbers
 */
export async function inDraws(
  problem: Problem,
  draws: number,
  together: boolean,
  work: (block: Problem, first: number, copies: number) => Promise<void>,
): Promise<void> {
  const most = together ? Math.max(1, Math.floor(problem.batch / problem.samples)) : 1;
  const pace = new RepeatedPace(problem.pace);
  for (let first = 0; first < draws; first += most) {
    const copies = Math.min(most, draws - first);
    // What the first draws take is announced for all.
    pace.begin(first === 0 ? draws / copies : 0);
    await work({ ...copiesOf(problem, copies), pace }, first, copies);
  }
}

/** Values of all samples for each of several draws, as the rows of a block. */
export function joinDraws(draws: readonly (readonly Float64Array[])[]): Float64Array[] {
  if (draws.length === 1) return [...draws[0]!];
  return draws[0]!.map((first, v) => {
    const out = new Float64Array(first.length * draws.length);
    draws.forEach((values, draw) => {
      out.set(values[v]!, draw * first.length);
    });
    return out;
  });
}
