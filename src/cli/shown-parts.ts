/**
 * What each input of the model has of an explanation: one number per word, pixel, feature or step. Attributions of a layer that is neither an
 * embedding of the input nor of its size belong to no input: then there are no parts.
 */
import { type ShownPieces, unitsOf } from '../open/pieces.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { indexOf } from '../visualize/format.ts';
import type { FoundPart, FoundTable, Scored } from './findings.ts';
import type { ImageView, Sample, SamplePart, TextView } from './samples/batch.ts';

/** What lies in a part; which one is there follows from its kind. */
type Content = Pick<FoundPart, 'text' | 'image' | 'table' | 'series'>;

/** One entry per part of the sample, or none where attributions are not of its inputs. */
export function partsOf(
  { parts }: Sample,
  { attributions, X }: { readonly attributions: readonly Tensor[]; readonly X: readonly Tensor[] },
  row: number,
  atInput: boolean,
): FoundPart[] {
  if (attributions.length !== parts.length) return [];
  const found = parts.map((part, i) => {
    const scores = rowOf(attributions[i]!, row);
    const content = contentOf(part, scores, attributions[i]!.shape.slice(1), rowOf(X[i]!, row), atInput);
    return content && { part, content, scores };
  });
  if (found.some((one) => one === null)) return [];
  const sizes = found.map((one) => one!.scores.reduce((sum, score) => sum + Math.abs(score), 0));
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  return found.map((one, i) => {
    const { part, content, scores } = one!;
    const sum = scores.reduce((total, score) => total + score, 0);
    return { name: part.name, kind: part.kind, sum, share: whole === 0 ? 0 : sizes[i]! / whole, ...content };
  });
}

function contentOf(
  part: SamplePart,
  scores: readonly number[],
  shape: readonly number[],
  values: readonly number[],
  atInput: boolean,
): Content | null {
  if (part.text) return part.text.tokens.length === shape[0] ? { text: textScores(part.text, scores, shape) } : null;
  if (part.image) {
    const image = pictureOf(part.image, scores, shape, atInput);
    return image ? { image } : null;
  }
  if (!atInput) return null;
  if (part.kind === 'table') return { table: tableOf(part, scores, values) };
  if (scores.length !== values.length) return null;
  if (part.kind !== 'series') return {};
  const [steps = 0, width = 1] = shape;
  const channels = part.channels ?? Array.from({ length: width }, (_, i) => (width === 1 ? part.name : `channel ${i}`));
  return { series: { steps, channels, rate: part.rate ?? null, values, scores } };
}

/** A row per feature; a category that the model sees as several numbers is one feature. */
function tableOf({ features, shown }: SamplePart, scores: readonly number[], values: readonly number[]): FoundTable {
  const count = features && scores.length % features.length === 0 ? features.length : scores.length;
  const each = scores.length / count;
  const sums = Array.from({ length: count }, (_, i) =>
    scores.slice(i * each, (i + 1) * each).reduce((sum, score) => sum + score, 0),
  );
  const names = features && features.length === count ? features : sums.map((_, i) => `[${i}]`);
  const written = sums.map((_, i) => (each === 1 && values.length === count ? plainNumber(values[i]!) : ''));
  return { names, shown: shown?.length === count ? shown : written, scores: sums };
}

/** A value of an input as it is shown where the file's own spelling is not known. */
export const plainNumber = (value: number): string => String(Number(value.toPrecision(4)));

/** Tokens without padding, one score each; of a transformer words, which have the sums of their pieces. */
function textScores(text: TextView, values: readonly number[], shape: readonly number[]): NonNullable<Content['text']> {
  const width = sizeOf(shape.slice(1));
  const scores = text.tokens.map((_, i) => values.slice(i * width, (i + 1) * width).reduce((sum, v) => sum + v, 0));
  const kept = text.tokens.map((_, i) => i).filter((i) => !text.padding[i]);
  const pieces = { tokens: kept.map((i) => text.tokens[i]!), scores: kept.map((i) => scores[i]!) };
  return text.words ? { ...inWords(text as ShownPieces, scores), pieces } : pieces;
}

/** Words, and the special tokens that have a part or stand between two texts. */
function inWords(text: ShownPieces, scores: readonly number[]): Scored {
  const units = unitsOf(text, scores);
  const two = text.words.some(({ sequence }) => sequence === 1);
  const shown = units.filter(({ fixed, score }) => !fixed || two || text.words.length === 0 || score !== 0);
  return { tokens: shown.map(({ name }) => name), scores: shown.map(({ score }) => score) };
}

/** Attributions over the picture: of its own values, or one number per pixel, as maps of layers are that were brought to its size. */
function pictureOf(
  view: ImageView,
  values: readonly number[],
  shape: readonly number[],
  atInput: boolean,
): Content['image'] | null {
  const [height, width] = view.shape;
  if (atInput && values.length === sizeOf(view.shape))
    return { view, attribution: view.arrange(values), shape: view.shape };
  const map = shape[0] === height && shape[1] === width && values.length === height * width;
  return map ? { view, attribution: Float64Array.from(values), shape: [height, width, 1] } : null;
}

/** All tables among the parts as one; undefined where there are none. */
export function joinedTable(parts: readonly FoundPart[]): FoundTable | undefined {
  const tables = parts.flatMap(({ table, name }) => (table ? [{ table, name }] : []));
  if (tables.length === 0) return undefined;
  const all = tables.flatMap(({ table }) => table.names);
  // A feature has the name of its input in front where another input has one of the same name.
  const names = tables.flatMap(({ table, name }) =>
    table.names.map((one) =>
      tables.length > 1 && all.indexOf(one) !== all.lastIndexOf(one) ? `${name}: ${one}` : one,
    ),
  );
  return {
    names,
    shown: tables.flatMap(({ table }) => table.shown),
    scores: tables.flatMap(({ table }) => table.scores),
  };
}

/** Names and scores of all that the parts hold, as one list. */
export function listOf(parts: readonly FoundPart[]): Scored {
  const several = parts.length > 1;
  const table = joinedTable(parts);
  const [names, scores]: [string[], number[]] = [[], []];
  const add = (name: string, score: number): void => {
    names.push(name);
    scores.push(score);
  };
  table?.names.forEach((name, i) => {
    add(table.shown[i] === '' ? name : `${name} = ${table.shown[i]}`, table.scores[i]!);
  });
  for (const { name, sum, text, image, series, table: own } of parts) {
    const prefix = several ? `${name}: ` : '';
    text?.tokens.forEach((token, i) => {
      add(`${prefix}${token}`, text.scores[i]!);
    });
    if (series) addSeries(series, prefix, add);
    if (image || (!text && !series && !own)) add(name, sum);
  }
  return { tokens: names, scores };
}

function addSeries(
  { channels, values, scores }: NonNullable<FoundPart['series']>,
  prefix: string,
  add: (name: string, score: number) => void,
): void {
  for (let i = 0; i < scores.length; i++) {
    const place = indexOf(i, [scores.length / channels.length, channels.length]);
    add(`${prefix}[${place}] = ${plainNumber(values[i]!)}`, scores[i]!);
  }
}

export function rowOf({ data, shape }: Tensor, row: number): number[] {
  const width = sizeOf(shape.slice(1));
  return Array.from(data.subarray(row * width, (row + 1) * width));
}
