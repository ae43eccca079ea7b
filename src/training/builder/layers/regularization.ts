/** Layers that do something in training only. Source: Keras 3.15. */
import { anyNumber, anything, type LayerOptions, layerClass, numberOr, rate } from '../fields.ts';
import { type DataFormat, dataFormat } from './shared.ts';

interface Seeded extends LayerOptions {
  /** Written to the file for Keras; here all draws follow from the seed of the training. */
  readonly seed?: number | null;
}
/** Options of dropout. */
export interface DropoutOptions extends Seeded {
  /** The share that is dropped. */
  readonly rate: number;
}
const seed = anything(null);

/** Sets a share of the elements to 0 and scales up the others (Srivastava et al. 2014). */
export const dropout = layerClass<DropoutOptions & { readonly noiseShape?: readonly (number | null)[] | null }>(
  'Dropout',
  {
    rate: rate(),
    seed,
    noiseShape: anything(null),
  },
);
/** Drops whole channels of a series. */
export const spatialDropout1d = layerClass<DropoutOptions>('SpatialDropout1D', { rate: rate(), seed });
/** Drops whole channels of a picture. */
export const spatialDropout2d = layerClass<DropoutOptions & { readonly dataFormat?: DataFormat }>('SpatialDropout2D', {
  rate: rate(),
  seed,
  dataFormat,
});
/** Drops whole channels of a volume. */
export const spatialDropout3d = layerClass<DropoutOptions & { readonly dataFormat?: DataFormat }>('SpatialDropout3D', {
  rate: rate(),
  seed,
  dataFormat,
});
/** Dropout that keeps mean and variance of what a selu gives (Klambauer et al. 2017). */
export const alphaDropout = layerClass<DropoutOptions & { readonly noiseShape?: readonly (number | null)[] | null }>(
  'AlphaDropout',
  { rate: rate(), seed, noiseShape: anything(null) },
);
/** Times normal numbers around 1. */
export const gaussianDropout = layerClass<DropoutOptions>('GaussianDropout', { rate: rate(), seed });
/** Plus normal numbers around 0. */
export const gaussianNoise = layerClass<Seeded & { readonly stddev: number }>('GaussianNoise', {
  stddev: anyNumber,
  seed,
});
/** Adds to the loss for the size of its input. */
export const activityRegularization = layerClass<LayerOptions & { readonly l1?: number; readonly l2?: number }>(
  'ActivityRegularization',
  { l1: numberOr(0), l2: numberOr(0) },
);
