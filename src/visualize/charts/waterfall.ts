/**
 * A table's row: from the base value to the prediction, one step per feature, the strongest first, all others in one step. Each row of the chart
 * has the name and value above its bar, so that it reads on a phone.
 * Invariant: base + the steps drawn = prediction; what the attributions do not account for is a step of its own, never hidden.
 */
import { signed } from '../format.ts';
import { byStrength, finite, namedNumbers, sumOf } from './check.ts';
import { distinct, type Scale, scaleOver, ticks } from './scale.ts';
import { type ChartOptions, chart, fitted, measured, roomIn, share, textAt, tidy } from './svg.ts';

/** One row of a table, and the two scores that its attributions lie between. */
export type TableRow = {
  readonly names: readonly string[];
  /** The features' values as they are read, e.g. `12.3 mm` or `red`; left out where there are none to show. */
  readonly values?: readonly string[] | undefined;
  /** One per feature. */
  readonly attributions: ArrayLike<number>;
  /** Score at the baseline, and score of the row. */
  readonly base: number;
  readonly prediction: number;
  /** What the score is: `probability of malignant`, `price in dollars`. Default `score`. */
  readonly score?: string | undefined;
  /** Features that get a bar of their own; the others are one. Default 12. */
  readonly most?: number | undefined;
  /** Scores that the axis covers at least, in any order: those of the charts beside it (`scoresOf`), so that all have one axis. */
  readonly span?: readonly number[] | undefined;
};

const ROW = 42;
const BAR = 14;
/** Of the change of score: below it, what is missing is rounding and gets no bar. */
const ROUNDING = 0.0005;

/** A step of a waterfall, from one score to the next. */
export type Step = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly kind: 'feature' | 'rest' | 'missing';
};

/** The steps of a waterfall: what it draws, as numbers. @throws PathgradError as `waterfall` does */
export function waterfallSteps({ names, values, attributions, base, prediction, most = 12 }: TableRow): Step[] {
  const numbers = namedNumbers('attributions', names, attributions);
  finite('base', base);
  finite('prediction', prediction);
  if (values) namedText(names, values);
  const order = byStrength(numbers);
  const kept = order.length <= most + 1 ? order : order.slice(0, most);
  const rest = order.slice(kept.length);
  const label = (i: number): string => (values ? `${names[i]} = ${values[i]}` : names[i]!);
  const parts: [string, number, Step['kind']][] = kept.map((i) => [label(i), numbers[i]!, 'feature']);
  if (rest.length > 0) parts.push([`${rest.length} other features`, sumOf(rest.map((i) => numbers[i]!)), 'rest']);
  const missing = prediction - base - sumOf(numbers);
  const size = Math.max(Math.abs(prediction - base), ...parts.map(([, v]) => Math.abs(v)));
  if (Math.abs(missing) > ROUNDING * size) parts.push(['not accounted for', missing, 'missing']);
  let at = base;
  return parts.map(([name, value, kind]) => ({ name, kind, from: at, to: (at += value) }));
}

/** The scores that a waterfall passes, its ends among them. @throws PathgradError as `waterfall` does */
export function scoresOf(row: TableRow): number[] {
  return [row.base, row.prediction, ...waterfallSteps(row).flatMap(({ from, to }) => [from, to])];
}

function namedText(names: readonly string[], values: readonly string[]): void {
  if (values.length !== names.length) namedNumbers('values', names, { length: values.length });
}

/**
 * The chart as SVG text.
 * @throws PathgradError where names, values and attributions differ in number, or a number is not finite
 */
export function waterfall(row: TableRow, options: ChartOptions = {}): string {
  const steps = waterfallSteps(row);
  const { base, prediction, score = 'score', span = [] } = row;
  for (const one of span) finite('span', one);
  const scale = scaleOver([...scoresOf(row), ...span]);
  const [from, to] = distinct([base, prediction]) as [string, string];
  const room = roomIn(options);
  const ends = [
    endLine('base value', base, from, 0, scale, room),
    endLine(score, prediction, to, 34 + steps.length * ROW + 8, scale, room),
  ];
  const bars = steps.map((step, i) =>
    stepRow(step, 34 + i * ROW, scale, i === steps.length - 1 ? prediction : step.to, room),
  );
  const bottom = 34 + steps.length * ROW + 8 + 36;
  const guide = `<line class="l" x1="${share(scale.at(base))}" x2="${share(scale.at(base))}" y1="22" y2="${bottom}"/>`;
  const strongest = steps.filter(({ kind }) => kind === 'feature').slice(0, 3);
  const listed = strongest.map(({ name, from, to }) => `${name} ${signed(to - from)}`).join(', ');
  const says = `From the base value ${from} to ${score} ${to}${listed === '' ? '' : `; most: ${listed}`}.`;
  const body = `${guide}${bars.join('')}${ends.join('')}${axis(scale, bottom)}`;
  return chart('waterfall', { height: bottom + 24, body, says }, options);
}

/** A line of the scale's own: a label, a number, and a mark where it lies. */
function endLine(name: string, value: number, number: string, top: number, scale: Scale, room: number): string {
  const x = scale.at(value);
  const label = textAt({
    x: 0,
    y: top + 8,
    text: fitted(name, room - measured(number) - 20),
    style: 'b',
    full: name,
  });
  const at = share(x);
  return `${label}${textAt({ x: '100%', y: top + 8, text: number, style: 'b e n' })}<line x1="0" x2="100%" y1="${top + 22}" y2="${top + 22}" class="l"/><svg x="${at}" y="${top + 22}" overflow="visible"><circle r="4" class="a"/></svg>`;
}

function stepRow({ name, from, to, kind }: Step, top: number, scale: Scale, next: number, room: number): string {
  const value = to - from;
  const number = signed(value);
  const [left, right] = [scale.at(Math.min(from, to)), scale.at(Math.max(from, to))];
  const style = kind === 'missing' ? 'r' : value < 0 ? 'q' : 'p';
  const muted = kind === 'feature' ? '' : 'm';
  const y = top + 20;
  const label = textAt({
    x: 0,
    y: top + 8,
    text: fitted(name, room - measured(number) - 16),
    full: name,
    style: `halo ${muted}`.trim(),
  });
  const bar = `<rect class="${style}" x="${share(left)}" y="${y}" width="${share(right - left)}" height="${BAR}" shape-rendering="crispEdges"/>`;
  const line = `<line class="d" x1="${share(scale.at(next))}" x2="${share(scale.at(next))}" y1="${y + BAR}" y2="${y + ROW}"/>`;
  // A bar too small to be seen still has its place.
  const tick = `<rect class="${style}" x="${share(scale.at(to))}" y="${y}" width="1.5" height="${BAR}" shape-rendering="crispEdges"/>`;
  return `${line}${bar}${tick}${label}${textAt({ x: '100%', y: top + 8, text: number, style: 'e n halo' })}`;
}

/** Numbers of a scale along the foot of a chart. */
export function axis({ low, high, at }: Scale, y: number): string {
  const list = ticks(low, high);
  const labels = distinct(list);
  const marks = list.map((v, i) => {
    const x = at(v);
    const anchor = x < 0.06 ? '' : x > 0.94 ? ' e' : ' c';
    return `<line class="l" x1="${share(x)}" x2="${share(x)}" y1="${y}" y2="${y + 4}"/>${textAt({ x: share(x), y: y + 13, text: labels[i]!, style: `m s n${anchor}` })}`;
  });
  return `<line class="l" x1="0" x2="100%" y1="${tidy(y)}" y2="${tidy(y)}"/>${marks.join('')}`;
}

/** A row of a table whose numbers need not add up. */
export type BarsRow = Pick<TableRow, 'names' | 'values' | 'attributions' | 'most'> & {
  /** Number that fills half of the width; default the largest. One for several charts makes their bars comparable. */
  readonly scale?: number | undefined;
};

/**
 * A table's row as bars to both sides of 0, the strongest first: for numbers that need not add up to anything.
 * @throws PathgradError where names, values and attributions differ in number, or a number is not finite
 */
export function attributionBars(row: BarsRow, options: ChartOptions = {}): string {
  const { names, values, attributions, most = 12 } = row;
  const numbers = namedNumbers('attributions', names, attributions);
  if (values) namedText(names, values);
  const order = byStrength(numbers);
  const kept = order.slice(0, most);
  const negative = numbers.some((v) => v < 0);
  const size = row.scale ?? Math.abs(numbers[order[0]!] ?? 0);
  const scale = scaleOver(size === 0 ? [0] : negative ? [-size, size] : [0, size]);
  const rows = kept.map((i, at) => {
    const label = values ? `${names[i]} = ${values[i]}` : names[i]!;
    return stepRow(
      { name: label, from: 0, to: numbers[i]!, kind: 'feature' },
      at * ROW,
      scale,
      0,
      roomIn(options),
    ).replace(/<line class="d".*?\/>/, '');
  });
  const rest = order.length - kept.length;
  const bottom = kept.length * ROW + 4;
  const note =
    rest > 0 ? textAt({ x: 0, y: bottom + 34, text: `${rest} weaker features are not drawn`, style: 'm s' }) : '';
  const zero = `<line class="l" x1="${share(scale.at(0))}" x2="${share(scale.at(0))}" y1="0" y2="${bottom}"/>`;
  const listed = kept.slice(0, 3).map((i) => `${names[i]} ${signed(numbers[i]!)}`);
  const says = listed.length === 0 ? 'There are no features.' : `Strongest: ${listed.join(', ')}.`;
  const body = `${zero}${rows.join('')}${axis(scale, bottom)}${note}`;
  return chart('attributionBars', { height: bottom + (rest > 0 ? 44 : 24), body, says }, options);
}
