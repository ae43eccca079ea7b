/**
 * From rows of each of the model's inputs, as files gave them, to what the model computes with and what is shown of each row. Texts and categories go
 * through the model's own lookup layers. Invariant: everything goes by `model.inputs`, in its order.
 */
import type { InputSource, Lookup } from '../model/definition.ts';
import type { ArrayInput, TextInput } from '../model/inputs.ts';
import type { Model } from '../model/model.ts';
import { failure } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { SamplePart, TextView } from './sample.ts';

/** All rows of one of the model's `rawInputs`. */
export interface InputRows {
  readonly count: number;
  /** Numbers or texts, batch axis first. */
  readonly feed:
    | { readonly data: ArrayLike<number>; readonly shape: readonly number[] }
    | { readonly strings: readonly string[]; readonly shape: readonly number[] };
  /** What a row is where it is fed as it is; `features` and `shown` also where it is looked up. */
  readonly part: (row: number) => Omit<SamplePart, 'name'>;
}

export interface EncodedRows {
  /** One per entry of `model.inputs`. */
  readonly inputs: readonly Tensor[];
  /** What each row is, one part per entry of `model.inputs`. */
  readonly parts: (row: number) => SamplePart[];
  readonly notices: readonly string[];
}

/**
 * @param rows by the names of `model.rawInputs`, all of them
 * @throws PathgradError where inputs have different numbers of rows, or the model does not take them
 */
export function encodeRows(model: Model, rows: ReadonlyMap<string, InputRows>): EncodedRows {
  const counts = new Map([...rows].map(([name, { count }]) => [name, count]));
  if (new Set(counts.values()).size > 1) {
    throw failure(
      'input',
      'inputs have different numbers of rows',
      Object.fromEntries(counts),
      'one row of each belongs together',
    );
  }
  const feed = Object.fromEntries([...rows].map(([name, { feed: one }]) => [name, one as ArrayInput | TextInput]));
  const inputs = model.encode(feed);
  const sources = model.inputSources;
  const notices = sources.flatMap((source) => unknownsOf(source, rows));
  return {
    inputs,
    parts: (row) => sources.map((source, i) => partOf(source, rows, row, inputs[i]!)),
    notices,
  };
}

function partOf(
  { raw, lookup }: InputSource,
  rows: ReadonlyMap<string, InputRows>,
  row: number,
  encoded: Tensor,
): SamplePart {
  const given = raw.map((name) => ({ name, part: rows.get(name)!.part(row) }));
  const [first] = given;
  if (given.length === 1 && !lookup && sameSize(rows.get(first!.name)!, encoded))
    return { name: first!.name, ...first!.part };
  const name = given.map((one) => one.name).join(' x ');
  if (lookup?.split) return textPart(name, lookup, textsIn(rows.get(raw[0]!)!, row)[0]!, encoded, row);
  const features = given.length === 1 ? first!.part.features : undefined;
  const shown = given.flatMap(({ part }) => part.shown ?? []);
  return given.length === 1
    ? { name, kind: 'table', features: features ?? [name], shown }
    : { name, kind: 'table', features: [name], shown: [shown.join(', ')] };
}

const sameSize = ({ feed }: InputRows, encoded: Tensor): boolean => 'data' in feed && encoded.size === feed.data.length;

/** A text as what it was looked up as: words in order, or the entries of the vocabulary that a row counts. */
function textPart(
  name: string,
  { tokens: known, split, mode }: Lookup,
  text: string,
  encoded: Tensor,
  row: number,
): SamplePart {
  const width = encoded.size / encoded.shape[0]!;
  if (mode !== 'int') {
    const own = Array.from(encoded.data.subarray(row * width, (row + 1) * width));
    const features = own.map((_, i) => String(known[i] ?? `#${i}`));
    return { name, kind: 'table', features, shown: own.map((value) => String(Number(value.toPrecision(4)))) };
  }
  const words = split!(text);
  const view: TextView = {
    tokens: Array.from({ length: width }, (_, i) => words[i] ?? '<pad>'),
    padding: Array.from({ length: width }, (_, i) => i >= words.length),
  };
  return { name, kind: 'text', text: view };
}

function textsIn({ feed, count }: InputRows, row: number): readonly string[] {
  if (!('strings' in feed)) return [];
  const width = feed.strings.length / count;
  return feed.strings.slice(row * width, (row + 1) * width);
}

/** Notices about words and categories that the model has not learnt. */
function unknownsOf({ raw, lookup }: InputSource, rows: ReadonlyMap<string, InputRows>): string[] {
  if (!lookup || lookup.tokens.length === 0) return [];
  const { feed } = rows.get(raw[0]!)!;
  const values: readonly (string | number)[] = 'strings' in feed ? feed.strings : Array.from(feed.data);
  const known = new Set(lookup.tokens.slice(lookup.unknown[1]));
  const asked = lookup.split ? values.flatMap((text) => lookup.split!(String(text))) : values;
  const strangers = [...new Set(asked)].filter((value) => !known.has(value) && value !== '');
  if (strangers.length === 0) return [];
  const listed = `${strangers.slice(0, 8).join(', ')}${strangers.length > 8 ? ', …' : ''}`;
  const word = lookup.split ? 'word' : 'category';
  const many = strangers.length === 1 ? `${word} is` : `${word === 'word' ? 'words' : 'categories'} are`;
  return [
    `${raw[0]}: ${strangers.length} ${many} not in the vocabulary of layer '${lookup.layer}', so the model cannot see which: ${listed}`,
  ];
}
