/**
 * How a model's input is read: as tokens, as a picture, or as numbers; and where a picture's pixels lie in it.
 * Which kinds fit follows from the input's shape and from whether an Embedding reads it; the page lets its user choose among them.
 */
import type { Model } from '../../keras/model.ts';
import type { InputKind, Pixels } from '../protocol.ts';

export interface PictureLayout {
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: number | null;
  readonly order: 'hwc' | 'chw' | 'hw' | 'flat';
}

type Axes = readonly (number | null)[];

const isColours = (dim: number | null | undefined): boolean => dim === 1 || dim === 3 || dim === null;
/** Below this a square of numbers is hardly a picture. */
const smallestSide = 8;

/** Where pictures fit the model's input, or null; tokens are none, whatever their number. */
export function pictureLayout(model: Model): PictureLayout | null {
  const { shape } = model.inputs[0]!;
  const [, a = null, b = null, c = null]: Axes = shape;
  if (embeddingOf(model)) return null;
  if (!model.hasInputShape) return { height: null, width: null, channels: null, order: 'hwc' };
  if (shape.length === 4 && isColours(c)) return { height: a, width: b, channels: c, order: 'hwc' };
  if (shape.length === 4 && isColours(a)) return { height: b, width: c, channels: a, order: 'chw' };
  if (shape.length === 3 && a !== null && b !== null && Math.min(a, b) >= smallestSide) {
    return { height: a, width: b, channels: 1, order: 'hw' };
  }
  if (shape.length === 2 && a !== null) {
    for (const channels of [1, 3]) {
      const side = Math.sqrt(a / channels);
      if (Number.isInteger(side) && side >= smallestSide) return { height: side, width: side, channels, order: 'flat' };
    }
  }
  return null;
}

/** The first Embedding of the model, if it reads the input: its path and the number of ids it knows. */
export function embeddingOf(model: Model): { readonly path: string; readonly size: number } | null {
  const layer = model.layers.find(({ className }) => className === 'Embedding');
  if (!layer || model.inputs[0]!.shape.length > 2) return null;
  const size = layer.config['input_dim'];
  return { path: layer.path, size: typeof size === 'number' ? size : Number.POSITIVE_INFINITY };
}

/** Ways to give the input, the likeliest first. */
export function kindsOf(model: Model): InputKind[] {
  if (embeddingOf(model)) return ['text'];
  const layout = pictureLayout(model);
  if (!model.hasInputShape) return ['image'];
  if (layout === null) return ['numbers'];
  return layout.order === 'flat' ? ['image', 'numbers'] : ['image'];
}

/** The shape of a row of the model's input that holds a picture. */
export function rowShape({ height, width, channels }: Pixels, order: PictureLayout['order']): number[] {
  if (order === 'flat') return [height * width * channels];
  if (order === 'hw') return [height, width];
  return order === 'hwc' ? [height, width, channels] : [channels, height, width];
}

/** Where element `at` of height x width x channels lies in that row. */
export function placeOf({ height, width, channels }: Pixels, order: PictureLayout['order']): (at: number) => number {
  if (order !== 'chw') return (at) => at;
  return (at) => (at % channels) * height * width + Math.floor(at / channels);
}
