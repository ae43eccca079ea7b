/**
 * Explaining without the positions that a mask hides. Samples that see about as many positions are run together, each such part
 * with the hidden positions left out; what comes out is put back in its place, with zeros where nothing was computed. Exact:
 * the model's `prune` only leaves out what no result depends on, so that its gradient is 0.
 */

import type { Pruned } from '../../graph/callable.ts';
import { putPositions, takePositions } from '../../graph/positions.ts';
import { allocate } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor, tensor } from '../../tensor/tensor.ts';
import { repeatRow, rowSize } from './arrays.ts';
import type { Averaged } from './average.ts';
import { layerBaselines } from './baselines/baselines.ts';
import type { BaselineSource } from './baselines/kinds.ts';
import type { Outcome } from './run.ts';
import { type Setup, withInputs } from './setup.ts';
import { resolveTarget } from './target.ts';
import { isTargetSet } from './target-set.ts';
import type { Target, TargetSet } from './types.ts';

/** Some samples of a Setup, by their row numbers, without what is hidden from all of them. */
export interface Part {
  readonly setup: Setup;
  readonly rows: readonly number[];
  readonly pruned: Pruned;
}

/** A part holds samples down to this share of its longest: each part is compiled on its own. */
const similar = 0.8;

/** The parts; null where the model leaves nothing out. */
export function partsOf(setup: Setup): Part[] | null {
  const { forward, inputs, graphs, baselines, choice } = setup;
  const { kwargs } = graphs.options;
  const prune = (rows: readonly number[]): Pruned | null =>
    forward.model?.prune?.(
      inputs.tensors.map((t) => rowsOf(t, rows)),
      mapValues(kwargs, (t) => rowsOf(t, rows)),
    ) ?? null;
  const every = Array.from({ length: inputs.rows }, (_, row) => row);
  // Arrays in layer space come with all positions, and inputs that are attributed have no hidden ones.
  const whole = prune(every);
  if (!choice || (!Array.isArray(baselines) && typeof baselines.value !== 'number')) return null;
  const alone = every.map((row) => prune([row]));
  if (!whole && alone.every((one) => one === null)) return null;
  const lengthOf = (row: number): number => alone[row]?.length ?? inputs.tensors[0]!.shape[1]!;
  const sorted = [...every].sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  const share = setup.method.prunes === 'alone' ? 1 : similar;
  const groups: number[][] = [];
  for (const row of sorted) {
    const group = groups.at(-1);
    if (group && lengthOf(row) >= share * lengthOf(group[0]!)) group.push(row);
    else groups.push([row]);
  }
  return groups.map((group) => {
    const rows = group.sort((a, b) => a - b);
    return partOf(setup, rows, prune(rows));
  });
}

function partOf(setup: Setup, rows: readonly number[], found: Pruned | null): Part {
  const { inputs, graphs } = setup;
  const positions = inputs.tensors[0]!.shape[1]!;
  const pruned: Pruned = found ?? {
    inputs: inputs.tensors.map((t) => rowsOf(t, rows)),
    kwargs: mapValues(graphs.options.kwargs, (t) => rowsOf(t, rows)),
    positions,
    length: positions,
    kept: Int32Array.from({ length: rows.length * positions }, (_, i) => i % positions),
  };
  const baselines = Array.isArray(setup.baselines)
    ? setup.baselines.map((source, i) => sourceOf(source, rows, pruned, inputs.tensors[i]!, inputs.rows))
    : setup.baselines;
  const target = targetOf(setup.target, rows);
  const part = withInputs(setup, { ...inputs, tensors: pruned.inputs, rows: rows.length }, pruned.kwargs);
  return { setup: { ...part, baselines, target }, rows, pruned };
}

/** The same baselines for some rows and positions. */
function sourceOf(
  { count, draw }: BaselineSource,
  rows: readonly number[],
  pruned: Pruned,
  like: Tensor,
  samples: number,
): BaselineSource {
  return {
    count,
    draw: (index) => {
      const t = draw(index);
      const all = tensor(repeatRow(t.data, t.dtype, samples, rowSize(like.shape)), like.shape, t.dtype);
      return takePositions(rowsOf(all, rows), pruned);
    },
  };
}

/** A target that is a function is resolved for all samples before it is cut up. */
function targetOf(target: Target | TargetSet | null, rows: readonly number[]): Target | TargetSet | null {
  if (target === null || isTargetSet(target) || typeof target === 'number' || typeof target === 'function')
    return target;
  if (target instanceof Tensor) return rowsOf(target, rows);
  if (ArrayBuffer.isView(target)) return Int32Array.from(rows, (row) => target[row]!);
  return rows.map((row) => (target as readonly number[])[row]!) as Target;
}

export function withTarget(part: Part, target: Tensor): Part {
  return { ...part, setup: { ...part.setup, target: rowsOf(target, part.rows) } };
}

/** Outputs `[rows, ...]` of parts as those of all samples, in their order. */
export function joinRows(parts: readonly Part[], outputs: readonly Tensor[], samples: number): Tensor {
  const first = outputs[0]!;
  const width = first.size / first.shape[0]!;
  const data = allocate(first.dtype, samples * width);
  parts.forEach(({ rows }, p) => {
    rows.forEach((row, i) => {
      data.set(outputs[p]!.data.subarray(i * width, (i + 1) * width), row * width);
    });
  });
  return tensor(data, [samples, ...first.shape.slice(1)], first.dtype);
}

/** What running all samples with all positions would have come to. */
export function joinOutcomes(setup: Setup, parts: readonly Part[], outcomes: readonly Outcome[]): Outcome {
  const samples = setup.inputs.rows;
  const [first] = outcomes;
  const predictions = joinRows(
    parts,
    outcomes.map((outcome) => outcome.predictions),
    samples,
  );
  const given = outcomes.map(({ target }) => target.tensor);
  const target = given.every((t) => t !== null) ? joinRows(parts, given, samples) : null;
  const scores = (pick: (outcome: Outcome) => Float64Array): Float64Array => {
    const columns = outcomes.map((outcome) => tensor(pick(outcome)));
    return joinRows(parts, columns, samples).data as Float64Array;
  };
  const averaged = (pick: (outcome: Outcome) => Averaged): Averaged => joinAverages(parts, outcomes.map(pick), samples);
  const flags = <T extends Uint8Array | Int32Array>(pick: (outcome: Outcome) => T): T =>
    joinRows(
      parts,
      outcomes.map((outcome) => tensor(pick(outcome))),
      samples,
    ).data as T;
  const converged = outcomes.every((outcome) => outcome.converged)
    ? Array.from(
        flags((outcome) => Uint8Array.from(outcome.converged!, Number)),
        Boolean,
      )
    : null;
  const bad = outcomes.findIndex(({ nonFinite }) => nonFinite);
  const nonFinite = outcomes[bad]?.nonFinite ?? null;
  const [sources, like] = setup.method.baselines === 'none' ? [[], []] : baselinesOf(setup);
  return {
    predictions,
    target: resolveTarget(target, predictions.shape, samples, setup.settings.compat === 'alibi'),
    sources,
    like,
    attributions: joinAttributions(setup, parts, outcomes),
    shapes: null,
    names: null,
    baselinePredictions: first!.baselinePredictions && averaged((outcome) => outcome.baselinePredictions!),
    end: scores((outcome) => outcome.end),
    start: averaged((outcome) => outcome.start),
    pathStart: averaged((outcome) => outcome.pathStart),
    baselineScores: first!.baselineScores.map((_, draw) => scores((outcome) => outcome.baselineScores[draw]!)),
    nonFinite: nonFinite && { ...nonFinite, sample: parts[bad]!.rows[nonFinite.sample]! },
    moved: flags((outcome) => outcome.moved),
    displaced: flags((outcome) => outcome.displaced),
    steps: flags((outcome) => outcome.steps),
    converged,
    path: first!.path && { ...first!.path, positionsRemoved: removedShare(parts, samples) },
  };
}

function removedShare(parts: readonly Part[], samples: number): number {
  const computed = parts.reduce((sum, { pruned, rows }) => sum + pruned.length * rows.length, 0);
  return 1 - computed / (parts[0]!.pruned.positions * samples);
}

/** What is recorded as baselines has all positions. */
function baselinesOf(setup: Setup): [readonly BaselineSource[], readonly Tensor[]] {
  if (Array.isArray(setup.baselines)) return [setup.baselines, setup.inputs.tensors];
  const like = setup.structure.variables.map(({ dtype }, v) => {
    const { shape } = setup.attributed[v]!;
    return tensor(allocate(dtype, sizeOf(shape)), shape, dtype);
  });
  return [layerBaselines(setup.baselines, like), like];
}

function joinAverages(parts: readonly Part[], list: readonly Averaged[], samples: number): Averaged {
  const join = (pick: (average: Averaged) => readonly Float64Array[]): Float64Array[] =>
    pick(list[0]!).map((_, v) => {
      const columns = list.map((average, p) => {
        const data = pick(average)[v]!;
        return tensor(data, [parts[p]!.rows.length, data.length / parts[p]!.rows.length]);
      });
      return joinRows(parts, columns, samples).data as Float64Array;
    });
  return { count: list[0]!.count, means: join((a) => a.means), std: join((a) => a.std) };
}

function joinAttributions(setup: Setup, parts: readonly Part[], outcomes: readonly Outcome[]): Averaged {
  const put = (pick: (average: Averaged) => readonly Float64Array[]): Float64Array[][] =>
    outcomes.map(({ attributions }, p) =>
      pick(attributions).map((values, v) => {
        const { setup: own, rows, pruned } = parts[p]!;
        const full = [rows.length, ...setup.attributed[v]!.shape.slice(1)];
        return putPositions(values, own.attributed[v]!.shape, full, pruned);
      }),
    );
  const [means, std] = [put((average) => average.means), put((average) => average.std)];
  const { count } = outcomes[0]!.attributions;
  const list = outcomes.map((_, p): Averaged => ({ count, means: means[p]!, std: std[p]! }));
  return joinAverages(parts, list, setup.inputs.rows);
}

/** Some rows of `t`; a tensor without axes is the same for all. */
function rowsOf(t: Tensor, rows: readonly number[]): Tensor {
  if (t.rank === 0) return t;
  const width = rowSize(t.shape);
  const data = allocate(t.dtype, rows.length * width);
  rows.forEach((row, i) => {
    data.set(t.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return tensor(data, [rows.length, ...t.shape.slice(1)], t.dtype);
}

function mapValues(record: Readonly<Record<string, Tensor>>, f: (t: Tensor) => Tensor): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(record).map(([name, t]) => [name, f(t)]));
}
