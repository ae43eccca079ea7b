/**
 * Where a layer keeps places and channels, and which picture its places are of: what class activation maps need to know of shapes. Channels
 * lie on the last axis unless the caller says otherwise.
 */
import type { CallableModel, LayerInfo } from '../../graph/callable.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { normalizeAxis, type Shape, sizeOf } from '../../tensor/shape.ts';
import { placeholder } from '../../tensor/tensor.ts';

/** A row of a layer's tensor, `[outer places, channels, inner places]` in one line. */
export interface Places {
  /** Extents of the places: one axis for series and texts, two for pictures. */
  readonly extents: readonly number[];
  readonly channels: number;
  /** Places whose channels lie apart by this much. */
  readonly inner: number;
  /** Where the channels lie among the axes, the batch first. */
  readonly axis: number;
}

/** @throws PathgradError where the layer's tensor has no places: which layers have */
export function placesOf(subject: string, layer: string, shape: Shape, channelAxis: number): Places {
  const axis = shape.length < 3 ? 0 : normalizeAxis(subject, channelAxis, shape.length);
  const extents = shape.filter((_, i) => i !== 0 && i !== axis);
  if (axis === 0 || sizeOf(extents) < 2) {
    const hint = 'choose a convolution or a pool in front of the flattening: { layer }';
    throw failure(subject, `the layer '${layer}' has no places to attribute to`, { shape }, hint);
  }
  return { extents, channels: shape[axis]!, inner: sizeOf(shape.slice(axis + 1)), axis };
}

/** The shape of a map with one channel, for all samples. */
export function mapShape({ extents, axis }: Places, samples: number): number[] {
  const shape = [samples, ...extents];
  shape.splice(axis, 0, 1);
  return shape;
}

/**
 * Extents of the picture that a layer's places are of, and the shape of a map of its size: the only input with as many axes of places,
 * with a channel axis or (tokens) without.
 */
export function pictureOf(
  subject: string,
  { extents, axis }: Places,
  inputs: readonly Shape[],
): { readonly extents: readonly number[]; readonly shape: number[] } {
  const rank = extents.length + 2;
  const fitting = inputs.filter((shape) => shape.length === rank || shape.length === rank - 1);
  if (fitting.length !== 1) {
    const problem = `${fitting.length === 0 ? 'no input has' : 'several inputs have'} as many axes as the layer`;
    throw failure(subject, problem, { inputs, layer: extents }, "interpolation: null gives the layer's own places");
  }
  const shape = [...fitting[0]!];
  if (shape.length === rank - 1) return { extents: shape.slice(1), shape };
  shape[axis] = 1;
  return { extents: shape.filter((_, i) => i !== 0 && i !== axis), shape };
}

/** Axes of unknown extent are tried with this one. */
const tried = 64;

/**
 * The last convolution that the model applies, in nested models too.
 * @throws PathgradError for plain functions and models without one, naming the layers that there are
 */
export function lastConvolution(subject: string, model: unknown): LayerInfo {
  const { apply, inputs, layers } = model as Partial<CallableModel>;
  if (typeof apply !== 'function' || !inputs || !layers) {
    throw failure(subject, 'a plain function has no layers', {}, 'give a model with layers');
  }
  let last: LayerInfo | null = null;
  const onOutputs = ({ layer, outputs }: { layer: LayerInfo; outputs: readonly { readonly rank: number }[] }): null => {
    if (/conv/i.test(layer.className) && outputs[0]!.rank > 2) last = layer;
    return null;
  };
  const shapes = inputs.map(({ shape }) => shape.map((dim, axis) => dim ?? (axis === 0 ? 2 : tried)));
  const placeholders = inputs.map(({ dtype }, i) => placeholder(shapes[i]!, dtype));
  try {
    (model as CallableModel).apply(placeholders, { onOutputs });
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    const problem = 'the last convolution cannot be found: the model does not say what it takes';
    throw failure(subject, problem, { tried: shapes }, 'name a layer: { layer }', error);
  }
  if (last) return last;
  const known = layers.map(({ path, className }) => `${path} (${className})`);
  const hint = 'name a layer whose output has places and channels: { layer }';
  throw failure(subject, 'the model has no convolution', { layers: known }, hint);
}
