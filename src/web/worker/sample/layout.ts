/**
 * How a model's input is read: as tokens, as a picture, or as numbers; and where a picture's pixels lie in it.
 * Which kinds fit follows from the input's shape and from whether an Embedding reads it; the page lets its user choose among them.
 */
import { colourLayout, type PictureLayout } from '../../../inputs/layout.ts';
import { embeddingOf as anyEmbedding } from '../../../keras/model/embedding.ts';
import type { Model } from '../../../model/model.ts';
import type { InputKind } from '../../protocol/index.ts';

/** Below this a square of numbers is hardly a picture. */
const smallestSide = 8;

/** Where pictures fit the model's input, or null; tokens are none, whatever their number. */
export function pictureLayout(model: Model): PictureLayout | null {
  const { shape } = model.inputs[0]!;
  const [, a = null, b = null] = shape;
  if (embeddingOf(model)) return null;
  if (!model.hasInputShape) return { height: null, width: null, channels: null, order: 'hwc' };
  const colours = colourLayout(shape);
  if (colours) return colours;
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
export function embeddingOf(model: Model): ReturnType<typeof anyEmbedding> {
  return model.inputs[0]!.shape.length > 2 ? null : anyEmbedding(model);
}

/** Ways to give the input, the likeliest first. */
export function kindsOf(model: Model): InputKind[] {
  if (embeddingOf(model)) return ['text'];
  const layout = pictureLayout(model);
  if (!model.hasInputShape) return ['image'];
  if (layout === null) return ['numbers'];
  return layout.order === 'flat' ? ['image', 'numbers'] : ['image'];
}
