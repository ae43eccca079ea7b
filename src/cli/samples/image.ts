/**
 * Pictures from the command line, brought to the layout of the model's input: channels last or first, one grey plane, or
 * flattened. `ImageView.arrange` is the way back, for showing attributions over the picture.
 */
import { basename } from 'node:path';
import { fitPicture, invertPicture, type Picture, readPicture } from '../../inputs/index.ts';
import { colourLayout, type PictureLayout, placeOf, rowShape } from '../../inputs/layout.ts';
import { embeddingOf } from '../../keras/model/embedding.ts';
import type { RawInput } from '../../model/definition.ts';
import type { Model } from '../../model/model.ts';
import type { InputRows } from '../../open/input-rows.ts';
import { allocate } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { filesIn, isFolder, readBytes } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import type { Batch, ImageView } from './batch.ts';
import { batchOf } from './join.ts';

/** What the names of pictures end in, for folders. */
const SUFFIX = /\.(png|jpe?g|webp)$/i;

/** --image: files and folders of them. */
export async function readImages(args: Arguments, model: Model): Promise<Batch> {
  const [input] = model.rawInputs;
  const { files, notices } = pictureFiles(args.all('image'));
  const rows = await pictureRows(args, model, input!, files);
  return batchOf(model, new Map([[input!.name, rows]]), {
    titles: files.map((file) => basename(file)),
    notices: [...notices, ...rows.notices],
  });
}

/** Folders give the pictures in them, by their names. */
export function pictureFiles(given: readonly string[]): { files: string[]; notices: string[] } {
  const notices: string[] = [];
  const files = given.flatMap((path) => {
    if (!isFolder(path)) return [path];
    const all = filesIn(path);
    const pictures = all.filter((file) => SUFFIX.test(file));
    if (pictures.length === 0)
      throw failure(path, 'is a folder without pictures', { files: all.length }, 'PNG, JPEG and WebP are read');
    if (pictures.length < all.length)
      notices.push(`${path}: ${all.length - pictures.length} of ${all.length} files are no pictures and are left out`);
    return pictures;
  });
  return { files, notices };
}

export interface PictureRows extends InputRows {
  readonly notices: readonly string[];
}

/** The pictures of these files for one of the model's inputs. */
export async function pictureRows(
  args: Arguments,
  model: Model,
  input: RawInput,
  files: readonly string[],
): Promise<PictureRows> {
  const pictures: Picture[] = [];
  for (const file of files) {
    const picture = await readPicture(readBytes(file), file);
    pictures.push(args.has('invert') ? invertPicture(picture) : picture);
  }
  return fittedRows(args, model, input, pictures, files);
}

/** Pictures of any size as rows of one input. */
export function fittedRows(
  args: Arguments,
  model: Model,
  input: RawInput,
  pictures: readonly Picture[],
  names: readonly string[],
): PictureRows {
  const notices: string[] = [];
  const { low, high } = pixelRange(args, model, notices);
  const size = readSize(args);
  const fitted = pictures.map((picture, i) => {
    const layout = sized(layoutOf(model, input, picture, names[i]!), size, input);
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
    const hint = '--size 224x224 brings all to one; or explain them one by one';
    throw failure(names[different]!, 'pictures of one call must have one size', shapes, hint);
  }
  const width = first.data.length;
  const data = allocate(model.dtype, fitted.length * width);
  const views = fitted.map(({ fit, layout }, i): ImageView => {
    const place = placeOf(fit, layout.order);
    for (let at = 0; at < width; at++) data[i * width + place(at)] = low + fit.data[at]! * (high - low);
    const arrange = (row: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: width }, (_, at) => row[place(at)]!);
    return { data: fit.data, shape: [fit.height, fit.width, fit.channels], arrange };
  });
  const shape = [fitted.length, ...rowShape(first, fitted[0]!.layout.order)];
  return {
    count: fitted.length,
    feed: { data, shape },
    part: (row) => ({ kind: 'image', image: views[row]! }),
    notices: [...new Set(notices)],
  };
}

/** --size HEIGHTxWIDTH; null where it is left out. */
function readSize(args: Arguments): readonly [number, number] | null {
  const text = args.text('size');
  if (text === undefined) return null;
  const found = /^(\d{1,5})x(\d{1,5})$/.exec(text.trim());
  const [height, width] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  if (height < 1 || width < 1) throw usage('--size', `'${text}' is no height and width`, 'for example --size 224x224');
  return [height, width];
}

/** The layout with --size where the model leaves the size open. */
function sized(layout: PictureLayout, size: readonly [number, number] | null, { name }: RawInput): PictureLayout {
  if (!size) return layout;
  const [height, width] = size;
  const fits = (layout.height ?? height) === height && (layout.width ?? width) === width;
  if (!fits)
    throw usage(
      '--size',
      `'${name}' takes ${layout.height ?? 'any'} x ${layout.width ?? 'any'} pixels`,
      'leave it out: pictures are brought to that size',
    );
  return { ...layout, height, width };
}

/** Whether rows of the model's input can be shown as pictures. */
export function readsPictures({ shape }: RawInput): boolean {
  return shape !== null && colourLayout(shape) !== null;
}

function layoutOf(model: Model, input: RawInput, picture: Picture, name: string): PictureLayout {
  const shape = input.shape ?? [null];
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
  // Beside pictures there may be tables, which are normalized.
  const scales = (className: string): boolean =>
    className === 'Rescaling' || (model.rawInputs.length === 1 && className === 'Normalization');
  const own = model.layers.find(({ className }) => scales(className));
  if (!own) return { low: 0, high: 1 };
  notices.push(`pixels are fed as 0..255, since layer '${own.name}' scales them; --pixels says otherwise`);
  return { low: 0, high: 255 };
}
