/** What an explanation says of numbers: of features, of steps, of each of several inputs; the same as the command line prints. */
import type { Found } from '../../../open/contents.ts';
import { joinedTable, listOf, partsOf } from '../../../open/found-parts.ts';
import { tensor } from '../../../tensor/tensor.ts';
import type { AnyExplanation, Sample } from '../state.ts';

/**
 * @param sums of a table of pairs what each feature takes part in; null for other explanations
 * @returns null where attributions lie otherwise than the inputs do
 */
export function found(
  { parts, inputs, title }: Sample,
  { attributions, X }: Pick<AnyExplanation, 'attributions' | 'X'>,
  sums: Float64Array | null,
  row = 0,
): Found | null {
  const pairs = sums && inputs[0]!.size === sums.length;
  if (sums && !pairs) return null;
  const of = pairs ? { attributions: [tensor(sums, inputs[0]!.shape)], X: inputs } : { attributions, X };
  const own = partsOf({ parts }, of, row, true);
  if (!own.some(({ text, image, table, series }) => text || image || table || series)) return null;
  const table = joinedTable(own);
  const { tokens: names, scores } = listOf(own);
  return { title, parts: own, features: { names, scores }, ...(table && { table }) };
}
