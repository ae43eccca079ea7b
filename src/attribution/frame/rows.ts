/**
 * The model at points of a method's choosing: gradients and scores for any rows of values, through the plans of the explainer and no more
 * than `problem.batch` rows at a time. Which rows go together changes no bit of a row.
 */
import { grad } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { allocate, dtypeOf, type TypedArray } from '../../tensor/dtype.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import { inDType } from './arrays.ts';
import type { PathGraph } from './graphs.ts';
import type { Feed, Problem } from './problem.ts';
import { targetScores } from './target.ts';

/** Row `r` belongs to sample `samples[r]` and has row `r` of each of `values`, which are in the variables' dtypes. */
export interface Rows {
  readonly samples: Int32Array;
  readonly values: readonly TypedArray[];
}

/** The rows of a feed that belong to `samples`. */
export function gatherRows({ data, width }: Feed, samples: Int32Array): TypedArray {
  if (width === 0) return data;
  const out = allocate(dtypeOf(data), samples.length * width);
  for (let row = 0; row < samples.length; row++) {
    const at = samples[row]! * width;
    // A view of a few elements costs more than they do.
    if (width > 32) out.set(data.subarray(at, at + width), row * width);
    else for (let i = 0; i < width; i++) out[row * width + i] = data[at + i]!;
  }
  return out;
}

/** A placeholder for the cotangent of each score. */
export const cotangentsOf = ({ scores }: Problem, { output }: PathGraph): Tensor[] =>
  scores.map(() => placeholder(output.shape, output.dtype));

/**
 * The gradients of every score at the rows' points: per score and variable (the variables of the first score come first) an array with a
 * row per point. One chunk: no more rows than `problem.batch`.
 */
export function gradientsOf(problem: Problem, { samples, values }: Rows): Promise<TypedArray[]> {
  const { key, plans, held, scores } = problem;
  const rows = samples.length;
  const build = (): PlanGraph => {
    const graph = problem.graph(rows);
    const cotangents = cotangentsOf(problem, graph);
    const outputs = cotangents.flatMap((cotangent) => grad(graph.output, graph.variables, cotangent));
    return { outputs, inputs: [...graph.variables, ...graph.held, ...cotangents] };
  };
  const feeds = [
    ...values,
    ...[...held, ...scores.map(({ cotangent }) => cotangent)].map((f) => gatherRows(f, samples)),
  ];
  const many = scores.length > 1 ? ` of ${scores.length}` : '';
  return plans.run(`gradients ${rows}${many} ${key}`, build, feeds);
}

/** Rows in chunks of at most `problem.batch`, with a turn for others before and a report after each: `work` gets the chunk's first row and size. */
export async function inChunks(
  { batch, pace }: Problem,
  rows: number,
  work: (first: number, count: number) => Promise<void>,
): Promise<void> {
  pace.expect(rows);
  for (let first = 0; first < rows; first += batch) {
    await pace.turn();
    const count = Math.min(batch, rows - first);
    await work(first, count);
    pace.advance(count);
  }
}

/** Samples `first` to `first + count`, in order. */
const samplesFrom = (first: number, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, r) => first + r);

/** `values` of all samples as rows of the samples `first` to `first + count`, in the variables' dtypes. */
export function rowsOf(problem: Problem, values: readonly Float64Array[], first: number, count: number): Rows {
  const parts = values.map((all, v) => {
    const width = all.length / problem.samples;
    return inDType(all.subarray(first * width, (first + count) * width), problem.dtypes[v]!);
  });
  return { samples: samplesFrom(first, count), values: parts };
}

/** The gradients of every score where all samples have `values`: per score and variable, in double, `samples` rows each. */
export async function gradientsAt(problem: Problem, values: readonly Float64Array[]): Promise<Float64Array[]> {
  const out = problem.scores.flatMap(() => values.map((all) => new Float64Array(all.length)));
  await inChunks(problem, problem.samples, async (first, count) => {
    const parts = await gradientsOf(problem, rowsOf(problem, values, first, count));
    out.forEach((all, i) => {
      all.set(parts[i]!, (first * all.length) / problem.samples);
    });
  });
  return out;
}

/** Every score at the rows' points, in double: per score a number per row. One chunk: no more rows than `problem.batch`. */
export async function scoresOf(problem: Problem, { samples, values }: Rows): Promise<Float64Array[]> {
  const rows = samples.length;
  const build = (): PlanGraph => {
    const { variables, held, output } = problem.graph(rows);
    return { outputs: [output], inputs: [...variables, ...held] };
  };
  const feeds = [...values, ...problem.held.map((feed) => gatherRows(feed, samples))];
  const [output] = await problem.plans.run(`path ${rows} ${problem.key}`, build, feeds);
  return problem.scores.map(({ cotangent }) =>
    targetScores({ weights: gatherRows(cotangent, samples) }, output!, rows),
  );
}
