/** Pictures of any format that is read: PNG, JPEG, and WebP where the browser decodes it. What a file is, its bytes say, not its name. */
import { notA } from '../guard/content.ts';
import { failure } from '../tensor/errors.ts';
import { type Picture, readPng } from './image.ts';
import { isJpeg } from './jpeg.ts';

/** What to do about other pictures. */
const read = 'PNG and JPEG are read, and WebP in browsers: save the picture as one of these';

/** Pixels of a WebP: the format's largest side is 16,383. */
const MOST_PIXELS = 2 ** 26;

/**
 * Reads a picture.
 * @param name of the file, for errors and notices
 * @throws PathgradError for other formats, by their names, and for damage
 */
export async function readPicture(bytes: Uint8Array, name = 'image'): Promise<Picture> {
  if (isJpeg(bytes)) return (await import('./jpeg.ts')).readJpeg(bytes, name);
  if (isWebp(bytes)) return readWebp(bytes, name);
  if (isPng(bytes)) return readPng(bytes, name);
  const sound = tag(bytes, 8) === 'WAVE';
  throw notA(name, 'a picture that is read', bytes, sound ? 'a sound is for a model of series' : read);
}

/** Whether bytes begin as a picture does that is read. */
export const isPicture = (bytes: Uint8Array): boolean => isJpeg(bytes) || isWebp(bytes) || isPng(bytes);

const isPng = (bytes: Uint8Array): boolean => tag(bytes, 0) === '\x89PNG';

export const isWebp = (bytes: Uint8Array): boolean => tag(bytes, 0) === 'RIFF' && tag(bytes, 8) === 'WEBP';

/** By the browser's own decoder; there is none outside browsers, and libwebp as wasm is larger than this package. */
async function readWebp(bytes: Uint8Array, name: string): Promise<Picture> {
  if (typeof createImageBitmap !== 'function' || typeof OffscreenCanvas !== 'function') {
    throw failure(name, 'is a WebP file, which is read in browsers alone', {}, 'save it as PNG or JPEG');
  }
  let bitmap: ImageBitmap;
  try {
    const options = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' } as const;
    bitmap = await createImageBitmap(new Blob([bytes.slice()], { type: 'image/webp' }), options);
  } catch (error) {
    throw failure(name, 'is a damaged WebP file', { bytes: bytes.length }, 'save the picture anew', error);
  }
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS)
    throw failure(name, 'is too large a picture', { width, height, pixels: MOST_PIXELS });
  const context = new OffscreenCanvas(width, height).getContext('2d', { colorSpace: 'srgb' });
  if (!context) throw failure(name, 'cannot be read: the browser gives no canvas');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const data = new Float64Array(3 * width * height);
  let transparent = 0;
  for (let i = 0; i < width * height; i++) {
    const alpha = rgba[4 * i + 3]! / 255;
    if (alpha < 1) transparent++;
    for (let c = 0; c < 3; c++) data[3 * i + c] = (rgba[4 * i + c]! / 255) * alpha + (1 - alpha);
  }
  const notices = transparent > 0 ? [`${name}: ${transparent} transparent pixels are laid over white`] : [];
  return { height, width, channels: 3, data, notices };
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
