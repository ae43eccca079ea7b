/**
 * Class names of all Kerases as today's, and the few arguments that Keras 2 and 3 spell in different ways. What Keras 1 named otherwise is in
 * keras1.ts. Source: the Keras 2 to 3 argument changes.
 */
import { field, type JsonRecord } from './json.ts';

/** Class names that are no longer, with today's. */
export const CLASSES: ReadonlyMap<string, string> = new Map([
  ['Convolution1D', 'Conv1D'],
  ['Convolution2D', 'Conv2D'],
  ['Convolution3D', 'Conv3D'],
  ['AtrousConvolution1D', 'Conv1D'],
  ['AtrousConvolution2D', 'Conv2D'],
  ['AtrousConv1D', 'Conv1D'],
  ['AtrousConv2D', 'Conv2D'],
  ['SeparableConvolution1D', 'SeparableConv1D'],
  ['SeparableConvolution2D', 'SeparableConv2D'],
  ['Deconvolution2D', 'Conv2DTranspose'],
  ['Deconv2D', 'Conv2DTranspose'],
  ['Deconvolution3D', 'Conv3DTranspose'],
  ['Convolution2DTranspose', 'Conv2DTranspose'],
  ['BatchNormalizationV1', 'BatchNormalization'],
  ['BatchNormalizationV2', 'BatchNormalization'],
  ['SyncBatchNormalization', 'BatchNormalization'],
  ['GlobalAvgPool1D', 'GlobalAveragePooling1D'],
  ['GlobalAvgPool2D', 'GlobalAveragePooling2D'],
  ['GlobalMaxPool1D', 'GlobalMaxPooling1D'],
  ['GlobalMaxPool2D', 'GlobalMaxPooling2D'],
  ['MaxPool1D', 'MaxPooling1D'],
  ['MaxPool2D', 'MaxPooling2D'],
  ['AvgPool1D', 'AveragePooling1D'],
  ['AvgPool2D', 'AveragePooling2D'],
]);

export interface Named {
  readonly className: string;
  readonly config: JsonRecord;
}

/**
 * Differences within Keras 2 and between 2 and 3 that are spelling only.
 * LeakyReLU `alpha` became `negative_slope`; BatchNormalization's axis may be a list of one; a GRU without `reset_after` is from
 * standalone Keras (false), except in Keras 3 (true).
 */
export function translateKeras2(className: string, config: JsonRecord, major: number): Named {
  const name = CLASSES.get(className) ?? className;
  const out = new Map(Object.entries(config));
  if (name === 'LeakyReLU' && !out.has('negative_slope') && out.has('alpha')) {
    out.set('negative_slope', field(config, 'alpha'));
    out.delete('alpha');
  }
  const axis = field(config, 'axis');
  if (name === 'BatchNormalization' && Array.isArray(axis) && axis.length === 1) out.set('axis', axis[0] ?? null);
  if (name === 'GRU' && !out.has('reset_after')) out.set('reset_after', major === 3);
  return { className: name, config: Object.fromEntries(out) };
}
