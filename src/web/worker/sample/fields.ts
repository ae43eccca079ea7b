/** Numbers, categories and texts that are typed into fields, as what the model's inputs take: the same way as a table with one row goes. */
import { readWav } from '../../../inputs/wav.ts';
import type { RawInput } from '../../../model/definition.ts';
import type { Model } from '../../../model/model.ts';
import { columnRows } from '../../../open/columns.ts';
import { plainNumber } from '../../../open/found-parts.ts';
import { encodeRows, type InputRows } from '../../../open/input-rows.ts';
import { textRows } from '../../../open/own-texts.ts';
import type { SamplePart } from '../../../open/sample.ts';
import { soundRows } from '../../../open/sounds.ts';
import { failure } from '../../../tensor/errors.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { FieldData, InputData, ReplyOf, RequestOf } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import type { Sample, State } from '../state.ts';
import { typed } from './limits.ts';

type Of<K extends InputData['kind']> = Extract<InputData, { kind: K }>;

/** @throws PathgradError naming the input that lacks something, or is given what it does not take */
export function fieldsSample(model: Model, { fields }: Of<'fields'>): Sample {
  const rows = new Map(
    model.rawInputs.map((input) => {
      const given = fields.find((field) => field.input === input.name);
      if (!given || given.values.every((value) => value.trim() === ''))
        throw failure(input.name, 'is empty', {}, 'fill it in: the model needs all of its inputs');
      return [input.name, rowOf(input, given)] as const;
    }),
  );
  const { inputs, parts, notices } = encodeRows(model, rows);
  const [own] = [parts(0)];
  const title = own.flatMap((part) => titleOf(part, fields)).join(', ');
  return { kind: 'fields', title, inputs, parts: own, notices };
}

/** What a sample is called: its first values. */
function titleOf({ name, shown, features }: SamplePart, fields: readonly FieldData[]): string[] {
  const given = fields.find(({ input }) => input === name);
  const values = shown ?? given?.values ?? [];
  return values.slice(0, 6).map((value, i) => (features?.[i] ? `${features[i]} ${value}` : value));
}

/** One row of an input. */
function rowOf(input: RawInput, { names, values }: FieldData): InputRows {
  const width = input.shape === null || input.shape.length < 2 ? 1 : (input.shape[1] ?? null);
  if (input.dtype === 'string' && width === 1 && values.length === 1) {
    const rows = textRows([values[0]!], input.shape?.length === 1);
    // A category is what it is; a text becomes the words that are looked up.
    return { ...rows, part: () => ({ kind: 'table', features: names ?? [input.name], shown: [values[0]!] }) };
  }
  const columns = names ?? (values.length === 1 ? [input.name] : null);
  const common = { name: input.name, rows: [0], notices: [] };
  if (input.dtype === 'string' || columns) {
    const list = columns ?? values.map((_, i) => `${input.name} ${i + 1}`);
    if (list.length !== values.length)
      throw failure(input.name, 'has not as many values as names', { names: list.length, values: values.length });
    return columnRows({ ...common, columns: list, cells: values.map((value) => [value]) }, input, list);
  }
  const numbers = values.map((value, i) => numberIn(value, input.name, i));
  return columnRows({ ...common, columns: [input.name], cells: [[numbers]] }, input, [input.name]);
}

function numberIn(text: string, name: string, at: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw failure(name, `'${text}' is not a number`, { position: at + 1 });
  return value;
}

/** Bare numbers for the one input of a model. @throws PathgradError where they are not as many as it takes */
export function numbersSample(model: Model, { text, features, channels, rate, title }: Of<'numbers'>): Sample {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  const values = parts.map(Number);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw failure('numbers', `'${parts[wrong]}' is not a number`, { position: wrong + 1 });
  const [input] = model.inputs;
  const dims = input!.shape.slice(1);
  const known = sizeOf(dims.map((dim) => dim ?? 1));
  const open = dims.filter((dim) => dim === null).length;
  const rest = values.length / known;
  if (values.length === 0 || open > 1 || !Number.isInteger(rest) || (open === 0 && rest !== 1)) {
    const takes = dims.map((dim) => dim ?? 'any');
    throw failure(
      'numbers',
      'are not as many as the model takes',
      { given: values.length, takes },
      'separate them by commas',
    );
  }
  const shape = [1, ...dims.map((dim) => dim ?? rest)];
  const data = input!.dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
  const name = input!.name;
  const shown = parts.map((part, i) => (part.length <= 12 ? part : plainNumber(values[i]!)));
  const named = features?.length === values.length ? { features } : {};
  const series = isSeries(shape) || rate !== undefined;
  const width = shape[2] ?? 1;
  const part: SamplePart = series
    ? { name, kind: 'series', ...(channels?.length === width && { channels }), ...(rate !== undefined && { rate }) }
    : shape.length === 2
      ? { name, kind: 'table', ...named, shown }
      : { name, kind: 'array' };
  return {
    kind: 'numbers',
    title: title ?? `${values.length} numbers`,
    inputs: [tensor(data, shape)],
    parts: [part],
    notices: [],
  };
}

const isSeries = (shape: readonly number[]): boolean => shape.length === 3;

/** A sound as the numbers of the model's one input. */
export async function sound(state: State, { file, name }: RequestOf<'sound'>): Promise<ReplyOf<'sound'>> {
  const model = modelIn(state) as Model;
  if (!state.info!.sounds)
    throw failure(
      name,
      'is a sound, and the model takes none',
      { takes: state.info!.takes },
      'sounds are for models of series',
    );
  const read = readWav(new Uint8Array(await file.arrayBuffer()), name);
  const { feed, part } = soundRows(model.rawInputs[0]!, [{ name, sound: read }]);
  const { channels, rate } = part(0);
  const text = Array.from((feed as { data: ArrayLike<number> }).data, typed).join(', ');
  return { kind: 'numbers', text, title: name, ...(channels && { channels }), ...(rate !== undefined && { rate }) };
}

/** All rows as one tensor per input. */
export function stacked(rows: readonly (readonly Tensor[])[]): Tensor[] {
  return rows[0]!.map((first, i) => {
    const size = first.size;
    const data = first.data.slice(0, 0).constructor as new (n: number) => Float32Array;
    const all = new data(size * rows.length);
    rows.forEach((row, at) => {
      all.set(row[i]!.data as Float32Array, at * size);
    });
    return tensor(all, [rows.length, ...first.shape.slice(1)]);
  });
}
