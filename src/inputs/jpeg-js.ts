/** The decoder of jpeg-js without its encoder: the types that the package has are of both. A module of its own, loaded when a JPEG comes. */
// @ts-expect-error the file has no types
import decoder from 'jpeg-js/lib/decoder.js';

interface DecodeOptions {
  readonly useTArray: true;
  readonly formatAsRGBA: false;
  readonly tolerantDecoding: boolean;
  readonly maxResolutionInMP: number;
  readonly maxMemoryUsageInMB: number;
}

/** RGB, three bytes per pixel. */
export const decode = decoder as (
  bytes: Uint8Array,
  options: DecodeOptions,
) => { readonly width: number; readonly height: number; readonly data: Uint8Array };
