/**
 * The affine region of a graph: the nodes whose value, as the variables run along a straight line, runs along a straight
 * line too. Integrated gradients needs two evaluations of such a node instead of one per path point, and one pull-back
 * through it. The frontier is where the region ends: its nodes feed something that is not affine.
 */
import { isFloat } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ancestors, dependents, readersOf } from './traverse.ts';

export interface AffineRegion {
  /** Where the region ends, in id order; variables themselves where nothing affine follows. */
  readonly frontier: readonly Tensor[];
  /** Floating-point operations of all that depends on the variables, and of what of it lies inside the region. */
  readonly flops: number;
  readonly affineFlops: number;
}

/**
 * What one element on the frontier costs per path point, in floating-point operations: it is interpolated going forward
 * and its gradient summed coming back, both at the speed of memory. Measured on the kernels of this project: about what
 * eight operations of a matrix product take.
 */
const elementCost = 8;

/**
 * @param output what is differentiated
 * @param variables what the path moves
 * @param accept which nodes may be evaluated at the ends of the path; all by default
 */
export function affineRegion(
  output: Tensor,
  variables: readonly Tensor[],
  accept: (node: Tensor) => boolean = () => true,
): AffineRegion {
  const nodes = ancestors([output], new Set(variables));
  const moving = dependents(nodes, variables);
  const path = nodes.filter((node) => moving.has(node));
  const affine = new Set<Tensor>(variables);
  for (const node of path) {
    if (!affine.has(node) && accept(node) && isAffine(node, moving, affine)) affine.add(node);
  }
  const readers = readersOf(path);
  shrink(path, readers, variables, output, moving, affine);

  const cost = (node: Tensor): number => node.op?.flops(node.inputs, node, node.attrs) ?? 0;
  const sources = new Set(variables);
  const computed = path.filter((node) => !sources.has(node));
  return {
    frontier: edge(path, readers, output, affine),
    flops: computed.reduce((total, node) => total + cost(node), 0),
    affineFlops: computed.reduce((total, node) => total + (affine.has(node) ? cost(node) : 0), 0),
  };
}

/** Whether `node` is affine in its moving inputs, given that those are affine. */
function isAffine(node: Tensor, moving: ReadonlySet<Tensor>, affine: ReadonlySet<Tensor>): boolean {
  if (node.op === null || !isFloat(node.dtype)) return false;
  const changing = node.inputs.flatMap((input, i) => (moving.has(input) ? [i] : []));
  if (changing.some((i) => !affine.has(node.inputs[i]!) || !isFloat(node.inputs[i]!.dtype))) return false;
  if (node.op.linear === 'joint') return true;
  return changing.length === 1 && node.op.linear.includes(changing[0]!);
}

/** Affine nodes that something outside the region, or nobody but the caller, reads. */
function edge(
  path: readonly Tensor[],
  users: ReadonlyMap<Tensor, Tensor[]>,
  output: Tensor,
  affine: ReadonlySet<Tensor>,
): Tensor[] {
  return path.filter(
    (node) => affine.has(node) && (node === output || users.get(node)?.some((user) => !affine.has(user))),
  );
}

/**
 * Gives up affine nodes at the end of the region where that is cheaper: a node that widens the data (a convolution of
 * one channel to 64, a broadcast) costs more as a frontier than its own evaluation at every point. From the last node to
 * the first, so that chains of such nodes go together.
 */
function shrink(
  path: readonly Tensor[],
  users: ReadonlyMap<Tensor, Tensor[]>,
  variables: readonly Tensor[],
  output: Tensor,
  moving: ReadonlySet<Tensor>,
  affine: Set<Tensor>,
): void {
  const sources = new Set(variables);
  const onEdge = (node: Tensor): boolean => node === output || !!users.get(node)?.some((user) => !affine.has(user));
  for (let at = path.length - 1; at >= 0; at--) {
    const node = path[at]!;
    if (
      !affine.has(node) ||
      sources.has(node) ||
      node === output ||
      !users.get(node)?.every((user) => !affine.has(user))
    )
      continue;
    // Inputs that would become frontier when this node is given up; those that are already cost nothing more.
    const exposed = node.inputs.filter((input) => moving.has(input) && !onEdge(input));
    const saved = sizeOf(node.shape) * elementCost;
    const added = exposed.reduce((total, input) => total + sizeOf(input.shape) * elementCost, 0);
    // Forward once and backward once.
    const work = 2 * node.op!.flops(node.inputs, node, node.attrs);
    if (work + added < saved) affine.delete(node);
  }
}
