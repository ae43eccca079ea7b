/** Samples from .npy and .npz files, and rows of numbers as the model takes them. */
import { isIntegerArray, type NumericArray } from '../../../inputs/array.ts';
import { placeOf } from '../../../inputs/layout.ts';
import { readNpy } from '../../../inputs/npy.ts';
import { readNpz } from '../../../inputs/npz.ts';
import type { Model } from '../../../model/model.ts';
import type { AnyModel } from '../../../open/model.ts';
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { InputData, ReplyOf, RequestOf, SampleRow } from '../../protocol/index.ts';
import type { State } from '../state.ts';
import { pictureLayout } from './layout.ts';
import { checkBytes, MOST_NUMBERS, MOST_ROWS, moreRows, tooMany, typed, widthOf } from './limits.ts';
import { readsTexts, takesFields } from './own-words.ts';

type Rows = ReplyOf<'rows'>;

/** Rows of numbers as the model takes them: pictures where it takes pictures. */
export function inputsOf(
  model: AnyModel,
  { data, shape }: NumericArray,
  features: readonly string[] | null,
  bytes = false,
): InputData[] {
  const width = sizeOf(shape.slice(1));
  const layout = pictureLayout(model as Model);
  const fixed = layout && layout.height !== null && layout.width !== null && layout.channels !== null && !features;
  return Array.from({ length: shape[0]! }, (_, row): InputData => {
    const values = data.subarray(row * width, (row + 1) * width);
    if (!fixed) return { kind: 'numbers', text: Array.from(values, typed).join(', '), ...(features && { features }) };
    const size = { height: layout.height!, width: layout.width!, channels: layout.channels! };
    const place = placeOf(size, layout.order);
    const pixels = Float64Array.from(values, (_, at) => values[place(at)]! / (bytes ? 255 : 1));
    return { kind: 'image', pixels: { ...size, data: pixels }, range: [0, 1], title: `row ${row}` };
  });
}

/** @throws PathgradError naming the file and what does not fit the model */
export async function arrayRows({ info }: State, model: AnyModel, { file, name }: RequestOf<'rows'>): Promise<Rows> {
  if (readsTexts(model))
    throw failure(name, 'holds numbers, and the model reads texts', {}, 'give texts: .csv, .ndjson or .txt');
  checkBytes(file, name);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const arrays = name.toLowerCase().endsWith('.npz') ? readNpz(bytes, name) : new Map([['', readNpy(bytes, name)]]);
  const all = [...arrays];
  if (takesFields(model as Model)) return namedArrays(model as Model, arrays, name);
  const own = (model as Model).rawInputs[0]!.name;
  const found =
    all.find(([key]) => key === own) ??
    all.find(([key]) => /^(x|data|inputs?|features|images|x_test|test_images)$/i.test(key)) ??
    all.find(([, one]) => one.shape.length > 1);
  if (!found) throw failure(name, 'holds no array of rows', { arrays: [...arrays.keys()] });
  const [, array] = found;
  const width = rowWidth(model as Model, name);
  const { count, taken } = countOf(array, width, name);
  const wantedOf = all.find(([key, one]) => key !== found[0] && one.shape.length === 1 && one.shape[0] === count);
  const head = { data: array.data.subarray(0, taken * width) as NumericArray['data'], shape: [taken, width] };
  const isBytes = array.data instanceof Uint8Array;
  const inputs = inputsOf(model, head, null, isBytes).map((input): InputData => {
    if (input.kind !== 'image') return input;
    const [black, white] = info!.range;
    if (isBytes) return { ...input, range: info!.range };
    const data = input.pixels.data.map((value) => (value - black) / (white - black));
    return { ...input, pixels: { ...input.pixels, data }, range: info!.range };
  });
  const notices = [...(count > taken ? [moreRows(name)] : [])];
  if (isBytes && inputs[0]?.kind === 'image') notices.push('The array holds bytes: 0 is black, 255 white');
  const wanted = wantedOf && isIntegerArray(wantedOf[1]) ? wantedOf[1].data : null;
  return {
    rows: inputs.map((input, i) => ({ input, name: null, wanted: wanted ? String(wanted[i]) : null })),
    columns: [],
    label: wanted ? wantedOf![0] : null,
    features: null,
    notices,
  };
}

/** Numbers that a row of the model's only input has. */
function rowWidth(model: Model, name: string): number {
  const width = widthOf(model);
  if (width !== null) return width;
  throw failure(name, 'is a file of rows, and the model states no number of values that a row has', {
    takes: model.inputs[0]!.shape.slice(1).map((dim) => dim ?? 'any'),
  });
}

/** How many rows an array has, and how many of them are taken. @throws where they are not what the model takes */
function countOf(array: NumericArray, width: number, name: string): { count: number; taken: number } {
  const [count = 1] = array.shape;
  if (count === 0) throw failure(name, 'holds no row', { shape: array.shape }, 'give a file with a row for each input');
  if (sizeOf(array.shape) !== count * width)
    throw failure(
      name,
      `the model takes ${width} numbers a row`,
      { shape: array.shape },
      'the first axis counts the rows',
    );
  const taken = Math.min(count, MOST_ROWS);
  if (taken * width > MOST_NUMBERS) throw tooMany(name, taken * width);
  return { count, taken };
}

/** An array for each of several inputs, by its name. */
function namedArrays(model: Model, arrays: ReadonlyMap<string, NumericArray>, name: string): Rows {
  const names = [...arrays.keys()];
  const read = model.rawInputs.map((input) => {
    const array = arrays.get(input.name);
    if (!array) throw failure(name, `has no array '${input.name}'`, { arrays: names }, didYouMean(input.name, names));
    if (input.dtype === 'string') throw failure(name, `holds numbers, and '${input.name}' takes texts`);
    const width = array.shape.slice(1).reduce((size, dim) => size * dim, 1);
    return { input: input.name, array, width, ...countOf(array, width, name) };
  });
  const counts = Object.fromEntries(read.map(({ input, count }) => [input, count]));
  if (new Set(Object.values(counts)).size > 1)
    throw failure(name, 'inputs have different numbers of rows', counts, 'one row of each belongs together');
  const { count, taken } = read[0]!;
  const rows = Array.from({ length: taken }, (_, row): SampleRow => {
    const fields = read.map(({ input, array: { data }, width }) => ({
      input,
      values: Array.from(data.subarray(row * width, (row + 1) * width), typed),
    }));
    return { input: { kind: 'fields', fields }, name: null, wanted: null };
  });
  return { rows, columns: [], label: null, features: null, notices: count > taken ? [moreRows(name)] : [] };
}
