/**
 * Finds attention in a graph, forward and back: a product of queries and keys, perhaps scaled, with masks and biases added, a softmax, a product with
 * the values, and what `grad` makes of these. Reshapes that leave matrices as they are may lie between.
 *
 * Invariant: nothing is found whose scores, probabilities or gradients of them anybody else reads, be it an output of the graph,
 * dropout, or a bias that is trained.
 */
import { ancestors, readersOf } from '../../../graph/traverse.ts';
import type { AttentionAttrs, Order } from '../../../ops/attention-sizes.ts';
import { sameShape, sizeOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

/** A tensor as attention reads it. Without a fourth axis its first one has samples and heads. */
export interface View {
  readonly x: Tensor;
  readonly order: Order;
}

/** The way back from one gradient of the result; null where nobody wants a gradient. */
export interface Back {
  readonly g: View;
  readonly dq: Tensor | null;
  readonly dk: Tensor | null;
  readonly dv: Tensor | null;
}

export interface Attention extends Pick<AttentionAttrs, 'scaling' | 'scale'> {
  readonly q: View;
  readonly k: View;
  readonly v: View;
  readonly biases: readonly Tensor[];
  /** Of the product with the values. */
  readonly result: Tensor;
  readonly backs: readonly Back[];
  /** Whether keys come in as columns: the gradient to them does, too. */
  readonly turned: boolean;
}

const isProduct = ({ op, attrs }: Tensor, transposeA: boolean, transposeB: boolean): boolean =>
  op?.name === 'matmul' && attrs['transposeA'] === transposeA && attrs['transposeB'] === transposeB;

const keepsMatrices = ({ op, shape, inputs }: Tensor): boolean =>
  op?.name === 'reshape' && shape.length > 1 && sameShape(shape.slice(-2), inputs[0]!.shape.slice(-2));

export const permutes = ({ op, attrs }: Tensor, ...order: readonly number[]): boolean =>
  op?.name === 'transpose' && sameShape(attrs['perm'] as readonly number[], order);

/** The one number that `node` multiplies something of the size of its result with, or divides it by. */
function factorOf({ op, inputs, size }: Tensor, fed: ReadonlySet<Tensor>): number | null {
  const [x, by] = inputs;
  const fits = (op?.name === 'mul' || op?.name === 'div') && x!.size === size && by!.size === 1;
  return fits && by!.constant && !fed.has(by!) ? by!.constant[0]! : null;
}

/** What follows the product of queries and keys, from the scores back to it. */
interface Scores extends Pick<Attention, 'scaling' | 'scale' | 'biases'> {
  readonly product: Tensor;
  /** Nodes from the product on. */
  readonly path: readonly Tensor[];
}

export class Finder {
  readonly nodes: readonly Tensor[];
  readonly #fed: ReadonlySet<Tensor>;
  readonly #kept: ReadonlySet<Tensor>;
  readonly #readers: ReadonlyMap<Tensor, readonly Tensor[]>;

  constructor(outputs: readonly Tensor[], inputs: readonly Tensor[]) {
    this.#fed = new Set(inputs);
    this.#kept = new Set(outputs);
    this.nodes = ancestors(outputs, this.#fed);
    this.#readers = readersOf(this.nodes.filter((node) => !this.#fed.has(node)));
  }

  /** All that there are. */
  all(): Attention[] {
    return this.nodes.flatMap((node) => {
      const { op, attrs, shape, dtype } = node;
      const rows = op?.name === 'softmax' && attrs['axis'] === shape.length - 1 && shape.length > 2;
      return (rows && dtype === 'float32' && !this.#fed.has(node) && this.#at(node)) || [];
    });
  }

  /** Who reads `x` under whatever leading axes; null where an output of the graph is among these. */
  users(x: Tensor): readonly Tensor[] | null {
    if (this.#kept.has(x)) return null;
    const found: Tensor[] = [];
    for (const reader of this.#readers.get(x) ?? []) {
      const through = keepsMatrices(reader) ? this.users(reader) : [reader];
      if (!through) return null;
      found.push(...through);
    }
    return found;
  }

  #bare(x: Tensor): Tensor {
    let node = x;
    while (keepsMatrices(node) && !this.#fed.has(node)) node = node.inputs[0]!;
    return node;
  }

  /** @param turned whether a matrix has positions in its columns */
  #view(x: Tensor, turned = false): View | null {
    const node = this.#bare(x);
    const open = !this.#fed.has(node);
    if (open && permutes(node, 0, 2, ...(turned ? [3, 1] : [1, 3]))) return { x: node.inputs[0]!, order: 'positions' };
    if (!turned) return { x: node, order: 'heads' };
    return open && permutes(node, 0, 1, 3, 2) ? { x: node.inputs[0]!, order: 'heads' } : null;
  }

  #onlyUser(x: Tensor): Tensor | null {
    const users = this.users(x);
    return users?.length === 1 ? users[0]! : null;
  }

  #scores(x: Tensor): Scores | null {
    const node = this.#bare(x);
    if (this.#fed.has(node)) return null;
    if (node.op?.name === 'matmul') {
      return node.attrs['transposeA'] === true
        ? null
        : { product: node, path: [node], scaling: null, scale: 1, biases: [] };
    }
    const factor = factorOf(node, this.#fed);
    if (factor !== null) {
      const before = this.#scores(node.inputs[0]!);
      if (!before || before.path.length > 1) return null;
      const scaling = node.op!.name === 'mul' ? 'times' : 'over';
      return { ...before, path: [...before.path, node], scaling, scale: factor };
    }
    if (node.op?.name !== 'add') return null;
    for (const at of [0, 1]) {
      const [own, bias] = [node.inputs[at]!, node.inputs[1 - at]!];
      const before = sameShape(own.shape, node.shape) ? this.#scores(own) : null;
      if (before) return { ...before, path: [...before.path, node], biases: [...before.biases, bias] };
    }
    return null;
  }

  #at(softmax: Tensor): Attention | null {
    const found = this.#scores(softmax.inputs[0]!);
    if (!found) return null;
    const { product, path, ...rest } = found;
    const steps = [...path, softmax];
    if (path.some((node, i) => this.#onlyUser(node) !== steps[i + 1])) return null;
    const users = this.users(softmax);
    const forward = users?.filter((user) => isProduct(user, false, false) && this.#bare(user.inputs[0]!) === softmax);
    if (!users || forward!.length !== 1) return null;
    const [result] = forward as [Tensor];
    const [queries, keys] = product.inputs as [Tensor, Tensor];
    const turned = product.attrs['transposeB'] === false;
    const [q, k, v] = [this.#view(queries), this.#view(keys, turned), this.#view(result.inputs[1]!)];
    const back = users.filter((user) => user !== result);
    const backs = this.#backs(back, softmax, product, result, rest.scaling === null ? null : path[1]!);
    return q && k && v && backs ? { q, k, v, ...rest, result, backs, turned } : null;
  }

  /** The ways back that `users` of the probabilities are parts of; null where one is something else. */
  #backs(
    users: readonly Tensor[],
    softmax: Tensor,
    product: Tensor,
    result: Tensor,
    scaling: Tensor | null,
  ): Back[] | null {
    const values = this.#bare(result.inputs[1]!);
    const backs = new Map<Tensor, { -readonly [K in keyof Back]: Back[K] }>();
    const of = (x: Tensor): { -readonly [K in keyof Back]: Back[K] } => {
      const g = this.#bare(x);
      const known = backs.get(g) ?? { g: this.#view(x)!, dq: null, dk: null, dv: null };
      backs.set(g, known);
      return known;
    };
    for (const user of users) {
      const [first, second] = user.inputs as [Tensor, Tensor];
      // What else is multiplied with the probabilities across their columns need not be a gradient of the result.
      const across = isProduct(user, true, false) && this.#bare(first) === softmax;
      if (across && sameShape(second.shape, result.shape) && !of(second).dv) {
        of(second).dv = user;
        continue;
      }
      if (user.op?.name !== 'softmaxRowsGrad' || this.#bare(second) !== softmax) return null;
      const slopes = this.#bare(first);
      const known = isProduct(slopes, false, true) && !this.#fed.has(slopes) && this.#onlyUser(slopes) === user;
      if (!known || this.#bare(slopes.inputs[1]!) !== values) return null;
      if (!sameShape(slopes.inputs[0]!.shape, result.shape)) return null;
      const back = of(slopes.inputs[0]!);
      const found = this.#gradients(user, product, scaling);
      if (!found || back.dq || back.dk) return null;
      Object.assign(back, found);
    }
    return [...backs.values()];
  }

  /** Gradients of queries and keys from that of the softmax's input. */
  #gradients(of: Tensor, product: Tensor, scaling: Tensor | null): Pick<Back, 'dq' | 'dk'> | null {
    let scores = of;
    if (scaling) {
      const scaled = this.#onlyUser(scores);
      const same = scaled?.op?.name === scaling.op!.name && this.#bare(scaled.inputs[0]!) === scores;
      if (!same || factorOf(scaled, this.#fed) !== factorOf(scaling, this.#fed)) return null;
      scores = scaled;
    }
    const [queries, keys] = product.inputs.map((x) => this.#bare(x)) as [Tensor, Tensor];
    const across = product.attrs['transposeB'] === true;
    const found: { dq: Tensor | null; dk: Tensor | null } = { dq: null, dk: null };
    for (const user of this.users(scores) ?? [scores]) {
      const [first, second] = user.inputs.map((x) => this.#bare(x)) as [Tensor, Tensor];
      const [own, other] = across ? [first, second] : [second, first];
      if (isProduct(user, false, !across) && first === scores && second === keys && !found.dq) found.dq = user;
      else if (isProduct(user, true, false) && own === scores && other === queries && !found.dk) found.dk = user;
      else return null;
    }
    return found;
  }
}

/** Samples and heads, if all that is read has the same. */
export function pairsOf({ q, k, v, result, backs }: Attention): readonly [samples: number, heads: number] | null {
  const lead = result.shape.slice(0, -2);
  const all = sizeOf(lead);
  const seen = [q, k, v].flatMap(({ x, order }) =>
    order === 'positions'
      ? [[x.shape[0]!, x.shape[2]!] as const]
      : x.rank === 4
        ? [[x.shape[0]!, x.shape[1]!] as const]
        : [],
  );
  // Whoever reads the result may split what samples and heads are together in another way, and turn that.
  for (const { g } of backs) if (g.order === 'positions') seen.push([g.x.shape[0]!, g.x.shape[2]!]);
  const [samples, heads] = seen[0] ?? (lead.length === 2 ? [lead[0]!, lead[1]!] : [all, 1]);
  const whole = ({ x, order }: View): boolean => order === 'positions' || sizeOf(x.shape.slice(0, -2)) === all;
  const same = seen.every(([s, h]) => s === samples && h === heads) && [q, k, v].every(whole);
  return same && samples * heads === all ? [samples, heads] : null;
}
