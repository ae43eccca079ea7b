/** Tables of the report: names with bars and numbers, and the numbers of a chart as a table that folds away. */
import { escapeHtml } from '../format.ts';

export type BarRow = {
  readonly name: string;
  /** Of the column's width, 0 to 1; none for numbers that have no whole. */
  readonly share?: number | undefined;
  readonly number: string;
  readonly style?: 'plus' | 'minus' | undefined;
};

/** A table of bars. @param heads of the first and the last column */
export function barTable(
  caption: string,
  heads: readonly [string, string],
  rows: readonly BarRow[],
  none = 'none',
): string {
  const body = rows.map(({ name, share, number, style }) => {
    const width = share === undefined ? null : (100 * Math.max(0, Math.min(1, share))).toFixed(1);
    const bar = width === null ? '' : `<span class="bar${style ? ` ${style}` : ''}" style="width:${width}%"></span>`;
    return `<tr><th scope="row"><bdi>${escapeHtml(name)}</bdi></th><td class="b">${bar}</td><td class="n">${escapeHtml(number)}</td></tr>`;
  });
  const empty = `<tr><td colspan="3">${none}</td></tr>`;
  const head = `<thead><tr><th scope="col">${heads[0]}</th><td></td><th scope="col" class="n">${heads[1]}</th></tr></thead>`;
  return `<table class="bars"><caption>${caption}</caption>${head}<tbody>${body.join('') || empty}</tbody></table>`;
}

/** What a chart shows as a table, behind a summary: for those who do not see it, and to copy from. */
export function foldedTable(summary: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.map(
    ([first = '', ...rest]) =>
      `<tr><th scope="row"><bdi>${escapeHtml(first)}</bdi></th>${rest.map((text) => `<td class="n">${escapeHtml(text)}</td>`).join('')}</tr>`,
  );
  return `<details class="numbers"><summary>${escapeHtml(summary)}</summary><div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(summary)}"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div></details>`;
}
