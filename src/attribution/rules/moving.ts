/**
 * The part of a graph that moves with what is explained, as rules of a backward pass look at it: which inputs of a node move, who reads it,
 * and of which one tensor it is an elementwise function, however many ops spell that function (`where(x > 0, x, 0.2 x)` is a leaky relu).
 */
import { elementwise } from '../../graph/batch-rules.ts';
import { ancestors, dependents, readersOf } from '../../graph/traverse.ts';
import { isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';

export class Moving {
  /** What `output` is made of and that moves, in id order. */
  readonly nodes: readonly Tensor[];
  private readonly set: ReadonlySet<Tensor>;
  private readonly variables: ReadonlySet<Tensor>;
  private readonly readers: ReadonlyMap<Tensor, readonly Tensor[]>;

  constructor(output: Tensor, variables: readonly Tensor[]) {
    this.variables = new Set(variables);
    const all = ancestors([output], this.variables);
    this.set = dependents(all, variables);
    this.nodes = all.filter((node) => this.set.has(node));
    this.readers = readersOf(this.nodes);
  }

  has(node: Tensor): boolean {
    return this.set.has(node);
  }

  isVariable(node: Tensor): boolean {
    return this.variables.has(node);
  }

  readersOf(node: Tensor): readonly Tensor[] {
    return this.readers.get(node) ?? [];
  }

  /** Places of the inputs that move. */
  placesIn(node: Tensor): number[] {
    return node.inputs.flatMap((input, i) => (this.set.has(input) ? [i] : []));
  }

  /**
   * The nearest float tensor of which `node` is a function element by element; null where there is none. The latest of what it is made of is
   * never made of the others, so taking it apart until one tensor is left finds it.
   */
  rootOf(node: Tensor): Tensor | null {
    if (node.op?.batch !== elementwise) return null;
    const parts = new Set(node.inputs.filter((input) => this.set.has(input)));
    while (parts.size > 0) {
      const latest = [...parts].reduce((a, b) => (b.id > a.id ? b : a));
      if (parts.size === 1 && isFloat(latest.dtype)) return latest;
      if (this.variables.has(latest) || latest.op?.batch !== elementwise) return null;
      parts.delete(latest);
      for (const input of latest.inputs) if (this.set.has(input)) parts.add(input);
    }
    return null;
  }

  /** Whether `node` is affine in its moving inputs together. */
  isAffine(node: Tensor): boolean {
    const { op, inputs } = node;
    const places = this.placesIn(node);
    if (op === null || places.some((i) => !isFloat(inputs[i]!.dtype))) return false;
    return op.linear === 'joint' || (places.length === 1 && op.linear.includes(places[0]!));
  }
}
