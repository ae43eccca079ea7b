/**
 * A text with its attributions as a picture (SVG): words in their spelling on coloured ground, lines that are broken where the text breaks them
 * or the width does, and the bar from base value to prediction above. A line runs in the direction of its first letter, and words of the
 * other direction within it keep their own order (Unicode's rule L2, by words).
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { RTL } from '../direction.ts';
import { escapeHtml, plain, signed } from '../format.ts';
import { FAINTEST } from '../tokens.ts';
import { byStrength } from './check.ts';
import { type ScoreSteps, scoreBar } from './score-bar.ts';
import { colorBar } from './series.ts';
import { type ChartOptions, chart, chartNames, fitted, measured, tidy } from './svg.ts';
import { type ScoredText, scoredWords, type Word } from './words.ts';

/** A text with its attributions, and the two scores that they lie between where they add up. */
export type TextData = ScoredText & Partial<Pick<ScoreSteps, 'base' | 'prediction' | 'score'>>;

const SIZE = 15;
const LINE = 30;
const PAD = 3;

type Placed = { readonly text: string; readonly word: Word | null; readonly width: number; readonly right: boolean };

/**
 * The chart as SVG text, with the bar where `base` and `prediction` are given.
 * @throws PathgradError where words and scores differ in number, a score is not finite, or the width is `fluid` (a page shows `textPlot`)
 */
export function textChart(data: TextData, options: ChartOptions = {}): string {
  checkOptions<ChartOptions>('textChart', options, chartNames);
  if (options.width === 'fluid')
    throw failure(
      'width',
      "cannot be 'fluid' for a text: its lines are broken for one width",
      {},
      'show textPlot in a page',
    );
  const { base, prediction, score } = data;
  const { words, after } = scoredWords(data);
  const room = (options.width ?? 640) - 32;
  const rows = lines(words, after, room);
  const bar =
    base === undefined || prediction === undefined
      ? ''
      : scoreBar(
          { names: words.map(({ text }) => text), attributions: data.scores, base, prediction, score },
          { width: 'fluid' },
        );
  const top = bar === '' ? 0 : 140;
  const text = rows.map((row, r) => lineAt(row, top + r * LINE + LINE / 2, room)).join('');
  const full = data.scale ?? words.reduce((most, word) => Math.max(most, Math.abs(word.score)), 0);
  const bottom = top + rows.length * LINE + 8;
  const strongest = byStrength(data.scores)
    .slice(0, 5)
    .map((i) => `${words[i]!.text} ${signed(words[i]!.score)}`);
  const says = `A text of ${words.length} words, full colour ${plain(full)}. ${strongest.length > 0 ? `Strongest: ${strongest.join(', ')}.` : ''}`;
  return chart('textChart', { height: bottom + 26, body: `${bar}${text}${colorBar(full, bottom)}`, says }, options);
}

/** Words and what is between them on lines of a width. */
function lines(words: readonly Word[], after: string, room: number): Placed[][] {
  const rows: Placed[][] = [[]];
  let used = 0;
  const put = (text: string, word: Word | null): void => {
    const shown = fitted(text, room - 2 * PAD, SIZE);
    const width = measured(shown, SIZE) + (word ? 2 * PAD : 0);
    const blank = word === null && text.trim() === '';
    if (used + width > room && used > 0) {
      rows.push([]);
      used = 0;
    }
    if (blank && used === 0) return;
    rows.at(-1)!.push({ text: shown, word, width: blank ? Math.max(4, width) : width, right: RTL.test(text) });
    used += width;
  };
  const rest = (text: string): void => {
    text.split(/\r\n|\r|\n/).forEach((part, i) => {
      if (i > 0) {
        rows.push([]);
        used = 0;
      }
      for (const piece of part.match(/\s+|\S+/g) ?? []) put(piece, null);
    });
  };
  for (const word of words) {
    rest(word.before);
    put(word.text, word);
  }
  rest(after);
  while (rows.length > 1 && rows.at(-1)!.length === 0) rows.pop();
  return rows;
}

/** Letters that say a direction. */
const LETTER = /\p{L}/u;

function lineAt(row: readonly Placed[], y: number, room: number): string {
  const strong = row.find(({ text }) => LETTER.test(text));
  const right = strong?.right ?? false;
  // What has no direction goes with its neighbours where both agree, else with the line.
  const directions = row.map(({ text, right: own }, i) => {
    if (LETTER.test(text)) return own;
    const before = row.slice(0, i).findLast((p) => LETTER.test(p.text));
    const behind = row.slice(i + 1).find((p) => LETTER.test(p.text));
    return before && behind && before.right === behind.right ? before.right : right;
  });
  const order = row.map((_, i) => i);
  if (right) order.reverse();
  // Runs of the other direction turn around within the line.
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && directions[order[to]!] !== right) to++;
    const run = order.slice(from, to).reverse();
    order.splice(from, run.length, ...run);
    from = to + 1;
  }
  const total = row.reduce((sum, { width }) => sum + width, 0);
  let x = right ? Math.max(0, room - total) : 0;
  return order
    .map((i) => {
      const drawn = piece(row[i]!, x, y);
      x += row[i]!.width;
      return drawn;
    })
    .join('');
}

function piece({ text, word, width, right }: Placed, x: number, y: number): string {
  if (word === null && text.trim() === '') return '';
  const pad = word ? PAD : 0;
  const strength = word?.strength ?? 0;
  const style = `font-size:${SIZE}px${right ? ';direction:rtl' : ''}`;
  const start = right ? x + width - pad : x + pad;
  const label = `<text x="${tidy(start)}" y="${tidy(y)}" style="${style}" textLength="${tidy(width - 2 * pad)}" lengthAdjust="spacingAndGlyphs"${Math.abs(strength) > 0.62 ? ' class="on"' : ''}>${escapeHtml(text)}</text>`;
  if (!word) return label;
  const title = `<title>${escapeHtml(`${word.text} ${signed(word.score)}`)}</title>`;
  if (Math.abs(strength) < FAINTEST) return `<g>${title}${label}</g>`;
  const back = `<rect class="${strength < 0 ? 'q' : 'p'}" fill-opacity="${tidy(Math.abs(strength))}" x="${tidy(x)}" y="${tidy(y - 12)}" width="${tidy(width)}" height="24" rx="3"/>`;
  // Colour is never the only sign.
  const under =
    strength < 0
      ? `<line class="d" x1="${tidy(x + pad)}" x2="${tidy(x + width - pad)}" y1="${tidy(y + 9)}" y2="${tidy(y + 9)}"/>`
      : '';
  return `<g>${title}${back}${label}${under}</g>`;
}
