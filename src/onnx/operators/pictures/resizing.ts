/**
 * Resizing along each axis as a gather or a product with a matrix `[in, out]` of weights. Source: Operators.md of ONNX 1.22 (Resize, Upsample): the
 * coordinate of an output element in the input, the neighbours it reads, and their weights.
 */
import { where } from '../../../ops/binary.ts';
import { gather } from '../../../ops/indexing.ts';
import { matmul } from '../../../ops/matmul.ts';
import { transpose } from '../../../ops/movement.ts';
import { cast } from '../../../ops/unary.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { checkSize, normalizeAxis, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { full, type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { at, constantsOf, fail, integer, integers, maybe, number, numbers, subjectOf, text } from '../support.ts';
import { type Axis, coordinate, nearest, type Options, weightsAt } from './weights.ts';

function alongAxis(call: OperatorCall, x: Tensor, options: Options, one: Axis): Tensor {
  const { axis, to } = one;
  const from = x.shape[axis]!;
  if (from === 0) throw fail(call, 'an axis of size 0 cannot be resized', { input: x.shape });
  const places = Array.from({ length: to }, (_, i) => coordinate(call, options, one, from, i));
  if (options.mode === 'nearest') {
    const index = places.map((place) =>
      Math.min(Math.max(nearest(call, options.nearest, place, one.scale), 0), from - 1),
    );
    if (to === from && index.every((j, i) => j === i)) return x;
    return gather(x, tensor(index, [to], 'int32'), axis);
  }
  const rows = places.map((place) => weightsAt(options, one.scale, from, place));
  if (to === from && rows.every((row, i) => row.get(i) === 1)) return x;
  checkSize(subjectOf(call), [from, to], TABLE_LIMIT);
  const matrix = new Float64Array(from * to);
  rows.forEach((row, i) => {
    for (const [j, weight] of row) matrix[j * to + i] = weight;
  });
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  const weights = tensor(matrix, [from, to], x.dtype);
  const y = matmul(transpose(x, order), weights);
  return transpose(
    y,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** Elements whose coordinate lies outside the input have the value for those. */
function extrapolated(
  call: OperatorCall,
  y: Tensor,
  from: readonly number[],
  options: Options,
  axes: readonly Axis[],
): Tensor {
  if (options.coordinates !== 'tf_crop_and_resize') return y;
  return axes.reduce((result, one) => {
    const dim = from[one.axis]!;
    const inside = Array.from({ length: one.to }, (_, i) => {
      const x = coordinate(call, options, one, dim, i);
      return Number(x >= 0 && x <= dim - 1);
    });
    if (inside.every((on) => on === 1)) return result;
    const mask = tensor(
      inside,
      y.shape.map((_, i) => (i === one.axis ? one.to : 1)),
      'bool',
    );
    return where(mask, result, full([], options.extrapolation, y.dtype));
  }, y);
}

const modes = ['nearest', 'linear', 'cubic'];

function resized(call: OperatorCall, x: Tensor, options: Options, axes: readonly Axis[]): Tensor {
  if (!modes.includes(options.mode)) throw fail(call, `unknown mode '${options.mode}'`, { known: modes });
  checkSize(
    subjectOf(call),
    axes.reduce((shape, { axis, to }) => shape.map((dim, i) => (i === axis ? to : dim)), [...x.shape]),
  );
  const input = isFloat(x.dtype) || options.mode === 'nearest' ? x : cast(x, call.dtype);
  const y = axes.reduce((value, one) => alongAxis(call, value, options, one), input);
  return cast(extrapolated(call, y, x.shape, options, axes), x.dtype);
}

/** Opset 10 has scales only, and coordinates that are quotients; 11 brings sizes and modes, 18 axes and antialiasing. */
function resize(call: OperatorCall): Tensor {
  const x = at(call, 0);
  if (call.opset < 11) {
    const scales = constantsOf(call, 1, 'scales');
    return resized(call, x, old(text(call, 'mode', 'nearest')), scaled(call, x, scales));
  }
  const options: Options = {
    mode: text(call, 'mode', 'nearest'),
    coordinates: text(call, 'coordinate_transformation_mode', 'half_pixel'),
    nearest: text(call, 'nearest_mode', 'round_prefer_floor'),
    cubic: number(call, 'cubic_coeff_a', -0.75),
    antialias: integer(call, 'antialias', 0) === 1,
    excludeOutside: integer(call, 'exclude_outside', 0) === 1,
    extrapolation: number(call, 'extrapolation_value', 0),
  };
  const axes = (integers(call, 'axes') ?? [...x.shape.keys()]).map((axis) =>
    normalizeAxis(subjectOf(call), axis, x.rank),
  );
  const roi = options.coordinates === 'tf_crop_and_resize' ? constantsOf(call, 1, 'roi') : [];
  const part = (i: number): [number, number] => [roi[i] ?? 0, roi[axes.length + i] ?? 1];
  const scales = maybe(call, 2) && at(call, 2).size > 0 ? constantsOf(call, 2, 'scales') : null;
  const sizes = maybe(call, 3) && at(call, 3).size > 0 ? constantsOf(call, 3, 'sizes') : null;
  const given = scales ?? sizes;
  if (given?.length !== axes.length)
    throw fail(call, 'scales or sizes, one per axis, are needed', { scales, sizes, axes });
  if (scales) return resized(call, x, options, scaled(call, x, scales, axes, part));
  const policy = text(call, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, i) => sizes![i]! / x.shape[axis]!);
  const common = policy === 'not_larger' ? Math.min(...ratios) : policy === 'not_smaller' ? Math.max(...ratios) : null;
  const plan = axes.map((axis, i): Axis => {
    const scale = common ?? ratios[i]!;
    return { axis, scale, to: common === null ? sizes![i]! : Math.floor(scale * x.shape[axis]! + 0.5), roi: part(i) };
  });
  return resized(call, x, options, plan);
}

const old = (mode: string): Options => ({
  mode: mode === 'bilinear' ? 'linear' : mode,
  coordinates: 'asymmetric',
  nearest: 'simple',
  cubic: -0.75,
  antialias: false,
  excludeOutside: false,
  extrapolation: 0,
});

function scaled(
  call: OperatorCall,
  x: Tensor,
  scales: readonly number[],
  axes: readonly number[] = [...x.shape.keys()],
  part: (i: number) => readonly [number, number] = () => [0, 1],
): Axis[] {
  if (scales.length !== axes.length || scales.some((scale) => !(scale > 0))) {
    throw fail(call, 'one scale above 0 per axis is needed', { scales, input: x.shape });
  }
  return axes.map((axis, i) => ({
    axis,
    scale: scales[i]!,
    to: Math.floor(x.shape[axis]! * scales[i]!),
    roi: part(i),
  }));
}

export const resizing: Readonly<Record<string, Operator>> = {
  Resize: (call) => [resize(call)],
  Upsample: (call) => {
    const scales = call.opset < 9 ? numbers(call, 'scales') : constantsOf(call, 1, 'scales');
    return [resized(call, at(call, 0), old(text(call, 'mode', 'nearest')), scaled(call, at(call, 0), scales))];
  },
};
