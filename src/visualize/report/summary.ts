/** All rows of a table at once: for each explained target that has several, its features by mean size, and every row as a point. */
import { beeswarm, meanAbsolute, meanAbsoluteBars } from '../charts/summary.ts';
import type { ColormapName } from '../colors.ts';
import { escapeHtml, plain } from '../format.ts';
import { foldedTable } from './bars.ts';
import type { ReportItem, ReportTableItem } from './types.ts';

/** Targets that are summed up, those with the most rows first. */
const TARGETS = 4;

/** Nothing where fewer than two rows have the same features and target. */
export function tableSummary(items: readonly ReportItem[], map: ColormapName): string {
  const groups = new Map<string, ReportTableItem[]>();
  for (const item of items) {
    if (item.kind !== 'table') continue;
    const key = JSON.stringify([item.target, item.names]);
    const list = groups.get(key);
    if (list) list.push(item);
    else groups.set(key, [item]);
  }
  const kept = [...groups.values()].filter((list) => list.length > 1).sort((a, b) => b.length - a.length);
  const shown = kept.slice(0, TARGETS).map((list) => summaryOf(list, map));
  const left =
    kept.length > TARGETS
      ? `<p class="note">${kept.length - TARGETS} more targets have several rows; their summaries are left out.</p>`
      : '';
  return shown.length === 0 ? '' : `${shown.join('\n')}${left}`;
}

function summaryOf(items: readonly ReportTableItem[], map: ColormapName): string {
  const [{ names, target }] = items as readonly [ReportTableItem];
  const attributions = items.map(({ scores }) => scores);
  const numbers = items.map(({ values }) => names.map((_, i) => numberOf(values?.[i])));
  const known = numbers.some((row) => row.some((v) => !Number.isNaN(v)));
  const data = { names, attributions, ...(known && { values: numbers }) };
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
