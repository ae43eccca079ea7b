/**
 * Scans that do not need each other, as those of the two directions of a recurrent layer, are put next to each other, so that a backend may
 * run them at the same time: each alone leaves threads without work at its end. Steps keep their order but for that.
 */
import type { Step } from './program.ts';

/** @param owner per value the one whose bytes it shares */
export function scansBeside(steps: readonly Step[], owner: readonly number[]): readonly Step[] {
  // After how many scans a value is there.
  const depth = new Map<number, number>();
  const keys = steps.map(({ op, inputs, output }) => {
    // A scan back follows all scans whose operands it has, too: it may find there what they left.
    const kind = op.joins ? 2 : Number(op.pieces !== undefined);
    const before = inputs.reduce((most, input) => Math.max(most, depth.get(owner[input]!) ?? 0), 0);
    depth.set(output, before + Math.min(1, kind));
    return 3 * before + kind;
  });
  const scans = keys.filter((key) => key % 3 > 0);
  if (new Set(scans).size === scans.length) return steps;
  const order = steps.map((_, at) => at).sort((a, b) => keys[a]! - keys[b]! || a - b);
  return order.map((at, i) => {
    const key = keys[at]!;
    return key % 3 > 0 && i > 0 && keys[order[i - 1]!] === key ? { ...steps[at]!, beside: true } : steps[at]!;
  });
}
