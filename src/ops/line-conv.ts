/**
 * A convolution of points on lines behind an optional relu and max pool, as path-linear integrated gradients meets it: what `conv` gives of `lerpMaxPool`. Which line a
 * window picks changes seldom along a path, and between two such kinks the convolution is a straight line too: kernels that follow the kinks
 * need no convolution per step. The ops come with their kernels, since only explanations have a use for them.
 */
import { lineConvKernels } from '../backends/reference/line-conv.ts';
import * as wasm from '../backends/wasm/bind/line-conv.ts';
import { mixes } from '../graph/batch-rules.ts';
import { distinctPlaces, partialGrad } from '../graph/grad.ts';
import { defineOp, type Example, type OpFunction } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { type ConvAttrs, conv } from './conv-primitives.ts';
import { type LerpMaxPoolAttrs, lerpMaxPoolUnfused } from './lerp-max-pool.ts';
import { poolShape } from './pool.ts';
import { floatOf } from './promote.ts';
import type { Pads } from './slicing.ts';

/** Windows of a pool, of one element where there is none, that do not overlap; then a convolution without groups. */
export type LineConvAttrs = {
  readonly relu: boolean;
  readonly window: readonly number[];
  readonly poolStrides: readonly number[];
  readonly poolPads: Pads;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: Pads;
};

export function poolOf({ relu, window, poolStrides, poolPads }: LineConvAttrs): LerpMaxPoolAttrs {
  return { relu, window, strides: poolStrides, pads: poolPads, ties: 'first' };
}
export function convOf({ strides, dilations, pads }: LineConvAttrs): ConvAttrs {
  return { strides, dilations, pads, groups: 1 };
}

/** What the kernels have room for (`backends/wasm/line-conv.ts`). */
const most = { taps: 1024, steps: 1024, values: 24_576, weights: 262_144, sums: 131_072 };

/** Why these ops do not take lines of shape `start` and `steps` steps with a kernel of shape `w`, or null. */
export function unfitLines(start: Shape, w: Shape, steps: number, attrs: LineConvAttrs): string | null {
  const { window, poolStrides } = attrs;
  if (start.length !== window.length + 2 || w.length !== start.length || window.length > 2)
    return 'takes one or two spatial axes';
  if (window.some((reach, i) => reach > poolStrides[i]!)) return 'takes windows that do not overlap';
  if (steps > most.steps || steps < 1) return `takes 1 to ${most.steps} steps`;
  const places = poolShape('lineConv', start, { window, strides: poolStrides, pads: attrs.poolPads });
  const across = window.length === 1 ? 1 : places[2]!;
  const [taps, channels, width] = [sizeOf(w.slice(0, -2)), start.at(-1)!, 16 * Math.ceil(w.at(-1)! / 16)];
  const reach = Math.ceil(((w[0]! - 1) * attrs.dilations[0]! + 1) / attrs.strides[0]!) + 1;
  if (taps > most.taps || taps * width > most.weights || channels * sizeOf(window) > most.values)
    return 'takes smaller windows';
  if (taps * channels > most.values || across * channels > most.values || across * taps > most.values)
    return 'takes fewer channels';
  if (reach * (across + w[1]!) * width > most.sums) return 'takes narrower rows';
  return null;
}

function shapeOf(name: string, [start, w, delta, alpha]: readonly TensorSpec[], attrs: LineConvAttrs): TensorSpec {
  const why = unfitLines(start!.shape, w!.shape, alpha!.shape[0]!, attrs);
  if (why) throw failure(name, why, { lines: start!.shape, kernel: w!.shape, steps: alpha!.shape, ...attrs });
  const [rows, ...rest] = poolShape(name, start!.shape, poolOf(attrs));
  const dtype = floatOf(name, start!, delta!, alpha!, w!);
  return conv.op.shape([{ shape: [rows! * alpha!.shape[0]!, ...rest], dtype }, w!], convOf(attrs));
}

/** The same with ops that others know: what both ops here mean, and how they are differentiated further. */
export function lineConvUnfused([start, w, delta, alpha]: readonly Tensor[], attrs: LineConvAttrs): Tensor {
  return conv([lerpMaxPoolUnfused(start!, delta!, alpha!, poolOf(attrs)), w!], convOf(attrs));
}

const flat = {
  strides: [1],
  dilations: [1],
  pads: [[0, 0]],
  poolStrides: [1],
  poolPads: [[0, 0]],
  window: [1],
} as const;
// biome-ignore format: one use a line
const uses: readonly { x: Shape; steps: number; w: Shape; attrs: LineConvAttrs; size?: 'real' }[] = [
  { x: [2, 4, 5, 3], steps: 3, w: [2, 2, 3, 4], attrs: { relu: true, window: [2, 2], poolStrides: [2, 2], poolPads: [[0, 0], [0, 1]], strides: [1, 1], dilations: [1, 1], pads: [[0, 1], [0, 1]] } },
  { x: [1, 5, 6, 2], steps: 2, w: [2, 3, 2, 3], attrs: { relu: false, window: [1, 2], poolStrides: [1, 2], poolPads: [[0, 0], [0, 0]], strides: [2, 1], dilations: [1, 1], pads: [[1, 0], [1, 1]] } },
  { x: [2, 7, 3], steps: 4, w: [2, 3, 2], attrs: { ...flat, relu: true, dilations: [2] } },
  { x: [3, 1, 5], steps: 3, w: [1, 5, 4], attrs: { ...flat, relu: true } },
  { x: [10, 28, 28, 64], steps: 50, w: [2, 2, 64, 32], attrs: { relu: true, window: [2, 2], poolStrides: [2, 2], poolPads: [[0, 0], [0, 0]], strides: [1, 1], dilations: [1, 1], pads: [[0, 1], [0, 1]] }, size: 'real' },
];
const examples = uses.map(
  ({ x, steps, w, attrs, size }): Example<LineConvAttrs> => ({
    inputs: [x, w, x, [steps]],
    attrs,
    size: size ?? 'small',
  }),
);

/** Points along lines behind a relu and a pool, convolved: `start [samples, ...space, channels]`, a kernel, `delta` like `start`, `alpha [steps]`. */
export const lineConv: OpFunction<LineConvAttrs> = defineOp<LineConvAttrs>({
  name: 'lineConv',
  shape: (inputs, attrs) => shapeOf('lineConv', inputs, attrs),
  vjp: (g, _, inputs, attrs) => {
    const other = (i: number): Tensor => {
      const places = distinctPlaces(inputs);
      return partialGrad(lineConvUnfused(places, attrs), places, g)[i]!;
    };
    return [() => lineConvGrad([...inputs, g], attrs), () => other(1), () => other(2), () => other(3)];
  },
  batch: mixes('spreads samples over points of a path'),
  linear: [1],
  columns: 'result',
  flops: ([, w], out) => 2 * sizeOf(out.shape) * sizeOf(w!.shape.slice(0, -1)),
  kernels: { reference: lineConvKernels.lineConv, wasm: wasm.lineConv },
  examples,
});

/** The gradient of `lineConv` to `start`: that of every step, summed. The gradient of the convolution is the last input. */
export const lineConvGrad: OpFunction<LineConvAttrs> = defineOp<LineConvAttrs>({
  name: 'lineConvGrad',
  shape: (all, attrs) => {
    const expected = shapeOf('lineConvGrad', all, attrs).shape;
    if (expected.join() !== all[4]!.shape.join())
      throw failure('lineConvGrad', 'the gradient does not fit', { gradient: all[4]!.shape, expected });
    return { shape: all[0]!.shape, dtype: floatOf('lineConvGrad', ...all) };
  },
  vjp: (gg, _, inputs, attrs) => {
    const again = (i: number): Tensor => {
      const places = distinctPlaces(inputs);
      const [start] = places;
      const [unfused] = partialGrad(lineConvUnfused(places, attrs), [start!], places[4]!);
      return partialGrad(unfused!, places, gg)[i]!;
    };
    return inputs.map((_, i) => () => again(i));
  },
  batch: mixes('spreads samples over points of a path'),
  linear: [1, 4],
  columns: -1,
  zeros: 'makes',
  flops: ([, w, , , g]) => 2 * sizeOf(g!.shape) * sizeOf(w!.shape.slice(0, -1)),
  kernels: { reference: lineConvKernels.lineConvGrad, wasm: wasm.lineConvGrad },
  examples: examples.map((example) => {
    const specs = example.inputs.map((shape) => ({ shape: shape as Shape, dtype: 'float32' as const }));
    return { ...example, inputs: [...example.inputs, shapeOf('lineConvGrad', specs, example.attrs).shape] };
  }),
});
