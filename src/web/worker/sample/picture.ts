/** Pictures from files, and as the model's input. */
import { fitPicture, invertPicture } from '../../../inputs/fit.ts';
import { type Picture, readPng } from '../../../inputs/image.ts';
import { placeOf, rowShape } from '../../../inputs/layout.ts';
import type { Model } from '../../../model/model.ts';
import { isTransformer } from '../../../open/model.ts';
import { failure } from '../../../tensor/errors.ts';
import { tensor } from '../../../tensor/tensor.ts';
import type { InputData, ReplyOf, RequestOf } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import type { Sample, State } from '../state.ts';
import { pictureLayout } from './layout.ts';

/** Pictures without a size of the model's own are brought to at most this side. */
const largestSide = 256;

/** @throws PathgradError for a model that takes no pictures */
export function imageSample(model: Model, { pixels, range, title }: Extract<InputData, { kind: 'image' }>): Sample {
  const [black, white] = range;
  const layout = pictureLayout(model);
  if (!layout) throw failure(model.name, 'takes no pictures', { takes: model.inputs[0]!.shape.slice(1) });
  const place = placeOf(pixels, layout.order);
  const data = new Float32Array(pixels.data.length);
  pixels.data.forEach((value, at) => {
    data[place(at)] = black + value * (white - black);
  });
  const arrange = (row: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: data.length }, (_, at) => row[place(at)]!);
  const shape = [1, ...rowShape(pixels, layout.order)];
  return {
    kind: 'image',
    title,
    inputs: [tensor(data, shape)],
    parts: [],
    notices: [],
    image: { pixels, range, arrange },
  };
}

/** A picture file at the size and channels that the model takes. PNG is read exactly; other formats by the browser. */
export async function picture(state: State, { file, name, invert }: RequestOf<'picture'>): Promise<ReplyOf<'picture'>> {
  const model = modelIn(state);
  const layout = isTransformer(model) ? null : pictureLayout(model);
  if (!layout) throw failure(name, 'is a picture, and the model takes none', { takes: model.inputs[0]!.shape });
  const read = await decodePicture(file, name);
  const target = { ...layout, ...limited(layout, read) };
  const fitted = fitPicture(invert ? invertPicture(read) : read, target, name);
  const { height, width, channels, data, notices } = fitted;
  return { pixels: { height, width, channels, data }, notices };
}

function limited(layout: { height: number | null; width: number | null }, { height, width }: Picture) {
  const shrink = Math.min(1, largestSide / Math.max(height, width));
  return {
    height: layout.height ?? Math.max(1, Math.round(height * shrink)),
    width: layout.width ?? Math.max(1, Math.round(width * shrink)),
  };
}

async function decodePicture(file: Blob, name: string): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return readPng(bytes, name);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (error) {
    throw failure(name, 'is no picture that this browser can read', { bytes: bytes.length }, 'try PNG or JPEG', error);
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.fillStyle = 'white'; // what is transparent lies over white, as in readPng
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = Float64Array.from(
    { length: width * height * 3 },
    (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]! / 255,
  );
  return { height, width, channels: 3, data, notices: [] };
}
