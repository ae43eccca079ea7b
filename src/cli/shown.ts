/**
 * The numbers of one input as they are shown: one per token or pixel, where attributions lie so; the strongest pairs of a table; names and
 * numbers of all entries of any other array.
 */
import { type ShownPieces, unitsOf } from '../open/pieces.ts';
import { sizeOf } from '../tensor/shape.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { indexOf } from '../visualize/format.ts';
import type { AnyExplanation, Context, Finding, Scored } from './findings.ts';
import type { ImageView, Sample } from './samples/batch.ts';

const PAIRS = 40; // of a table of pairs

export function shown(
  sample: Sample,
  { attributions, X }: Pick<AnyExplanation, 'attributions' | 'X'>,
  row: number,
  { atInput }: Context,
): Pick<Finding, 'text' | 'image' | 'features'> {
  const [only] = attributions;
  const values = rowOf(only!, row);
  const shape = only!.shape.slice(1);
  const { text, image } = sample;
  if (attributions.length === 1 && text && shape[0] === text.tokens.length) {
    const width = sizeOf(shape.slice(1));
    const scores = text.tokens.map((_, i) => values.slice(i * width, (i + 1) * width).reduce((sum, v) => sum + v, 0));
    const kept = text.tokens.map((_, i) => i).filter((i) => !text.padding[i]);
    const pieces = { tokens: kept.map((i) => text.tokens[i]!), scores: kept.map((i) => scores[i]!) };
    return { text: text.words ? { ...inWords(text as ShownPieces, scores), pieces } : pieces };
  }
  const picture = attributions.length === 1 && image ? pictureOf(image, values, shape, atInput) : null;
  if (picture) return { image: picture };
  const inputs = atInput && values.length === sizeOf(X[0]!.shape.slice(1)) ? rowOf(X[0]!, row) : null;
  const names: string[] = [];
  const scores: number[] = [];
  attributions.forEach((attribution, part) => {
    const prefix = attributions.length > 1 ? `${part}:` : '';
    rowOf(attribution, row).forEach((score, i) => {
      const place = indexOf(i, attribution.shape.slice(1));
      names.push(`${prefix}[${place}]${inputs ? ` = ${Number(inputs[i]!.toPrecision(4))}` : ''}`);
      scores.push(score);
    });
  });
  return { features: { names, scores } };
}

/** Words, and the special tokens that have a part or stand between two texts. */
function inWords(text: ShownPieces, scores: readonly number[]): Scored {
  const units = unitsOf(text, scores);
  const two = text.words.some(({ sequence }) => sequence === 1);
  const shown = units.filter(({ fixed, score }) => !fixed || two || text.words.length === 0 || score !== 0);
  return { tokens: shown.map(({ name }) => name), scores: shown.map(({ score }) => score) };
}

/** A table of pairs: its row sums as the attributions of what the rows are of, and its largest entries. */
export function shownPairs(
  sample: Sample,
  explanation: AnyExplanation,
  row: number,
  context: Context,
): ReturnType<typeof shown> & Pick<Finding, 'pairs'> {
  const [table] = explanation.attributions;
  const [, count = 0, across = 0] = table!.shape;
  const values = rowOf(table!, row);
  if (explanation.attributions.length > 1 || count !== across) return shown(sample, explanation, row, context);
  const sums = Float64Array.from({ length: count }, (_, i) =>
    values.slice(i * count, (i + 1) * count).reduce((sum, v) => sum + v, 0),
  );
  const sides = sample.image?.shape.slice(0, 2) ?? [];
  const places = sizeOf(sides) === count ? sides : [count];
  const alone = tensor(sums, [1, ...places]);
  const parts = shown(sample, { attributions: [alone], X: explanation.X }, 0, { ...context, atInput: false });
  const name = (i: number): string => sample.text?.tokens[i] ?? `[${indexOf(i, places)}]`;
  const found = values.flatMap((value, at) => {
    const [i, j] = [Math.floor(at / count), at % count];
    // Tables are symmetric: a pair is the sum of its two entries.
    if (value === 0 || j <= i) return [];
    return [{ name: `${name(i)} with ${name(j)}`, score: value + values[j * count + i]! }];
  });
  const kept = found.sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, PAIRS);
  return { ...parts, pairs: { names: kept.map((pair) => pair.name), scores: kept.map((pair) => pair.score) } };
}

/** Attributions over the picture: of its own values, or one number per pixel, as maps of layers are that were brought to its size. */
function pictureOf(
  view: ImageView,
  values: number[],
  shape: readonly number[],
  atInput: boolean,
): Finding['image'] | null {
  const [height, width] = view.shape;
  if (atInput && values.length === sizeOf(view.shape))
    return { view, attribution: view.arrange(values), shape: view.shape };
  const map = shape[0] === height && shape[1] === width && values.length === height * width;
  return map ? { view, attribution: Float64Array.from(values), shape: [height, width, 1] } : null;
}

export function rowOf({ data, shape }: Tensor, row: number): number[] {
  const width = sizeOf(shape.slice(1));
  return Array.from(data.subarray(row * width, (row + 1) * width));
}
