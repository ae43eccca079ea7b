/**
 * Samples from a file: rows of CSV, TSV, NDJSON, JSON, Parquet, .npy and .npz, and lines of texts, as inputs of the model that is loaded. A chunk of
 * its own, fetched with the first such file. Invariant: at most `MOST_ROWS` rows are kept, and a notice says where there are more.
 */
import type { NumericArray } from '../../../inputs/array.ts';
import { readParquet } from '../../../inputs/parquet/index.ts';
import { readCsv } from '../../../inputs/table/csv.ts';
import { readJsonRows, readNdjson } from '../../../inputs/table/json.ts';
import { linesOf, textOf } from '../../../inputs/table/source.ts';
import { columnOf, type Table, textsOf } from '../../../inputs/table/table.ts';
import type { Model } from '../../../model/model.ts';
import { tableRows } from '../../../open/columns.ts';
import type { InputRows } from '../../../open/input-rows.ts';
import { didYouMean, failure, PathgradError } from '../../../tensor/errors.ts';
import type { FieldData, InputData, ReplyOf, RequestOf, SampleRow } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import type { State } from '../state.ts';
import { arrayRows, inputsOf } from './arrays.ts';
import { bounded, checkBytes, MOST_NUMBERS, MOST_ROWS, moreRows, tooMany, typed, widthOf } from './limits.ts';
import { readsTexts, takesFields } from './own-words.ts';

export { predict } from './predict.ts';

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
  const found = readsTexts(model) ? textRows(kept, request) : tableSamples(model as Model, kept, request);
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

/** Rows of numbers, categories and texts, column by column as src/open assigns them. */
function tableSamples(model: Model, table: Table, request: RequestOf<'rows'>): Part {
  const inputs = model.rawInputs.map(({ name }) => name);
  const { label, notices } = labelOf(model, table, known(table, request.label));
  const numbers = (table.columns.length - (label === null ? 0 : 1)) * table.rows.length;
  if (numbers > MOST_NUMBERS) throw tooMany(table.name, numbers);
  const { rows, count, labels, notices: told } = assigned(table, model, label);
  const features = takesFields(model) ? null : featuresOf(rows.get(inputs[0]!)!, table);
  const made = Array.from({ length: count }, (_, row): InputData => {
    if (takesFields(model))
      return { kind: 'fields', fields: inputs.map((name) => fieldOf(name, rows.get(name)!, row)) };
    return inputOf(model, rows.get(inputs[0]!)!, row, features);
  });
  const wanted = (row: number): string | null => labels?.[row]?.trim() || null;
  const samples = made.map((input, row) => ({ input, name: null, wanted: wanted(row) }));
  return { rows: samples, label, features, notices: [...notices, ...told] };
}

/** @throws PathgradError whose hint is of the page: there are no flags here */
function assigned(table: Table, model: Model, label: string | null): ReturnType<typeof tableRows> {
  try {
    return tableRows({ ...table, notices: [] }, model, { label });
  } catch (error) {
    if (!(error instanceof PathgradError) || !error.hint?.includes('--')) throw error;
    const names = model.rawInputs.map(({ name }) => name).join(', ');
    const hint = `the file needs a column for each value that the model takes, and one more for the right answers if it has them; columns called like an input (${names}) feed it`;
    throw new PathgradError(error.message.split('\nhint: ')[0]!, error.subject, hint, { cause: error });
  }
}

/** The names of the columns; null where they are only counted. */
function featuresOf({ part }: InputRows, { columns }: Table): readonly string[] | null {
  const features = part(0).features ?? null;
  return features && columns.some((name, i) => name !== String(i)) ? features : null;
}

/** The column of the right answers: the one that is asked for, called like an output or as such columns are, or the one that is too many. */
function labelOf(
  model: Model,
  { columns }: Table,
  asked: string | null | undefined,
): { label: string | null; notices: readonly string[] } {
  if (asked !== undefined) return { label: asked, notices: [] };
  const free = columns.filter((column) => !model.rawInputs.some(({ name }) => name === column));
  const width = widthOf(model);
  if (columns.length === width) return { label: null, notices: [] };
  const outputs = model.outputs.map(({ name }) => name.toLowerCase());
  const named =
    free.find((column) => outputs.includes(column.toLowerCase())) ?? free.find((column) => answers.test(column));
  if (named !== undefined) return { label: named, notices: [] };
  if (width === null || columns.length !== width + 1 || free.length === 0) return { label: null, notices: [] };
  const label = free.at(-1)!;
  return {
    label,
    notices: [`The model takes ${width} values: the last column, '${label}', is taken as the right answers`],
  };
}

const shownOf = (value: number | bigint | string): string => (typeof value === 'string' ? value : typed(value));

/** A row of one of several inputs. */
function fieldOf(input: string, { feed, part, count }: InputRows, row: number): FieldData {
  const { features, shown } = part(row);
  const values = 'strings' in feed ? feed.strings : feed.data;
  const width = values.length / count;
  const own = Array.from({ length: width }, (_, i) => shownOf(values[row * width + i]!));
  if (features?.length === width) return { input, names: features, values: shown?.length === width ? shown : own };
  return { input, values: own };
}

/** A row of a model's only input. */
function inputOf(
  model: Model,
  { feed, part, count }: InputRows,
  row: number,
  names: readonly string[] | null,
): InputData {
  const { features: own, channels, ...rest } = part(row);
  const array = feed as NumericArray;
  const width = array.data.length / count;
  const data = array.data.slice(row * width, (row + 1) * width) as NumericArray['data'];
  const [made] = inputsOf(model, { data, shape: [1, width] }, names && own ? names : null);
  if (made!.kind !== 'numbers') return made!;
  return { ...made!, ...(channels && { channels }), ...(rest.rate !== undefined && { rate: rest.rate }) };
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
