/**
 * Ops that take parts of tensors and put parts together. `slice` (with steps) and `pad` (with gaps between elements) are each
 * other's transpose; they compute nothing.
 */
import { along, joined, padded, sliced } from '../graph/batch-rules.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { normalizeAxes, normalizeAxis, type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expandDims } from './movement.ts';
import { meeting } from './promote.ts';
import { cast } from './unary.ts';

const free = (): number => 0;

/** Most of a result that its op can compute alone; of small parts there may be several, and each would be computed anew. */
function partOf([x]: readonly Tensor[], fed: ReadonlySet<Tensor>, { begin, size, step }: SliceAttrs): Tensor | null {
  if (fed.has(x!) || step.some((by) => by !== 1) || 2 * sizeOf(size) <= x!.size) return null;
  return x!.op?.part?.(x!.inputs, x!.attrs, begin, size) ?? null;
}

type SliceAttrs = { readonly begin: readonly number[]; readonly size: Shape; readonly step: readonly number[] };
const sliceOp = defineOp<SliceAttrs>({
  name: 'slice',
  rewrite: partOf,
  shape: ([x], { size }) => ({ shape: size, dtype: x!.dtype }),
  vjp: (g, _, [x], { begin, size, step }) => [
    () => {
      const spans = size.map((count, axis) => (count === 0 ? 0 : (count - 1) * step[axis]! + 1));
      const around = spans.map((span, axis) => [begin[axis]!, x!.shape[axis]! - begin[axis]! - span] as const);
      return pad(
        g,
        around,
        0,
        step.map((by) => by - 1),
      );
    },
  ],
  batch: sliced,
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    { inputs: [[4, 5]], attrs: { begin: [1, 0], size: [2, 5], step: [1, 1] } },
    { inputs: [[7, 6]], attrs: { begin: [0, 1], size: [3, 2], step: [3, 2] } },
  ],
});

/** Per axis `[from, to]` or `[from, to, step]`, negative counted from the end; axes not named are kept whole. */
export type Ranges = { readonly [axis: number]: readonly [number, number] | readonly [number, number, number] };

/** A part of `x`: `slice(x, { 1: [0, 3] })` is `x[:, 0:3]`. Steps are positive; `reverse` turns an axis round. */
export const slice: ((x: Tensor, ranges: Ranges) => Tensor) & { op: Op } = withOp((x: Tensor, ranges: Ranges) => {
  const [begin, size, step] = [x.shape.map(() => 0), [...x.shape], x.shape.map(() => 1)];
  for (const [key, [from, to, by = 1]] of Object.entries(ranges)) {
    const axis = normalizeAxis('slice', Number(key), x.rank);
    const dim = x.shape[axis]!;
    const bound = (at: number): number => Math.min(Math.max(at < 0 ? at + dim : at, 0), dim);
    if (![from, to].every((at) => Number.isInteger(at) || Math.abs(at) === Infinity)) {
      throw failure('slice', 'a range is of whole numbers', { axis, from, to });
    }
    if (!(Number.isInteger(by) && by > 0)) throw failure('slice', 'a step is an integer from 1 up', { axis, step: by });
    begin[axis] = bound(from);
    size[axis] = Math.max(0, Math.ceil((bound(to) - bound(from)) / by));
    step[axis] = by;
  }
  return sameShape(size, x.shape) ? x : sliceOp([x], { begin, size, step });
}, sliceOp);

/** Elements before and after each axis. */
export type Pads = readonly (readonly [number, number])[];
type PadAttrs = { readonly pads: Pads; readonly gaps: readonly number[]; readonly value: number };
const padOp = defineOp<PadAttrs>({
  name: 'pad',
  shape: ([x], { pads, gaps }) => ({
    shape: x!.shape.map((dim, axis) => pads[axis]![0] + pads[axis]![1] + dim + Math.max(0, dim - 1) * gaps[axis]!),
    dtype: x!.dtype,
  }),
  vjp: (g, _, [x], { pads, gaps }) => [
    () => {
      const ranges = x!.shape.map((dim, axis) => {
        const begin = pads[axis]![0];
        return [begin, dim === 0 ? begin : begin + (dim - 1) * (gaps[axis]! + 1) + 1, gaps[axis]! + 1] as const;
      });
      return slice(g, Object.fromEntries(ranges.entries()));
    },
  ],
  batch: padded,
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    {
      inputs: [[2, 3]],
      attrs: {
        pads: [
          [1, 0],
          [0, 2],
        ],
        gaps: [0, 0],
        value: 0,
      },
    },
    {
      inputs: [[2, 3]],
      attrs: {
        pads: [
          [0, 1],
          [1, 1],
        ],
        gaps: [2, 1],
        value: 1.5,
      },
    },
  ],
});

/** `x` with `pads[axis] = [before, after]` elements of `value` around it, and `gaps[axis]` between neighbours. */
export const pad: ((x: Tensor, pads: Pads, value?: number, gaps?: readonly number[]) => Tensor) & { op: Op } = withOp(
  (x: Tensor, pads: Pads, value = 0, gaps: readonly number[] = x.shape.map(() => 0)) => {
    if (gaps.length !== x.rank || gaps.some((by) => !Number.isInteger(by) || by < 0)) {
      throw failure('pad', 'one gap per axis, whole numbers from 0 up', { gaps, shape: x.shape });
    }
    if (pads.length !== x.rank || pads.flat().some((by) => !Number.isInteger(by) || by < 0)) {
      throw failure('pad', 'one [before, after] per axis, integers from 0 up', { pads, shape: x.shape });
    }
    if ([...pads.flat(), ...gaps].every((by) => by === 0)) return x;
    const held = x.dtype === 'bool' && (value === 0 || value === 1) ? 'bool' : meeting(x.dtype, value);
    return padOp([cast(x, held)], { pads, gaps, value });
  },
  padOp,
);

/** The zeros that `x` is padded with, where that is all, around the axes between the first and the last; else null. */
export function zerosAround({ op, attrs }: Tensor): Pads | null {
  if (op !== padOp.op) return null;
  const { pads, gaps, value } = attrs as PadAttrs;
  const outer = [pads[0]!, pads.at(-1)!].flat();
  return value === 0 && [...outer, ...gaps].every((by) => by === 0) && pads.length > 2 ? pads.slice(1, -1) : null;
}

const reverseOp = defineOp<{ axes: readonly number[] }>({
  name: 'reverse',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, _, __, { axes }) => [() => reverse(g, axes)],
  batch: along(({ axes }: { axes: readonly number[] }) => axes),
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    { inputs: [[3, 4]], attrs: { axes: [0] } },
    { inputs: [[3, 4]], attrs: { axes: [0, 1] } },
  ],
});

/** `x` with the order along `axes` turned round. */
export const reverse: ((x: Tensor, axes: readonly number[]) => Tensor) & { op: Op } = withOp(
  (x: Tensor, axes: readonly number[]) => {
    const list = normalizeAxes('reverse', axes, x.rank);
    return list.length === 0 ? x : reverseOp([x], { axes: list });
  },
  reverseOp,
);

const concatOp = defineOp<{ axis: number }>({
  name: 'concat',
  shape: (xs, { axis }) => ({
    shape: xs[0]!.shape.map((dim, i) => (i === axis ? xs.reduce((total, x) => total + x.shape[axis]!, 0) : dim)),
    dtype: xs[0]!.dtype,
  }),
  vjp: (g, _, xs, { axis }) => {
    let from = 0;
    return xs.map((x) => {
      const begin = from;
      from += x.shape[axis]!;
      return () => slice(g, { [axis]: [begin, begin + x.shape[axis]!] });
    });
  },
  batch: joined,
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    {
      inputs: [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      attrs: { axis: 1 },
    },
    {
      inputs: [
        [2, 3],
        [4, 3],
      ],
      attrs: { axis: 0 },
    },
  ],
});

/** The tensors one after another along `axis`; all other sizes must agree. */
export const concat: ((xs: readonly Tensor[], axis?: number) => Tensor) & { op: Op } = withOp(
  (xs: readonly Tensor[], axis = -1) => {
    const first = xs[0];
    if (!first) throw failure('concat', 'no tensor given');
    const at = normalizeAxis('concat', axis, first.rank);
    const fits = (x: Tensor): boolean =>
      x.rank === first.rank && x.dtype === first.dtype && x.shape.every((dim, i) => i === at || dim === first.shape[i]);
    const odd = xs.find((x) => !fits(x));
    if (odd)
      throw failure('concat', `shapes differ beside axis ${at}`, { one: first.toString(), another: odd.toString() });
    return xs.length === 1 ? first : concatOp(xs, { axis: at });
  },
  concatOp,
);

/** The tensors, all of one shape, along a new axis. */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  return concat(
    xs.map((x) => expandDims(x, axis)),
    axis < 0 ? axis + xs[0]!.rank + 1 : axis,
  );
}
