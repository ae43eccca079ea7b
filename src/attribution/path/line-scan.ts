/**
 * Recurrent nets over a text that is padded as its baseline is: at these steps nothing moves along the path. Before the first step that moves a scan is
 * the same for all points, and is made once; behind the last one it is made for all points, but nobody needs the gradient of its input. Exact:
 * states are handed from piece to piece as they are handed from step to step, and where nothing moves attributions are 0.
 */
import { placeSamples } from '../../graph/batch.ts';
import { ancestors } from '../../graph/traverse.ts';
import { lerp } from '../../ops/lerp.ts';
import { broadcastTo, reshape } from '../../ops/movement.ts';
import { concat, slice } from '../../ops/slicing.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The steps from the first that moves to behind the last. */
export type Moving = readonly [from: number, to: number];

/** The scans that alone read frontier node `node`; null where something else does, or where a scan depends on the path in another way too. */
export function findLineScans(
  node: Tensor,
  frontier: readonly Tensor[],
  readers: ReadonlyMap<Tensor, Tensor[]>,
): readonly Tensor[] | null {
  const scans = readers.get(node) ?? [];
  const isScan = ({ op, inputs: [z, ...others] }: Tensor): boolean =>
    op?.pieces !== undefined && z === node && !ancestors(others).some((other) => frontier.includes(other));
  return scans.length > 0 && scans.every(isScan) ? scans : null;
}

/** Which of `variables` a frontier node follows step by step: its steps (axis 1) are functions of that one's alone. -1 for none. */
export function stepSource(node: Tensor, variables: readonly Tensor[]): number {
  const before = ancestors([node]);
  const sources = variables.filter((variable) => before.includes(variable));
  const [source] = sources;
  const time = source?.shape[1] ?? 0;
  if (!source || sources.length > 1 || time < 2 || node.rank !== 3 || node.shape[1] !== time) return -1;
  try {
    const place = placeSamples([node], new Map([[source, { axis: 1, outer: 1, inner: 1 }]]), time).get(node);
    return place?.axis === 1 && place.outer === 1 && place.inner === 1 ? variables.indexOf(source) : -1;
  } catch {
    return -1; // steps are mixed
  }
}

/**
 * The steps of samples `[first, first + count)` in which `to` differs from `from`, made longer to whole eighths of the sequence, so that few plans serve
 * all texts. Null where that is all of it, or where nothing moves.
 */
export function movingSteps(
  from: Float64Array,
  to: Float64Array,
  shape: readonly number[],
  first: number,
  count: number,
): Moving | null {
  const time = shape[1]!;
  const sample = from.length / shape[0]!;
  const width = sample / time;
  let [least, most] = [time, 0];
  for (let s = first; s < first + count; s++) {
    const moves = (t: number): boolean => {
      const at = s * sample + t * width;
      for (let i = at; i < at + width; i++) if (from[i] !== to[i]) return true;
      return false;
    };
    for (let t = 0; t < least; t++) if (moves(t)) least = t;
    for (let t = time - 1; t >= most; t--) if (moves(t)) most = t + 1;
  }
  const unit = Math.max(1, Math.floor(time / 8));
  const moving = [Math.floor(least / unit) * unit, time - Math.floor((time - most) / unit) * unit] as const;
  return least >= most || (moving[0] === 0 && moving[1] === time) ? null : moving;
}

/**
 * What stands in the place of the scans of a line, and of what is sliced of them.
 *
 * @param start the line's begin `[count, time, width]`, to which gradients go, and `fixed`, the same where none are wanted
 * @returns null where a scan cannot be made in pieces
 */
export function scanInPieces(
  scans: readonly Tensor[],
  readers: ReadonlyMap<Tensor, Tensor[]>,
  { start, fixed, delta, alpha }: { start: Tensor; fixed: Tensor; delta: Tensor; alpha: Tensor },
  [from, to]: Moving,
): [Tensor, Tensor][] | null {
  const [count, time] = start.shape as readonly [number, number];
  const steps = alpha.size;
  const spread = (x: Tensor): Tensor =>
    reshape(broadcastTo(reshape(x, [1, ...x.shape]), [steps, ...x.shape]), [steps * count, ...x.shape.slice(1)]);
  const cut = (x: Tensor, range: Moving): Tensor => slice(x, { 1: range });
  const replaced: [Tensor, Tensor][] = [];
  for (const scan of scans) {
    const backwards = scan.attrs['reverse'] === true;
    const still = (range: Moving, isFirst: boolean): Tensor =>
      isFirst ? cut(fixed, range) : spread(cut(fixed, range));
    const parts = [
      ...(from > 0 ? [still([0, from], !backwards)] : []),
      lerp(cut(start, [from, to]), cut(delta, [from, to]), alpha),
      ...(to < time ? [still([to, time], backwards)] : []),
    ];
    const made = scan.op!.pieces!(scan, parts, spread);
    if (!made) return null;
    const results = made.map((y) => (y.shape[0] === count * steps ? y : spread(y)));
    replaced.push([scan, concat(results, 1)], ...slicesOf(scan, readers, results));
  }
  return replaced;
}

/** What is sliced of a scan within one piece, be it of its states first and then of its steps, as slices of that piece. */
function slicesOf(
  scan: Tensor,
  readers: ReadonlyMap<Tensor, Tensor[]>,
  results: readonly Tensor[],
): [Tensor, Tensor][] {
  const found: [Tensor, Tensor][] = [];
  const visit = (x: Tensor, wide: Moving): void => {
    for (const reader of readers.get(x) ?? []) {
      if (reader.op?.name !== 'slice') continue;
      const { begin, size, step } = reader.attrs as Record<'begin' | 'size' | 'step', readonly number[]>;
      if (step!.some((by) => by !== 1) || size![0] !== scan.shape[0]) continue;
      const columns = [wide[0] + begin![2]!, wide[0] + begin![2]! + size![2]!] as const;
      let at = begin![1]!;
      for (const y of results) {
        const length = y.shape[1]!;
        if (at >= 0 && at + size![1]! <= length)
          found.push([reader, slice(y, { 1: [at, at + size![1]!], 2: columns })]);
        at -= length;
      }
      if (size![1] === scan.shape[1]) visit(reader, columns);
    }
  };
  visit(scan, [0, scan.shape[2]!]);
  return found;
}
