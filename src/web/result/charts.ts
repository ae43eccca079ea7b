/** The charts of a result: SVG that the engine drew, with the numbers of words where an input is a text. */

import { directionOf } from '../../visualize/direction.ts';
import { make } from '../dom/dom.ts';
import { roving } from '../dom/roving.ts';
import type { Charts } from '../protocol/index.ts';
import { markOf } from './result.ts';

let sheet: CSSStyleSheet | null = null;

/** The style sheet of all charts. A sheet that a script makes is allowed where the page's policy forbids styles in the text. */
export function adopt(style: string): void {
  if (sheet) return;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/** SVG text of src/visualize/charts, which escapes all that comes from files. */
export function chartOf(svg: string): HTMLElement {
  const read = new DOMParser().parseFromString(svg, 'text/html');
  const box = make('div', { class: 'chart' });
  box.append(...[...read.body.children].map((child) => document.importNode(child, true)));
  if (box.querySelector('[tabindex]')) roving(box as HTMLElement, '[tabindex]');
  return box;
}

export function showCharts(charts: Charts | null, box: HTMLElement): void {
  box.hidden = charts === null;
  box.replaceChildren();
  if (!charts) return;
  adopt(charts.style);
  const { shares, parts, matrix } = charts;
  if (shares) box.append(chartOf(shares));
  for (const { name, said, svg, marks } of parts) {
    const several = parts.length > 1;
    const head = several ? [make('h4', {}, make('bdi', {}, name), ' ', make('span', {}, said))] : [];
    const words = marks?.flatMap((mark, i) => [i === 0 ? '' : ' ', markOf(mark, marks[i + 1])]) ?? [];
    const dir = directionOf((marks ?? []).map(({ token }) => token));
    const body = svg === null ? make('p', { class: 'text', dir }, ...words) : chartOf(svg);
    box.append(several ? make('section', { class: 'part' }, ...head, body) : body);
  }
  if (matrix) box.append(make('h4', {}, 'Pairs'), chartOf(matrix));
}
