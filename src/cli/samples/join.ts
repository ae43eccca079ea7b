/** Rows of each of the model's inputs as one batch. */
import type { Model } from '../../model/model.ts';
import { encodeRows, type InputRows } from '../../open/input-rows.ts';
import type { Batch } from './batch.ts';

export interface About {
  readonly titles: readonly string[];
  readonly labels?: readonly string[] | null;
  readonly notices?: readonly string[];
}

/** @param rows by the names of `model.rawInputs` */
export function batchOf(model: Model, rows: ReadonlyMap<string, InputRows>, about: About): Batch {
  const { inputs, parts, notices } = encodeRows(model, rows);
  const samples = about.titles.map((title, row) => {
    const label = about.labels?.[row];
    return { title, parts: parts(row), ...(label !== undefined && { label }) };
  });
  const [only] = samples[0]!.parts;
  const single = samples[0]!.parts.length === 1;
  const kind = single && only!.kind === 'text' ? 'text' : single && only!.kind === 'image' ? 'image' : 'array';
  return {
    kind,
    fed: new Map([...rows].map(([name, { feed }]) => [name, feed])),
    inputs: inputs.map(({ data, shape }) => ({ data, shape })),
    samples,
    notices: [...(about.notices ?? []), ...notices],
    vocabulary: null,
  };
}
