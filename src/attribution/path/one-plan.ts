/**
 * Path-linear integrated gradients for a fixed rule as one plan: the frontier at both ends, the points between, the rest of
 * the model forward and backward, the weighted sum over the points, and the way back through the affine region. Nothing
 * but inputs and summed gradients crosses from or to the backend.
 */
import { grad } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { substitute } from '../../graph/substitute.ts';
import { ancestors, readersOf } from '../../graph/traverse.ts';
import { add, equal, sub, where } from '../../ops/binary.ts';
import { lerp } from '../../ops/lerp.ts';
import { broadcastTo, reshape } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import { inDType } from '../frame/arrays.ts';
import { sameForAll } from '../frame/endpoints.ts';
import type { KeptTensors } from '../frame/kept-ends.ts';
import { type Feed, keptOf } from '../frame/problem.ts';
import { cotangentsOf, gatherRows } from '../frame/rows.ts';
import { brutePass, interpolate } from './brute.ts';
import { type Frontier, frontierOf } from './frontier.ts';
import { findLinePool } from './line-pool.ts';
import { findLineScans, type Moving, movingSteps, scanInPieces } from './line-scan.ts';
import type { PathPoints, PathProblem, PreparedPath } from './pass.ts';
import { atLeastTwo, stepMajor } from './points.ts';

/** Loaded where a product may be the only reader of a relu or pool behind the frontier. */
type LineConvs = typeof import('./line-conv.ts') | null;

export async function inOnePlan(problem: PathProblem, frontier: Frontier): Promise<PreparedPath> {
  const { samples, key, plans, held, from, to, scores } = problem;
  const { region, heldBefore, heldAfter } = frontier;
  // One baseline for all samples is evaluated once.
  let same: boolean | undefined;
  const isShared = (): boolean => {
    const ends = [...from.map((data) => ({ data, width: data.length / samples })), ...heldBefore.map((i) => held[i]!)];
    return (same ??= sameForAll(ends, samples));
  };
  const dtype = problem.dtypes[0]!;
  const convs: LineConvs = dtype === 'float32' && frontier.beforeProduct ? await import('./line-conv.ts') : null;
  return {
    ...(await brutePass.prepare(problem)),
    name: 'path-linear',
    saving: region.flops > 0 ? region.affineFlops / region.flops : 0,
    frontier: frontier.names,
    sumRows: frontier.rowsAtOnce(problem.batch),
    async sums(first, count, ...rule) {
      // A graph of one row may look different, so a single point is taken twice, each time for half. A second point that weighed
      // nothing would do where its gradient is finite only.
      const [alphas, weights] = count * rule[0].length === 1 ? [twice(rule[0][0]!), twice(rule[1][0]! / 2)] : rule;
      // A point at an end is that end to the last bit, so that what is equal there is equal on the line too: `start + 1 (end - start)` is
      // rounded. Points that reach the end are counted from it.
      const backwards = alphas.includes(1);
      const at = (alpha: number): PathPoints => atLeastTwo(stepMajor(first, count, Float64Array.of(alpha)));
      const variables = (points: PathPoints): TypedArray[] =>
        from.map((start, v) => interpolate(start, to[v]!, samples, points, problem.dtypes[v]!));
      const points = stepMajor(first, count, alphas);
      const behind = [
        inDType(backwards ? alphas.map((alpha) => 1 - alpha) : alphas, dtype),
        ...heldAfter.map((i) => gatherRows(held[i]!, points.samples)),
        ...scores.map(({ cotangent }) => weighted(cotangent, points, weights)),
      ];
      const moving = frontier.stepSources.map((v) =>
        v < 0 ? null : movingSteps(from[v]!, to[v]!, problem.shapes[v]!, first, count),
      );
      const kind = `one plan ${count}x${alphas.length}x${scores.length} ${moving.join(' ')} ${backwards}`;
      const build = (shared: boolean, ends?: KeptTensors): PlanGraph =>
        planGraph(problem, frontier, count, alphas.length, shared, backwards, moving, convs, ends);
      const evaluate = (): Promise<TypedArray[]> => {
        const shared = isShared();
        const start = shared ? atLeastTwo(stepMajor(first, 1, Float64Array.of(0))) : at(0);
        // Of a single sample, both ends are the two rows of one graph.
        const sides = count === 1 ? [stepMajor(first, 1, Float64Array.of(1, 0))] : [at(1), start];
        const ends = sides.flatMap((side) => [
          ...variables(side),
          ...heldBefore.map((i) => gatherRows(held[i]!, side.samples)),
        ]);
        return plans.run(`${kind} ${shared} ${key}`, () => build(shared), [...ends, ...behind]);
      };
      const kept = count === samples ? await keptOf(problem)?.run(kind, (ends) => build(true, ends), behind) : null;
      const sums = kept ?? (await evaluate());
      return sums.map((sum, i) => sum.subarray(0, (from[i % from.length]!.length / samples) * count));
    },
  };
}

function planGraph(
  problem: PathProblem,
  frontier: Frontier,
  count: number,
  steps: number,
  shared: boolean,
  backwards: boolean,
  moving: readonly (Moving | null)[],
  convs: LineConvs,
  kept?: KeptTensors,
): PlanGraph {
  const { heldBefore, heldAfter } = frontier;
  const atX = problem.graph(Math.max(2, count));
  const single = count === 1;
  const atStart = single ? atX : problem.graph(shared ? 2 : count);
  const ends = [atX, atStart].map((graph) => frontierOf(frontier, graph));
  const body = problem.graph(count * steps);
  const nodes = frontierOf(frontier, body);
  const readers = readersOf(ancestors([body.output], new Set(nodes)));
  const alpha = placeholder([steps], nodes[0]!.dtype);

  const lines = nodes.map((node, v) => {
    const rowwise = node.shape[0] === count * steps;
    const shape = rowwise ? [count, ...node.shape.slice(1)] : [count, node.size / (count * steps)];
    // The first `count` rows of a side; a shared baseline's only row for all.
    const end = kept ? reshape(kept.input[v]!, shape) : someRows(ends[0]![v]!, Math.max(2, count), [0, count], shape);
    const [first, after] = single ? [1, 2] : [0, shared ? 1 : count];
    const rows = single || shared ? 2 : count;
    const begin = [after - first, ...shape.slice(1)];
    const one = kept ? reshape(kept.baseline[v]!, begin) : someRows(ends[1]![v]!, rows, [first, after], begin);
    const from = broadcastTo(one, shape);
    const [start, delta] = [placeholder(shape, node.dtype), placeholder(shape, node.dtype)];
    const fixed = placeholder(shape, node.dtype);
    const product = rowwise ? convs?.findLineConv(node, body.output, readers, shape, steps) : null;
    const pool = product ?? (rowwise ? findLinePool(node, body.output, readers) : null);
    const scans = moving[v] ? findLineScans(node, nodes, readers) : null;
    const pieces = scans && scanInPieces(scans, readers, { start, fixed, delta, alpha }, moving[v]!);
    const replaced: [Tensor, Tensor][] = pool
      ? [[pool.pooled, pool.fuse(start, delta, alpha)]]
      : (pieces ?? [[node, reshape(lerp(start, delta, alpha), node.shape)]]);
    const [near, far] = backwards ? [end, from] : [from, end];
    return { start, fixed, delta, replaced, near, displacement: moved(near, far) };
  });

  // The gradient to where each line starts is the sum over its points.
  const score = substitute([body.output], new Map(lines.flatMap(({ replaced }) => replaced)))[0]!;
  const starts = lines.map(({ start }) => start);
  const cotangents = cotangentsOf(problem, body);
  const known = new Map(
    lines.flatMap(
      ({ start, fixed, delta, near, displacement }) =>
        [
          [start, near],
          [fixed, near],
          [delta, displacement],
        ] as const,
    ),
  );
  // The forward pass is one for all scores; what is pulled back is each score's own.
  const gradients = substitute(
    cotangents.flatMap((cotangent) => grad(score, starts, cotangent)),
    known,
  );
  const outputs = cotangents.flatMap((_, i) => {
    const sums = gradients.slice(i * starts.length, (i + 1) * starts.length);
    const parts = ends[0]!.map((end, v) => grad(end, atX.variables, spread(sums[v]!, end, count)));
    return atX.variables.map((_, v) => parts.map((part) => part[v]!).reduce((a, b) => add(a, b)));
  });
  return {
    outputs,
    inputs: [
      ...[...(kept ? [] : new Set([atX, atStart]))].flatMap((graph) => [
        ...graph.variables,
        ...heldBefore.map((i) => graph.held[i]!),
      ]),
      alpha,
      ...heldAfter.map((i) => body.held[i]!),
      ...cotangents,
    ],
  };
}

const twice = (value: number): Float64Array => Float64Array.of(value, value);

/** `to - from`; 0 where nothing moves, also between two equal infinities (additive masks). */
const moved = (from: Tensor, to: Tensor): Tensor => where(equal(from, to), 0, sub(to, from));

/** Of a tensor of `rows` rows those from `begin` to `end`, as `shape`. */
function someRows(x: Tensor, rows: number, [begin, end]: readonly [number, number], shape: readonly number[]): Tensor {
  const flat = reshape(x, [rows, x.size / rows]);
  return reshape(slice(flat, { 0: [begin, end] }), shape);
}

/** Gradients of `count` rows as those of `end`, which has two where `count` is 1: only the first is looked at. */
function spread(sums: Tensor, end: Tensor, count: number): Tensor {
  const width = sums.size / count;
  return reshape(count === 1 ? broadcastTo(reshape(sums, [1, width]), [2, width]) : sums, end.shape);
}

/** The cotangent's rows, each times the weight of its step. */
function weighted(cotangent: Feed, points: PathPoints, weights: Float64Array): TypedArray {
  const rows = gatherRows(cotangent, points.samples).slice();
  const width = rows.length / points.samples.length;
  const perStep = points.samples.length / weights.length;
  for (let i = 0; i < rows.length; i++) rows[i]! *= weights[Math.floor(i / width / perStep)]!;
  return rows;
}
