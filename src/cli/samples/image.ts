/**
 * Pictures from the command line, brought to the layout of the model's input: channels last or first, one grey plane, or
 * flattened. `ImageView.arrange` is the way back, for showing attributions over the picture.
 */
import { basename } from 'node:path';
import { fitPicture, invertPicture, type Picture, readPng } from '../../inputs/index.ts';
import { colourLayout, type PictureLayout, placeOf, rowShape } from '../../inputs/layout.ts';
import { embeddingOf } from '../../keras/model/embedding.ts';
import type { Model } from '../../model/model.ts';
import { allocate } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { readBytes } from '../files.ts';
import { type Arguments, usage } from '../flags.ts';
import type { Batch, ImageView } from './batch.ts';

/** --image. */
export function readImages(args: Arguments, model: Model): Batch {
  const files = args.all('image');
  const pictures = files.map((file) => {
    const picture = readPng(readBytes(file), file);
    return args.has('invert') ? invertPicture(picture) : picture;
  });
  return imageBatch(
    args,
    model,
    pictures,
    files,
    files.map((file) => basename(file)),
  );
}

/** Pictures of any size as one batch of the model's input. */
export function imageBatch(
  args: Arguments,
  model: Model,
  pictures: readonly Picture[],
  names: readonly string[],
  titles: readonly string[],
): Batch {
  const notices: string[] = [];
  const { low, high } = pixelRange(args, model, notices);
  const fitted = pictures.map((picture, i) => {
    const layout = layoutOf(model, picture, names[i]!);
    const fit = fitPicture(picture, layout, names[i]!);
    notices.push(...fit.notices);
    return { fit, layout };
  });
  const first = fitted[0]!.fit;
  const different = fitted.findIndex(({ fit }) => fit.height !== first.height || fit.width !== first.width);
  if (different >= 0) {
    const shapes = {
      one: [first.height, first.width],
      another: [fitted[different]!.fit.height, fitted[different]!.fit.width],
    };
    throw failure(names[different]!, 'pictures of one call must have one size', shapes, 'explain them one by one');
  }
  const width = first.data.length;
  const data = allocate(model.dtype, fitted.length * width);
  const samples = fitted.map(({ fit, layout }, i) => {
    const place = placeOf(fit, layout.order);
    for (let at = 0; at < width; at++) data[i * width + place(at)] = low + fit.data[at]! * (high - low);
    const arrange = (row: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: width }, (_, at) => row[place(at)]!);
    const image: ImageView = { data: fit.data, shape: [fit.height, fit.width, fit.channels], arrange };
    return { title: titles[i]!, parts: [{ name: model.inputs[0]!.name, kind: 'image' as const, image }] };
  });
  const shape = [fitted.length, ...rowShape(first, fitted[0]!.layout.order)];
  return { kind: 'image', inputs: [{ data, shape }], samples, notices: [...new Set(notices)], vocabulary: null };
}

/** Whether rows of the model's input can be shown as pictures. */
export function readsPictures(model: Model): boolean {
  return colourLayout(model.inputs[0]!.shape) !== null;
}

function layoutOf(model: Model, picture: Picture, name: string): PictureLayout {
  const { shape } = model.inputs[0]!;
  const [, a = null, b = null] = shape;
  const colours = colourLayout(shape);
  if (colours) return colours;
  if (shape.length === 1) return { height: null, width: null, channels: null, order: 'hwc' }; // learnt from this input
  if (shape.length === 3) return { height: a, width: b, channels: 1, order: 'hw' };
  const size = picture.height * picture.width;
  const { height, width } = picture;
  if (shape.length === 2 && a === size) return { height, width, channels: 1, order: 'flat' };
  if (shape.length === 2 && a === 3 * size) return { height, width, channels: 3, order: 'flat' };
  const takes = shape.slice(1).map((dim) => dim ?? 'any');
  const hint = embeddingOf(model) ? 'it reads tokens: --text or --tokens' : 'give the array itself: --npy';
  throw failure(name, 'a picture does not fit what the model takes', { picture: [height, width], takes }, hint);
}

/** What 0 and 1 are to the model: the flag, or 0..255 where the model scales its input itself, or 0..1. */
function pixelRange(args: Arguments, model: Model, notices: string[]): { low: number; high: number } {
  const text = args.text('pixels');
  if (text !== undefined) {
    const [low = Number.NaN, high = Number.NaN] = text
      .split('..')
      .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (!Number.isFinite(low) || !Number.isFinite(high) || low === high) {
      throw usage('--pixels', `'${text}' is not a range`, 'for example --pixels 0..255 or --pixels -1..1');
    }
    return { low, high };
  }
  const own = model.layers.find(({ className }) => className === 'Rescaling' || className === 'Normalization');
  if (!own) return { low: 0, high: 1 };
  notices.push(`pixels are fed as 0..255, since layer '${own.name}' scales them; --pixels says otherwise`);
  return { low: 0, high: 255 };
}
