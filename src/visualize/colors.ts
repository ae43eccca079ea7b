/**
 * Diverging colour maps for signed strength, and text colours that can be read on them. Green is positive in both: PiYG (pink to
 * green, told apart by people with red-green colour blindness) and red-green. Contrast as WCAG 2 defines it. Maps: ColorBrewer,
 * through d3-scale-chromatic.
 */

import { rgb } from 'd3-color';
import { interpolateGreens, interpolatePiYG, interpolateReds } from 'd3-scale-chromatic';
import { didYouMean, failure } from '../tensor/errors.ts';

/** The diverging colour maps: pink to green, or red to green. */
export type ColormapName = 'PiYG' | 'red-green';

/** sRGB, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A card's colour on dark pages; colours of words fade into it. */
export const DARK_PAGE: Rgb = [28, 31, 38];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

type Colormap = {
  /** Colour of a strength in [-1, 1]. */
  readonly color: (v: number) => string;
  /** What the ends are called in a legend. */
  readonly positive: string;
  readonly negative: string;
  /** Vivid ends for dark pages, where a strong colour must stand out by being light. */
  readonly dark: readonly [negative: Rgb, positive: Rgb];
};

const MAPS: Readonly<Record<ColormapName, Colormap>> = {
  PiYG: {
    color: (v) => interpolatePiYG((v + 1) / 2),
    positive: 'green',
    negative: 'pink',
    dark: [
      [240, 110, 190],
      [134, 205, 84],
    ],
  },
  'red-green': {
    // 0.85 keeps the ends from the darkest steps, in which red and green look alike.
    color: (v) => (v < 0 ? interpolateReds(-0.85 * v) : interpolateGreens(0.85 * v)),
    positive: 'green',
    negative: 'red',
    dark: [
      [248, 113, 105],
      [92, 205, 110],
    ],
  },
};

/** The names of all colour maps, the default first. */
export const colormapNames: readonly ColormapName[] = Object.freeze(['PiYG', 'red-green'] as const);

/** @throws PathgradError with the nearest names when there is no such map */
function mapOf(name: ColormapName): Colormap {
  const map = Object.hasOwn(MAPS, name) ? MAPS[name] : undefined;
  if (map === undefined)
    throw failure('colormap', `there is no '${name}'`, {}, didYouMean(String(name), colormapNames));
  return map;
}

/**
 * Colour of a strength: -1 is the negative end, 0 white, 1 the positive end. Values beyond are clipped.
 * @throws PathgradError for an unknown map
 */
export function colormap(name: ColormapName, v: number): Rgb {
  const map = mapOf(name);
  const strength = Math.min(1, Math.abs(v));
  if (strength === 0) return WHITE;
  // ColorBrewer's neutral is off-white; taken out towards 0, so that 0 is white without a step beside it.
  const neutral = channels(map.color(Math.sign(v) * Number.MIN_VALUE));
  const color = channels(map.color(Math.sign(v) * strength));
  const fade = (1 - strength) ** 3;
  const lifted = (i: 0 | 1 | 2): number => Math.min(255, Math.round(color[i] + (255 - neutral[i]) * fade));
  return [lifted(0), lifted(1), lifted(2)];
}

function channels(css: string): Rgb {
  const { r, g, b } = rgb(css);
  return [r, g, b];
}

/** The same for a dark page: 0 is the page's colour and strength makes lighter. */
export function darkColormap(name: ColormapName, v: number, page: Rgb): Rgb {
  const [negative, positive] = mapOf(name).dark;
  return mix(page, v < 0 ? negative : positive, Math.min(1, Math.abs(v)));
}

/** What the two ends of a map are called: `{ positive: 'green', negative: 'pink' }`. */
export function colorWords(name: ColormapName): { readonly positive: string; readonly negative: string } {
  const { positive, negative } = mapOf(name);
  return { positive, negative };
}

/** `a` with a share `t` (0 to 1) of `b`. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  const at = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * t);
  return [at(0), at(1), at(2)];
}

/** `#rrggbb` */
export function hex(color: Rgb): string {
  return `#${color.map((v) => v.toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever reads better; the contrast is at least 4.58 on any background. */
export function readableOn(background: Rgb): Rgb {
  return contrast(background, BLACK) >= contrast(background, WHITE) ? BLACK : WHITE;
}

/** WCAG contrast ratio, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((v) => (v <= 10.31475 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
