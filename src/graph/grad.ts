/**
 * Reverse-mode differentiation. It knows no op: each op's vjp returns new nodes made with public ops, so the gradient
 * of a gradient is nothing special. Only what was asked for is built.
 */
import { add, mul } from '../ops/binary.ts';
import { sum } from '../ops/reduce.ts';
import { isFloat } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape } from '../tensor/shape.ts';
import { ones, placeholder, Tensor, zeros } from '../tensor/tensor.ts';
import type { Attrs, Thunk } from './op.ts';
import { ancestors, dependents } from './traverse.ts';

/**
 * What one backward pass does at a node instead of the op's own vjp: given the gradient `g` of `y`, a thunk per input, or thunks for tensors
 * that `y` is made of, however far back. Null declines: the op's vjp is taken.
 */
export type VjpRule = (
  g: Tensor,
  y: Tensor,
  inputs: readonly Tensor[],
  attrs: Attrs,
) => readonly (Thunk | null)[] | ReadonlyMap<Tensor, Thunk> | null;

/** Rules by the name of the op; `'*'` is for all ops without a rule of their own. */
export type VjpRules = { readonly [op: string]: VjpRule };

/** What `grad` may do differently: vjp rules by op, in place of the ops' own. */
export interface GradOptions {
  /** Rules that stand in for vjps in this backward pass; ops without a gradient may have one, too. */
  readonly rules?: VjpRules;
}

/**
 * The gradients of `sum(gy * y)` with respect to each of `xs`, as nodes of the shapes of `xs`: total derivatives, also along the way
 * through another of `xs`. A tensor that `y` does not depend on differentiably gets zeros.
 * @param gy the gradient of `y` (shape of `y`); all ones when left out
 */
export function grad(y: Tensor, xs: readonly Tensor[], gy?: Tensor, { rules }: GradOptions = {}): Tensor[] {
  return pullBack(y, xs, gy, ancestors([y]), undefined, rules);
}

/** The same with the graph cut at `xs`: what leads from one of them to another does not count. */
export function partialGrad(y: Tensor, xs: readonly Tensor[], gy?: Tensor, { rules }: GradOptions = {}): Tensor[] {
  return pullBack(y, xs, gy, ancestors([y], new Set(xs)), new Set(xs), rules);
}

function pullBack(
  y: Tensor,
  xs: readonly Tensor[],
  gy: Tensor = ones(y.shape, y.dtype),
  nodes: readonly Tensor[],
  cut: ReadonlySet<Tensor> = new Set(),
  rules?: VjpRules,
): Tensor[] {
  if (!isFloat(y.dtype)) throw failure('grad', 'only a float tensor has a gradient', { of: y.toString() });
  if (!(gy instanceof Tensor) || !sameShape(gy.shape, y.shape) || gy.dtype !== y.dtype)
    throw failure('grad', 'gy must have the shape of y and its dtype', { gy: String(gy), y: String(y) });
  const wanted = dependents(nodes, xs);
  const gradients = new Map<Tensor, Tensor>([[y, gy]]);
  const kept = new Set(xs);

  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at]!;
    const g = gradients.get(node);
    if (g === undefined || node.op === null || cut.has(node) || !wanted.has(node)) continue;
    const { op, inputs, attrs } = node;
    const leads = inputs.some((input) => wanted.has(input));
    const ruled = leads && rules ? (rules[op.name] ?? rules['*'])?.(g, node, inputs, attrs) : null;
    if (!ruled && op.vjp === 'none') continue;
    const thunks = ruled ?? (leads && op.vjp !== 'none' ? op.vjp(g, node, inputs, attrs) : []);
    const give = (thunk: Thunk | null, to: Tensor | number): void => {
      const input = typeof to === 'number' ? inputs[to]! : to;
      if (!thunk || !wanted.has(input)) return;
      const contribution = thunk();
      if (!sameShape(contribution.shape, input.shape) || contribution.dtype !== input.dtype) {
        const details = { got: contribution.toString(), expected: input.toString() };
        const what = `${ruled ? 'rule' : 'vjp'} gives ${to === input ? 'a tensor' : `input ${to}`}`;
        throw failure(op.name, `its ${what} a gradient of the wrong shape or dtype`, details);
      }
      const sofar = gradients.get(input);
      gradients.set(input, sofar ? add(sofar, contribution) : contribution);
    };
    (thunks as { forEach(call: typeof give): void }).forEach(give);
    if (!kept.has(node)) gradients.delete(node);
  }
  return xs.map((x) => gradients.get(x) ?? zeros(x.shape, x.dtype));
}

/**
 * The inputs of an op whose vjp differentiates what the op means in other ops: a node of its own for each place, since a tensor
 * may stand in several. Ask `partialGrad` for all places at once: derivatives then stop at each, and do not go on from one
 * operand to another that it was made from, which the walk through the whole graph does already.
 */
export function distinctPlaces(inputs: readonly Tensor[]): Tensor[] {
  return inputs.map((x, i) => (isFloat(x.dtype) && inputs.indexOf(x) < i ? mul(x, 1) : x));
}

/** Whether a gradient can flow from `y` to `x`: what `grad` answers with zeros otherwise. */
export function isConnected(y: Tensor, x: Tensor): boolean {
  const nodes = ancestors([y], new Set([x]));
  const reached = new Set<Tensor>([y]);
  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at]!;
    if (!reached.has(node)) continue;
    if (node === x) return true;
    if (node.op === null || node.op.vjp === 'none') continue;
    const thunks = node.op.vjp(placeholder(node.shape, node.dtype), node, node.inputs, node.attrs);
    node.inputs.forEach((input, i) => {
      if (thunks[i]) reached.add(input);
    });
  }
  return false;
}

/** `f`'s value and the gradients of its sum with respect to each argument, as nodes. */
export function valueAndGrad(f: (...xs: Tensor[]) => Tensor): (...xs: Tensor[]) => { value: Tensor; grads: Tensor[] } {
  return (...xs) => {
    const value = f(...xs);
    return { value, grads: grad(value, xs) };
  };
}

/**
 * The Jacobian-vector product `J v` of `y` with respect to `xs`: two reverse passes, since the vjp is linear in its
 * cotangent `u` and so `J v = d/du <v, J^T u>` (Townsend 2017, "A new trick for calculating Jacobian vector products").
 */
export function jvp(y: Tensor, xs: readonly Tensor[], tangents: readonly Tensor[]): Tensor {
  const misfit = xs.findIndex(
    (x, i) => !tangents[i] || !sameShape(tangents[i].shape, x.shape) || tangents[i].dtype !== x.dtype,
  );
  if (misfit >= 0 || tangents.length !== xs.length || xs.length === 0) {
    const details = { xs: xs.map(String), tangents: tangents.map(String) };
    throw failure('jvp', 'one tangent per tensor, of its shape and dtype', details);
  }
  const u = placeholder(y.shape, y.dtype);
  const pulled = grad(y, xs, u).map((g, i) => sum(mul(g, tangents[i]!)));
  return grad(pulled.reduce(add), [u])[0]!;
}
