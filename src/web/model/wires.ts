/**
 * The wires of a model's graph beside the list of its layers: a dot per layer, a line to the next, and a lane of its own for what goes past others.
 * No element of the page is touched here. Invariant: lanes that are open in the same row are different; what finds no lane is in words alone.
 */
import type { LayerEdges } from '../protocol/index.ts';

/** Lanes beside the dots; more would leave no room for the names. */
export const MOST_LANES = 6;

/** What is drawn in one row of the list. */
export interface Wires {
  /** Whether a line comes from the row above into the dot, and goes from it into the row below. */
  readonly above: boolean;
  readonly below: boolean;
  readonly lanes: readonly { readonly lane: number; readonly part: 'begins' | 'passes' | 'ends' }[];
  /** The layers that feed it, where it is not the one above alone. */
  readonly from: readonly string[];
}

/** One entry per path, in the order of the list. */
export function wiresOf(paths: readonly string[], edges: readonly LayerEdges[]): Wires[] {
  const row = new Map(paths.map((path, i) => [path, i]));
  const made = paths.map(() => ({
    above: false,
    below: false,
    lanes: [] as { lane: number; part: 'begins' | 'passes' | 'ends' }[],
    from: [] as readonly string[],
  }));
  const long: { start: number; end: number }[] = [];
  for (const { path, from } of edges) {
    const end = row.get(path);
    if (end === undefined) continue;
    const starts = from.flatMap((name) => row.get(name) ?? []).filter((start) => start < end);
    if (starts.length > 1 || (starts.length === 1 && starts[0] !== end - 1)) made[end]!.from = from;
    for (const start of starts) {
      if (start === end - 1) made[start]!.below = made[end]!.above = true;
      else long.push({ start, end });
    }
  }
  // The ones that begin first; of one beginning the shortest, so that it lies next to the dots.
  long.sort((a, b) => a.start - b.start || a.end - b.end);
  const until: number[] = [];
  for (const { start, end } of long) {
    const free = until.findIndex((last) => last < start);
    const lane = free >= 0 ? free : until.length;
    if (lane >= MOST_LANES) continue;
    until[lane] = end;
    for (let i = start; i <= end; i++)
      made[i]!.lanes.push({ lane, part: i === start ? 'begins' : i === end ? 'ends' : 'passes' });
  }
  return made;
}

/** Lanes that are used at all. */
export const lanesIn = (wires: readonly Wires[]): number =>
  wires.reduce((most, { lanes }) => lanes.reduce((m, { lane }) => Math.max(m, lane + 1), most), 0);
