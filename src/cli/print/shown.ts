/**
 * The numbers of one input as they are shown: one per token or pixel, where attributions lie so; the strongest pairs of a table; names and
 * numbers of all entries of any other array.
 */
import { joinedTable, listOf, partsOf, plainNumber, rowOf } from '../../open/found-parts.ts';
import { wordPairs } from '../../open/word-pairs.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { tensor } from '../../tensor/tensor.ts';
import { indexOf } from '../../visualize/format.ts';
import type { AnyExplanation, Context, Finding } from '../findings.ts';
import { imageOf, type Sample, textOf } from '../samples/batch.ts';

export { rowOf } from '../../open/found-parts.ts';

const PAIRS = 40; // of a table of pairs
const MATRIX = 256; // features whose pairs all go into a matrix

type Numbers = Pick<Finding, 'text' | 'image' | 'features' | 'table' | 'parts'>;

export function shown(
  sample: Sample,
  { attributions, X }: Pick<AnyExplanation, 'attributions' | 'X'>,
  row: number,
  { atInput }: Context,
): Numbers {
  const parts = partsOf(sample, { attributions, X }, row, atInput);
  const [only] = parts;
  if (parts.length === 1 && only!.text) return { parts, text: only!.text };
  if (parts.length === 1 && only!.image) return { parts, image: only!.image };
  const lists = parts.length > 1 || only?.table || only?.series;
  if (!lists) return { parts, features: entriesOf({ attributions, X }, row, atInput) };
  const table = joinedTable(parts);
  const { tokens: names, scores } = listOf(parts);
  return { parts, ...(table && { table }), features: { names, scores } };
}

/** Every entry of the attributions, by its place. */
function entriesOf(
  { attributions, X }: Pick<AnyExplanation, 'attributions' | 'X'>,
  row: number,
  atInput: boolean,
): NonNullable<Finding['features']> {
  const names: string[] = [];
  const scores: number[] = [];
  attributions.forEach((attribution, part) => {
    const prefix = attributions.length > 1 ? `${part}:` : '';
    const own = rowOf(attribution, row);
    const inputs = atInput && X[part] && own.length === sizeOf(X[part].shape.slice(1)) ? rowOf(X[part], row) : null;
    own.forEach((score, i) => {
      const place = indexOf(i, attribution.shape.slice(1));
      names.push(`${prefix}[${place}]${inputs ? ` = ${plainNumber(inputs[i]!)}` : ''}`);
      scores.push(score);
    });
  });
  return { names, scores };
}

/** A table of pairs: its row sums as the attributions of what the rows are of, and its largest entries. */
export function shownPairs(
  sample: Sample,
  explanation: AnyExplanation,
  row: number,
  context: Context,
): Numbers & Pick<Finding, 'pairs'> {
  const [table] = explanation.attributions;
  const [, count = 0, across = 0] = table!.shape;
  const values = rowOf(table!, row);
  if (explanation.attributions.length > 1 || count !== across) return shown(sample, explanation, row, context);
  const sums = Float64Array.from({ length: count }, (_, i) =>
    values.slice(i * count, (i + 1) * count).reduce((sum, v) => sum + v, 0),
  );
  const sides = imageOf(sample)?.shape.slice(0, 2) ?? [];
  const places = sizeOf(sides) === count ? sides : [count];
  const alone = tensor(sums, [1, ...places]);
  const features = sample.parts[0]?.features;
  const ofFeatures = context.atInput && features?.length === count;
  const X = ofFeatures ? [tensor(Float64Array.from(rowOf(explanation.X[0]!, row)), [1, count])] : explanation.X;
  const parts = shown(sample, { attributions: [alone], X }, 0, { ...context, atInput: ofFeatures });
  const text = textOf(sample);
  const words = text?.tokens.length === count ? wordPairs(values, text) : null;
  const numbers = words?.values ?? values;
  const size = words?.names.length ?? count;
  const name = (i: number): string => words?.names[i] ?? features?.[i] ?? `[${indexOf(i, places)}]`;
  const found = numbers.flatMap((value, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    // Tables are symmetric: a pair is the sum of its two entries.
    if (value === 0 || j <= i) return [];
    return [{ name: `${name(i)} with ${name(j)}`, score: value + numbers[j * size + i]! }];
  });
  const kept = found.sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, PAIRS);
  const names = (): string[] => Array.from({ length: size }, (_, i) => name(i));
  const all = size <= MATRIX && { table: { names: names(), values: numbers } };
  return { ...parts, pairs: { names: kept.map((pair) => pair.name), scores: kept.map((pair) => pair.score), ...all } };
}
