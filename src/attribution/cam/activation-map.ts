/**
 * Class activation maps: channels of a layer, weighted by what their gradients say, added up to one value per place, and stretched to the
 * picture. The methods differ in the weights.
 */

import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { ExplainerOptions } from '../frame/settings.ts';
import { mapShape, type Places, pictureOf, placesOf } from './places.ts';
import { type Interpolation, resizeMap } from './resize.ts';

/** Options of the methods that weigh the maps of a convolution: which layer, and how its map is brought to the picture's size. */
export interface ActivationMapOptions<M> extends ExplainerOptions<M> {
  /**
   * How the map is stretched to the picture: `'bilinear'` (the default; between the centres of the layer's places), `'nearest'`, or null for
   * the layer's own places.
   */
  readonly interpolation?: Interpolation | null;
  /** Keep only what speaks for the target: negative values become 0. */
  readonly relu?: boolean;
  /** The axis of the layer's channels, the batch being 0; the last by default. */
  readonly channelAxis?: number;
}

export const activationMapOptions = { interpolation: 1, relu: 1, channelAxis: 1 } as const;

export interface MapSettings {
  readonly interpolation: Interpolation | null;
  readonly relu: boolean;
  readonly channelAxis: number;
}

/** @throws PathgradError for an interpolation that there is not */
export function checkMap(subject: string, options: ActivationMapOptions<never>, relu: boolean): MapSettings {
  const { interpolation = 'bilinear', channelAxis = -1 } = options;
  const known = ['bilinear', 'nearest'];
  if (interpolation !== null && !known.includes(interpolation)) {
    throw failure(
      subject,
      `unknown interpolation '${String(interpolation)}'`,
      {},
      didYouMean(String(interpolation), known),
    );
  }
  if (options.relu !== undefined && typeof options.relu !== 'boolean') {
    throw failure(subject, 'relu is true or false', { got: options.relu });
  }
  return { interpolation, relu: options.relu ?? relu, channelAxis };
}

/**
 * The weight of one channel.
 * @param gradients of the score with respect to its values, and the values themselves: one per place
 */
export type ChannelWeight = (gradients: Float64Array, values: Float64Array) => number;

export interface LayerTensor {
  /** The layer's name, and the shape of its tensor for all samples. */
  readonly name: string;
  readonly shape: Shape;
  /** Shapes of the model's inputs. */
  readonly inputs: readonly Shape[];
}

/** Makes the maps of one score: from gradients and values of the layer for all samples to maps and their shape. */
export function activationMaps(
  subject: string,
  { name, shape, inputs }: LayerTensor,
  settings: MapSettings,
  weightOf: ChannelWeight,
): { readonly shape: Shape; map(gradients: Float64Array, values: Float64Array): Float64Array } {
  const places = placesOf(subject, name, shape, settings.channelAxis);
  const samples = shape[0]!;
  const { interpolation } = settings;
  const picture = interpolation === null ? null : pictureOf(subject, places, inputs);
  const width = (all: Float64Array): number => all.length / samples;
  return {
    shape: picture?.shape ?? mapShape(places, samples),
    map: (gradients, values) => {
      const maps = Array.from({ length: samples }, (_, sample) => {
        const row = (all: Float64Array): Float64Array => all.subarray(sample * width(all), (sample + 1) * width(all));
        const map = weightedSum(places, row(gradients), row(values), weightOf);
        if (settings.relu) for (let i = 0; i < map.length; i++) map[i] = Math.max(0, map[i]!);
        return picture ? resizeMap(map, places.extents, picture.extents, interpolation!) : map;
      });
      const out = new Float64Array(samples * maps[0]!.length);
      maps.forEach((map, sample) => {
        out.set(map, sample * map.length);
      });
      return out;
    },
  };
}

function weightedSum(
  { channels, inner }: Places,
  gradients: Float64Array,
  values: Float64Array,
  weightOf: ChannelWeight,
): Float64Array {
  const count = values.length / channels;
  const map = new Float64Array(count);
  const [slopes, levels] = [new Float64Array(count), new Float64Array(count)];
  for (let channel = 0; channel < channels; channel++) {
    for (let place = 0; place < count; place++) {
      const at = (Math.floor(place / inner) * channels + channel) * inner + (place % inner);
      slopes[place] = gradients[at]!;
      levels[place] = values[at]!;
    }
    const weight = weightOf(slopes, levels);
    for (let place = 0; place < count; place++) map[place]! += weight * levels[place]!;
  }
  return map;
}
