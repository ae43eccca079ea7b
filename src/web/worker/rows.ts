/**
 * Samples from a file: rows of CSV, TSV, NDJSON, JSON, Parquet, .npy and .npz, and lines of texts, as inputs of the model that is loaded. A chunk of
 * its own, fetched with the first such file. Invariant: at most `MOST_ROWS` rows are kept, and a notice says where there are more.
 */
import {
  type ByteSource,
  isIntegerArray,
  type NumericArray,
  numbersOf,
  readCsv,
  readJsonRows,
  readNdjson,
  readNpy,
  readNpz,
  readParquet,
  type Table,
  textsOf,
} from '../../inputs/index.ts';
import { placeOf } from '../../inputs/layout.ts';
import { linesOf, textOf } from '../../inputs/table/source.ts';
import { columnOf } from '../../inputs/table/table.ts';
import type { Model } from '../../model/model.ts';
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { InputData, ReplyOf, RequestOf, SampleRow } from '../protocol.ts';
import { pictureLayout } from './layout.ts';
import { modelIn } from './model.ts';
import { readsTexts } from './own-words.ts';
import type { State } from './state.ts';

export { predict } from './predict.ts';

const MOST_ROWS = 10_000;
/** Bytes that are read for them, and numbers that they may have. */
const [MOST_BYTES, MOST_NUMBERS] = [2 ** 28, 2e7];
/** Names that columns of right answers and of texts have. */
const answers = /^(label|labels|class|target|category|sentiment|wanted|y)$/i;
const texts = /^(text|texts|review|sentence|headline|title|content|comment|message|document|body)$/i;

type Rows = ReplyOf<'rows'>;

/** @throws PathgradError naming the file and what does not fit the model */
export async function rows(state: State, request: RequestOf<'rows'>): Promise<Rows> {
  const model = modelIn(state);
  const lower = request.name.toLowerCase();
  if (/\.np[yz]$/.test(lower)) return arrayRows(state, model, request);
  const table = await tableOf(request, lower);
  const { kept, notices } = cut(table);
  const found = readsTexts(model) ? textRows(kept, request) : numberRows(model, kept, request);
  return { ...found, columns: kept.columns, notices: [...kept.notices, ...notices, ...found.notices] };
}

async function tableOf({ file, name }: RequestOf<'rows'>, lower: string): Promise<Table> {
  const wanted = { rows: { to: MOST_ROWS + 1 } };
  if (/\.parquet$/.test(lower)) return readParquet(file, name, wanted);
  const source = bounded(file, name);
  if (lower.endsWith('.txt')) {
    const lines: string[] = [];
    for await (const { text } of linesOf(textOf(source, name), name, 2 ** 20)) {
      if (text.trim() !== '') lines.push(text);
      if (lines.length > MOST_ROWS) break;
    }
    if (lines.length === 0) throw failure(name, 'holds no text', {}, 'one text per line');
    return { name, columns: ['text'], cells: [lines], rows: lines.map((_, i) => i), notices: [] };
  }
  if (/\.(csv|tsv)$/.test(lower))
    return readCsv(source, name, { ...wanted, ...(lower.endsWith('.tsv') && { separator: '\t' }) });
  const start = await file.slice(0, 4096).text();
  const list = /^\s*\[\s*[[{]/.test(start) && !/^\s*\[[^\n]*\]\s*\n\s*\[/.test(start);
  if (!list) return readNdjson(source, name, wanted);
  checkBytes(file, name);
  return readJsonRows(await file.text(), name, wanted);
}

/** The bytes of a file; more than can be held are refused as they come. */
function bounded(file: Blob, name: string): ByteSource {
  return (async function* () {
    let seen = 0;
    const reader = file.stream().getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        seen += value.length;
        if (seen > MOST_BYTES) throw tooLarge(name, seen);
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  })();
}

const tooLarge = (name: string, bytes: number): Error =>
  failure(
    name,
    'is more than this page can hold',
    { bytes, limit: MOST_BYTES },
    'cut the file, or use the command line',
  );

function checkBytes(file: Blob, name: string): void {
  if (file.size > MOST_BYTES) throw tooLarge(name, file.size);
}

/** The first rows, and what to say of the others. */
function cut(table: Table): { kept: Table; notices: readonly string[] } {
  if (table.rows.length <= MOST_ROWS) return { kept: table, notices: [] };
  const kept = {
    ...table,
    rows: table.rows.slice(0, MOST_ROWS),
    cells: table.cells.map((cells) => cells.slice(0, MOST_ROWS)),
  };
  return { kept, notices: [moreRows(table.name)] };
}

const moreRows = (name: string): string =>
  `${name} has more than ${MOST_ROWS.toLocaleString('en')} rows: the first ${MOST_ROWS.toLocaleString('en')} are taken`;

type Part = Pick<Rows, 'rows' | 'label' | 'features' | 'notices'>;

/** A column by name. @throws with the nearest names */
function known({ name, columns }: Table, column: string | null | undefined): string | null | undefined {
  if (column === null || column === undefined || columns.includes(column)) return column;
  throw failure(name, `has no column '${column}'`, {}, didYouMean(column, columns));
}

function textRows(table: Table, request: RequestOf<'rows'>): Part {
  const asked = known(table, request.label);
  const label =
    asked === undefined
      ? (table.columns.find((column) => table.columns.length > 1 && answers.test(column)) ?? null)
      : asked;
  const left = table.columns.filter((column) => column !== label);
  const column = left.length === 1 ? left[0]! : left.find((name) => texts.test(name));
  if (column === undefined) {
    const hint = "call it 'text', and the column of the right answers 'label'";
    throw failure(table.name, 'which column holds the texts?', { columns: table.columns.slice(0, 40) }, hint);
  }
  const inputs = textsOf(table, column).map((text): InputData => ({ kind: 'text', text }));
  const others = left.filter((name) => name !== column);
  const notices =
    others.length === 0 ? [] : [`Texts are those of column '${column}'; not used: ${others.slice(0, 20).join(', ')}`];
  return { ...joined(table, inputs, label), label, features: null, notices };
}

function numberRows(model: AnyModel, table: Table, request: RequestOf<'rows'>): Part {
  const width = widthOf(model, table.name);
  const asked = known(table, request.label);
  const notices: string[] = [];
  let label = asked === undefined ? (table.columns.find((column) => answers.test(column)) ?? null) : asked;
  if (asked === undefined && table.columns.length === width) label = null;
  if (asked === undefined && label === null && table.columns.length === width + 1) {
    label = table.columns.at(-1)!;
    notices.push(`The model takes ${width} numbers: the last column, '${label}', is taken as the right answers`);
  }
  const features = table.columns.filter((column) => column !== label);
  if (features.length !== width) {
    const details = { columns: features.slice(0, 40) };
    const hint =
      'the file needs one column for each number that the model takes, and one more for the right answers if it has them';
    throw failure(
      table.name,
      `the model takes ${width} numbers a row, and ${features.length} columns are there for it`,
      details,
      hint,
    );
  }
  if (width * table.rows.length > MOST_NUMBERS) throw tooMany(table.name, width * table.rows.length);
  const { data } = numbersOf(table, features);
  const named = (table.columns as readonly string[]).some((name, i) => name !== String(i)) ? features : null;
  const inputs = inputsOf(model, { data, shape: [table.rows.length, width] }, named);
  return { ...joined(table, inputs, label), label, features: named, notices };
}

function tooMany(name: string, numbers: number): Error {
  return failure(name, 'has more numbers than this page can hold', { numbers, limit: MOST_NUMBERS }, 'give fewer rows');
}

/** Numbers that a row of the model has. */
function widthOf(model: AnyModel, name: string): number {
  const dims = isTransformer(model) ? null : model.inputs[0]!.shape.slice(1);
  if (dims?.every((dim) => dim !== null) && dims.length > 0) return sizeOf(dims as number[]);
  throw failure(name, 'is a file of rows, and the model states no number of values that a row has', {
    takes: dims?.map((dim) => dim ?? 'any') ?? 'texts',
  });
}

function joined(table: Table, inputs: readonly InputData[], label: string | null): { rows: SampleRow[] } {
  const wanted =
    label === null
      ? null
      : columnOf(table, label).map((cell) =>
          cell === null || String(cell).trim() === '' ? null : String(cell).trim(),
        );
  return { rows: inputs.map((input, i) => ({ input, name: null, wanted: wanted?.[i] ?? null })) };
}

/** Rows of numbers as the model takes them: pictures where it takes pictures. */
function inputsOf(
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
    if (!fixed)
      return { kind: 'numbers', text: Array.from(values, (v) => String(v)).join(', '), ...(features && { features }) };
    const size = { height: layout.height!, width: layout.width!, channels: layout.channels! };
    const place = placeOf(size, layout.order);
    const pixels = Float64Array.from(values, (_, at) => values[place(at)]! / (bytes ? 255 : 1));
    return { kind: 'image', pixels: { ...size, data: pixels }, range: [0, 1], title: `row ${row}` };
  });
}

async function arrayRows({ info }: State, model: AnyModel, { file, name }: RequestOf<'rows'>): Promise<Rows> {
  if (readsTexts(model))
    throw failure(name, 'holds numbers, and the model reads texts', {}, 'give texts: .csv, .ndjson or .txt');
  checkBytes(file, name);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const arrays = name.toLowerCase().endsWith('.npz') ? readNpz(bytes, name) : new Map([['', readNpy(bytes, name)]]);
  const all = [...arrays];
  const found =
    all.find(([key]) => /^(x|data|inputs?|features|images|x_test|test_images)$/i.test(key)) ??
    all.find(([, one]) => one.shape.length > 1);
  if (!found) throw failure(name, 'holds no array of rows', { arrays: [...arrays.keys()] });
  const [, array] = found;
  const width = widthOf(model, name);
  const [count = 1] = array.shape;
  if (count === 0) throw failure(name, 'holds no row', { shape: array.shape });
  if (sizeOf(array.shape) !== count * width)
    throw failure(
      name,
      `the model takes ${width} numbers a row`,
      { shape: array.shape },
      'the first axis counts the rows',
    );
  const taken = Math.min(count, MOST_ROWS);
  if (taken * width > MOST_NUMBERS) throw tooMany(name, taken * width);
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
