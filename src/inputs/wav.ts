/**
 * WAV files: PCM of 8, 16, 24 and 32 bits and floats of 32 and 64, any number of channels, to numbers in [-1, 1). Invariant: what is made is bounded
 * by the bytes of the data chunk, whatever the header says. Source: Microsoft's RIFF/WAVE (WAVEFORMATEX, WAVEFORMATEXTENSIBLE).
 */
import { notA } from '../guard/content.ts';
import { largerThanLimits } from '../guard/inputs.ts';
import { damaged as broken, failure, type PathgradError } from '../tensor/errors.ts';

/** A sound as numbers. */
export interface Sound {
  /** Samples per second, of each channel. */
  readonly rate: number;
  readonly channels: number;
  /** Samples x channels, row-major; whole numbers are divided by their type's range. */
  readonly data: Float64Array;
  readonly samples: number;
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const coded: Readonly<Record<number, string>> = { 2: 'ADPCM', 6: 'A-law', 7: 'mu-law', 17: 'IMA ADPCM', 85: 'MP3' };

/** Whether bytes begin as a WAV file does. */
export const isWav = (bytes: Uint8Array): boolean => tag(bytes, 0) === 'RIFF' && tag(bytes, 8) === 'WAVE';

/**
 * Reads a WAV file.
 * @param name of the file, for errors
 * @throws PathgradError for compressed sound, and for files that are damaged or hold no sample
 */
export function readWav(bytes: Uint8Array, name = 'WAV file'): Sound {
  const damaged = (what: string): PathgradError =>
    broken(name, `is a damaged WAV file: ${what}`, { bytes: bytes.length });
  if (!isWav(bytes)) {
    const big = tag(bytes, 0) === 'RIFX' || tag(bytes, 0) === 'RF64';
    throw notA(
      name,
      'a WAV file',
      bytes,
      big ? `${tag(bytes, 0)} is not read: save it as WAV` : 'save the sound as WAV',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let format: { kind: number; channels: number; rate: number; bits: number; block: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [id, size] = [tag(bytes, at), view.getUint32(at + 4, true)];
    const start = at + 8;
    if (id === 'fmt ') {
      if (size < 16 || start + size > bytes.length) throw damaged('its format is cut short');
      let kind = view.getUint16(start, true);
      if (kind === EXTENSIBLE && size >= 40) kind = view.getUint16(start + 24, true);
      format = {
        kind,
        channels: view.getUint16(start + 2, true),
        rate: view.getUint32(start + 4, true),
        block: view.getUint16(start + 12, true),
        bits: view.getUint16(start + 14, true),
      };
    } else if (id === 'data') {
      if (!format) throw damaged('data come before their format');
      // Recorders that could not go back leave 0 or the largest number.
      const open = size === 0xffffffff || size === 0;
      if (!open && start + size > bytes.length) throw damaged('it is cut short');
      return samplesOf(view, start, open ? bytes.length - start : size, format, name, damaged);
    }
    at = start + size + (size % 2);
  }
  throw damaged(format ? 'it holds no data' : 'it holds no format');
}

function samplesOf(
  view: DataView,
  start: number,
  size: number,
  { kind, channels, rate, bits, block }: { kind: number; channels: number; rate: number; bits: number; block: number },
  name: string,
  damaged: (what: string) => PathgradError,
): Sound {
  const read = kind === PCM ? pcm[bits] : kind === FLOAT ? floats[bits] : undefined;
  if (!read) {
    const what =
      kind === PCM
        ? `PCM of ${bits} bits`
        : kind === FLOAT
          ? `floats of ${bits} bits`
          : (coded[kind] ?? `format ${kind}`);
    throw failure(
      name,
      `holds ${what}, which is not read`,
      {},
      'save it as PCM of 8, 16, 24 or 32 bits, or as floats of 32 or 64',
    );
  }
  const bytes = bits / 8;
  if (channels === 0 || rate === 0 || block !== bytes * channels) throw damaged('its format contradicts itself');
  const samples = Math.floor(size / block);
  if (samples === 0) throw failure(name, 'holds no sample', {}, 'give a sound of some length');
  largerThanLimits(name, 'samples', samples * channels, 'cut a part out of it');
  const data = new Float64Array(samples * channels);
  for (let i = 0; i < data.length; i++) data[i] = read(view, start + i * bytes);
  const odd = kind === FLOAT ? data.findIndex((value) => !Number.isFinite(value)) : -1;
  if (odd >= 0) throw failure(name, 'holds a sample that is no finite number', { sample: Math.floor(odd / channels) });
  return { rate, channels, data, samples };
}

type Read = (view: DataView, at: number) => number;

const pcm: Readonly<Record<number, Read>> = {
  8: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  16: (view, at) => view.getInt16(at, true) / 2 ** 15,
  24: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  32: (view, at) => view.getInt32(at, true) / 2 ** 31,
};

const floats: Readonly<Record<number, Read>> = {
  32: (view, at) => view.getFloat32(at, true),
  64: (view, at) => view.getFloat64(at, true),
};

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
