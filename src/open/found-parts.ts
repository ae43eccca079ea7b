/**
 * What each input of the model has of an explanation: one number per word, pixel, feature or step. Attributions of a layer that is neither an
 * embedding of the input nor of its size belong to no input: then there are no parts.
 */

import type { TypedArray } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { indexOf } from '../visualize/format.ts';
import { type ShownPieces, unitsOf } from './pieces.ts';
import type { ImageView, SamplePart, TextView } from './sample.ts';

export interface Scored {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
}

/** What is said about one input of the model: what each text, picture, feature or step has, and all of it together. */
export interface FoundPart {
  readonly name: string;
  readonly kind: SamplePart['kind'];
  /** All attributions of the part together. */
  readonly sum: number;
  /** Its part in the sizes of all attributions of the sample, from 0 to 1. */
  readonly share: number;
  readonly text?: Scored & { readonly pieces?: Scored };
  readonly image?: { readonly view: ImageView; readonly attribution: Float64Array; readonly shape: readonly number[] };
  /** Features with their values as they are shown, and one score each. */
  readonly table?: FoundTable;
  /** Values and scores as steps x channels, row-major. */
  readonly series?: {
    readonly steps: number;
    readonly channels: readonly string[];
    /** Steps per second, where it is known. */
    readonly rate: number | null;
    readonly values: ArrayLike<number>;
    readonly scores: ArrayLike<number>;
  };
}

export interface FoundTable {
  readonly names: readonly string[];
  readonly shown: readonly string[];
  readonly scores: readonly number[];
}

/** What lies in a part; which one is there follows from its kind. */
type Content = Pick<FoundPart, 'text' | 'image' | 'table' | 'series'>;

/** One entry per part of the sample, or none where attributions are not of its inputs. */
export function partsOf(
  { parts }: { readonly parts: readonly SamplePart[] },
  { attributions, X }: { readonly attributions: readonly Tensor[]; readonly X: readonly Tensor[] },
  row: number,
  atInput: boolean,
): FoundPart[] {
  if (attributions.length !== parts.length) return [];
  const found = parts.map((part, i) => {
    const scores = viewOf(attributions[i]!, row);
    const content = contentOf(part, scores, attributions[i]!.shape.slice(1), viewOf(X[i]!, row), atInput);
    return content && { part, content, ...totalsOf(scores) };
  });
  if (found.some((one) => one === null)) return [];
  const whole = found.reduce((total, one) => total + one!.size, 0);
  return found.map((one) => {
    const { part, content, sum, size } = one!;
    return { name: part.name, kind: part.kind, sum, share: whole === 0 ? 0 : size / whole, ...content };
  });
}

/** The sum, and that of the sizes. */
function totalsOf(scores: ArrayLike<number>): { readonly sum: number; readonly size: number } {
  let [sum, size] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    sum += score;
    size += Math.abs(score);
  }
  return { sum, size };
}

function contentOf(
  part: SamplePart,
  scores: TypedArray,
  shape: readonly number[],
  values: TypedArray,
  atInput: boolean,
): Content | null {
  if (part.text) return part.text.tokens.length === shape[0] ? { text: textScores(part.text, scores, shape) } : null;
  if (part.image) {
    const image = pictureOf(part.image, listed(scores), shape, atInput);
    return image ? { image } : null;
  }
  if (!atInput) return null;
  if (part.kind === 'table') return { table: tableOf(part, listed(scores), listed(values)) };
  if (scores.length !== values.length) return null;
  if (part.kind !== 'series') return {};
  const [steps = 0, width = 1] = shape;
  const channels = part.channels ?? Array.from({ length: width }, (_, i) => (width === 1 ? part.name : `channel ${i}`));
  return { series: { steps, channels, rate: part.rate ?? null, values: listed(values), scores: listed(scores) } };
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
function textScores(text: TextView, values: TypedArray, shape: readonly number[]): NonNullable<Content['text']> {
  const width = sizeOf(shape.slice(1));
  const scores = text.tokens.map((_, i) => totalsOf(values.subarray(i * width, (i + 1) * width)).sum);
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

/** A row where it lies. */
function viewOf({ data, shape }: Tensor, row: number): TypedArray {
  const width = sizeOf(shape.slice(1));
  return data.subarray(row * width, (row + 1) * width);
}

/** A row of its own. */
export const rowOf = (rows: Tensor, row: number): number[] => listed(viewOf(rows, row));

/** A loop takes a fifth of the time of `Array.from`, which goes through an iterator. */
function listed(data: TypedArray): number[] {
  const values = new Array<number>(data.length);
  for (let i = 0; i < values.length; i++) values[i] = data[i]!;
  return values;
}
