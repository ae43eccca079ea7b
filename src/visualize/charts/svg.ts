/**
 * The frame of every chart: one `<svg>` that says in words what it shows. Sides are per cent of the width and heights pixels, without a
 * `viewBox`: text keeps its size on any screen, and a chart made for a file is the same as one that fills its column in a page.
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import type { ColormapName } from '../colors.ts';
import { RTL } from '../direction.ts';
import { escapeHtml } from '../format.ts';
import { chartStyle } from './style.ts';

/** How a chart is drawn. */
export type ChartOptions = {
  /** What the chart is about: its name for screen readers, and a heading in a file. */
  readonly title?: string | undefined;
  /**
   * In pixels, default 640: a file of its own, with its style sheet and background. `fluid` fills the column of a page, whose style sheet must
   * hold `chartStyle()`.
   */
  readonly width?: number | 'fluid' | undefined;
  /** Default PiYG. */
  readonly colormap?: ColormapName | undefined;
};

export const chartNames: OptionNames<ChartOptions> = { title: 1, width: 1, colormap: 1 };

/** Pixels that a chart has at least: a phone's width within its margins. Text is cut to fit this. */
export const NARROWEST = 300;

const MARGIN = 16;
const WIDTH = 640;
/** Of bold letters, how much wider they are. */
export const BOLD = 1.16;
const LEAST = 240;
const MOST = 8192;

export type Drawing = {
  /** Height in pixels. */
  readonly height: number;
  readonly body: string;
  /** The chart in a sentence or two, for those who do not see it. */
  readonly says: string;
  /** Whether parts of it take the focus or have names of their own; the others are one picture. */
  readonly parts?: boolean | undefined;
};

/** Pixels that a chart has from side to side: of one that fills a column, at least. */
export const roomIn = ({ width = WIDTH }: ChartOptions): number => (width === 'fluid' ? NARROWEST : width - 2 * MARGIN);

/** Wraps what was drawn. @throws PathgradError for options that are not there and for widths out of range */
export function chart(subject: string, drawing: Drawing, options: ChartOptions): string {
  checkOptions<ChartOptions>(subject, options, chartNames);
  const { title = '', width = WIDTH, colormap } = options;
  const { height, body, says, parts } = drawing;
  const role = parts ? 'group' : 'img';
  const label = escapeHtml(title === '' ? says : `${title}. ${says}`);
  const open = (w: string, h: number, more = ''): string =>
    `<svg${more === '' ? '' : ' xmlns="http://www.w3.org/2000/svg"'} class="pg" role="${role}" aria-label="${label}" width="${w}" height="${tidy(h)}"${more}>`;
  const words = `<desc>${escapeHtml(says)}</desc>`;
  if (width === 'fluid') return `${open('100%', height)}${words}${body}</svg>`;
  if (!(width >= LEAST && width <= MOST))
    throw failure('width', `must lie in ${LEAST} to ${MOST} pixels, or be 'fluid'`, { got: width });
  const top = title === '' ? MARGIN : MARGIN + 30;
  const named = title === '' ? '' : `<title>${escapeHtml(title)}</title>`;
  const inner = roomIn(options);
  const heading =
    title === ''
      ? ''
      : textAt({ x: MARGIN, y: MARGIN + 8, text: fitted(title, inner / BOLD, 15), style: 'h', full: title });
  // A file that is scaled keeps its proportions.
  const whole = height + top + MARGIN;
  return `${open(String(width), whole, ` viewBox="0 0 ${width} ${tidy(whole)}"`)}${named}${words}<style>${chartStyle(colormap)}</style><rect class="card" width="100%" height="100%" rx="8"/>${heading}<svg x="${MARGIN}" y="${top}" width="${inner}" height="${height}" overflow="visible">${body}</svg></svg>\n`;
}

export type Label = {
  /** Pixels, or per cent as a text. */
  readonly x: number | string;
  readonly y: number;
  readonly text: string;
  /** Classes of the style sheet. */
  readonly style?: string | undefined;
  /** The whole text, where it is cut. */
  readonly full?: string | undefined;
  readonly more?: string | undefined;
};

/** One line of text; its direction is its own. */
export function textAt({ x, y, text, style, full, more = '' }: Label): string {
  const title = full !== undefined && full !== text ? `<title>${escapeHtml(full)}</title>` : '';
  const classes = style === undefined ? '' : ` class="${style}"`;
  const bidi = RTL.test(text) ? ' unicode-bidi="isolate"' : '';
  return `<text x="${x}" y="${tidy(y)}"${classes}${bidi}${more}>${escapeHtml(text)}${title}</text>`;
}

/** A share of the width, 0 to 1, as `12.3%`. */
export const share = (v: number): string => `${tidy(100 * v)}%`;

/** Two decimals at most: a hundredth of a pixel is not seen. */
export const tidy = (v: number): string => String(Number(v.toFixed(2)));

/** Width of a text in pixels, about: system fonts differ by a tenth. */
export function measured(text: string, size = 13): number {
  let ems = 0;
  for (const sign of text) ems += emsOf(sign);
  return ems * size;
}

function emsOf(sign: string): number {
  const code = sign.codePointAt(0)!;
  if (code >= 0x1100 && (code < 0x2000 || (code >= 0x2e80 && code < 0xfb00) || code >= 0x1f000)) return 1.02;
  if (/\p{M}/u.test(sign)) return 0;
  if (/[ijlI.,:;'|!()[\]ftr ]/.test(sign)) return 0.34;
  if (/[mwMW@%—]/.test(sign)) return 0.88;
  return /[A-Z&0-9+=<>~_]/.test(sign) ? 0.64 : 0.56;
}

/** A text on two lines of no more than `room` pixels each, broken behind a sign that is no letter where there is one; what is left is cut with an ellipsis. */
export function twoLines(text: string, room: number, size = 13): string[] {
  if (measured(text, size) <= room) return [text];
  const signs = [...text];
  let end = 0;
  for (let used = 0; end < signs.length; end++) {
    used += emsOf(signs[end]!) * size;
    if (used > room) break;
  }
  const gap = signs
    .slice(0, end + 1)
    .findLastIndex((sign, i) => i > 0 && /[\s_\-/.,:=]/.test(sign) && (i < end || sign === ' '));
  const first = gap > end / 3 ? gap + 1 : Math.max(1, end);
  return [signs.slice(0, first).join('').trimEnd(), fitted(signs.slice(first).join('').trimStart(), room, size)];
}

/** A text cut with an ellipsis so that it takes no more than `room` pixels. */
export function fitted(text: string, room: number, size = 13): string {
  if (measured(text, size) <= room) return text;
  let kept = '';
  let used = measured('…', size);
  for (const sign of text) {
    used += emsOf(sign) * size;
    if (used > room) break;
    kept += sign;
  }
  return `${kept.trimEnd()}…`;
}
