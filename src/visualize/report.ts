/**
 * A report: one HTML page that needs nothing else. No script, no network: its Content-Security-Policy allows only its own style sheet
 * and the pictures inside it. All text that comes from models, files and users is escaped.
 */

import { checkOptions } from '../tensor/options.ts';
import { type ColormapName, colorWords } from './colors.ts';
import { escapeHtml } from './format.ts';
import { itemCard, movesScore } from './report-item.ts';
import { reportStyle } from './report-style.ts';
import type { ReportOptions, ReportSection } from './report-types.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/**
 * The page as a string, the same for the same input.
 * @throws PathgradError when tokens and scores or image and attribution do not fit each other, or a value is not finite
 */
export function report(sections: readonly ReportSection[], options: ReportOptions = {}): string {
  checkOptions<ReportOptions>('report', options, { title: 1, colormap: 1, lang: 1 });
  const { title = 'Explanations', colormap = 'PiYG', lang = 'en' } = options;
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${reportStyle(colormap)}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${sections.map((section) => sectionHtml(section, colormap)).join('\n')}
</main>
</body>
</html>
`;
}

function sectionHtml(section: ReportSection, map: ColormapName): string {
  const { model } = section;
  const file = model.file === undefined ? '' : `, <code>${escapeHtml(model.file)}</code>`;
  const summary =
    model.summary === undefined
      ? ''
      : `<details><summary>Layers of the model</summary><pre>${multiline(model.summary)}</pre></details>`;
  const items = section.items.map((item, i) => itemCard(item, i + 1, map));
  const { positive, negative } = colorWords(map);
  const text = section.items.some(({ kind }) => kind === 'text');
  const moves = section.items.every(movesScore);
  const under = text ? ', also underlined' : '';
  const legend =
    section.legend ??
    (moves
      ? `${capitalised(positive)}: moving from the baseline to this input raises the score of what is explained. ${capitalised(negative)}${under}: it lowers the score. Full colour is the strongest attribution of the item.`
      : `${capitalised(positive)}: positive numbers. ${capitalised(negative)}${under}: negative ones. Full colour is the strongest number of the item.`);
  const [low, high] = moves ? ['lowers', 'raises'] : ['negative', 'positive'];
  return `<section>
<h2>${escapeHtml(section.title)}</h2>
<p class="model">Model ${escapeHtml(model.name)}${file}</p>
<div class="legend"><div><div class="ramp${text ? '' : ' light'}" role="img" aria-label="colour scale from ${negative}, ${low}, to ${positive}, ${high}"></div>
<div class="ends" aria-hidden="true"><span>${low}</span><span>0</span><span>${high}</span></div></div><p>${escapeHtml(legend)}</p></div>
${summary}
${items.length > 0 ? items.join('\n') : '<p>Nothing was explained.</p>'}
</section>`;
}

/** Line breaks stay, all else is escaped. */
function multiline(text: string): string {
  return text.split(/\r?\n/).map(escapeHtml).join('\n');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
