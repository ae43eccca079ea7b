/** Layers that make one tensor of several: call them on a list. Source: Keras 3.15. */
import { anything, flag, type LayerOptions, layerClass } from '../fields.ts';

/** The sum. */
export const add = layerClass<LayerOptions>('Add', {}, { list: true });
/** The first less the second. */
export const subtract = layerClass<LayerOptions>('Subtract', {}, { list: true });
/** The product. */
export const multiply = layerClass<LayerOptions>('Multiply', {}, { list: true });
/** The mean. */
export const average = layerClass<LayerOptions>('Average', {}, { list: true });
/** The largest, element by element. */
export const maximum = layerClass<LayerOptions>('Maximum', {}, { list: true });
/** The smallest, element by element. */
export const minimum = layerClass<LayerOptions>('Minimum', {}, { list: true });
/** Side by side along an axis, the last. */
export const concatenate = layerClass<LayerOptions & { readonly axis?: number }>(
  'Concatenate',
  { axis: anything(-1) },
  { list: true },
);
/** Options of `dot`. */
export interface DotOptions extends LayerOptions {
  readonly axes: number | readonly [number, number];
  /** Whether both are brought to length 1 first: the cosine. */
  readonly normalize?: boolean;
}
/** Scalar products along `axes`. */
export const dot = layerClass<DotOptions>('Dot', { axes: {}, normalize: flag(false) }, { list: true });
