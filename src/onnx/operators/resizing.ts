/**
 * Resizing along each axis as a gather or a product with a matrix `[in, out]` of weights. Source: Operators.md of ONNX 1.22 (Resize, Upsample): the
 * coordinate of an output element in the input, the neighbours it reads, and their weights.
 */
import { where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { transpose } from '../../ops/movement.ts';
import { cast } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { checkSize, normalizeAxis, TABLE_LIMIT } from '../../tensor/shape.ts';
import { full, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { at, constantsOf, fail, integer, integers, maybe, number, numbers, subjectOf, text } from './support.ts';

interface Options {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
  readonly extrapolation: number;
}

/** One axis: `scale` outputs per input, `to` of them, and the part of it that is resized. */
interface Axis {
  readonly axis: number;
  readonly scale: number;
  readonly to: number;
  readonly roi: readonly [number, number];
}

/** Where output `i` lies among the inputs. */
function coordinate(call: OperatorCall, options: Options, { scale, to, roi }: Axis, from: number, i: number): number {
  const width = scale * from;
  switch (options.coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return width === 1 ? -0.5 : (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / width) + (i + 0.5) / scale - 0.5;
    case 'align_corners':
      return width === 1 ? 0 : (i * (from - 1)) / (width - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_crop_and_resize': {
      const span = (roi[1] - roi[0]) * (from - 1);
      return roi[0] * (from - 1) + (width === 1 ? span / 2 : (i * span) / (width - 1));
    }
    default:
      throw fail(call, `unknown coordinate_transformation_mode '${options.coordinates}'`);
  }
}

function nearest(call: OperatorCall, mode: string, x: number): number {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    default:
      throw fail(call, `unknown nearest_mode '${mode}'`);
  }
}

/** Weight by distance, in inputs. */
function curve({ mode, cubic: a }: Options, distance: number): number {
  const d = Math.abs(distance);
  if (mode === 'linear') return Math.max(0, 1 - d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** The neighbours of a coordinate and their weights, which add up to 1; the edge stands for what lies outside. */
function weightsAt(options: Options, scale: number, from: number, x: number): Map<number, number> {
  const wide = options.antialias ? Math.min(scale, 1) : 1;
  const radius = Math.ceil((options.mode === 'linear' ? 1 : 2) / wide);
  const found = new Map<number, number>();
  let total = 0;
  for (let j = Math.floor(x) - radius; j <= Math.floor(x) + radius + 1; j++) {
    const outside = j < 0 || j >= from;
    const weight = curve(options, (j - x) * wide);
    if (weight === 0 || (outside && options.excludeOutside)) continue;
    const place = Math.min(Math.max(j, 0), from - 1);
    found.set(place, (found.get(place) ?? 0) + weight);
    total += weight;
  }
  for (const [j, weight] of found) found.set(j, weight / total);
  return found;
}

function alongAxis(call: OperatorCall, x: Tensor, options: Options, one: Axis): Tensor {
  const { axis, to } = one;
  const from = x.shape[axis]!;
  if (from === 0) throw fail(call, 'an axis of size 0 cannot be resized', { input: x.shape });
  const places = Array.from({ length: to }, (_, i) => coordinate(call, options, one, from, i));
  if (options.mode === 'nearest') {
    const index = places.map((place) => Math.min(Math.max(nearest(call, options.nearest, place), 0), from - 1));
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
function extrapolated(call: OperatorCall, y: Tensor, from: readonly number[], options: Options, axes: readonly Axis[]): Tensor {
  if (options.coordinates !== 'tf_crop_and_resize') return y;
  return axes.reduce((result, one) => {
    const dim = from[one.axis]!;
    const inside = Array.from({ length: one.to }, (_, i) => {
      const x = coordinate(call, options, one, dim, i);
      return Number(x >= 0 && x <= dim - 1);
    });
    if (inside.every((on) => on === 1)) return result;
    const mask = tensor(inside, y.shape.map((_, i) => (i === one.axis ? one.to : 1)), 'bool');
    return where(mask, result, full([], options.extrapolation, y.dtype));
  }, y);
}

const modes = ['nearest', 'linear', 'cubic'];

function resized(call: OperatorCall, x: Tensor, options: Options, axes: readonly Axis[]): Tensor {
  if (!modes.includes(options.mode)) throw fail(call, `unknown mode '${options.mode}'`, { known: modes });
  checkSize(subjectOf(call), axes.reduce((shape, { axis, to }) => shape.map((dim, i) => (i === axis ? to : dim)), [...x.shape]));
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
  const axes = (integers(call, 'axes') ?? [...x.shape.keys()]).map((axis) => normalizeAxis(subjectOf(call), axis, x.rank));
  const roi = options.coordinates === 'tf_crop_and_resize' ? constantsOf(call, 1, 'roi') : [];
  const part = (i: number): [number, number] => [roi[i] ?? 0, roi[axes.length + i] ?? 1];
  const scales = maybe(call, 2) && at(call, 2).size > 0 ? constantsOf(call, 2, 'scales') : null;
  const sizes = maybe(call, 3) && at(call, 3).size > 0 ? constantsOf(call, 3, 'sizes') : null;
  const given = scales ?? sizes;
  if (given?.length !== axes.length) throw fail(call, 'scales or sizes, one per axis, are needed', { scales, sizes, axes });
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
  nearest: 'floor',
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
  return axes.map((axis, i) => ({ axis, scale: scales[i]!, to: Math.floor(x.shape[axis]! * scales[i]!), roi: part(i) }));
}

export const resizing: Readonly<Record<string, Operator>> = {
  Resize: (call) => [resize(call)],
  Upsample: (call) => {
    const scales = call.opset < 9 ? numbers(call, 'scales') : constantsOf(call, 1, 'scales');
    return [resized(call, at(call, 0), old(text(call, 'mode', 'nearest')), scaled(call, at(call, 0), scales))];
  },
};
