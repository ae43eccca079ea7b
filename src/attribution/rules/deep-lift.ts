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
 * - `where` whose condition moves is a product with a step function;
 * - a recurrent scan is unrolled into these, step by step;
 * - softmax and standardized rows are taken apart into these (`composites.ts`).
 *
 * Each of these accounts for the whole change of its result, so the attributions add up whatever a graph is made of, in real arithmetic. An op
 * that none covers is refused by name.
 */
import { distinctPlaces, partialGrad, type VjpRule, type VjpRules } from '../../graph/grad.ts';
import type { Thunk } from '../../graph/op.ts';
import { add, type BinaryFunction, div, maximum, minimum, mul, neg, notEqual, sub, where } from '../../ops/binary.ts';
import { sumTo } from '../../ops/reduce.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { changes } from './changes.ts';
import { logSoftmaxMultiplier, softmaxMultiplier, standardizeMultiplier } from './composites.ts';
import { type Ends, rescaled, still } from './ends.ts';
import { type LayerOf, refusal } from './layers.ts';
import { Moving } from './moving.ts';
import { unrolledScan } from './unroll.ts';

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

/** 'elementwise' treats a softmax as if each class depended on its own logit alone, as shap does in PyTorch. */
export type SoftmaxRule = 'decomposed' | 'elementwise';

/**
 * @param method whose rules they are
 * @param twins `counterparts` of `moving`
 */
export function rescaleRules(
  method: string,
  moving: Moving,
  twins: ReadonlyMap<Tensor, Tensor>,
  { softmax, layerOf }: { readonly softmax: SoftmaxRule; readonly layerOf?: LayerOf },
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
  /** A recurrent scan: the same rules step by step. */
  const scanned = (g: Tensor, node: Tensor, places: readonly number[]): (Thunk | null)[] | null => {
    const inputs = distinctPlaces(node.inputs);
    const y = unrolledScan(node, inputs);
    if (!y || places.some((i) => !isFloat(inputs[i]!.dtype))) return null;
    const variables = places.map((i) => inputs[i]!);
    const inside = new Moving(y, variables);
    const starts = new Map(places.map((i) => [inputs[i]!, ends(node.inputs[i]!)[1]]));
    const rules = rescaleRules(method, inside, counterparts(inside, starts), { softmax, ...(layerOf && { layerOf }) });
    let found: readonly Tensor[] | undefined;
    const gradients = (): readonly Tensor[] => (found ??= partialGrad(y, variables, g, { rules }));
    return inputs.map((_, i) => (places.includes(i) ? () => gradients()[places.indexOf(i)]! : null));
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
    const decides = name === 'where' ? moving.rootOf(inputs[0]!) : null;
    if (decides) return chosen(g, node, decides, ends);
    const places = moving.placesIn(node);
    const bilinear = linear !== 'joint' && places.every((i) => linear.includes(i) && isFloat(inputs[i]!.dtype));
    if (bilinear && places.length === 2) return product(g, node, places, ends);
    const scan = scanned(g, node, places);
    if (scan) return scan;
    throw refusal(method, node, layerOf, 'IntegratedGradients and GradientShap need gradients alone');
  };
  return { '*': rule };
}

type EndsOf = (node: Tensor) => Ends;

/** `dy / dx` of an elementwise function, summed where `x` is broadcast. */
function rescale(g: Tensor, node: Tensor, x: Tensor, ends: EndsOf): Tensor {
  const [[y, y0], [, x0]] = [ends(node), ends(x)];
  const dx = sub(x, x0);
  const slope = partialGrad(node, [x], g)[0]!;
  const smooth = changes[node.op!.name];
  const change = mul(g, node.inputs[0] === x && smooth ? smooth(dx, [y, y0], [x, x0]) : sub(y, y0));
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

/**
 * `c a + (1 - c) b` with a condition that moves: products of `c`, which is 0 or 1, with `a` and `b`, and `c` a step function of the tensor `x`
 * that decides it. Nothing is made of a branch that neither end takes: it may be infinite.
 */
function chosen(g: Tensor, node: Tensor, x: Tensor, ends: EndsOf): Map<Tensor, Thunk> {
  const [[c, c0], [a, a0], [b, b0]] = node.inputs.map(ends) as [Ends, Ends, Ends];
  const half = mul(g, 0.5);
  const gradients = new Map<Tensor, Thunk>();
  const give = (to: Tensor, thunk: Thunk): void => {
    const before = gradients.get(to);
    gradients.set(to, before ? () => add(before(), thunk()) : thunk);
  };
  give(a, () => sumTo(add(where(c, half, 0), where(c0, half, 0)), a.shape));
  give(b, () => sumTo(add(where(c, 0, half), where(c0, 0, half)), b.shape));
  give(x, () => {
    const step = mul(half, sub(add(a, a0), add(b, b0)));
    const turned = where(notEqual(c, c0), where(c, step, neg(step)), 0);
    const dx = sub(x, ends(x)[1]);
    return where(still(dx), 0, sumTo(div(turned, dx), x.shape));
  });
  return gradients;
}

/** `a / b` as the product of `a` and `1 / b`, whose change over that of `b` is `-1 / (b b0)`. */
function quotient(g: Tensor, node: Tensor, ends: EndsOf): (Thunk | null)[] {
  const [[a, a0], [b, b0]] = node.inputs.map(ends) as [Ends, Ends];
  return [
    () => sumTo(mul(g, mul(add(div(1, b), div(1, b0)), 0.5)), a.shape),
    () => sumTo(neg(div(mul(g, mul(add(a, a0), 0.5)), mul(b, b0))), b.shape),
  ];
}
