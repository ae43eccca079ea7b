/** Attributions of many rows of a table, for a summary: some rows at a time, all for one class. */

import { fixShapes, isTransformer } from '../../../open/model.ts';
import { failure } from '../../../tensor/errors.ts';
import { chartStyle } from '../../../visualize/charts/style.ts';
import { beeswarm, meanAbsolute, meanAbsoluteBars } from '../../../visualize/charts/summary.ts';
import type { InputData, ReplyOf, RequestOf } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import { stacked } from '../sample/fields.ts';
import { sampleOf } from '../sample/sample.ts';
import type { State } from '../state.ts';
import { found } from '../view/found.ts';
import { type Control, explainAt } from './explain.ts';
import { methodOf } from './method.ts';

/** @throws PathgradError for models of other data than tables, and methods whose numbers are not those of features */
export async function attribute(
  state: State,
  { inputs, settings }: RequestOf<'attribute'>,
  control: Control,
): Promise<ReplyOf<'attribute'>> {
  const model = modelIn(state);
  const row = await methodOf(settings.explainer);
  if (isTransformer(model) || row.layer === true || row.pairs)
    throw failure(
      row.name,
      'has no number for each feature: rows cannot be summed up',
      {},
      'choose IntegratedGradients',
    );
  const samples = [];
  for (const input of inputs) samples.push(await sampleOf(state, input as InputData));
  const [first] = samples;
  if (!first) return { names: [], scores: [], values: [] };
  await fixShapes(model, first.inputs);
  const rows = stacked(samples.map((sample) => sample.inputs));
  const { explanation } = await explainAt(state, first, rows, settings, settings.target, control);
  const tables = samples.map((sample, i) => found(sample, explanation, null, i)?.table);
  const names = tables[0]?.names;
  if (!names) throw failure(model.name, 'takes no tables: rows of other data have no features to sum up');
  return {
    names,
    scores: tables.map((table) => table!.scores),
    values: tables.map((table) => table!.shown),
  };
}

/** A value as it is read: `12.5`, `1,234.5` is none. */
const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

/** The rows together, as charts of the report. */
export function summary({ names, scores, values, target }: RequestOf<'summary'>): ReplyOf<'summary'> {
  const numbers = values.map((row) => row.map(numberOf));
  const known = numbers.some((row) => row.some((value) => !Number.isNaN(value)));
  const data = { names, attributions: scores, ...(known && { values: numbers }) };
  const options = { width: 'fluid' } as const;
  return {
    style: chartStyle(),
    means: meanAbsoluteBars(data, { ...options, title: `Mean absolute attribution for ${target}` }),
    swarm: beeswarm(data, { ...options, title: `Attributions for ${target}` }),
    table: meanAbsolute(data).map(({ name, mean }) => ({ name, mean })),
  };
}
