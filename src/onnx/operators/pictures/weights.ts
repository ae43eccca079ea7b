import type { OperatorCall } from '../../operator.ts';
import { fail } from '../support.ts';

export interface Options {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
  readonly extrapolation: number;
}

/** One axis: `scale` outputs per input, `to` of them, and the part of it that is resized. */
export interface Axis {
  readonly axis: number;
  readonly scale: number;
  readonly to: number;
  readonly roi: readonly [number, number];
}

/** Where output `i` lies among the inputs. */
export function coordinate(
  call: OperatorCall,
  options: Options,
  { scale, to, roi }: Axis,
  from: number,
  i: number,
): number {
  const width = scale * from;
  switch (options.coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return width === 1 ? -0.5 : (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / width) + (i + 0.5) / scale - 0.5;
    // Of opset 11 alone.
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
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

/** @param place in float32, as whoever exported the model computes it: 5 times 0.2 is 1 there */
export function nearest(call: OperatorCall, mode: string, place: number, scale: number): number {
  const x = Math.fround(place);
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    // Opset 10 does not say; onnxruntime rounds down to enlarge and up to shrink.
    case 'simple':
      return scale < 1 ? Math.ceil(x) : Math.floor(x);
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
export function weightsAt(options: Options, scale: number, from: number, x: number): Map<number, number> {
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
