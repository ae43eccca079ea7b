/**
 * A text with its attributions for a page: words in their spelling on coloured ground, and the number of a word beside it when it is clicked or
 * has the focus. Without a script: the words take the focus, and what they show is their title. The text runs in its own direction, and nothing
 * isolates a word, so that the words of any script stand in their order.
 */

import { checkOptions } from '../../tensor/options.ts';
import { type ColormapName, colormap, DARK_PAGE, darkColormap, hex, readableOn } from '../colors.ts';
import { directionOf } from '../direction.ts';
import { escapeHtml, signed } from '../format.ts';
import { FAINTEST } from '../tokens.ts';
import { scoreBar } from './score-bar.ts';
import type { ChartOptions } from './svg.ts';
import type { TextData } from './text-chart.ts';
import { type ScoredText, scoredWords } from './words.ts';

/** Steps of colour between none and full. */
const LEVELS = 20;

/**
 * The text as an HTML fragment, with the bar from base value to prediction above it where both are given. The page needs `textStyle()` and
 * `chartStyle()`.
 * @throws PathgradError where words and scores differ in number, or a score is not finite
 */
export function textPlot(data: TextData, options: Omit<ChartOptions, 'width'> = {}): string {
  checkOptions<Omit<ChartOptions, 'width'>>('textPlot', options, { title: 1, colormap: 1 });
  const { words, scores, base, prediction, score } = data;
  const bar =
    base === undefined || prediction === undefined
      ? ''
      : scoreBar({ names: words, attributions: scores, base, prediction, score }, { ...options, width: 'fluid' });
  return `${bar}${textParagraph(data)}`;
}

/** The words alone. The first takes the Tab key; the others are reached by pointer, touch or, with `keysScript`, the arrow keys. */
export function textParagraph(text: ScoredText): string {
  const { words, after } = scoredWords(text);
  let html = '';
  words.forEach(({ text: word, before, score, strength }, i) => {
    const level =
      Math.abs(strength) < FAINTEST
        ? ''
        : ` class="${strength < 0 ? 'q' : 'p'}${Math.max(1, Math.round(LEVELS * Math.abs(strength)))}"`;
    html += `${inline(before)}<mark${level} tabindex="${i === 0 ? 0 : -1}" title="${signed(score)}">${escapeHtml(word)}</mark>`;
  });
  return `<p class="text" dir="${directionOf(words.map(({ text: word }) => word))}" data-keys>${html}${inline(after)}</p>`;
}

/** Text between words: line breaks stay, all else is made visible and escaped. */
const inline = (text: string): string =>
  text === ' '
    ? text
    : text
        .split(/\r\n|\r|\n/)
        .map(lineOf)
        .join('<br>');

const lineOf = (line: string): string => line.split('\t').map(escapeHtml).join(' ');

/** The style sheet of `textPlot`, light and dark. */
export function textStyle(map: ColormapName = 'PiYG'): string {
  const rules = (dark: boolean): string =>
    Array.from({ length: 2 * LEVELS }, (_, i) => {
      const level = (i % LEVELS) + 1;
      const v = ((i < LEVELS ? 1 : -1) * level) / LEVELS;
      const back = dark ? darkColormap(map, v, DARK_PAGE) : colormap(map, v);
      return `.text .${v < 0 ? 'q' : 'p'}${level}{background:${hex(back)};color:${hex(readableOn(back))}}`;
    }).join('');
  return `.text{overflow-wrap:anywhere;line-height:2.05}.text mark{background:none;color:inherit;padding:.16em 0;border-radius:.2em}.text mark[class]{padding:.16em .15em}
.text mark[class^=q]{text-decoration:underline dotted 1.5px;text-underline-offset:.22em}
.text mark:focus{outline:2px solid;outline-offset:1px}.text mark:focus::after{content:" " attr(title);font-size:.8em;font-weight:600;font-variant-numeric:tabular-nums;unicode-bidi:isolate;direction:ltr}
@media not (prefers-color-scheme:dark){${rules(false)}}
@media (prefers-color-scheme:dark){${rules(true)}}`;
}
