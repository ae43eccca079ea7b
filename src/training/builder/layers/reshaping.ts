/** Layers that move, cut, pad and repeat. Source: Keras 3.15. */
import { count, type Field, type LayerOptions, layerClass, oneOf, perAxis } from '../fields.ts';
import { type DataFormat, dataFormat, type PerAxis, type Sides, sides } from './shared.ts';

interface Format extends LayerOptions {
  readonly dataFormat?: DataFormat;
}
const list: Field = {
  write: (value: number | readonly number[]) => (Array.isArray(value) ? value : [value]) as number[],
};

/** Everything but the batch in one axis. */
export const flatten = layerClass<Format>('Flatten', { dataFormat });
/** Another shape, without the batch axis; one size may be -1. */
export const reshape = layerClass<LayerOptions & { readonly targetShape: readonly number[] }>('Reshape', {
  targetShape: list,
});
/** Axes in another order, counted from 1. */
export const permute = layerClass<LayerOptions & { readonly dims: readonly number[] }>('Permute', { dims: list });
/** `[N, C]` to `[N, n, C]`. */
export const repeatVector = layerClass<LayerOptions & { readonly n: number }>('RepeatVector', { n: count });
/** Zeros before and behind a series. */
export const zeroPadding1d = layerClass<Format & { readonly padding?: Sides }>('ZeroPadding1D', {
  padding: sides(1, 1),
  dataFormat,
});
/** Zeros around a picture. */
export const zeroPadding2d = layerClass<Format & { readonly padding?: Sides }>('ZeroPadding2D', {
  padding: sides(2, 1),
  dataFormat,
});
/** Zeros around a volume. */
export const zeroPadding3d = layerClass<Format & { readonly padding?: Sides }>('ZeroPadding3D', {
  padding: sides(3, 1),
  dataFormat,
});
/** A series without its ends. */
export const cropping1d = layerClass<LayerOptions & { readonly cropping?: Sides }>('Cropping1D', {
  cropping: sides(1, 1),
});
/** A picture without its edges. */
export const cropping2d = layerClass<Format & { readonly cropping?: Sides }>('Cropping2D', {
  cropping: sides(2, 0),
  dataFormat,
});
/** A volume without its faces. */
export const cropping3d = layerClass<Format & { readonly cropping?: Sides }>('Cropping3D', {
  cropping: sides(3, 1),
  dataFormat,
});
/** Each step several times. */
export const upSampling1d = layerClass<LayerOptions & { readonly size?: number }>('UpSampling1D', {
  size: { fallback: 2, write: count.write! },
});
/** Options of `upSampling2d`. */
export interface UpSampling2dOptions extends Format {
  readonly size?: PerAxis;
  readonly interpolation?: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos3' | 'lanczos5';
}
/** A picture made larger. */
export const upSampling2d = layerClass<UpSampling2dOptions>('UpSampling2D', {
  size: perAxis(2, 2),
  dataFormat,
  interpolation: oneOf(['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'], 'nearest'),
});
/** A volume made larger. */
export const upSampling3d = layerClass<Format & { readonly size?: PerAxis }>('UpSampling3D', {
  size: perAxis(3, 2),
  dataFormat,
});
