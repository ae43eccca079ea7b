/** A report: sections of explained inputs on one page. All text that comes from models, files and users is escaped. */
import { checkOptions } from '../../tensor/options.ts';
import { type ColormapName, colorWords } from '../colors.ts';
import { capitalised, escapeHtml } from '../format.ts';
import { movesScore } from './content.ts';
import { commonFacts, factTable } from './facts.ts';
import { commonWarnings, itemCard, warningHtml } from './item.ts';
import { htmlPage, modelLine, modelSummary } from './page.ts';
import { pagedCards, UNPAGED } from './paging.ts';
import { keysScript, pagesScript } from './scripts.ts';
import { reportStyle } from './style.ts';
import { tableSummary } from './summary.ts';
import type { ReportItem, ReportOptions, ReportSection } from './types.ts';

/**
 * The page as a string, the same for the same input. More than 200 items are paged: the first are in the page as they are, the others packed.
 * @throws PathgradError when tokens and scores or image and attribution do not fit each other, or a value is not finite
 */
export function report(sections: readonly ReportSection[], options: ReportOptions = {}): string {
  checkOptions<ReportOptions>('report', options, { title: 1, colormap: 1, lang: 1 });
  const { title = 'Explanations', colormap = 'PiYG', lang = 'en' } = options;
  const body = sections.map((section) => sectionHtml(section, colormap)).join('\n');
  const keys = sections.some(({ items }) => items.some((item) => hasText(item) || item.matrix));
  const pages = sections.some(({ items }) => items.length > UNPAGED);
  const scripts = [...(keys ? [keysScript] : []), ...(pages ? [pagesScript] : [])];
  return htmlPage({ title, lang, style: reportStyle(colormap), scripts }, body);
}

const hasText = (item: ReportItem): boolean =>
  item.kind === 'text' || (item.kind === 'parts' && item.parts.some(({ content }) => content.kind === 'text'));

function sectionHtml(section: ReportSection, map: ColormapName): string {
  const { items } = section;
  const said = commonFacts(items);
  const warned = commonWarnings(items);
  const cards = pagedCards(items.length, (i) =>
    itemCard(items[i]!, i + 1, { map, said, warned, short: items.length > UNPAGED }),
  );
  const shared = said.length === 0 ? '' : `<div class="shared">${factTable(said, 'How all were explained')}</div>\n`;
  return `<section>
<h2>${escapeHtml(section.title)}</h2>
${modelLine(section.model)}
${legendOf(section, map)}
${modelSummary(section.model.summary)}
${warned.map(warningHtml).join('\n')}
${shared}${tableSummary(items, map)}
${items.length > 0 ? cards : '<p>Nothing was explained.</p>'}
</section>`;
}

/** The colours of words, of pictures, which keep theirs on dark pages, or of charts. */
function rampOf(items: readonly ReportItem[]): string {
  if (items.some(hasText)) return 'ramp';
  return items.some(({ kind }) => kind === 'image' || kind === 'parts') ? 'ramp light' : 'ramp pg chart-ramp';
}

function legendOf({ items, legend: own }: ReportSection, map: ColormapName): string {
  const { positive, negative } = colorWords(map);
  const text = items.some(hasText);
  const moves = items.every(movesScore);
  const under = text ? ', also underlined' : '';
  const strongest = `the strongest ${moves ? 'attribution' : 'number'}`;
  const bars = items.length > 0 && items.every(({ kind }) => kind === 'table');
  const full = bars
    ? 'Bars are as long as the numbers beside them.'
    : items.some(({ scale }) => scale !== undefined)
      ? `Full colour is ${strongest} of the input: all its classes are on one scale.`
      : items.some(({ kind }) => kind === 'image' || kind === 'parts')
        ? 'What full colour is stands with each picture.'
        : `Full colour is ${strongest} of the item.`;
  const keys = text ? ' Click a word, or go there with the arrow keys, to see its number.' : '';
  const legend =
    own ??
    (moves
      ? `${capitalised(positive)}: moving from the baseline to this input raises the score of what is explained. ${capitalised(negative)}${under}: it lowers the score. ${full}${keys}`
      : `${capitalised(positive)}: positive numbers. ${capitalised(negative)}${under}: negative ones. ${full}${keys}`);
  const [low, high] = moves ? ['lowers', 'raises'] : ['negative', 'positive'];
  return `<div class="legend"><div><div class="${rampOf(items)}" role="img" aria-label="colour scale from ${negative}, ${low}, to ${positive}, ${high}"></div>
<div class="ends" aria-hidden="true"><span>${low}</span><span>0</span><span>${high}</span></div></div><p>${escapeHtml(legend)}</p></div>`;
}
