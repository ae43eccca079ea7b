/** Pools, and global pools. Source: Keras 3.15. */
import { flag, type LayerOptions, layerClass, perAxis } from '../fields.ts';
import { type DataFormat, dataFormat, type PerAxis, padding } from './shared.ts';

/** Options of pools. */
export interface PoolingOptions extends LayerOptions {
  /** 2 by default. */
  readonly poolSize?: PerAxis;
  /** The size of the window by default. */
  readonly strides?: PerAxis | null;
  readonly padding?: 'valid' | 'same';
  readonly dataFormat?: DataFormat;
}
/** Options of global pools. */
export interface GlobalPoolingOptions extends LayerOptions {
  readonly dataFormat?: DataFormat;
  readonly keepdims?: boolean;
}

const pool = (kind: string, axes: number) =>
  layerClass<PoolingOptions>(`${kind}Pooling${axes}D`, {
    poolSize: perAxis(axes, 2),
    strides: perAxis(axes, 2, 'poolSize'),
    padding,
    dataFormat,
  });
const globalPool = (kind: string, axes: number) =>
  layerClass<GlobalPoolingOptions>(`Global${kind}Pooling${axes}D`, { dataFormat, keepdims: flag(false) });

/** The largest of each window of a series. */
export const maxPooling1d = pool('Max', 1);
/** The largest of each window of a picture. */
export const maxPooling2d = pool('Max', 2);
/** The largest of each window of a volume. */
export const maxPooling3d = pool('Max', 3);
/** The mean of each window of a series. */
export const averagePooling1d = pool('Average', 1);
/** The mean of each window of a picture. */
export const averagePooling2d = pool('Average', 2);
/** The mean of each window of a volume. */
export const averagePooling3d = pool('Average', 3);
/** The largest over time: `[N, T, C]` to `[N, C]`. */
export const globalMaxPooling1d = globalPool('Max', 1);
/** The largest over a picture. */
export const globalMaxPooling2d = globalPool('Max', 2);
/** The largest over a volume. */
export const globalMaxPooling3d = globalPool('Max', 3);
/** The mean over time, without masked steps: `[N, T, C]` to `[N, C]`. */
export const globalAveragePooling1d = globalPool('Average', 1);
/** The mean over a picture. */
export const globalAveragePooling2d = globalPool('Average', 2);
/** The mean over a volume. */
export const globalAveragePooling3d = globalPool('Average', 3);
