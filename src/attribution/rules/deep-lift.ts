/**
 * The backward pass of DeepLIFT's rescale rule (Shrikumar, Greenside, Kundaje: "Learning important features through propagating activation
 * differences", 2017). What flows back are multipliers: times the change of a tensor from the baseline they add up to the change of the
 * score. So every op is looked at with its inputs at both ends:
 *
 * - what is affine passes multipliers as it does gradients;
 * - an elementwise function of one tensor passes its change over the tensor's, and the gradient where the tensor did not move;
 * - a maximum (max pools, global ones, `maximum`) gives what the larger end has above the other to what is picked at that end, as captum and
 *   shap have it;
 * - a product of two moving factors (gates, attention) gives each factor the mean of the other over both ends. That is the Shapley value of a
 *   game of two, shap's rule for products (Lundberg and Lee 2017, its Deep explainer); the paper has none;
 * - softmax and standardized rows are taken apart into these (`composites.ts`).
 *
 * Each of these accounts for the whole change of its result, so the attributions add up whatever a graph is made of, in real arithmetic. An op
 * that none covers is refused by name.
 */
import { partialGrad, type VjpRule, type VjpRules } from '../../graph/grad.ts';
import type { Thunk } from '../../graph/op.ts';
import { add, type BinaryFunction, div, maximum, minimum, mul, neg, sub, where } from '../../ops/binary.ts';
import { sumTo } from '../../ops/reduce.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { logSoftmaxMultiplier, softmaxMultiplier, standardizeMultiplier } from './composites.ts';
import { type Ends, rescaled, still } from './ends.ts';
import type { Moving } from './moving.ts';

/** The multiplier of a node's only moving input, given that of the node. */
type Multiplier = (g: Tensor, y: Ends, x: Ends, node: Tensor) => Tensor;

/** Every moving node at the baseline: the same graph with other variables. */
export function counterparts(moving: Moving, baselines: ReadonlyMap<Tensor, Tensor>): Map<Tensor, Tensor> {
  const twins = new Map(baselines);
  for (const node of moving.nodes) {
    if (twins.has(node)) continue;
    const inputs = node.inputs.map((input) => twins.get(input) ?? input);
    twins.set(node, new Tensor(node.op, inputs, node.attrs, node, null));
  }
  return twins;
}

const elementwiseSoftmax: Multiplier = (g, [y, y0], [x, x0], node) =>
  rescaled(sub(x, x0), mul(g, sub(y, y0)), partialGrad(node, [x], g)[0]!);

/**
 * @param twins `counterparts` of `moving`
 * @param softmax 'elementwise' treats a softmax as if each class depended on its own logit alone, as shap and captum do in PyTorch
 */
export function rescaleRules(
  moving: Moving,
  twins: ReadonlyMap<Tensor, Tensor>,
  softmax: 'decomposed' | 'elementwise',
): VjpRules {
  const ends = (node: Tensor): Ends => [node, twins.get(node) ?? node];
  const unary: { readonly [op: string]: Multiplier } = {
    softmax: softmax === 'elementwise' ? elementwiseSoftmax : softmaxMultiplier,
    logSoftmax: logSoftmaxMultiplier,
    standardizeRows: standardizeMultiplier,
  };
  const nary: { readonly [op: string]: (g: Tensor, node: Tensor) => readonly (Thunk | null)[] } = {
    max: (g, node) => picked(maximum, g, node, ends),
    maxPool: (g, node) => picked(maximum, g, node, ends),
    maximum: (g, node) => picked(maximum, g, node, ends),
    min: (g, node) => picked(minimum, g, node, ends),
    minimum: (g, node) => picked(minimum, g, node, ends),
    div: (g, node) => quotient(g, node, ends),
  };
  const rule: VjpRule = (g, node) => {
    if (moving.isAffine(node)) return null;
    const root = moving.rootOf(node);
    if (root) return new Map([[root, () => rescale(g, node, root, ends)]]);
    const { op, inputs } = node;
    const { name, linear } = op!;
    const one = unary[name];
    if (one) return [() => one(g, ends(node), ends(inputs[0]!), node)];
    if (nary[name]) return nary[name](g, node);
    const places = moving.placesIn(node);
    const bilinear = linear !== 'joint' && places.every((i) => linear.includes(i) && isFloat(inputs[i]!.dtype));
    if (bilinear && places.length === 2) return product(g, node, places, ends);
    throw failure(
      'DeepLift',
      `has no rule for the op '${name}'`,
      { inputs: inputs.map(String) },
      'IntegratedGradients and GradientShap need gradients alone; or explain a layer behind it (option layer)',
    );
  };
  return { '*': rule };
}

type EndsOf = (node: Tensor) => Ends;

/** `dy / dx` of an elementwise function, summed where `x` is broadcast. */
function rescale(g: Tensor, node: Tensor, x: Tensor, ends: EndsOf): Tensor {
  const [[y, y0], [, x0]] = [ends(node), ends(x)];
  const dx = sub(x, x0);
  const slope = partialGrad(node, [x], g)[0]!;
  const change = mul(g, sub(y, y0));
  if (change.shape.join() === dx.shape.join()) return rescaled(dx, change, slope);
  return where(still(dx), slope, sumTo(div(change, dx), x.shape));
}

/** What picks one of its elements. `outer` is the larger end of a maximum, the smaller of a minimum. */
function picked(outer: BinaryFunction, g: Tensor, node: Tensor, ends: EndsOf): (Thunk | null)[] {
  const vjp = node.op!.vjp as Exclude<NonNullable<Tensor['op']>['vjp'], 'none'>;
  const [y, y0] = ends(node);
  const baselines = node.inputs.map((input) => ends(input)[1]);
  const edge = outer(y, y0);
  const own = vjp(g, y, node.inputs, node.attrs);
  const here = vjp(mul(g, sub(edge, y0)), y, node.inputs, node.attrs);
  const there = vjp(mul(g, sub(y, edge)), y0, baselines, node.attrs);
  return node.inputs.map((x, i) => () => rescaled(sub(x, baselines[i]!), add(here[i]!(), there[i]!()), own[i]!()));
}

function product(g: Tensor, node: Tensor, places: readonly number[], ends: EndsOf): readonly (Thunk | null)[] {
  const vjp = node.op!.vjp as Exclude<NonNullable<Tensor['op']>['vjp'], 'none'>;
  const mean = ([x, x0]: Ends): Tensor => mul(add(x, x0), 0.5);
  const inputs = node.inputs.map((x, i) => (places.includes(i) ? mean(ends(x)) : x));
  return vjp(g, node, inputs, node.attrs);
}

/** `a / b` as the product of `a` and `1 / b`, whose change over that of `b` is `-1 / (b b0)`. */
function quotient(g: Tensor, node: Tensor, ends: EndsOf): (Thunk | null)[] {
  const [[a, a0], [b, b0]] = node.inputs.map(ends) as [Ends, Ends];
  return [
    () => sumTo(mul(g, mul(add(div(1, b), div(1, b0)), 0.5)), a.shape),
    () => sumTo(neg(div(mul(g, mul(add(a, a0), 0.5)), mul(b, b0))), b.shape),
  ];
}
