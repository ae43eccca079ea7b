/**
 * Functions that transformers spend their elementwise time in, each as one pass over memory where ops would take many: the exact
 * gelu, rows brought to mean 0 and variance 1, and the gradients of these and of softmax. Both row gradients are symmetric
 * matrices applied to `g`, so that they are their own transposes.
 */
import { alongLast, elementwise } from '../graph/batch-rules.ts';
import { defineOp, type Op } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, mul, neg, sub } from './binary.ts';
import { mean, sum, variance } from './reduce.ts';
import { exp, rsqrt, square } from './unary.ts';

type None = Record<never, never>;
type Along = (x: Tensor, y: Tensor) => Tensor;
const last = { axes: -1, keepDims: true } as const;
/** The inner product along the last axis. */
const inner: Along = (x, y) => sum(mul(x, y), last);

function sameShapes(name: string, a: Tensor, b: Tensor): void {
  if (sameShape(a.shape, b.shape) && a.rank > 0) return;
  throw failure(name, 'the two tensors need one shape with at least one axis', { one: a.shape, another: b.shape });
}

const geluOp = defineOp<None>({
  name: 'gelu',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, _, [x]) => [() => geluGrad(g, x!)],
  batch: elementwise,
  linear: [],
  flops: (_, out) => 15 * sizeOf(out.shape),
  examples: [
    { inputs: [[3, 4]], attrs: {} },
    { inputs: [[]], attrs: {} },
    { inputs: [[128, 3072]], attrs: {}, size: 'real' },
  ],
});

/** `x` times the normal distribution function of `x`. */
export const exactGelu: ((x: Tensor) => Tensor) & { readonly op: Op } = Object.assign((x: Tensor) => geluOp([x], {}), {
  op: geluOp.op,
});

const geluGradOp = defineOp<None>({
  name: 'geluGrad',
  shape: ([, x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // gelu'' = phi(x) (2 - x^2) with the normal density phi.
  vjp: (h, _, [g, x]) => [
    () => geluGrad(h, x!),
    () => {
      const density = mul(exp(mul(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return mul(mul(h, g!), mul(density, sub(2, square(x!))));
    },
  ],
  batch: elementwise,
  linear: [0],
  flops: (_, out) => 25 * sizeOf(out.shape),
  examples: [
    {
      inputs: [
        [3, 4],
        [3, 4],
      ],
      attrs: {},
    },
    {
      inputs: [
        [128, 3072],
        [128, 3072],
      ],
      attrs: {},
      size: 'real',
    },
  ],
});

/** `g gelu'(x)`, with `gelu'(x) = Phi(x) + x phi(x)`. */
export const geluGrad: ((g: Tensor, x: Tensor) => Tensor) & { readonly op: Op } = Object.assign(
  (g: Tensor, x: Tensor) => geluGradOp([g, x], {}),
  { op: geluGradOp.op },
);

type EpsilonAttrs = { readonly epsilon: number };
const standardizeOp = defineOp<EpsilonAttrs>({
  name: 'standardizeRows',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, _, [x], attrs) => [() => standardizeRowsGrad(g, x!, attrs)],
  batch: alongLast,
  linear: [],
  flops: (_, out) => 6 * sizeOf(out.shape),
  examples: [
    { inputs: [[3, 5]], attrs: { epsilon: 1e-3 } },
    { inputs: [[2, 2, 9]], attrs: { epsilon: 1e-6 } },
    { inputs: [[2, 1]], attrs: { epsilon: 0.1 } },
    { inputs: [[128, 768]], attrs: { epsilon: 1e-12 }, size: 'real' },
  ],
});

/** `(x - mean) / sqrt(variance + epsilon)` along the last axis. */
export const standardizeRows: ((x: Tensor, epsilon: number) => Tensor) & { readonly op: Op } = Object.assign(
  (x: Tensor, epsilon: number) => {
    if (x.rank === 0) throw failure('standardizeRows', 'a tensor with at least one axis is needed');
    return standardizeOp([x], { epsilon });
  },
  { op: standardizeOp.op },
);

/*
 * With s = 1 / sqrt(variance + epsilon), y = s (x - mean) and n elements: J g = s (g - mean g - y mean(g y)), symmetric.
 * For P = <h,g> - n mean(h) mean(g) - a b / n, a = <h,y>, b = <g,y>, the derivative of <h, J g> to x is
 * -s^2 P y / n - s (b J h + a J g) / n.
 */
const standardizeGradOp = defineOp<EpsilonAttrs>({
  name: 'standardizeRowsGrad',
  shape: ([, x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (h, jg, [g, x], attrs) => [
    () => standardizeRowsGrad(h, x!, attrs),
    () => {
      const n = x!.shape.at(-1)!;
      const y = standardizeRows(x!, attrs.epsilon);
      const s = rsqrt(add(variance(x!, last), attrs.epsilon));
      const [a, b] = [inner(h, y), inner(g!, y)];
      const p = sub(sub(inner(h, g!), mul(mul(mean(h, last), mean(g!, last)), n)), mul(mul(a, b), 1 / n));
      const bent = add(mul(b, standardizeRowsGrad(h, x!, attrs)), mul(a, jg));
      return mul(neg(mul(s, add(mul(mul(s, p), y), bent))), 1 / n);
    },
  ],
  batch: alongLast,
  linear: [0],
  flops: (_, out) => 12 * sizeOf(out.shape),
  examples: [
    {
      inputs: [
        [3, 5],
        [3, 5],
      ],
      attrs: { epsilon: 1e-3 },
    },
    {
      inputs: [
        [2, 9],
        [2, 9],
      ],
      attrs: { epsilon: 0.5 },
    },
    {
      inputs: [
        [128, 768],
        [128, 768],
      ],
      attrs: { epsilon: 1e-12 },
      size: 'real',
    },
  ],
});

/** The gradient of `standardizeRows(x)` whose result has the gradient `g`. */
export const standardizeRowsGrad: ((g: Tensor, x: Tensor, attrs: EpsilonAttrs) => Tensor) & { readonly op: Op } =
  Object.assign(
    (g: Tensor, x: Tensor, { epsilon }: EpsilonAttrs) => {
      sameShapes('standardizeRowsGrad', g, x);
      return standardizeGradOp([g, x], { epsilon });
    },
    { op: standardizeGradOp.op },
  );

const softmaxGradOp = defineOp<None>({
  name: 'softmaxRowsGrad',
  shape: ([, y]) => ({ shape: y!.shape, dtype: y!.dtype }),
  vjp: (h, _, [g, y]) => [
    () => softmaxRowsGrad(h, y!),
    () => sub(mul(h, sub(g!, inner(g!, y!))), mul(g!, inner(h, y!))),
  ],
  batch: alongLast,
  linear: [0],
  flops: (_, out) => 4 * sizeOf(out.shape),
  examples: [
    {
      inputs: [
        [3, 5],
        [3, 5],
      ],
      attrs: {},
    },
    {
      inputs: [
        [2, 12, 128, 128],
        [2, 12, 128, 128],
      ],
      attrs: {},
      size: 'real',
    },
  ],
});

/** `y (g - <g, y>)` along the last axis: the gradient of a softmax that gave `y`. */
export const softmaxRowsGrad: ((g: Tensor, y: Tensor) => Tensor) & { readonly op: Op } = Object.assign(
  (g: Tensor, y: Tensor) => {
    sameShapes('softmaxRowsGrad', g, y);
    return softmaxGradOp([g, y], {});
  },
  { op: softmaxGradOp.op },
);
