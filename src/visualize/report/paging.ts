/**
 * Many items in one file: the first page of cards as it is, the others packed (raw deflate, base64) and unpacked when they are asked for. Cards
 * are alike, so packed they take about a tenth. Invariant: a page looks the same whether it was packed or not, and the same items give the same
 * bytes.
 */
import { deflateSync } from 'fflate';

/** Above it, items are paged. */
export const UNPAGED = 200;
/** Items of a page. */
export const PAGE = 50;

/** @param card HTML of an item by its number from 0; asked for in order, once each */
export function pagedCards(count: number, card: (i: number) => string): string {
  if (count <= UNPAGED) return Array.from({ length: count }, (_, i) => card(i)).join('\n');
  const pages: string[] = [];
  let first = '';
  for (let from = 0; from < count; from += PAGE) {
    let html = '';
    for (let i = from; i < Math.min(count, from + PAGE); i++) html += `${card(i)}\n`;
    if (from === 0) first = html;
    else pages.push(`<script type="text/plain">${packed(html)}</script>`);
  }
  const total = pages.length + 1;
  const nav = (where: string): string =>
    `<nav hidden aria-label="pages, ${where}"><button class="first" type="button" disabled aria-label="first page">«</button><button class="back" type="button" disabled>Back</button><label>Page <input type="number" min="1" max="${total}" value="1"> of ${total}</label><button class="next" type="button">Next</button><button class="last" type="button" aria-label="last page">»</button><span class="where" aria-live="polite">1 to ${PAGE} of ${count}</span></nav>`;
  return `<div class="pages" data-total="${count}" data-size="${PAGE}"><noscript><p class="warn">The first ${PAGE} of ${count} items: the others need JavaScript, which is off.</p></noscript>${nav('above')}<div class="page">${first}</div>${nav('below')}
${pages.join('\n')}</div>`;
}

function packed(html: string): string {
  const bytes = deflateSync(new TextEncoder().encode(html), { level: 6 });
  let binary = '';
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
