/**
 * Brings a picture to the size and the channels that a model takes. Shrinking averages over areas, enlarging is bilinear with
 * half-pixel centres; RGB becomes grey by the luma weights of ITU-R BT.601. Every change adds a notice: none is silent.
 */
import { failure } from '../tensor/errors.ts';
import type { Picture } from './image.ts';

/** The size and channels that a model wants of a picture. */
export interface FitTarget {
  /** null takes the picture's own. */
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: number | null;
}

/** The picture as the target asks for. `name` is the file's, for notices and errors. */
export function fitPicture(picture: Picture, target: FitTarget, name = 'image'): Picture {
  const notices = [...picture.notices];
  const channels = target.channels ?? picture.channels;
  if (channels !== 1 && channels !== 3) {
    throw failure(name, `a PNG cannot fill ${channels} channels`, {}, 'give the array itself: --npy');
  }
  let { data } = picture;
  if (channels === 1 && picture.channels === 3) {
    data = toGrey(data);
    notices.push(`${name}: colours turned into grey, as the model takes one channel`);
  } else if (channels === 3 && picture.channels === 1) {
    data = Float64Array.from({ length: data.length * 3 }, (_, i) => picture.data[Math.floor(i / 3)]!);
    notices.push(`${name}: grey used for each of the three channels that the model takes`);
  }
  const [height, width] = [target.height ?? picture.height, target.width ?? picture.width];
  if (height !== picture.height || width !== picture.width) {
    const stretched = height * picture.width === width * picture.height ? '' : ', which changes its proportions';
    notices.push(`${name}: resampled from ${picture.height} x ${picture.width} to ${height} x ${width}${stretched}`);
    data = resampleRows(data, picture.height, picture.width * channels, height);
    data = resampleColumns(data, height, picture.width, channels, width);
  }
  return { height, width, channels, data, notices };
}

/** Black for white and white for black. */
export function invertPicture(picture: Picture): Picture {
  return { ...picture, data: picture.data.map((value) => 1 - value) };
}

function toGrey(rgb: Float64Array): Float64Array {
  return Float64Array.from(
    { length: rgb.length / 3 },
    (_, i) => 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!,
  );
}

/** For each output position, which inputs it reads and with what weights; the weights sum to 1. */
function kernel(from: number, to: number): { index: number; weight: number }[][] {
  const ratio = from / to;
  return Array.from({ length: to }, (_, out) => {
    if (to < from) {
      const [low, high] = [out * ratio, (out + 1) * ratio];
      const covered = Array.from({ length: Math.ceil(high - 1e-9) - Math.floor(low) }, (_, i) => Math.floor(low) + i);
      return covered
        .filter((index) => index < from)
        .map((index) => ({ index, weight: (Math.min(high, index + 1) - Math.max(low, index)) / ratio }));
    }
    const centre = Math.min(Math.max((out + 0.5) * ratio - 0.5, 0), from - 1);
    const index = Math.min(Math.floor(centre), Math.max(0, from - 2));
    const share = centre - index;
    return share === 0
      ? [{ index, weight: 1 }]
      : [
          { index, weight: 1 - share },
          { index: index + 1, weight: share },
        ];
  });
}

function resampleRows(data: Float64Array, height: number, rowLength: number, to: number): Float64Array {
  const out = new Float64Array(to * rowLength);
  kernel(height, to).forEach((taps, row) => {
    for (const { index, weight } of taps) {
      for (let i = 0; i < rowLength; i++) out[row * rowLength + i]! += weight * data[index * rowLength + i]!;
    }
  });
  return out;
}

function resampleColumns(
  data: Float64Array,
  height: number,
  width: number,
  channels: number,
  to: number,
): Float64Array {
  const out = new Float64Array(height * to * channels);
  kernel(width, to).forEach((taps, column) => {
    for (const { index, weight } of taps) {
      for (let row = 0; row < height; row++) {
        for (let c = 0; c < channels; c++) {
          out[(row * to + column) * channels + c]! += weight * data[(row * width + index) * channels + c]!;
        }
      }
    }
  });
  return out;
}
