/**
 * The outline of what counts most in a picture: the strongest pixels that hold a given part of all attribution, as a path along their very
 * edges. Nothing is smoothed, filled or closed, so the path says what the numbers say, and the picture under it stays as it is.
 * Source: the outline mode of the visualisation library of the integrated gradients how-to, which binarises at the same threshold and then changes
 * the shape by morphology.
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { type ArrayLikeWithShape, asImage, sumChannels } from '../arrays.ts';
import { byStrength } from './check.ts';

/** Which pixels are outlined. */
export type OutlineOptions = {
  readonly sign?: 'positive' | 'negative' | undefined;
  /** Per cent of the sizes of all attributions that the strongest pixels of either sign hold at least, 0 to 100; default 60. */
  readonly percentage?: number | undefined;
};

/** The outline of the strongest pixels of one sign. */
export type Outline = {
  /** `d` of an SVG path in pixels of the picture: closed loops along edges of pixels; empty where there is nothing of the sign. */
  readonly path: string;
  /** How many pixels are inside. */
  readonly pixels: number;
  /** Part of the sizes of all attributions that they hold, 0 to 1. */
  readonly share: number;
};

/**
 * The strongest pixels of both signs that together hold a given part of all attribution, and of these the outline of one sign: a weak sign
 * has no outline beside a strong one.
 * @param attribution `[H, W]` or `[H, W, C]`, channels are summed
 * @throws PathgradError for arrays that are no picture and percentages out of range
 */
export function outlines(attribution: ArrayLikeWithShape, options: OutlineOptions = {}): Outline {
  checkOptions<OutlineOptions>('outlines', options, { sign: 1, percentage: 1 });
  const { sign = 'positive', percentage = 60 } = options;
  if (!(percentage >= 0 && percentage <= 100)) throw failure('percentage', 'must lie in 0 to 100', { got: percentage });
  const image = asImage(attribution, 'attribution');
  const sums = sumChannels(image);
  const total = sums.reduce((sum, v) => sum + Math.abs(v), 0);
  const inside = new Uint8Array(sums.length);
  let [held, own, pixels] = [0, 0, 0];
  for (const i of byStrength(sums)) {
    const v = sums[i]!;
    if (v === 0 || held >= (total * percentage) / 100) break;
    held += Math.abs(v);
    if (v > 0 !== (sign === 'positive')) continue;
    inside[i] = 1;
    own += Math.abs(v);
    pixels++;
  }
  return { path: edges(inside, image.width, image.height), pixels, share: total === 0 ? 0 : own / total };
}

/** Edges between inside and outside, joined into loops with the inside on their right. */
function edges(inside: Uint8Array, width: number, height: number): string {
  const at = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] === 1;
  const next = new Map<number, number[]>();
  const corner = (x: number, y: number): number => y * (width + 1) + x;
  const edge = (x0: number, y0: number, x1: number, y1: number): void => {
    const from = corner(x0, y0);
    const list = next.get(from);
    if (list) list.push(corner(x1, y1));
    else next.set(from, [corner(x1, y1)]);
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!at(x, y)) continue;
      if (!at(x, y - 1)) edge(x, y, x + 1, y);
      if (!at(x + 1, y)) edge(x + 1, y, x + 1, y + 1);
      if (!at(x, y + 1)) edge(x + 1, y + 1, x, y + 1);
      if (!at(x - 1, y)) edge(x, y + 1, x, y);
    }
  const place = (c: number): readonly [number, number] => [c % (width + 1), Math.floor(c / (width + 1))];
  let path = '';
  for (const start of next.keys()) {
    while (next.get(start)!.length > 0) {
      let here = start;
      const [x, y] = place(start);
      path += `M${x} ${y}`;
      let before: readonly [number, number] = [x, y];
      do {
        here = next.get(here)!.pop()!;
        const [cx, cy] = place(here);
        path += cx === before[0] ? `v${cy - before[1]}` : `h${cx - before[0]}`;
        before = [cx, cy];
      } while (here !== start);
      path += 'z';
    }
  }
  // Straight runs in one go: h1h1h1 is h3.
  return path.replace(/(?:h-?1){2,}|(?:v-?1){2,}/g, joined);
}

/** Steps of one axis, those of one direction together. */
function joined(steps: string): string {
  const axis = steps[0]!;
  return (steps.match(/(?:[hv]1)+|(?:[hv]-1)+/g) ?? [])
    .map((run) => `${axis}${run.includes('-') ? -(run.length / 3) : run.length / 2}`)
    .join('');
}
