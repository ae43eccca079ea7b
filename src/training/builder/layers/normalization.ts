/** Normalizations. Source: Keras 3.15. */
import {
  anything,
  constraint,
  type Field,
  flag,
  initializer,
  type LayerOptions,
  layerClass,
  numberOr,
  regularizer,
  whole,
} from '../fields.ts';
import type { Part } from '../parts.ts';

interface ScaleAndShift extends LayerOptions {
  /** Added to the variance; 0.001. */
  readonly epsilon?: number;
  readonly center?: boolean;
  readonly scale?: boolean;
  readonly betaInitializer?: Part;
  readonly gammaInitializer?: Part;
  readonly betaRegularizer?: Part | null;
  readonly gammaRegularizer?: Part | null;
  readonly betaConstraint?: Part | null;
  readonly gammaConstraint?: Part | null;
}
const scaleAndShift = {
  epsilon: numberOr(0.001),
  center: flag(true),
  scale: flag(true),
  betaInitializer: initializer('zeros'),
  gammaInitializer: initializer('ones'),
  betaRegularizer: regularizer,
  gammaRegularizer: regularizer,
  betaConstraint: constraint,
  gammaConstraint: constraint,
};
const axis: Field = anything(-1);

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends ScaleAndShift {
  readonly axis?: number;
  /** How much of the moving statistics stays at a step; 0.99. */
  readonly momentum?: number;
  readonly movingMeanInitializer?: Part;
  readonly movingVarianceInitializer?: Part;
}
/** By the statistics of the batch in training, by moving ones at inference (Ioffe and Szegedy 2015). */
export const batchNormalization = layerClass<BatchNormalizationOptions>('BatchNormalization', {
  axis,
  momentum: numberOr(0.99),
  ...scaleAndShift,
  movingMeanInitializer: initializer('zeros'),
  movingVarianceInitializer: initializer('ones'),
});
/** Each sample by its own statistics along an axis, the last (Ba et al. 2016). */
export const layerNormalization = layerClass<ScaleAndShift & { readonly axis?: number | readonly number[] }>(
  'LayerNormalization',
  { axis, ...scaleAndShift },
);
/** Channels in groups (Wu and He 2018). */
export const groupNormalization = layerClass<ScaleAndShift & { readonly axis?: number; readonly groups?: number }>(
  'GroupNormalization',
  { groups: { fallback: 32, write: whole(-1) }, axis, ...scaleAndShift },
);
/** By the root mean square (Zhang and Sennrich 2019). */
export const rmsNormalization = layerClass<LayerOptions & { readonly axis?: number; readonly epsilon?: number }>(
  'RMSNormalization',
  { axis, epsilon: numberOr(1e-6) },
);
/** To a length of 1. */
export const unitNormalization = layerClass<LayerOptions & { readonly axis?: number | readonly number[] }>(
  'UnitNormalization',
  { axis },
);
