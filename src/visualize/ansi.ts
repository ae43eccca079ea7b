/**
 * Tokens for a terminal: 24-bit background colours, the nearest of 256 where that is all there is, or plain signs (`good[++]`,
 * `bad[--]`) where colour is unwanted. Control characters in tokens are made visible, so that a text cannot steer the terminal.
 */

import { checkOptions } from '../tensor/options.ts';
import { visible } from '../tensor/visible.ts';
import { colormap, type Rgb, readableOn } from './colors.ts';
import { FAINTEST, type ScoredToken, scoredTokens, type TokenOptions, tokenNames } from './tokens.ts';

/** The colours that a terminal takes: 24 bits, a palette of 256, or none. */
export type ColorSupport = '24bit' | '256' | 'none';

/** How tokens become text for a terminal. */
export type AnsiTokenOptions = TokenOptions & {
  /** Default: what `colorSupport()` finds in the environment. */
  readonly color?: ColorSupport | undefined;
};

/**
 * Which colours a terminal takes, from its environment: NO_COLOR (not empty) and FORCE_COLOR=0 switch them off, FORCE_COLOR
 * 1 to 3 switches them on, then a terminal must be there (`isTTY`) and COLORTERM and TERM decide.
 * @param env default the process's environment where there is one
 * @param isTTY default whether standard output is a terminal
 */
export function colorSupport(
  env: Readonly<Record<string, string | undefined>> = globalThis.process?.env ?? {},
  isTTY: boolean = globalThis.process?.stdout?.isTTY ?? false,
): ColorSupport {
  const force = env['FORCE_COLOR'];
  if (env['NO_COLOR'] || force === '0' || force === 'false') return 'none';
  if (force === '3') return '24bit';
  const term = env['TERM'] ?? '';
  const deep = env['COLORTERM'] === 'truecolor' || env['COLORTERM'] === '24bit' || /-direct$|truecolor/.test(term);
  if (force !== undefined && force !== '') return deep && force !== '2' ? '24bit' : '256';
  if (!isTTY || term === 'dumb') return 'none';
  if (deep || env['WT_SESSION']) return '24bit';
  return term === '' ? 'none' : '256';
}

/**
 * One line of coloured tokens, separated by spaces.
 * @throws PathgradError when tokens and scores differ in number or a score is not finite
 */
export function tokensToAnsi(
  tokens: readonly string[],
  scores: ArrayLike<number>,
  options: AnsiTokenOptions = {},
): string {
  checkOptions<AnsiTokenOptions>('tokensToAnsi', options, { ...tokenNames, color: 1 });
  const color = options.color ?? colorSupport();
  const map = options.colormap ?? 'PiYG';
  const show = (entry: ScoredToken): string => {
    const text = visible(entry.token);
    if (Math.abs(entry.strength) < FAINTEST) return text;
    if (color === 'none') return text + signs(entry.strength);
    const back = colormap(map, entry.strength);
    return `\u001b[${code(48, back, color)};${code(38, readableOn(back), color)}m${text}\u001b[0m`;
  };
  return scoredTokens(tokens, scores, options).map(show).join(' ');
}

/** One to three signs: up to a third of the scale, up to two thirds, above. Below a tenth nothing. */
function signs(strength: number): string {
  const size = Math.abs(strength);
  if (size < 0.1) return '';
  return `[${(strength > 0 ? '+' : '-').repeat(Math.min(3, 1 + Math.floor(size * 3)))}]`;
}

/** Select-graphic-rendition code; `kind` 38 is the text, 48 the background. */
function code(kind: 38 | 48, color: Rgb, support: ColorSupport): string {
  return support === '24bit' ? `${kind};2;${color.join(';')}` : `${kind};5;${nearest256(color)}`;
}

/** Levels of the 6 x 6 x 6 colour cube that starts at code 16; 232 to 255 are greys from 8 in steps of 10. */
const LEVELS: readonly number[] = [0, 95, 135, 175, 215, 255];

function nearest256(color: Rgb): number {
  const steps = color.map((v) => {
    const distances = LEVELS.map((level) => Math.abs(level - v));
    return distances.indexOf(Math.min(...distances));
  });
  const [r, g, b] = steps as [number, number, number];
  const grey = Math.max(0, Math.min(23, Math.round(((color[0] + color[1] + color[2]) / 3 - 8) / 10)));
  const cube: Rgb = [LEVELS[r]!, LEVELS[g]!, LEVELS[b]!];
  const greyLevel = 8 + 10 * grey;
  return distance(color, cube) <= distance(color, [greyLevel, greyLevel, greyLevel])
    ? 16 + 36 * r + 6 * g + b
    : 232 + grey;
}

function distance(a: Rgb, b: Rgb): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}
