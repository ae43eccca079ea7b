/**
 * JPEG files to pictures: the header is read here, so that what decoding makes is known before it is made; jpeg-js decodes, loaded on demand.
 * Baseline and progressive, grey and colour, 8 bits. Pixels are as stored: a turn that EXIF asks for is not made, as Keras makes none, but said.
 * Source: ITU-T T.81; Exif 2.32.
 */
import { failure, type PathgradError } from '../tensor/errors.ts';
import type { Picture } from './image.ts';

/** Samples that any file may hold: as float64 they are 128 MiB. A file of more bytes may hold 60 per byte: even flat pictures take a bit per block. */
const SAMPLES = 2 ** 24;
const SAMPLES_PER_BYTE = 60;
const MOST_PIXELS = 2 ** 26;
const MEBIBYTE = 2 ** 20;

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

interface Header {
  readonly height: number;
  readonly width: number;
  readonly components: number;
  /** Where the frame's segment lies. */
  readonly frame: number;
  /** How EXIF says that the picture is to be turned; 1 for not at all. */
  readonly orientation: number;
}

/**
 * Reads a JPEG file.
 * @param name of the file, for errors and notices
 * @returns grey or colour, from 0 to 1, as `readPng` does
 * @throws PathgradError for CMYK, 12 bits, arithmetic coding and lossless pictures, for damage, and for what is too large
 */
export async function readJpeg(bytes: Uint8Array, name = 'image'): Promise<Picture> {
  const header = headerOf(bytes, name);
  const { height, width, components, orientation } = header;
  checkRestarts(bytes, header, name);
  const { decode } = await import('./jpeg-js.ts');
  const channels = components === 1 ? 1 : 3;
  let pixels: Uint8Array;
  try {
    const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
    const limits = {
      maxResolutionInMP: MOST_PIXELS / 1e6,
      maxMemoryUsageInMB: 64 + (64 * height * width * components) / MEBIBYTE,
    };
    pixels = decode(bytes, { ...options, ...limits }).data;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(name, `is a damaged JPEG: ${reason}`, { bytes: bytes.length }, 'save the picture anew', error);
  }
  const count = height * width;
  if (pixels.length !== 3 * count)
    throw failure(name, 'is a damaged JPEG: it holds another number of pixels', { height, width });
  const data = Float64Array.from({ length: count * channels }, (_, i) => pixels[channels === 3 ? i : 3 * i]! / 255);
  const turned = `${name}: its camera says that it is to be turned (EXIF orientation ${orientation}): pixels are taken as stored, as Keras takes them`;
  return { height, width, channels, data, notices: orientation === 1 ? [] : [turned] };
}

/** Frames that are read: baseline, extended and progressive, Huffman coded. */
const FRAMES = [0xc0, 0xc1, 0xc2];
const unread: Readonly<Record<number, string>> = {
  195: 'a lossless',
  201: 'an arithmetic-coded',
  202: 'an arithmetic-coded',
};

/** Walks the segments to the frame. */
function headerOf(bytes: Uint8Array, name: string): Header {
  const damaged = (what: string): PathgradError =>
    failure(name, `is a damaged JPEG: ${what}`, { bytes: bytes.length }, 'save the picture anew');
  if (!isJpeg(bytes)) throw failure(name, 'is not a JPEG file', { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let orientation = 1;
  for (let at = 2; ; ) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 4 > bytes.length) throw damaged('it ends before its picture');
    if (bytes[at] !== 0xff) throw damaged('a segment has no mark');
    const mark = bytes[at + 1]!;
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) throw damaged('a segment is cut short');
    if (mark === 0xe1) orientation = orientationOf(bytes.subarray(at + 4, at + 2 + length)) ?? orientation;
    if (mark === 0xda || mark === 0xd9) throw damaged('it has no header');
    const frame = mark >= 0xc0 && mark <= 0xcf && mark !== 0xc4 && mark !== 0xc8 && mark !== 0xcc;
    if (frame) {
      if (!FRAMES.includes(mark))
        throw failure(
          name,
          `is ${unread[mark] ?? 'a hierarchical'} JPEG, which is not read`,
          {},
          'save it as a plain JPEG or PNG',
        );
      if (length < 8) throw damaged('its header is cut short');
      const [bits, height, width, components] = [
        bytes[at + 4]!,
        view.getUint16(at + 5),
        view.getUint16(at + 7),
        bytes[at + 9]!,
      ];
      if (bits !== 8) throw failure(name, `is a JPEG of ${bits} bits, which is not read`, {}, 'save it with 8 bits');
      if (components !== 1 && components !== 3) {
        throw failure(name, `is a JPEG of ${components} components (CMYK?), which is not read`, {}, 'save it as RGB');
      }
      if (height * width === 0) throw failure(name, 'is a picture without pixels', { width, height });
      const samples = height * width * components;
      const limit = Math.max(SAMPLES, SAMPLES_PER_BYTE * bytes.length);
      if (height * width > MOST_PIXELS || samples > limit) {
        throw failure(name, 'is too large a picture', { width, height, samples, limit, pixels: MOST_PIXELS });
      }
      return { height, width, components, frame: at, orientation };
    }
    at += 2 + length;
  }
}

/**
 * A scan with restart marks that ends before its last one: the decoder takes such a picture for whole and leaves the rest grey. A mark comes after so
 * many units, of all components where the scan holds several. Source: T.81, A.2 and B.2.4.4.
 */
function checkRestarts(bytes: Uint8Array, { height, width, components, frame }: Header, name: string): void {
  const factors = new Map<number, readonly [across: number, down: number]>();
  for (let i = 0, at = frame + 10; i < components; i++, at += 3)
    factors.set(bytes[at]!, [bytes[at + 1]! >> 4, bytes[at + 1]! & 15]);
  const [across, down] = [0, 1].map((axis) => Math.max(...[...factors.values()].map((each) => each[axis]!))) as [
    number,
    number,
  ];
  let interval = 0;
  for (let at = frame; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const mark = bytes[at + 1]!;
    const end = at + 2 + 256 * bytes[at + 2]! + bytes[at + 3]!;
    if (mark === 0xdd) interval = 256 * bytes[at + 4]! + bytes[at + 5]!;
    if (mark === 0xd9) return;
    if (mark !== 0xda) {
      at = end;
      continue;
    }
    const alone = bytes[at + 4] === 1 ? factors.get(bytes[at + 5]!) : undefined;
    const unitsOf = (size: number, most: number, own: number | undefined): number =>
      Math.ceil(own === undefined ? size / (8 * most) : (size * own) / (8 * most));
    const units = unitsOf(width, across, alone?.[0]) * unitsOf(height, down, alone?.[1]);
    // The decoder reads on behind the last unit of such a scan.
    if (alone && interval > 0 && units % interval !== 0)
      throw failure(
        name,
        'is a JPEG with restart marks in a scan of one component, which is not read',
        {},
        'save it anew without restart marks',
      );
    let restarts = 0;
    at = end;
    // To the next mark that is neither a byte of data nor a restart.
    for (; at < bytes.length; at++) {
      if (bytes[at] !== 0xff || bytes[at + 1] === 0 || bytes[at + 1] === 0xff) continue;
      if (bytes[at + 1]! < 0xd0 || bytes[at + 1]! > 0xd7) break;
      restarts++;
    }
    const wanted = interval > 0 ? Math.ceil(units / interval) - 1 : 0;
    if (restarts < wanted)
      throw failure(
        name,
        'is a damaged JPEG: its picture is cut short',
        { bytes: bytes.length, parts: restarts + 1, of: wanted + 1 },
        'save the picture anew',
      );
  }
}

/** Tag 0x112 of the first directory of an Exif segment, from 2 to 8; null where there is none. */
function orientationOf(segment: Uint8Array): number | null {
  if (String.fromCharCode(...segment.subarray(0, 6)) !== 'Exif\0\0' || segment.length < 14) return null;
  const view = new DataView(segment.buffer, segment.byteOffset + 6, segment.length - 6);
  const little = view.getUint16(0) === 0x4949;
  const start = view.getUint32(4, little);
  if (start + 2 > view.byteLength) return null;
  const count = view.getUint16(start, little);
  for (let i = 0, at = start + 2; i < count && at + 12 <= view.byteLength; i++, at += 12) {
    if (view.getUint16(at, little) !== 0x112) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 2 && value <= 8 ? value : null;
  }
  return null;
}
