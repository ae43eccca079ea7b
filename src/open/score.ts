/** The number that a target names among the scores of a row: what is explained, and what both the command line and the page show. */

/**
 * Of several scores its class's; of a single score itself, and for label 0 what is left for it: `1 - p` of a probability, `-y` of any other
 * number.
 */
export function targetScore(scores: ArrayLike<number>, index: number | null, probabilities: boolean): number {
  if (scores.length > 1) return scores[index ?? 0]!;
  if (index !== 0) return scores[0]!;
  return probabilities ? 1 - scores[0]! : -scores[0]!;
}
