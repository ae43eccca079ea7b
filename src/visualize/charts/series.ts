/**
 * A time series: per channel its line, and behind it the attributions as bands, all channels on one scale. Thousands of points are brought down
 * to columns as narrow as a pixel: the line keeps the least and the largest value of each, a band the strongest number of each sign.
 * Invariant: no extreme of the data is lost, and no colour is stronger than the number behind it.
 */
import { failure } from '../../tensor/errors.ts';
import { plain } from '../format.ts';
import { finite, namedNumbers } from './check.ts';
import { ticks } from './scale.ts';
import { type ChartOptions, chart, fitted, roomIn, share, textAt, tidy } from './svg.ts';

/** One channel of a time series. */
export type SeriesChannel = {
  readonly name: string;
  /** One per step; NaN where a value is missing, which leaves a gap in the line. */
  readonly values: ArrayLike<number>;
  /** One per step. */
  readonly attributions: ArrayLike<number>;
  /** Of the values, e.g. `mV`. */
  readonly unit?: string | undefined;
};

/** A time series: channels of one length. */
export type Series = {
  readonly channels: readonly SeriesChannel[];
  /** Steps per second; left out, the axis counts steps. */
  readonly rate?: number | undefined;
  /** Attribution that gets the full colour; default the largest of all channels. */
  readonly scale?: number | undefined;
};

/** Columns that a series is brought down to. */
export const COLUMNS = 600;
const PLOT = 84;
const GAP = 38;
const LEVELS = 24;

/** A column of the drawing: the least and largest value in it, and the strongest attributions of either sign. */
export type SeriesColumn = {
  readonly low: number;
  readonly high: number;
  readonly first: number;
  readonly last: number;
  readonly up: number;
  readonly down: number;
};

/** Brings steps down to at most `columns`; each column covers an equal stretch of steps, and none is left out. */
export function seriesColumns(
  values: ArrayLike<number>,
  attributions: ArrayLike<number>,
  columns: number = COLUMNS,
): SeriesColumn[] {
  const count = Math.min(columns, values.length);
  return Array.from({ length: count }, (_, c) => {
    const from = Math.floor((c * values.length) / count);
    const to = Math.floor(((c + 1) * values.length) / count);
    let [low, high, up, down] = [Infinity, -Infinity, 0, 0];
    for (let i = from; i < to; i++) {
      if (values[i]! < low) low = values[i]!;
      if (values[i]! > high) high = values[i]!;
      if (attributions[i]! > up) up = attributions[i]!;
      if (attributions[i]! < down) down = attributions[i]!;
    }
    return { low, high, first: values[from]!, last: values[to - 1]!, up, down };
  });
}

/**
 * The chart as SVG text.
 * @throws PathgradError where channels differ in length, values and attributions do not match, or an attribution is not finite
 */
export function seriesChart({ channels, rate, scale }: Series, options: ChartOptions = {}): string {
  const steps = channels[0]?.values.length ?? 0;
  let largest = 0;
  for (const { name, values, attributions } of channels) {
    if (values.length !== steps)
      throw failure('channels', 'must be of one length', { [name]: values.length, expected: steps });
    const numbers = namedNumbers('attributions', { length: values.length } as readonly string[], attributions);
    for (const v of numbers) largest = Math.max(largest, Math.abs(v));
  }
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate)))
    throw failure('rate', 'must be a number above 0', { got: rate });
  const full = finite('scale', scale ?? largest);
  const plots = channels.map((channel, c) => plot(channel, c * (PLOT + GAP), full, roomIn(options)));
  const bottom = channels.length * (PLOT + GAP) - GAP + 22 + 8;
  const { text: words, body: marks } = timeAxis(steps, rate, bottom);
  const key = colorBar(full, bottom + 34);
  const tops = channels.map(({ name, attributions }) => `${name}: strongest ${plain(strongest(attributions))}`);
  const says = `${channels.length} channel${channels.length === 1 ? '' : 's'} of ${steps} steps${words}. Attributions as bands behind the lines, full colour ${plain(full)}. ${tops.slice(0, 4).join('; ')}.`;
  return chart('seriesChart', { height: bottom + 66, body: `${plots.join('')}${marks}${key}`, says }, options);
}

function strongest(numbers: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) if (Math.abs(numbers[i]!) > Math.abs(most)) most = numbers[i]!;
  return most;
}

function plot(
  { name, values, attributions, unit = '' }: SeriesChannel,
  top: number,
  full: number,
  room: number,
): string {
  const columns = seriesColumns(values, attributions);
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns) {
    low = Math.min(low, column.low);
    high = Math.max(high, column.high);
  }
  const known = low <= high;
  const flat = low === high;
  const y = (v: number): string => tidy(flat ? 50 : 96 - 92 * ((v / 2 - low / 2) / (high / 2 - low / 2)));
  const tail = unit === '' ? '' : ` ${unit}`;
  const range = !known ? 'no values' : flat ? `${plain(low)}${tail}` : `${plain(low)} to ${plain(high)}${tail}`;
  const labels = `${textAt({ x: 0, y: top + 8, text: fitted(name, room * 0.55), full: name, style: 'b' })}${textAt({ x: '100%', y: top + 8, text: range, style: 'm s e n' })}`;
  const frame = `<rect class="l" x="0" y="${top + 20}" width="100%" height="${PLOT}"/>`;
  const inner = `${bands(columns, full)}<path class="k" d="${lineOf(columns, y)}"/>`;
  return `${labels}${frame}<svg x="0" y="${top + 20}" width="100%" height="${PLOT}" viewBox="0 0 ${Math.max(1, columns.length)} 100" preserveAspectRatio="none">${inner}</svg>`;
}

/** A move per column; where a column holds several steps the line goes through its least and largest. */
function lineOf(columns: readonly SeriesColumn[], y: (v: number) => string): string {
  let open = false;
  return columns
    .map(({ low, high, first, last }, c) => {
      if (!(low <= high)) {
        open = false;
        return '';
      }
      const x = c + 0.5;
      const through =
        low === high
          ? [low]
          : Math.abs((Number.isFinite(last) ? last : high) - low) >
              Math.abs((Number.isFinite(first) ? first : low) - low)
            ? [low, high]
            : [high, low];
      const points = through.map((v) => `${x} ${y(v)}`).join('L');
      const move = open ? 'L' : 'M';
      open = true;
      // A step alone between gaps is a dot: a line of no length with round ends.
      return `${move}${points}${columns[c + 1] && columns[c + 1]!.low <= columns[c + 1]!.high ? '' : 'h.4'}`;
    })
    .join('');
}

/** One path per sign and level: both signs share a column's height where it holds both. */
function bands(columns: readonly SeriesColumn[], full: number): string {
  const paths = new Map<string, string>();
  // Rounded down, so that no colour says more than the number.
  const level = (v: number): number =>
    full > 0 ? Math.min(LEVELS, Math.floor((LEVELS * Math.abs(v)) / full + 1e-9)) : 0;
  const kinds = columns.map(({ up, down }) => [level(up), level(down)] as const);
  for (let from = 0; from < columns.length; ) {
    const [up, down] = kinds[from]!;
    let to = from + 1;
    while (to < columns.length && kinds[to]![0] === up && kinds[to]![1] === down) to++;
    const both = up > 0 && down > 0;
    const add = (style: string, strength: number, top: number, height: number): void => {
      if (strength === 0) return;
      const key = `class="${style}" fill-opacity="${tidy(strength / LEVELS)}"`;
      paths.set(key, `${paths.get(key) ?? ''}M${from} ${top}h${to - from}v${height}h-${to - from}z`);
    };
    add('p', up, 0, both ? 50 : 100);
    add('q', down, both ? 50 : 0, both ? 50 : 100);
    from = to;
  }
  return [...paths].map(([key, d]) => `<path ${key} d="${d}"/>`).join('');
}

function timeAxis(steps: number, rate: number | undefined, y: number): { text: string; body: string } {
  const seconds = rate === undefined ? null : steps / rate;
  const milli = seconds !== null && seconds < 1;
  const unit = seconds === null ? '' : milli ? ' ms' : ' s';
  const end = seconds === null ? Math.max(1, steps - 1) : milli ? seconds * 1000 : seconds;
  const marks = ticks(0, end, 4).map((v) => {
    // A step's middle is where its value lies; a time is where its step begins.
    const x = seconds === null ? (v + 0.5) / Math.max(1, steps) : v / end;
    const anchor = x < 0.05 ? '' : x > 0.93 ? ' e' : ' c';
    return `<line class="l" x1="${share(x)}" x2="${share(x)}" y1="${y - 8}" y2="${y - 3}"/>${textAt({ x: share(x), y: y + 6, text: `${plain(v)}${unit}`, style: `m s n${anchor}` })}`;
  });
  const text = seconds === null ? '' : `, ${plain(seconds)} s at ${plain(rate!)} per second`;
  const name = seconds === null ? 'step' : `${plain(rate!)} steps per second`;
  return { text, body: `${marks.join('')}${textAt({ x: '100%', y: y + 24, text: name, style: 'm s e' })}` };
}

/** The scale of signed strengths with its numbers, 150 pixels wide. */
export function colorBar(full: number, y: number): string {
  if (full === 0) return textAt({ x: 0, y: y + 6, text: 'all attributions are 0', style: 'm s' });
  const cells = Array.from({ length: 30 }, (_, i) => {
    const v = (i + 0.5) / 15 - 1;
    return `<rect class="${v < 0 ? 'q' : 'p'}" fill-opacity="${tidy(Math.abs(v))}" x="${i * 5}" y="${y}" width="5" height="9"/>`;
  });
  const frame = `<rect class="l" x="0" y="${y}" width="150" height="9"/>`;
  const words = `${textAt({ x: 0, y: y + 20, text: plain(-full), style: 'm s n' })}${textAt({ x: 75, y: y + 20, text: '0', style: 'm s n c' })}${textAt({ x: 150, y: y + 20, text: `+${plain(full)}`, style: 'm s n e' })}`;
  return `${cells.join('')}${frame}${words}`;
}
