/**
 * Many rows of a table at once: mean absolute attributions as bars, and every row as a point at its attribution, coloured by the value of the
 * feature (after SHAP's summary plot). Of very many rows an even choice is drawn, with the extremes, and the chart says how many.
 */
import { failure } from '../../tensor/errors.ts';
import { plain } from '../format.ts';
import { finite, sumOf } from './check.ts';
import { type Scale, scaleOver } from './scale.ts';
import { VALUE_COLORS } from './style.ts';
import { type ChartOptions, chart, fitted, measured, NARROWEST, roomIn, share, textAt, tidy } from './svg.ts';
import { axis } from './waterfall.ts';

/** Many rows of one table. */
export type TableRows = {
  readonly names: readonly string[];
  /** A row per explanation, one attribution per feature in each. */
  readonly attributions: readonly ArrayLike<number>[];
  /** The features' values likewise; NaN where a value is missing or is no number. For the colours of the beeswarm. */
  readonly values?: readonly ArrayLike<number>[] | undefined;
  /** Features that are shown; default 12, those of the largest mean. */
  readonly most?: number | undefined;
};

/** The mean size of the attributions of a feature. */
export type FeatureMean = { readonly name: string; readonly feature: number; readonly mean: number };

/** Rows of which each is a point. */
const POINTS = 400;
const BAND = 34;
const RADIUS = 2.4;

/**
 * The mean absolute attribution of every feature, the largest first.
 * @throws PathgradError for rows of another length than the names, and numbers that are not finite
 */
export function meanAbsolute({ names, attributions }: TableRows): FeatureMean[] {
  const sums = new Float64Array(names.length);
  attributions.forEach((row, r) => {
    if (row.length !== names.length)
      throw failure('attributions', 'there must be one per name in every row', {
        row: r,
        names: names.length,
        values: row.length,
      });
    for (let i = 0; i < row.length; i++) sums[i]! += Math.abs(finite('attributions', row[i]!));
  });
  const count = Math.max(1, attributions.length);
  return names
    .map((name, feature) => ({ name, feature, mean: sums[feature]! / count }))
    .sort((a, b) => b.mean - a.mean || a.feature - b.feature);
}

/** How many features are shown one by one: a single one that is left takes no more room than a line for the rest would. */
const roomFor = (count: number, most: number): number => (count === most + 1 ? count : most);

const rowsOf = (count: number): string => `${count} row${count === 1 ? '' : 's'}`;

/** Bars of the mean absolute attributions, as SVG text. @throws PathgradError as `meanAbsolute` does */
export function meanAbsoluteBars(rows: TableRows, options: ChartOptions = {}): string {
  const { most = 12, attributions } = rows;
  const means = meanAbsolute(rows);
  const room = roomFor(means.length, most);
  const kept = means.slice(0, room);
  const rest = means.slice(room);
  const shown = [...kept];
  if (rest.length > 0)
    shown.push({
      name: `${rest.length} other features together`,
      feature: -1,
      mean: sumOf(rest.map(({ mean }) => mean)),
    });
  const scale = scaleOver(
    [0, ...shown.map(({ mean }) => mean), ...(shown.every(({ mean }) => mean === 0) ? [1] : [])],
    0,
  );
  const body = shown.map(({ name, feature, mean }, i) => {
    const y = i * 36;
    const number = plain(mean);
    const label = textAt({
      x: 0,
      y: y + 8,
      text: fitted(name, roomIn(options) - measured(number) - 16),
      full: name,
      ...(feature < 0 && { style: 'm' }),
    });
    const bar = `<rect class="${feature < 0 ? 'r' : 'a'}" x="0" y="${y + 18}" width="${share(scale.at(mean))}" height="10" rx="1.5"/>`;
    return `${label}${textAt({ x: '100%', y: y + 8, text: number, style: 'e n' })}<rect class="o" y="${y + 18}" width="100%" height="10" rx="1.5"/>${bar}`;
  });
  const says = `Mean absolute attribution over ${rowsOf(attributions.length)}. ${listOf(kept)}`;
  return chart('meanAbsoluteBars', { height: Math.max(1, shown.length * 36 - 4), body: body.join(''), says }, options);
}

const listOf = (kept: readonly FeatureMean[]): string =>
  kept.length === 0
    ? 'There are no features.'
    : `Largest: ${kept
        .slice(0, 3)
        .map(({ name, mean }) => `${name} ${plain(mean)}`)
        .join(', ')}.`;

/** A point per row and feature at its attribution, as SVG text. @throws PathgradError as `meanAbsolute` does */
export function beeswarm(rows: TableRows, options: ChartOptions = {}): string {
  const { most = 12, attributions, values } = rows;
  const means = meanAbsolute(rows);
  const kept = means.slice(0, roomFor(means.length, most));
  if (values && values.length !== attributions.length)
    throw failure('values', 'there must be as many rows as of attributions', {
      values: values.length,
      attributions: attributions.length,
    });
  const scale = scaleOver([0, ...kept.flatMap(({ feature }) => attributions.map((row) => row[feature]!))]);
  let drawn = 0;
  const bands = kept.map(({ name, feature }, i) => {
    const top = i * (BAND + 22);
    const chosen = chosenRows(attributions.map((row) => row[feature]!));
    drawn = Math.max(drawn, chosen.length);
    const middle = top + 18 + BAND / 2;
    const line = `<line class="l" x1="0" x2="100%" y1="${middle}" y2="${middle}"/>`;
    const label = textAt({ x: 0, y: top + 8, text: fitted(name, roomIn(options) - 24), full: name });
    const known = values?.map((row) => row[feature] ?? Number.NaN);
    const points = swarm(
      chosen.map((row) => attributions[row]![feature]!),
      scale,
    );
    const colors = known ? colorsOf(known) : [];
    const circles = chosen.map(
      (row, at) =>
        `<circle cx="${share(points[at]!.x)}" cy="${tidy(middle + points[at]!.dy)}" r="${RADIUS}"${colors[row] === undefined ? ' class="r"' : ` fill="${colors[row]}"`}/>`,
    );
    return `${line}${label}${circles.join('')}`;
  });
  const bottom = kept.length * (BAND + 22) + 6;
  const zero = `<line class="l" x1="${share(scale.at(0))}" x2="${share(scale.at(0))}" y1="0" y2="${bottom}"/>`;
  const total = attributions.length;
  const part = drawn < total ? `${drawn} of ${rowsOf(total)} drawn, with the extremes` : rowsOf(total);
  const key = values ? colorKey(bottom + 34) : '';
  const note = textAt({ x: '100%', y: bottom + 40, text: part, style: 'm s e' });
  const says = `The attributions of ${part}, a point each, coloured by the feature's value. ${listOf(kept)}`;
  return chart(
    'beeswarm',
    { height: bottom + 52, body: `${zero}${bands.join('')}${axis(scale, bottom)}${key}${note}`, says },
    options,
  );
}

/** All rows, or an even choice of the sorted ones, both ends included. */
function chosenRows(numbers: readonly number[]): number[] {
  const all = numbers.map((_, row) => row);
  if (all.length <= POINTS) return all;
  const sorted = all.sort((a, b) => numbers[a]! - numbers[b]! || a - b);
  return Array.from({ length: POINTS }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (POINTS - 1))]!);
}

/** Points at their exact place in x; those that would lie on each other move up and down, closer where they are many. */
function swarm(numbers: readonly number[], scale: Scale): { x: number; dy: number }[] {
  const slots = Math.floor(NARROWEST / (2 * RADIUS));
  const slot = (v: number): number => Math.round(scale.at(v) * slots);
  const counts = new Map<number, number>();
  for (const v of numbers) counts.set(slot(v), (counts.get(slot(v)) ?? 0) + 1);
  const seen = new Map<number, number>();
  return numbers.map((v) => {
    const at = slot(v);
    const k = seen.get(at) ?? 0;
    seen.set(at, k + 1);
    const step = Math.min(2 * RADIUS, (BAND - 2 * RADIUS) / Math.max(1, counts.get(at)! - 1));
    return { x: scale.at(v), dy: (k % 2 === 0 ? 1 : -1) * Math.ceil(k / 2) * step };
  });
}

/** Colours from the 5th to the 95th percentile of a feature's values, so that one outlier does not make all others alike. */
function colorsOf(values: readonly number[]): (string | undefined)[] {
  const sorted = values.filter((v) => Number.isFinite(v)).sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? 0;
  let [low, high] = [at(0.05), at(0.95)];
  if (low === high) [low, high] = [at(0), at(1)];
  return values.map((v) => {
    if (!Number.isFinite(v)) return undefined;
    const t = low === high ? 0.5 : Math.max(0, Math.min(1, (v - low) / (high - low)));
    return mixed(t);
  });
}

/** A colour between low and high. */
function mixed(t: number): string {
  const place = t * (VALUE_COLORS.length - 1);
  const below = Math.min(VALUE_COLORS.length - 2, Math.floor(place));
  const part = place - below;
  const channel = (i: number): string => {
    const read = (color: string): number => Number.parseInt(color.slice(1 + 2 * i, 3 + 2 * i), 16);
    const [a, b] = [read(VALUE_COLORS[below]!), read(VALUE_COLORS[below + 1]!)];
    return Math.round(a + (b - a) * part)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(1)}${channel(2)}`;
}

function colorKey(y: number): string {
  const cells = Array.from(
    { length: 24 },
    (_, i) => `<rect x="${28 + i * 3}" y="${y}" width="3.2" height="10" fill="${mixed(i / 23)}"/>`,
  );
  const words = `${textAt({ x: 0, y: y + 6, text: 'low', style: 'm s' })}${textAt({ x: 106, y: y + 6, text: 'high value', style: 'm s' })}`;
  return `${words}${cells.join('')}`;
}
