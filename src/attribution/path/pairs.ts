/**
 * Sums over points of a line of first and second derivatives along displacements, for every pair of features: what integrated Hessians are made of.
 * Rows of second derivatives come by Hessian-vector products; no Hessian is ever made.
 */
import { partialGrad } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { ancestors } from '../../graph/traverse.ts';
import { add, div, mul } from '../../ops/binary.ts';
import { sum } from '../../ops/reduce.ts';
import { softplus } from '../../ops/unary.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { placeholder, Tensor } from '../../tensor/tensor.ts';
import { inDType } from '../frame/arrays.ts';
import type { NonFinite } from '../frame/explanation/diagnostics.ts';
import type { Findings } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { cotangentsOf, gatherRows, gradientsOf, inChunks } from '../frame/rows.ts';
import { interpolate } from './brute.ts';
import type { PathPoints } from './pass.ts';

/** Numbers of all tables of one score. */
const MOST_PAIRS = 2 ** 26;

/** Points on the line, with what the first and the second derivatives there count for. */
export interface PairRule {
  readonly alphas: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** The problem of the model with softplus for relu. */
export function softened(problem: Problem, sharpness: number): Problem {
  const graph: Problem['graph'] = (rows) => {
    const path = problem.graph(rows);
    const rebuilt = new Map<Tensor, Tensor>();
    for (const node of ancestors([path.output], new Set(path.variables))) {
      const inputs = node.inputs.map((input) => rebuilt.get(input) ?? input);
      const [x] = inputs;
      if (node.op?.name === 'relu') rebuilt.set(node, div(softplus(mul(x!, sharpness)), sharpness));
      else if (inputs.some((input, i) => input !== node.inputs[i])) {
        rebuilt.set(node, new Tensor(node.op, inputs, node.attrs, node, null));
      }
    }
    return { ...path, output: rebuilt.get(path.output) ?? path.output };
  };
  return { ...problem, key: `softplus ${sharpness} ${problem.key}`, graph };
}

/** Features that share a row and a column of the table: `size` elements of a variable from `first` on. */
interface Group {
  readonly variable: number;
  readonly first: number;
  readonly size: number;
}

/**
 * A table per variable, `[samples, its groups, all groups]`, for each score.
 * @param words groups are what the last axis holds, else single features
 * @throws PathgradError where the tables would be too large
 */
export async function pairTables(problem: Problem, rule: PairRule, words: boolean): Promise<Findings> {
  const { samples, from, to, dtypes } = problem;
  const groups = groupsOf(problem, words);
  const points = rule.alphas.length;
  const width = (v: number): number => to[v]!.length / samples;
  const displacement = to.map((values, v) => values.map((x, i) => x - from[v]![i]!));
  const scores = problem.scores.map(() => ({
    table: new Float64Array(samples * groups.length ** 2),
    moved: new Uint8Array(samples),
    nonFinite: null as NonFinite | null,
  }));
  /** The sum of `values * d` over a group, without what does not move. */
  const along = (values: TypedArray, row: number, { variable, first, size }: Group, sample: number): number => {
    const [here, d] = [row * width(variable) + first, sample * width(variable) + first];
    let total = 0;
    for (let i = 0; i < size; i++) {
      const step = displacement[variable]![d + i]!;
      if (step !== 0) total += values[here + i]! * step;
    }
    return total;
  };
  const put = (s: number, at: PathPoints, row: number, step: number, entry: number, value: number): void => {
    const sample = at.samples[row]!;
    const score = scores[s]!;
    score.table[sample * groups.length ** 2 + entry]! += value;
    if (value !== 0) score.moved[sample] = 1;
    if (!Number.isFinite(value)) score.nonFinite ??= { sample, step, alpha: at.alphas[row]! };
  };

  await inChunks(problem, samples * points, async (start, count) => {
    const at = pointsAt(count, (r) => [Math.floor((start + r) / points), rule.alphas[(start + r) % points]!]);
    const gradients = await gradientsOf(problem, { samples: at.samples, values: valuesAt(problem, at) });
    for (const s of scores.keys()) {
      for (let r = 0; r < count; r++) {
        const step = (start + r) % points;
        for (const [g, group] of groups.entries()) {
          const slope = along(gradients[s * to.length + group.variable]!, r, group, at.samples[r]!);
          put(s, at, r, step, g * (groups.length + 1), rule.first[step]! * slope);
        }
      }
    }
  });

  const moving = movingGroups(groups, displacement, samples);
  // The graph of second derivatives holds several times the values of the first.
  const narrow = { ...problem, batch: Math.max(1, Math.floor(problem.batch / 4)) };
  await inChunks(narrow, moving.length * points, async (start, count) => {
    const pair = (r: number): { sample: number; group: number } => moving[Math.floor((start + r) / points)]!;
    const at = pointsAt(count, (r) => [pair(r).sample, rule.alphas[(start + r) % points]!]);
    const tangents = to.map((_, v) => {
      const rows = new Float64Array(count * width(v));
      for (let r = 0; r < count; r++) {
        const { sample, group } = pair(r);
        const { variable, first, size } = groups[group]!;
        if (variable !== v) continue;
        const own = displacement[v]!.subarray(sample * width(v) + first, sample * width(v) + first + size);
        rows.set(own, r * width(v) + first);
      }
      return inDType(rows, dtypes[v]!);
    });
    const products = await hessianProducts(problem, at, tangents);
    for (const s of scores.keys()) {
      for (let r = 0; r < count; r++) {
        const step = (start + r) % points;
        for (const [h, other] of groups.entries()) {
          const value = rule.second[step]! * along(products[s * to.length + other.variable]!, r, other, pair(r).sample);
          put(s, at, r, step, pair(r).group * groups.length + h, value);
        }
      }
    }
  });
  return {
    scores: scores.map(({ table, moved, nonFinite }) => ({
      attributions: to.map((_, v) => rowsOfVariable(table, groups, v, samples)),
      moved,
      nonFinite,
    })),
    shapes: to.map((_, v) => [samples, groups.filter(({ variable }) => variable === v).length, groups.length]),
    steps: new Int32Array(samples).fill(points),
  };
}

/** @throws PathgradError where the tables would be too large, and for words where there are none */
function groupsOf({ shapes, samples, to }: Problem, words: boolean): Group[] {
  const groups: Group[] = [];
  if (words && shapes.every(({ length }) => length < 3)) {
    const hint = 'leave pairs out, or attribute to the output of an embedding layer, [N, words, dim]: option layer';
    throw failure('pairs', "'words' sums over the last axis, and there is none to sum over", { got: shapes }, hint);
  }
  for (const [variable, shape] of shapes.entries()) {
    const size = words && shape.length > 2 ? shape.at(-1)! : 1;
    const width = to[variable]!.length / samples;
    for (let first = 0; first < width; first += size) groups.push({ variable, first, size });
    if (groups.length ** 2 * samples > MOST_PAIRS) {
      const hint = words
        ? 'give fewer samples at a time'
        : "give fewer samples at a time, or pairs: 'words', which sums over the last axis";
      const details = { samples, features: to.map((values) => values.length / samples) };
      throw failure(
        'IntegratedHessians',
        'has a number for every pair of features, and these are too many',
        details,
        hint,
      );
    }
  }
  return groups;
}

/** Rows of the table for each sample and each group of it in which anything moves: the others are 0. */
function movingGroups(
  groups: readonly Group[],
  displacement: readonly Float64Array[],
  samples: number,
): { readonly sample: number; readonly group: number }[] {
  return Array.from({ length: samples }, (_, sample) =>
    groups.flatMap(({ variable, first, size }, group) => {
      const d = displacement[variable]!;
      const at = (sample * d.length) / samples + first;
      return d.subarray(at, at + size).some((step) => step !== 0) ? [{ sample, group }] : [];
    }),
  ).flat();
}

function pointsAt(count: number, point: (row: number) => [sample: number, alpha: number]): PathPoints {
  const all = Array.from({ length: count }, (_, r) => point(r));
  return { samples: Int32Array.from(all, ([sample]) => sample), alphas: Float64Array.from(all, ([, alpha]) => alpha) };
}

const valuesAt = ({ from, to, samples, dtypes }: Problem, at: PathPoints): TypedArray[] =>
  from.map((start, v) => interpolate(start, to[v]!, samples, at, dtypes[v]!));

/** The Hessian of every score at the points, times a tangent per point: per score and variable. */
function hessianProducts(problem: Problem, at: PathPoints, tangents: readonly TypedArray[]): Promise<TypedArray[]> {
  const { key, plans, held, scores } = problem;
  const rows = at.samples.length;
  const build = (): PlanGraph => {
    const graph = problem.graph(rows);
    const { variables, output } = graph;
    const cotangents = cotangentsOf(problem, graph);
    const directions = variables.map(({ shape, dtype }) => placeholder(shape, dtype));
    const outputs = cotangents.flatMap((cotangent) => {
      const slopes = partialGrad(output, variables, cotangent).map((g, v) => sum(mul(g, directions[v]!)));
      return partialGrad(
        slopes.reduce((a, b) => add(a, b)),
        variables,
      );
    });
    return { outputs, inputs: [...variables, ...directions, ...graph.held, ...cotangents] };
  };
  const feeds = [
    ...valuesAt(problem, at),
    ...tangents,
    ...[...held, ...scores.map(({ cotangent }) => cotangent)].map((feed) => gatherRows(feed, at.samples)),
  ];
  return plans.run(`hessian ${rows} of ${scores.length} ${key}`, build, feeds);
}

/** The rows of the tables that belong to a variable's groups. */
function rowsOfVariable(
  table: Float64Array,
  groups: readonly Group[],
  variable: number,
  samples: number,
): Float64Array {
  const [first, last] = [
    groups.findIndex((group) => group.variable === variable),
    groups.findLastIndex((group) => group.variable === variable) + 1,
  ];
  const [size, all] = [(last - first) * groups.length, groups.length ** 2];
  const out = new Float64Array(samples * size);
  for (let sample = 0; sample < samples; sample++) {
    const at = sample * all + first * groups.length;
    out.set(table.subarray(at, at + size), sample * size);
  }
  return out;
}
