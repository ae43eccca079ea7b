/** From numbers to shares of a width, and the round numbers that an axis names. */

import { plain } from '../format.ts';

export type Scale = {
  readonly low: number;
  readonly high: number;
  /** 0 at `low`, 1 at `high`. */
  readonly at: (v: number) => number;
};

/** A scale over all these numbers, with room at both ends. Equal numbers lie in its middle. */
export function scaleOver(values: Iterable<number>, room = 0.02): Scale {
  let low = Infinity;
  let high = -Infinity;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (!(low <= high)) [low, high] = [0, 0];
  // Halves: the span of two large numbers may be beyond the largest one.
  if (low === high) [low, high] = low === 0 ? [-1, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const half = high / 2 - low / 2;
  const at = (v: number): number => room + ((v / 2 - low / 2) / half) * (1 - 2 * room);
  return { low, high, at };
}

/** About `count` round numbers within [low, high]: multiples of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count = 4): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  // The step nearest to the wanted one by ratio.
  const part = rough / power;
  const step = (part < Math.SQRT2 ? 1 : part < Math.sqrt(10) ? 2 : part < Math.sqrt(50) ? 5 : 10) * power;
  if (!(step > 0)) return [low];
  const list: number[] = [];
  // Numbered, not added up: steps of 0.1 would drift.
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    list.push(Number((i * step).toPrecision(15)));
  return list;
}

/** Numbers as texts of as few digits as tell them from each other, three at least: 312000 and 312010 are two. */
export function distinct(values: readonly number[], digits = 3): string[] {
  const different = new Set(values).size;
  // Whole numbers stay whole: 1508 beside a chart that says 1510 is read as another score.
  const whole = Math.max(
    0,
    ...values.map((v) => (Math.abs(v) < 1e6 ? Math.floor(Math.log10(Math.abs(v) || 1)) + 1 : 0)),
  );
  for (let d = Math.max(digits, whole); d < 15; d++) {
    const list = values.map((v) => plain(v, d));
    if (new Set(list).size === different) return list;
  }
  return values.map((v) => String(v));
}
