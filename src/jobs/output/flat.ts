/**
 * Rows as columns of plain values, for CSV and Parquet. Invariant: the columns follow from the job, not from the rows of a part: of tables one per
 * feature, of words and other entries a list as JSON.
 */
import type { OutputRow } from '../chunk/row.ts';
import { asType, type KeptType, type KeptTypes } from '../input/kept.ts';

export interface FlatColumn {
  readonly name: string;
  readonly type: KeptType;
  readonly values: readonly (number | string | boolean | null)[];
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

/**
 * @param rows at least one
 * @param types of columns that are repeated from the input; texts as they stand there if left out
 */
export function flatColumns(rows: readonly OutputRow[], types: KeptTypes = {}): FlatColumn[] {
  const number = (name: string, of: (row: OutputRow) => number | null): FlatColumn => ({
    name,
    type: 'number',
    values: rows.map((row) => finite(of(row))),
  });
  const text = (name: string, of: (row: OutputRow) => unknown): FlatColumn => ({
    name,
    type: 'text',
    values: rows.map((row) => asType(of(row), 'text')),
  });
  const [first] = rows;
  const { numbers } = first!;
  const list = (name: string, of: (row: OutputRow) => readonly unknown[]): FlatColumn =>
    text(name, (row) => JSON.stringify(of(row)));
  const own: FlatColumn[] =
    numbers.kind === 'pixels'
      ? (['positive', 'negative'] as const).map((side) =>
          number(`attribution.${side}`, (row) => (row.numbers.kind === 'pixels' ? row.numbers[side] : null)),
        )
      : numbers.kind === 'features'
        ? numbers.names.map((name, i) =>
            number(`attribution.${name}`, (row) => ('scores' in row.numbers ? row.numbers.scores[i]! : null)),
          )
        : [
            list('names', (row) => ('names' in row.numbers ? row.numbers.names : [])),
            list('attributions', (row) => ('scores' in row.numbers ? row.numbers.scores : [])),
          ];
  return [
    { name: 'row', type: 'integer', values: rows.map(({ row }) => row) },
    ...first!.kept.map(([name], i): FlatColumn => {
      const type = Object.hasOwn(types, name) ? types[name]! : 'text';
      return { name, type, values: rows.map((row) => asType(row.kept[i]![1], type)) };
    }),
    text('predicted', ({ prediction }) => prediction[0]?.label),
    number('predicted_score', ({ prediction }) => prediction[0]?.score ?? null),
    text('target', ({ target }) => target),
    { name: 'target_index', type: 'integer', values: rows.map(({ targetIndex }) => targetIndex) },
    number('score', ({ score }) => score),
    number('baseline_score', ({ baselineScore }) => baselineScore),
    number('completeness', ({ completeness }) => completeness),
    text('warnings', ({ warnings }) => warnings.join(' ')),
    ...own,
    ...(first!.attributions ? [list('all_attributions', ({ attributions = [] }) => attributions)] : []),
  ];
}
