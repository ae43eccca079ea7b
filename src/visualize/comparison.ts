/**
 * A comparison of methods as one page: measures in a table, and below it the methods side by side on each input. Every method has one scale
 * for all inputs, its own, since the numbers of two methods have different units. All text is escaped.
 */
import { asImage, sumChannels } from './arrays.ts';
import { type ColormapName, colorWords } from './colors.ts';
import { sampleCard } from './comparison-card.ts';
import { comparisonStyle } from './comparison-style.ts';
import type { Comparison, ComparisonSample, ComparisonTable } from './comparison-types.ts';
import { escapeHtml } from './format.ts';
import { addUp } from './report-item.ts';
import { htmlPage, modelLine, modelSummary } from './report-page.ts';
import { reportStyle } from './report-style.ts';

/**
 * The page as a string, the same for the same input.
 * @throws PathgradError when attributions do not fit their image or tokens, or a value is not finite
 */
export function comparisonReport(comparison: Comparison, options: { readonly colormap?: ColormapName } = {}): string {
  const { colormap: map = 'PiYG' } = options;
  const { title, model, methods, samples, table, notes } = comparison;
  const scales = methods.map((_, m) => scaleOf(samples, m));
  const cards = samples.map((sample) => sampleCard(sample, { methods, scales, map }));
  const body = `<section>
${modelLine(model)}
${modelSummary(model.summary)}
<div class="wide">${tableHtml(table)}</div>
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')}
${meanings(comparison)}
</section>
<section>
<h2>Side by side</h2>
${legend(samples, map)}
${cards.length > 0 ? cards.join('\n') : '<p>Nothing is shown.</p>'}
</section>`;
  return htmlPage({ title, lang: 'en', style: `${reportStyle(map)}\n${comparisonStyle}` }, body);
}

/** The largest number of a method over all inputs. */
function scaleOf(samples: readonly ComparisonSample[], method: number): number {
  let most = 0;
  for (const sample of samples) {
    const picture = sample.kind === 'image' ? sample.attributions[method] : null;
    const values = picture
      ? sumChannels(asImage(picture, 'attribution'))
      : sample.kind === 'image'
        ? []
        : (sample.scores[method] ?? []);
    for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  }
  return most;
}

function legend(samples: readonly ComparisonSample[], map: ColormapName): string {
  const { positive, negative } = colorWords(map);
  const text = samples.some(({ kind }) => kind === 'text');
  const words = `Each method has a scale of its own: its full colour is its largest number over all inputs here, given with it. So colours compare inputs within a method, and the places that methods point at; never how strong two methods are. ${positive} is positive, ${negative}${text ? ', also underlined,' : ''} negative.`;
  return `<div class="legend"><div><div class="ramp${text ? '' : ' light'}" role="img" aria-label="colour scale from ${negative}, negative, to ${positive}, positive"></div>
<div class="ends" aria-hidden="true"><span>negative</span><span>0</span><span>positive</span></div></div><p>${escapeHtml(words)}</p></div>`;
}

function meanings({ methods, metrics }: Comparison): string {
  const entry = (name: string, text: string): string => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`;
  const list = [
    ...metrics.map(({ name, says }) => entry(name, says)),
    ...methods.map((method) => entry(method.name, `${method.says}; ${addUp(method)}`)),
  ];
  return `<details open><summary>What the numbers mean</summary><dl class="meanings">${list.join('')}</dl></details>`;
}

function tableHtml({ columns, rows }: ComparisonTable): string {
  const reasons: string[] = [];
  const numberOf = (reason: string): number =>
    reasons.includes(reason) ? reasons.indexOf(reason) + 1 : reasons.push(reason);
  const cell = (text: string | { readonly reason: string }): string =>
    typeof text === 'string'
      ? `<td class="n">${escapeHtml(text)}</td>`
      : `<td class="n none">– <sup>${numberOf(text.reason)}</sup></td>`;
  const head = columns.map((title) => `<th scope="col" class="n">${escapeHtml(title)}</th>`).join('');
  const body = rows.map(
    ({ name, cells }) => `<tr><th scope="row">${escapeHtml(name)}</th>${cells.map(cell).join('')}</tr>`,
  );
  const notes = reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('');
  return `<table class="measures"><thead><tr><th scope="col">method</th>${head}</tr></thead><tbody>${body.join('')}</tbody></table>
${reasons.length > 0 ? `<ol class="reasons">${notes}</ol>` : ''}`;
}
