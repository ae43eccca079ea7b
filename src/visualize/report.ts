/** A report: sections of explained texts and pictures on one page. All text that comes from models, files and users is escaped. */

import { checkOptions } from '../tensor/options.ts';
import { type ColormapName, colorWords } from './colors.ts';
import { capitalised, escapeHtml } from './format.ts';
import { itemCard, movesScore } from './report-item.ts';
import { htmlPage, modelLine, modelSummary } from './report-page.ts';
import { reportStyle } from './report-style.ts';
import type { ReportOptions, ReportSection } from './report-types.ts';

/**
 * The page as a string, the same for the same input.
 * @throws PathgradError when tokens and scores or image and attribution do not fit each other, or a value is not finite
 */
export function report(sections: readonly ReportSection[], options: ReportOptions = {}): string {
  checkOptions<ReportOptions>('report', options, { title: 1, colormap: 1, lang: 1 });
  const { title = 'Explanations', colormap = 'PiYG', lang = 'en' } = options;
  const body = sections.map((section) => sectionHtml(section, colormap)).join('\n');
  return htmlPage({ title, lang, style: reportStyle(colormap) }, body);
}

function sectionHtml(section: ReportSection, map: ColormapName): string {
  const items = section.items.map((item, i) => itemCard(item, i + 1, map));
  const { positive, negative } = colorWords(map);
  const text = section.items.some(({ kind }) => kind === 'text');
  const moves = section.items.every(movesScore);
  const under = text ? ', also underlined' : '';
  const full = section.items.some(({ scale }) => scale !== undefined)
    ? `Full colour is the strongest ${moves ? 'attribution' : 'number'} of the input: all its classes are on one scale.`
    : `Full colour is the strongest ${moves ? 'attribution' : 'number'} of the item.`;
  const legend =
    section.legend ??
    (moves
      ? `${capitalised(positive)}: moving from the baseline to this input raises the score of what is explained. ${capitalised(negative)}${under}: it lowers the score. ${full}`
      : `${capitalised(positive)}: positive numbers. ${capitalised(negative)}${under}: negative ones. ${full}`);
  const [low, high] = moves ? ['lowers', 'raises'] : ['negative', 'positive'];
  return `<section>
<h2>${escapeHtml(section.title)}</h2>
${modelLine(section.model)}
<div class="legend"><div><div class="ramp${text ? '' : ' light'}" role="img" aria-label="colour scale from ${negative}, ${low}, to ${positive}, ${high}"></div>
<div class="ends" aria-hidden="true"><span>${low}</span><span>0</span><span>${high}</span></div></div><p>${escapeHtml(legend)}</p></div>
${modelSummary(section.model.summary)}
${items.length > 0 ? items.join('\n') : '<p>Nothing was explained.</p>'}
</section>`;
}
