/**
 * From the base value to the prediction as a bar: what raises the score in one lane, what lowers it in the next, a segment per word or feature
 * (after SHAP's force plot, in two lanes, so that nothing lies on anything). Invariant: the lanes begin at the base value and end at base + sum.
 */
import { escapeHtml, signed } from '../format.ts';
import { byStrength, finite, namedNumbers, sumOf } from './check.ts';
import { distinct, type Scale, scaleOver } from './scale.ts';
import { type ChartOptions, chart, fitted, measured, roomIn, share, textAt } from './svg.ts';
import { axis } from './waterfall.ts';

/** What moved a score from the base value to the prediction. */
export type ScoreSteps = {
  readonly names: readonly string[];
  readonly attributions: ArrayLike<number>;
  readonly base: number;
  readonly prediction: number;
  /** What the score is; default `score`. */
  readonly score?: string | undefined;
  /** Segments of a lane, the strongest first; what is weaker is one segment. Default 24. */
  readonly most?: number | undefined;
};

/**
 * The chart as SVG text.
 * @throws PathgradError where names and attributions differ in number, or a number is not finite
 */
export function scoreBar(
  { names, attributions, base, prediction, score = 'score', most = 24 }: ScoreSteps,
  options: ChartOptions = {},
): string {
  const numbers = namedNumbers('attributions', names, attributions);
  finite('base', base);
  finite('prediction', prediction);
  const order = byStrength(numbers);
  const rising = order.filter((i) => numbers[i]! > 0);
  const falling = order.filter((i) => numbers[i]! < 0);
  const up = sumOf(rising.map((i) => numbers[i]!));
  const down = sumOf(falling.map((i) => numbers[i]!));
  const scale = scaleOver([base, prediction, base + up, base + up + down]);
  const lane = (list: readonly number[], from: number, y: number, style: string): string => {
    const shown = list.slice(0, most).map((i) => [names[i]!, numbers[i]!] as const);
    const rest = sumOf(list.slice(most).map((i) => numbers[i]!));
    if (rest !== 0) shown.push([`${list.length - most} others`, rest]);
    let at = from;
    return shown.map(([name, value]) => segment(name, value, at, (at += value), { y, style, scale })).join('');
  };
  const ends = distinct([base, prediction]);
  const number = (value: number): string => share(scale.at(value));
  const lines = [
    `<line class="d" x1="${number(base)}" x2="${number(base)}" y1="22" y2="32"/>`,
    `<line class="d" x1="${number(base + up)}" x2="${number(base + up)}" y1="46" y2="50"/>`,
    `<line class="d" x1="${number(prediction)}" x2="${number(prediction)}" y1="64" y2="74"/>`,
  ];
  const room = roomIn(options);
  const named = `${labelAt(`base value ${ends[0]}`, scale.at(base), 12, 'm s', room)}${labelAt(`${score} ${ends[1]}`, scale.at(prediction), 84, 's b', room)}`;
  const says = `From the base value ${ends[0]} to ${score} ${ends[1]}: raised by ${signed(up)}, lowered by ${signed(down)}.`;
  const body = `${lines.join('')}${lane(rising, base, 32, 'p')}${lane(falling, base + up, 50, 'q')}${named}${axis(scale, 98)}`;
  return chart('scoreBar', { height: 122, body, says }, options);
}

/** A label at a place, kept within the chart on a narrow screen. */
function labelAt(text: string, at: number, y: number, style: string, room: number): string {
  const cut = fitted(text, room, 12);
  const half = measured(cut, 12) / 2 / room;
  if (at < half) return textAt({ x: 0, y, text: cut, full: text, style });
  if (at > 1 - half) return textAt({ x: '100%', y, text: cut, full: text, style: `${style} e` });
  return textAt({ x: share(at), y, text: cut, full: text, style: `${style} c` });
}

function segment(
  name: string,
  value: number,
  from: number,
  to: number,
  { y, style, scale }: { y: number; style: string; scale: Scale },
): string {
  const [left, right] = [scale.at(Math.min(from, to)), scale.at(Math.max(from, to))];
  return `<rect class="${style} seg" x="${share(left)}" y="${y}" width="${share(right - left)}" height="14"><title>${escapeHtml(`${name} ${signed(value)}`)}</title></rect>`;
}
