/** All rows of a table at once: for each explained target that has several, its features by mean size, and every row as a point. */
import { beeswarm, meanAbsolute, meanAbsoluteBars, type TableRows } from '../charts/summary.ts';
import type { ColormapName } from '../colors.ts';
import { escapeHtml, plain } from '../format.ts';
import { foldedTable } from './bars.ts';
import type { ReportItem, ReportTableItem } from './types.ts';

/** Targets that are summed up, those with the most rows first. */
const TARGETS = 4;

/** Nothing where fewer than two rows have the same features and target. */
export function tableSummary(items: readonly ReportItem[], map: ColormapName): string {
  const kept = rowGroups(items);
  const shown = kept.slice(0, TARGETS).map((list) => summaryOf(list, map));
  const left = kept.length - shown.length;
  const note =
    left > 0 ? `<p class="note">${left} more targets have several rows; their summaries are left out.</p>` : '';
  return `${shown.join('\n')}${note}`;
}

/** Rows with the same features that are explained for the same target, two at least; the groups with the most rows first. */
export function rowGroups(items: readonly ReportItem[]): ReportTableItem[][] {
  const groups = new Map<string, ReportTableItem[]>();
  for (const item of items) {
    if (item.kind !== 'table') continue;
    const key = JSON.stringify([item.target, item.names]);
    const list = groups.get(key);
    if (list) list.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()].filter((list) => list.length > 1).sort((a, b) => b.length - a.length);
}

/** Rows as the charts take them: with values where some are numbers. */
export function rowsOf(items: readonly ReportTableItem[]): TableRows {
  const [{ names }] = items as readonly [ReportTableItem];
  const values = items.map((item) => names.map((_, i) => numberOf(item.values?.[i])));
  const known = values.some((row) => row.some((v) => !Number.isNaN(v)));
  return { names, attributions: items.map(({ scores }) => scores), ...(known && { values }) };
}

function summaryOf(items: readonly ReportTableItem[], map: ColormapName): string {
  const data = rowsOf(items);
  const { names } = data;
  const { target } = items[0]!;
  const known = data.values !== undefined;
  const options = { width: 'fluid', colormap: map } as const;
  const means = meanAbsolute(data).map(({ name, mean }) => [name, plain(mean, 4)]);
  return `<article class="card summary"><div class="head"><h3>All ${items.length} rows explained for ${escapeHtml(target)}</h3></div>
<div class="cols even"><section><h4>Mean size of the attributions</h4>${meanAbsoluteBars(data, { ...options, title: `Mean absolute attribution for ${target}` })}</section>
<section><h4>Each row a point${known ? ', coloured by the value' : ''}</h4>${beeswarm(data, { ...options, title: `Attributions for ${target}` })}</section></div>
${foldedTable(`Means of all ${names.length} features as a table`, ['feature', 'mean absolute attribution'], means)}</article>`;
}

/** A value as it is read: `12.5`, `1,234.5` is none. */
function numberOf(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? Number.NaN : Number(text);
}
