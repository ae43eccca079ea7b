/**
 * Where the pixels of a picture lie in a row of a model's input. The command line and the page share it; each adds what it takes
 * for a picture where four axes do not say it.
 */
export interface PictureLayout {
  /** Null where the model takes any. */
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: number | null;
  readonly order: 'hwc' | 'chw' | 'hw' | 'flat';
}

type Size = { readonly [K in 'height' | 'width' | 'channels']: number };

const isColours = (dim: number | null): boolean => dim === 1 || dim === 3 || dim === null;

/** The layout of an input of four axes, batch first: colours last, or else first; null for other shapes. */
export function colourLayout(shape: readonly (number | null)[]): PictureLayout | null {
  const [, a = null, b = null, c = null] = shape;
  if (shape.length === 4 && isColours(c)) return { height: a, width: b, channels: c, order: 'hwc' };
  if (shape.length === 4 && isColours(a)) return { height: b, width: c, channels: a, order: 'chw' };
  return null;
}

/** The shape of a row of the model's input that holds a picture. */
export function rowShape({ height, width, channels }: Size, order: PictureLayout['order']): number[] {
  if (order === 'flat') return [height * width * channels];
  if (order === 'hw') return [height, width];
  return order === 'hwc' ? [height, width, channels] : [channels, height, width];
}

/** Where the element `at` of height x width x channels lies in that row. */
export function placeOf({ height, width, channels }: Size, order: PictureLayout['order']): (at: number) => number {
  if (order !== 'chw') return (at) => at;
  return (at) => (at % channels) * height * width + Math.floor(at / channels);
}
