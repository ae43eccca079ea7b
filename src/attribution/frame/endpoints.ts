/**
 * The model at the two ends of the path, in chunks: predictions, and the attributed layer's tensors where there is one.
 * Also the path graph's own value at a point, for models in which part of the prediction bypasses the layer.
 */

import type { PlanCache, PlanGraph } from '../../graph/plan-cache.ts';
import { allocate, dtypeOf, type TypedArray } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { rowSize } from './arrays.ts';
import type { Graphs } from './graphs.ts';
import type { End, KeptEnds } from './kept-ends.ts';
import type { Pace } from './pace.ts';
import type { Feed } from './problem.ts';

export interface Runner {
  readonly graphs: Graphs;
  readonly plans: PlanCache;
  readonly samples: number;
  readonly batch: number;
  readonly pace: Pace;
  /** Where what the method reads of both ends stays, if it does. */
  readonly kept?: KeptEnds | null;
}

export interface Endpoint {
  readonly predictions: TypedArray;
  /** The layer's float tensors in double, `samples` rows each. */
  readonly captured: readonly Float64Array[];
}

export function feedOf(t: Tensor): Feed {
  return { data: t.data, width: t.rank === 0 ? 0 : rowSize(t.shape) };
}

/**
 * @param feeds one per model input, then one per forward kwarg
 * @param end of the path, where what the method reads of it is to be kept
 */
export async function runModel(runner: Runner, feeds: readonly Feed[], end?: End): Promise<Endpoint> {
  const { graphs } = runner;
  const build = (rows: number): PlanGraph => {
    const { inputs, output, captured } = graphs.model(rows);
    return { inputs, outputs: [output, ...captured] };
  };
  const { parts, times } = await runChunks(runner, 'model', build, feeds, end);
  const [predictions, ...captured] = parts;
  return {
    predictions: repeatRow(predictions!, times),
    captured: captured.map((data) => repeatRow(new Float64Array(data), times)),
  };
}

/** The output of the path graph with `variables` in the place of what is attributed. */
export async function runPathEnd(
  runner: Runner,
  variables: readonly Feed[],
  held: readonly Feed[],
): Promise<TypedArray> {
  const build = (rows: number): PlanGraph => {
    const graph = runner.graphs.path(rows);
    return { inputs: [...graph.variables, ...graph.held], outputs: [graph.output] };
  };
  const { parts, times } = await runChunks(runner, 'path', build, [...variables, ...held]);
  return repeatRow(parts[0]!, times);
}

/** Whether all rows of `width` elements are the same bits; 0 stands for one value that all share. */
function allRowsEqual(data: TypedArray, width: number): boolean {
  for (let i = width; i < data.length; i++) if (data[i] !== data[i - width]) return width === 0;
  return true;
}

/** Whether several samples have the same rows in every feed, so that one of them stands for all. */
export function sameForAll(feeds: readonly { data: TypedArray; width: number }[], samples: number): boolean {
  return samples > 1 && feeds.every(({ data, width }) => allRowsEqual(data, width));
}

/** `row`, `count` times; for once itself. */
export function repeatRow<T extends TypedArray>(row: T, count: number): T {
  if (count === 1) return row;
  const out = allocate(dtypeOf(row), row.length * count) as T;
  for (let i = 0; i < count; i++) out.set(row, i * row.length);
  return out;
}

/** Results that have all samples, or one that all share: then `times` says how many these are. */
interface Chunks {
  readonly parts: readonly TypedArray[];
  readonly times: number;
}

async function runChunks(
  { plans, graphs, samples, batch, pace, kept }: Runner,
  kind: string,
  build: (rows: number) => PlanGraph,
  feeds: readonly Feed[],
  end?: End,
): Promise<Chunks> {
  const results: TypedArray[] = [];
  const run = async (rows: number, chunk: readonly TypedArray[]): Promise<TypedArray[]> =>
    (end && (await kept?.evaluate(end, rows, chunk))) ||
    plans.run(`${kind} ${rows} ${graphs.key}`, () => build(rows), chunk);
  pace.expect(samples);
  // One baseline for all samples is evaluated once.
  if (sameForAll(feeds, samples)) {
    await pace.turn();
    const one = feeds.map(({ data, width }) => (width === 0 ? data : data.subarray(0, width)));
    const parts = await run(1, one);
    pace.advance(samples);
    return { parts, times: samples };
  }
  for (let at = 0; at < samples; at += batch) {
    await pace.turn();
    const rows = Math.min(batch, samples - at);
    const chunk = feeds.map(({ data, width }) => (width === 0 ? data : data.subarray(at * width, (at + rows) * width)));
    const parts = await run(rows, chunk);
    pace.advance(rows);
    if (rows === samples) return { parts, times: 1 };
    parts.forEach((part, i) => {
      const width = part.length / rows;
      results[i] ??= allocate(dtypeOf(part), samples * width);
      results[i].set(part, at * width);
    });
  }
  return { parts: results, times: 1 };
}
