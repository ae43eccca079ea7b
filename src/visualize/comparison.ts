/**
 * A comparison of methods as one page: measures in a table, and below it the methods side by side on each input. Every method has one scale
 * of its own on each input, since the numbers of two methods have different units. All text is escaped.
 */
import { type ColormapName, colorWords } from './colors.ts';
import { sampleCard, scrollHint } from './comparison-card.ts';
import { comparisonStyle } from './comparison-style.ts';
import type { Comparison, ComparisonSample, ComparisonTable } from './comparison-types.ts';
import { capitalised, escapeHtml } from './format.ts';
import { addUp } from './report/facts.ts';
import { htmlPage, modelLine, modelSummary } from './report/page.ts';
import { reportStyle } from './report/style.ts';

/**
 * The page as a string, the same for the same input.
 * @throws PathgradError when attributions do not fit their image or tokens, or a value is not finite
 */
export function comparisonReport(comparison: Comparison, options: { readonly colormap?: ColormapName } = {}): string {
  const { colormap: map = 'PiYG' } = options;
  const { title, model, methods, samples, table, notes } = comparison;
  const cards = samples.map((sample) => sampleCard(sample, methods, map));
  const body = `<section>
${modelLine(model)}
${modelSummary(model.summary)}
${tableHtml(table)}
<details><summary>How the numbers came about</summary>${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')}</details>
${meanings(comparison)}
</section>
<section>
<h2>Side by side</h2>
${legend(samples, map)}
${cards.length > 0 ? cards.join('\n') : '<p>Nothing is shown.</p>'}
</section>`;
  return htmlPage({ title, lang: 'en', style: `${reportStyle(map)}\n${comparisonStyle}` }, body);
}

function legend(samples: readonly ComparisonSample[], map: ColormapName): string {
  const { positive, negative } = colorWords(map);
  const text = samples.some(({ kind }) => kind === 'text');
  const clipped = samples.some(({ kind }) => kind === 'image')
    ? ', but for the few pixels beyond it that hold 5 % of all'
    : '';
  const words = `Each method has one scale of its own on each input: full colour is its largest number there${clipped}, and is given with it. So colours tell where a method points, never how strong two methods or two inputs are. ${capitalised(positive)} is positive, ${negative}${text ? ', also underlined,' : ''} negative.`;
  return `<div class="legend"><div><div class="ramp${text ? '' : ' light'}" role="img" aria-label="colour scale from ${negative}, negative, to ${positive}, positive"></div>
<div class="ends" aria-hidden="true"><span>negative</span><span>0</span><span>positive</span></div></div><p>${escapeHtml(words)}</p></div>`;
}

function meanings({ methods, metrics }: Comparison): string {
  const entry = (name: string, text: string): string => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`;
  const list = [
    ...metrics.map(({ name, says }) => entry(name, says)),
    ...methods.map((method) => entry(method.name, `${method.says}; ${addUp(method)}`)),
  ];
  return `<details><summary>What the numbers mean</summary><dl class="meanings">${list.join('')}</dl></details>`;
}

/** A mean and its deviation, aligned at the sign between them. */
function spread(text: string): string {
  const [mean, sd] = text.split(' ± ');
  return sd === undefined ? escapeHtml(text) : `${escapeHtml(mean!)} ± <span class="sd">${escapeHtml(sd)}</span>`;
}

function tableHtml({ columns, rows }: ComparisonTable): string {
  const reasons: string[] = [];
  const numberOf = (reason: string): number =>
    reasons.includes(reason) ? reasons.indexOf(reason) + 1 : reasons.push(reason);
  const cell = (text: string | { readonly reason: string }): string =>
    typeof text === 'string'
      ? `<td class="n">${spread(text)}</td>`
      : `<td class="n none">– <sup>${numberOf(text.reason)}</sup></td>`;
  const head = columns.map((title) => `<th scope="col" class="n">${escapeHtml(title)}</th>`).join('');
  const body = rows.map((row) => {
    const cells =
      'cells' in row
        ? row.cells.map(cell).join('')
        : `<td class="none" colspan="${columns.length}">did not run <sup>${numberOf(row.reason)}</sup></td>`;
    return `<tr><th scope="row">${escapeHtml(row.name)}</th>${cells}</tr>`;
  });
  const notes = reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('');
  return `${scrollHint(columns.length)}<div class="wide"><table class="measures"><thead><tr><th scope="col">method</th>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>
${reasons.length > 0 ? `<ol class="reasons">${notes}</ol>` : ''}`;
}
