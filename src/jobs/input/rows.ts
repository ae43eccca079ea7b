/** Rows of one chunk, however the input holds them: what a chunk's computation asks for. */
import type { Arguments } from '../../cli/flags/flags.ts';
import type { Batch } from '../../cli/samples/batch.ts';
import { batchOf } from '../../cli/samples/join.ts';
import type { Table } from '../../inputs/index.ts';
import type { RawInput } from '../../model/definition.ts';
import type { Model } from '../../model/model.ts';
import type { InputRows } from '../../open/input-rows.ts';
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';

/** A row that gave no explanation, and why. */
export interface FailedRow {
  /** Its number in the input, from 0. */
  readonly row: number;
  readonly error: string;
}

export interface ChunkRows {
  /** Of each row that was read, its number in the input. */
  readonly numbers: readonly number[];
  /** Rows that are none: broken JSON, a row with a field too many. */
  readonly failed: readonly FailedRow[];
  /** Rows of the chunk, those that `--where` leaves out among them. */
  readonly seen: number;
  /** About how long a row is, where rows may be of any length. */
  readonly length: (at: number) => number;
  /** What the input has in these columns, for the output. */
  readonly kept: (at: number, columns: readonly string[]) => readonly unknown[];
  /** These rows as the model takes them. @throws where one of them does not fit */
  readonly batch: (args: Arguments, model: AnyModel, at: readonly number[]) => Promise<Batch>;
}

/** Some rows of a table. */
export function rowsOf(table: Table, at: readonly number[]): Table {
  return {
    ...table,
    cells: table.cells.map((column) => at.map((i) => column[i]!)),
    rows: at.map((i) => table.rows[i]!),
  };
}

/** Models that are fed arrays: all but transformers. @throws for those */
function arrayModel(model: AnyModel, path: string): Model {
  if (isTransformer(model))
    throw failure(path, `${model.name} reads texts`, {}, 'give a table with a column of texts, or a .txt file');
  return model;
}

const numbersFrom = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** All rows from `from` to before `to` of an input without columns, whose rows are arrays. @param feed those at these places, and what they are called */
export function arraysBetween(
  path: string,
  [from, to]: readonly [number, number],
  feed: (
    args: Arguments,
    model: Model,
    input: RawInput,
    at: readonly number[],
  ) => Promise<{ readonly fed: InputRows; readonly titles: readonly string[] }>,
): ChunkRows {
  return {
    numbers: numbersFrom(from, to),
    failed: [],
    seen: to - from,
    length: () => 0,
    kept: () => [],
    batch: async (args, any, at) => {
      const model = arrayModel(any, path);
      const input = model.rawInputs[0]!;
      const { fed, titles } = await feed(args, model, input, at);
      return batchOf(model, new Map([[input.name, fed]]), { titles });
    },
  };
}
