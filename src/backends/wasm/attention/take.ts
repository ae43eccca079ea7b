/**
 * Puts the op that stores no scores (`ops/attention.ts`) in the place of attention in graphs: an accelerator that models with attention load. Same
 * bits as unfused: the kernel does the same operations on the same numbers.
 */
import { attention, attentionGrad } from '../../../ops/attention.ts';
import { gradientSizes, type Order } from '../../../ops/attention-sizes.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { slice } from '../../../ops/slicing.ts';
import { type Shape, sameShape } from '../../../tensor/shape.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import type { Core } from '../accelerators.ts';
import { type Attention, Finder, pairsOf, permutes, type View } from './find.ts';

/** Below so many pairs of a sample and a head threads find more work in products alone. */
const fewestPairs = 4;

/** How a node is made anew, of these. */
interface Made {
  readonly needs: readonly Tensor[];
  readonly make: (built: (x: Tensor) => Tensor) => Tensor;
}

/** `outputs` with attention as one node, and one for each way back. */
export function joinAttention(outputs: readonly Tensor[], inputs: readonly Tensor[]): readonly Tensor[] {
  const finder = new Finder(outputs, inputs);
  const made = new Map<Tensor, Made>();
  for (const found of finder.all()) replace(found, finder, made);
  return made.size === 0 ? outputs : rebuilt(outputs, finder.nodes, new Set(inputs), made);
}

function replace(found: Attention, finder: Finder, made: Map<Tensor, Made>): void {
  const pairs = pairsOf(found);
  const { result, q, k, v, scaling, scale, turned } = found;
  const biases = pairs && biasesOf(found, pairs);
  if (!pairs || !biases || pairs[0] * pairs[1] < fewestPairs || result.size === 0) return;
  const [samples, heads] = pairs;
  const [queries, valueSize] = result.shape.slice(-2) as [number, number];
  const [keys, size] = [v.x.shape.at(v.order === 'heads' ? -2 : -3)!, q.x.shape.at(-1)!];
  const placed = (view: View, positions: number, width: number): Shape =>
    view.order === 'heads' ? [samples, heads, positions, width] : [samples, positions, heads, width];
  const shapes = [placed(q, queries, size), placed(k, keys, size), placed(v, keys, valueSize)] as const;
  if (![q, k, v].every(({ x }, i) => x.size === shapes[i]!.reduce((a, b) => a * b, 1))) return;
  const read = [q.x, k.x, v.x, ...found.biases];
  const operands = (built: (x: Tensor) => Tensor): Tensor[] => [
    ...[q, k, v].map(({ x }, i) => reshape(built(x), shapes[i]!)),
    ...biases.map(({ x, shape }) => reshape(built(x), shape)),
  ];
  /** Whoever swaps heads and positions of `node`, if nobody else reads it. */
  const swapping = (node: Tensor, ...order: readonly number[]): readonly Tensor[] => {
    const users = finder.users(node) ?? [];
    return users.every((user) => permutes(user, ...order) && sameShape(user.inputs[0]!.shape.slice(0, 2), pairs))
      ? users
      : [];
  };

  const behind = swapping(result, 0, 2, 1, 3);
  const order: Order = behind.length > 0 ? 'positions' : 'heads';
  const orders = [q.order, k.order, v.order] as const;
  const attrs = { scaling, scale } as const;
  const one = once((built) => attention(operands(built), { ...attrs, orders, result: order }));
  if (behind.length > 0) for (const user of behind) made.set(user, { needs: read, make: one });
  else made.set(result, { needs: read, make: (built) => reshape(one(built), result.shape) });

  for (const back of found.backs) {
    const { g } = back;
    const wants = [back.dq !== null, back.dk !== null, back.dv !== null] as const;
    const sizes = gradientSizes({ samples, heads, queries, keys, size, valueSize }, wants);
    const needs = [...read, g.x];
    const flat = once((built) => {
      const [a, b, c, ...rest] = operands(built) as [Tensor, Tensor, Tensor];
      const dy = reshape(built(g.x), placed(g, queries, valueSize));
      return attentionGrad([a, b, c, dy, ...rest], { ...attrs, orders, gradient: g.order, wants });
    });
    let at = 0;
    for (const [i, name] of (['dq', 'dk', 'dv'] as const).entries()) {
      const node = back[name];
      const from = at;
      at += sizes[i]!;
      if (!node) continue;
      const part = once((built) => reshape(slice(flat(built), { 0: [from, from + sizes[i]!] }), shapes[i]!));
      const columns = name === 'dk' && turned;
      const users = orders[i] === 'heads' ? [] : swapping(node, ...(columns ? [0, 3, 1, 2] : [0, 2, 1, 3]));
      if (users.length > 0) for (const user of users) made.set(user, { needs, make: part });
      else
        made.set(node, { needs, make: (built) => reshape(asMatrices(part(built), orders[i]!, columns), node.shape) });
    }
  }
}

/** From the order of an operand to heads first, with positions in rows or `columns`. */
function asMatrices(x: Tensor, order: Order, columns: boolean): Tensor {
  if (order === 'positions') return transpose(x, columns ? [0, 2, 3, 1] : [0, 2, 1, 3]);
  return columns ? transpose(x, [0, 1, 3, 2]) : x;
}

/** What is added to the scores, with axes of samples and heads of their own; null where it does not fit. */
function biasesOf(
  { biases, result }: Attention,
  [samples, heads]: readonly [number, number],
): readonly { readonly x: Tensor; readonly shape: Shape }[] | null {
  const apart = result.rank === 4;
  const found = biases.map((x) => {
    const lead = x.shape.slice(0, -2);
    if (x.dtype !== 'float32' || x.rank === 0) return null;
    if (x.rank < 3 || lead.every((size) => size === 1)) return { x, shape: [1, 1, ...[1, ...x.shape].slice(-2)] };
    if (x.rank === 4 && lead.every((size, i) => size === 1 || size === [samples, heads][i]))
      return { x, shape: x.shape };
    if (x.rank !== 3) return null;
    if (lead[0] === samples * heads && !apart) return { x, shape: [samples, heads, ...x.shape.slice(-2)] };
    return lead[0] === heads && apart ? { x, shape: [1, ...x.shape] } : null;
  });
  return found.every((bias) => bias !== null) ? found : null;
}

function once(make: Made['make']): Made['make'] {
  let known: Tensor | undefined;
  return (built) => (known ??= make(built));
}

/** The graph with nodes made anew, each when all that it needs is there. */
function rebuilt(
  outputs: readonly Tensor[],
  nodes: readonly Tensor[],
  fed: ReadonlySet<Tensor>,
  made: ReadonlyMap<Tensor, Made>,
): readonly Tensor[] {
  const built = new Map<Tensor, Tensor>();
  const of = (x: Tensor): Tensor => built.get(x)!;
  for (let waiting = nodes; waiting.length > 0; ) {
    const later: Tensor[] = [];
    for (const node of waiting) {
      const found = fed.has(node) ? undefined : made.get(node);
      const needs = found?.needs ?? (fed.has(node) ? [] : node.inputs);
      if (!needs.every((x) => built.has(x))) later.push(node);
      else if (found) built.set(node, found.make(of));
      else if (needs.every((x) => of(x) === x)) built.set(node, node);
      else built.set(node, new Tensor(node.op, needs.map(of), node.attrs, node, null));
    }
    waiting = later;
  }
  return outputs.map(of);
}

/** From now on plans have attention without its scores. */
export function take(core: Core): void {
  core.wasmBackend.rejoins = joinAttention;
}
