/** Finds the frontier of the affine region in the path graph, for any number of rows. */
import { type AffineRegion, affineRegion } from '../../graph/affine.ts';
import { isInFront } from '../../graph/batch.ts';
import { ancestors, readersOf } from '../../graph/traverse.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PathGraph } from '../frame/graphs.ts';
import { findLinePool } from './line-pool.ts';
import { findLineScans, stepSource } from './line-scan.ts';
import type { PathProblem } from './pass.ts';

export interface Frontier {
  readonly region: AffineRegion;
  /** Positions of the frontier's nodes among the ancestors of the output: the same for any number of rows from 2 up. */
  readonly positions: readonly number[];
  /** The op of every ancestor: what must agree for the positions to mean the same. */
  readonly signature: string;
  /** Elements per row of the model, and what people may read, per node. */
  readonly widths: readonly number[];
  /**
   * Rows of the rest of the model that take no more room than `batch` rows of the whole: the widest tensor of the one against that of the other,
   * what `line-pool.ts` fuses away left out. More than `batch` only as far as that tensor stays in a cache.
   */
  readonly rowsAtOnce: (batch: number) => number;
  /** Whether `line-conv.ts` may have a use for one of its nodes. */
  readonly beforeProduct: boolean;
  /** Which of the held placeholders the frontier depends on, and which the rest of the model does. */
  readonly heldBefore: readonly number[];
  readonly heldAfter: readonly number[];
  readonly names: readonly string[];
  /** Per node the variable whose steps its steps follow, if a scan over the steps reads it (`line-scan.ts`); else -1. */
  readonly stepSources: readonly number[];
}

/** Frontiers belong to a plan cache, and within it to a kind of graph. */
const known = new WeakMap<PathProblem['plans'], Map<string, Frontier>>();

/** Rows of the graph that the frontier is looked for in. */
const probeRows = 3;

/** Elements of the widest tensor up to which what one kernel leaves the next one finds in a cache. */
const mostCached = 2 ** 19;

/** A product that alone reads what a relu, or a pool of first maxima, alone leaves. */
const product = /^(relu|(relu,)?maxPool)(,reshape)?,(conv|matmul)(,|$)/;

const nodesOf = ({ output, variables }: PathGraph): Tensor[] => ancestors([output], new Set(variables));
const signatureOf = (nodes: readonly Tensor[]): string => nodes.map((node) => node.op?.name ?? '-').join();

/** The frontier of a path problem. Only nodes whose samples lie in front qualify: their rows are taken and put together by sample. */
export function findFrontier(problem: Pick<PathProblem, 'plans' | 'key' | 'graph'>): Frontier {
  const frontiers = known.get(problem.plans) ?? new Map<string, Frontier>();
  known.set(problem.plans, frontiers);
  const frontier = frontiers.get(problem.key) ?? search(problem);
  frontiers.set(problem.key, frontier);
  return frontier;
}

function search(problem: Pick<PathProblem, 'graph'>): Frontier {
  const graph = problem.graph(probeRows);
  const nodes = nodesOf(graph);
  const place = new Map(nodes.map((node, index) => [node, index]));
  const { places } = graph;
  const region = affineRegion(graph.output, graph.variables, (node) => isInFront(places.get(node)));
  const positions = region.frontier.map((node) => place.get(node)!);
  const scale = { ...region, flops: region.flops / probeRows, affineFlops: region.affineFlops / probeRows };
  const reached = (from: readonly Tensor[], stop: readonly Tensor[]): number[] => {
    const seen = new Set(ancestors(from, new Set(stop)));
    return graph.held.flatMap((input, i) => (seen.has(input) ? [i] : []));
  };
  const readers = readersOf(ancestors([graph.output], new Set(region.frontier)));
  const stepSources = region.frontier.map((node) =>
    findLineScans(node, region.frontier, readers) ? stepSource(node, graph.variables) : -1,
  );
  const whole = roomOf(nodes, places);
  const rest = Math.max(1, roomOf(bodyOf(graph.output, region.frontier), places));
  return {
    stepSources,
    rowsAtOnce: (batch) => Math.max(batch, Math.floor(Math.min(batch * whole, mostCached * probeRows) / rest)),
    beforeProduct: region.frontier.some((node) => product.test(opsBehind(node, readers))),
    heldBefore: reached(region.frontier, graph.variables),
    heldAfter: reached([graph.output], region.frontier),
    region: scale,
    positions,
    signature: signatureOf(nodes),
    widths: region.frontier.map((node) => node.size / probeRows),
    names: region.frontier.map((node) => `${node.op?.name ?? 'input'} [${node.shape.slice(1).join(',')}]`),
  };
}

/** The ops that alone read each other, from the one that reads `node` on. */
function opsBehind(node: Tensor, readers: ReadonlyMap<Tensor, Tensor[]>): string {
  const names = [];
  for (let all = readers.get(node); all?.length === 1; all = readers.get(all[0]!)) names.push(all[0]!.op!.name);
  return names.join();
}

/** Elements of the widest tensor that has rows. */
const roomOf = (nodes: readonly Tensor[], places: ReadonlyMap<Tensor, unknown>): number =>
  nodes.reduce((most, node) => (places.has(node) ? Math.max(most, node.size) : most), 0);

/** What is computed for every point: all after the frontier, and the frontier itself where no pool swallows it. */
function bodyOf(output: Tensor, frontier: readonly Tensor[]): Tensor[] {
  const readers = readersOf(ancestors([output], new Set(frontier)));
  const swallowed = new Set<Tensor>();
  for (const node of frontier) {
    const pool = findLinePool(node, output, readers);
    if (pool)
      for (const inner of ancestors([pool.pooled], new Set([node]))) if (inner !== pool.pooled) swallowed.add(inner);
  }
  return ancestors([output], new Set(frontier)).filter((node) => !swallowed.has(node));
}

/** The frontier's nodes in the graph of another number of rows; null where that graph is another. */
export function frontierIn(frontier: Frontier, graph: PathGraph): Tensor[] | null {
  const nodes = nodesOf(graph);
  if (signatureOf(nodes) !== frontier.signature) return null;
  return frontier.positions.map((position) => nodes[position]!);
}

/** The same. @throws PathgradError where the graph is another */
export function frontierOf(frontier: Frontier, graph: PathGraph): Tensor[] {
  const nodes = frontierIn(frontier, graph);
  if (nodes) return nodes;
  throw failure('path-linear', 'the graph changes with the number of rows', {}, "use strategy 'brute'");
}
