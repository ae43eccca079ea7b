/**
 * Several inputs of one model side by side: what each added to the score, and its share of all attribution by size, which are two things where
 * an input's numbers cancel.
 */
import { escapeHtml, percent, signed } from '../format.ts';
import { finite, sumOf } from './check.ts';
import { scaleOver } from './scale.ts';
import { type ChartOptions, chart, fitted, measured, roomIn, share, textAt, tidy } from './svg.ts';
import { axis } from './waterfall.ts';

/** The attributions of one input. */
export type PartNumbers = { readonly name: string; readonly attributions: ArrayLike<number> };

/** What one input has of the whole. */
export type PartShare = {
  readonly name: string;
  /** What its attributions add up to. */
  readonly sum: number;
  /** Its part of the sizes of all attributions, 0 to 1; 0 where all are 0. */
  readonly share: number;
};

/** Sum and share of every input. @throws PathgradError for numbers that are not finite */
export function shares(parts: readonly PartNumbers[]): PartShare[] {
  const sizes = parts.map(({ attributions }) =>
    sumOf(Array.from(attributions, (v) => Math.abs(finite('attributions', v)))),
  );
  const total = sumOf(sizes);
  return parts.map(({ name, attributions }, i) => ({
    name,
    sum: sumOf(Array.from(attributions)),
    share: total === 0 ? 0 : sizes[i]! / total,
  }));
}

const ROW = 38;
const TOP = 46;

/** The shares in one bar, and below a bar to both sides of 0 per input with what it adds, as SVG text. @throws PathgradError for numbers that are not finite */
export function sharesChart(parts: readonly PartNumbers[], options: ChartOptions = {}): string {
  const found = shares(parts);
  const scale = scaleOver([0, ...found.map(({ sum }) => sum)]);
  let at = 0;
  const segments = found.map(({ name, share: part }, i) => {
    const from = at;
    at += part;
    const fade = tidy(Math.max(0.25, 1 - i * 0.22));
    const inside =
      part > 0.14 ? textAt({ x: share(from + part / 2), y: 31, text: percent(part), style: 's c n in' }) : '';
    return `<g><title>${escapeHtml(`${name} ${percent(part)}`)}</title><rect class="a seg" fill-opacity="${fade}" x="${share(from)}" y="22" width="${share(part)}" height="18"/>${inside}</g>`;
  });
  const bars = found.map(({ name, sum, share: part }, i) => {
    const y = TOP + i * ROW;
    const number = signed(sum);
    const tail = ` (${percent(part)})`;
    const room = roomIn(options) - measured(number + tail) - 16;
    const label = textAt({
      x: 0,
      y: y + 8,
      text: `${fitted(name, room)}${tail}`,
      full: `${name}${tail}`,
      style: 'halo',
    });
    const [left, right] = [scale.at(Math.min(0, sum)), scale.at(Math.max(0, sum))];
    const bar = `<rect class="${sum < 0 ? 'q' : 'p'}" x="${share(left)}" y="${y + 19}" width="${share(right - left)}" height="12" rx="1.5"/>`;
    return `${label}${textAt({ x: '100%', y: y + 8, text: number, style: 'e n halo' })}${bar}`;
  });
  const bottom = TOP + found.length * ROW;
  const zero = `<line class="l" x1="${share(scale.at(0))}" x2="${share(scale.at(0))}" y1="${TOP}" y2="${bottom}"/>`;
  const says = `${found.map(({ name, sum, share: part }) => `${name}: ${percent(part)} of all attribution by size, adds ${signed(sum)}`).join('; ')}.`;
  const heading = textAt({ x: 0, y: 8, text: 'share of all attribution, by size', style: 'm s' });
  return chart(
    'sharesChart',
    {
      height: bottom + 24,
      body: `${heading}<rect class="o" y="22" width="100%" height="18"/>${segments.join('')}${zero}${bars.join('')}${axis(scale, bottom)}`,
      says,
    },
    options,
  );
}
