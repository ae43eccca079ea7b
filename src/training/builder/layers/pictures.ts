/** Layers that change pictures at random in training, and leave them as they are when the model predicts. Source: Keras 3.15. */
import { failure } from '../../../tensor/errors.ts';
import { anything, count, type Field, type LayerOptions, layerClass, numberOr, oneOf } from '../fields.ts';
import { type DataFormat, dataFormat } from './shared.ts';

/** One number stands for what lies as far below 0 as above; or two. */
export type Factor = number | readonly [number, number];

interface RandomOptions extends LayerOptions {
  /** Written into the file; draws here follow from the trainer's seed. */
  readonly seed?: number | null;
  readonly dataFormat?: DataFormat;
}

/** How what was outside of a picture is filled. */
export interface MoveOptions extends RandomOptions {
  /** `reflect` by default. */
  readonly fillMode?: 'reflect' | 'wrap' | 'constant' | 'nearest';
  readonly fillValue?: number;
  readonly interpolation?: 'bilinear' | 'nearest';
}

const random = { seed: anything(null), dataFormat };
const moves = {
  fillMode: oneOf(['reflect', 'wrap', 'constant', 'nearest'], 'reflect'),
  fillValue: numberOr(0),
  interpolation: oneOf(['bilinear', 'nearest'], 'bilinear'),
  ...random,
};

interface Bounds {
  readonly least?: number;
  readonly most?: number;
  /** Whether one number is written as the two that it stands for. */
  readonly both?: boolean;
}

const factor = ({ least = -1, most = 1, both = false }: Bounds): Field => ({
  write: (value: Factor, subject: string) => {
    const pair = typeof value === 'number' ? [Math.max(-Math.abs(value), least), Math.abs(value)] : value;
    const fits = Array.isArray(pair) && pair.length === 2 && pair.every((v) => v >= least && v <= most);
    if (!fits) throw failure(subject, `is a number or two, from ${least} to ${most}`, { got: value });
    return both || typeof value !== 'number' ? [...(pair as number[])].sort((a, b) => a - b) : value;
  },
});

/** Turned over along both axes, or along neither. */
export const randomFlip = layerClass<
  RandomOptions & { readonly mode?: 'horizontal' | 'vertical' | 'horizontal_and_vertical' }
>('RandomFlip', {
  mode: oneOf(['horizontal', 'vertical', 'horizontal_and_vertical'], 'horizontal_and_vertical'),
  ...random,
});
/** Turned about the middle, by a share of a whole turn. */
export const randomRotation = layerClass<MoveOptions & { readonly factor: Factor }>('RandomRotation', {
  factor: factor({ both: true }),
  ...moves,
});
/** Nearer (below 0) or farther; both axes alike without `widthFactor`. */
export const randomZoom = layerClass<
  MoveOptions & { readonly heightFactor: Factor; readonly widthFactor?: Factor | null }
>('RandomZoom', {
  heightFactor: factor({}),
  widthFactor: {
    fallback: null,
    write: (value: Factor | null, subject: string) =>
      value === null ? null : factor({}).write!(value as never, subject, {}),
  },
  ...moves,
});
/** Shifted down and to the right, by shares of the size. */
export const randomTranslation = layerClass<
  MoveOptions & { readonly heightFactor: Factor; readonly widthFactor: Factor }
>('RandomTranslation', { heightFactor: factor({}), widthFactor: factor({}), ...moves });
/** A part of this size, one place for all pictures of a batch. */
export const randomCrop = layerClass<RandomOptions & { readonly height: number; readonly width: number }>(
  'RandomCrop',
  { height: count, width: count, ...random },
);

interface ValueOptions extends RandomOptions {
  readonly factor: Factor;
  /** What the numbers of pictures lie between: `[0, 255]` by default. */
  readonly valueRange?: readonly [number, number];
}

const valueRange: Field = {
  fallback: [0, 255],
  write: (value: readonly [number, number], subject: string) => {
    if (Array.isArray(value) && value.length === 2 && value.every(Number.isFinite)) return value as [number, number];
    throw failure(subject, 'is two numbers', { got: value });
  },
};
/** Stretched about the mean of each channel. */
export const randomContrast = layerClass<ValueOptions>('RandomContrast', {
  factor: factor({ least: 0, both: true }),
  valueRange,
  ...random,
});
/** Made lighter or darker by a share of the range. */
export const randomBrightness = layerClass<ValueOptions>('RandomBrightness', {
  factor: factor({ both: true }),
  valueRange,
  ...random,
});
/** Another hue by up to half of `factor`, of a whole turn; half of the pictures the other way. Pictures are red, green, blue. */
export const randomHue = layerClass<ValueOptions>('RandomHue', {
  factor: factor({ least: 0, both: true }),
  valueRange,
  ...random,
});

interface EraseOptions extends RandomOptions {
  /** With what probability: up to a number, or between two. Always by default. */
  readonly factor?: Factor;
  /** The part of height and of width that is erased is the root of a number between these. */
  readonly scale?: Factor;
  /** A number, or one a channel; null is noise. */
  readonly fillValue?: number | readonly [number, number, number] | null;
  readonly valueRange?: readonly [number, number];
}

/** A rectangle is filled. */
export const randomErasing = layerClass<EraseOptions>('RandomErasing', {
  factor: { fallback: 1, ...factor({ least: 0, both: true }) },
  scale: { fallback: [0.02, 0.33], ...factor({ least: 0, both: true }) },
  fillValue: {
    fallback: null,
    write: (value: EraseOptions['fillValue'], subject: string) => {
      const list = Array.isArray(value) ? value : [value];
      const fits = value === null || (list.every(Number.isFinite) && [1, 3].includes(list.length));
      if (fits) return value as null;
      throw failure(subject, 'is a number, three or null', { got: value });
    },
  },
  valueRange,
  ...random,
});

interface PerspectiveOptions extends RandomOptions {
  /** With what probability: up to a number, or between two. Always by default. */
  readonly factor?: Factor;
  /** How far corners move, from 0 to 1. */
  readonly scale?: number;
  readonly interpolation?: 'bilinear' | 'nearest';
  readonly fillValue?: number;
}

/** Seen from elsewhere: corners move. */
export const randomPerspective = layerClass<PerspectiveOptions>('RandomPerspective', {
  factor: { fallback: 1, ...factor({ least: 0, both: true }) },
  scale: {
    fallback: 1,
    write: (value: number, subject: string) => {
      if (typeof value === 'number' && value >= 0 && value <= 1) return value;
      throw failure(subject, 'is a number from 0 to 1', { got: value });
    },
  },
  interpolation: oneOf(['bilinear', 'nearest'], 'bilinear'),
  fillValue: numberOr(0),
  ...random,
});
