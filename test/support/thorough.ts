/**
 * How much a test file does: `npm test` a part of each topic, `npm run test:slow` all of it, by running every file that imports this once more with
 * PATHGRAD_THOROUGH=1 (run.ts). Invariant: what is left out of `npm test` is more of the same, never the only test of something.
 */

/** Whether all is done. One op that was asked for by name is always gone through whole. */
export const thorough: boolean = process.env['PATHGRAD_THOROUGH'] === '1' || (process.env['PATHGRAD_OP'] ?? '') !== '';

/** A count of random cases, smaller in `npm test`. */
export const times = (quick: number, whole: number): number => (thorough ? whole : quick);

/** The items, or so many of them in `npm test`: the first, the last and those between at even distances. */
export function some<T>(items: readonly T[], quick: number): readonly T[] {
  if (thorough || items.length <= quick) return items;
  return Array.from({ length: quick }, (_, i) => items[Math.round((i * (items.length - 1)) / Math.max(1, quick - 1))]!);
}
