/** One explained text or image as a card of the report: what was predicted, the attributions, and how far to trust them. */

import { asImage, sumChannels } from './arrays.ts';
import type { ColormapName } from './colors.ts';
import { escapeHtml, percent, plain, signed } from './format.ts';
import { tokensToThemedHtml } from './html.ts';
import { attributionRaster, imageRaster, overlay } from './image.ts';
import { sharedScale } from './normalize.ts';
import { encodePng, type Raster } from './raster.ts';
import { DARK_PAGE } from './report-style.ts';
import type { ReportExplainer, ReportImageItem, ReportItem, ReportTextItem } from './report-types.ts';
import { type ScoredToken, scoredTokens } from './tokens.ts';

/** Attributions that miss the change of score by more than this share are reported with a warning. */
export const COMPLETENESS_LIMIT = 0.05;

/** The card of one item. `number` counts from 1 and titles items that have no title. */
export function itemCard(item: ReportItem, number: number, map: ColormapName): string {
  const title = item.title ?? (item.kind === 'text' ? `Text ${number}` : `Image ${number}`);
  const top = [...item.prediction].sort((a, b) => b.probability - a.probability)[0];
  const said =
    top === undefined ? '' : `predicted <b>${escapeHtml(top.label)}</b>, ${escapeHtml(percent(top.probability))}`;
  const warnings = allWarnings(item).map(
    (text) => `<p class="warn" role="note"><b>Warning:</b> ${escapeHtml(text)}</p>`,
  );
  const body = item.kind === 'text' ? textBody(item, map) : imageBody(item, map, title);
  return `<article class="card">
<div class="head"><h3>${escapeHtml(title)}</h3><p class="said">${said}</p></div>
${warnings.join('\n')}
${body.shown}
<div class="cols">
<div>${predictions(item)}</div>
<div>${facts(item)}</div>
${body.table}${pairTable(item)}</div>
</article>`;
}

/** What colours cannot say in words: the completeness warning is there whether or not the caller wrote one. */
function allWarnings(item: ReportItem): string[] {
  const given = item.warnings ?? [];
  if (!item.completeness) return [...given];
  const { delta, relative, ok } = item.completeness;
  const missed = relative === undefined ? !ok : !ok || !(Math.abs(relative) <= COMPLETENESS_LIMIT);
  if (!missed || given.some((text) => /completeness|add up/i.test(text))) return [...given];
  const share = relative === undefined ? plain(delta) : percent(Math.abs(relative));
  const advice = "Use more steps (nSteps 'auto' adds them until the sum holds) or another method.";
  return [
    `The attributions miss the change of score by ${share}; up to ${percent(COMPLETENESS_LIMIT)} is usual. ${advice}`,
    ...given,
  ];
}

function facts(item: ReportItem): string {
  const { baseline, explainer, method, steps } = item;
  const entropy =
    baseline?.entropy === undefined
      ? undefined
      : `${plain(baseline.entropy)} nats${baseline.entropyFraction === undefined ? '' : `, ${percent(baseline.entropyFraction)} of ln K (undecided is 100 %)`}`;
  const counted = steps === undefined ? [] : [`${steps} steps`];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Explained', item.target],
    ['Method', explainer?.name],
    ['Its numbers', explainer && `${explainer.says}; ${addUp(explainer)}`],
    ['Full colour', item.scale === undefined ? undefined : `${plain(item.scale)}, for all classes of this input`],
    ['Baseline', baseline?.name],
    ['… its entropy', entropy],
    ['… its score', baseline?.score === undefined ? undefined : plain(baseline.score)],
    ['Quadrature', method === undefined ? undefined : [method, ...counted].join(', ')],
    ['Completeness', missed(item)],
  ];
  const body = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`<tr><th scope="row">${name}</th><td>${escapeHtml(value)}</td></tr>`],
  );
  return `<table class="facts"><caption>How it was explained</caption><tbody>${body.join('')}</tbody></table>`;
}

/** Whether a method's numbers must add up, as the end of a sentence. */
export const addUp = ({ sum }: Pick<ReportExplainer, 'sum'>): string =>
  sum === null ? 'they need not add up' : `they add up to ${sum}`;

function missed({ completeness, explainer }: ReportItem): string | undefined {
  if (!completeness) return explainer && 'not promised';
  const { relative, delta } = completeness;
  return relative === undefined ? `off by ${plain(delta)}` : `off by ${percent(Math.abs(relative))} (${signed(delta)})`;
}

function predictions(item: ReportItem): string {
  const rows = [...item.prediction]
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 5)
    .map(({ label, probability }) => bar(label, probability, 'bar', percent(probability)));
  const head =
    '<thead><tr><th scope="col">class</th><th scope="col"></th><th scope="col" class="n">probability</th></tr></thead>';
  return `<table class="bars"><caption>Prediction</caption>${head}<tbody>${rows.join('')}</tbody></table>`;
}

type Body = { readonly shown: string; readonly table: string };

/** Whether a positive number means that the score was raised: of sums it does, of slopes and maps it need not. */
export const movesScore = ({ explainer }: Pick<ReportItem, 'explainer'>): boolean =>
  explainer === undefined || explainer.sum !== null;

function textBody(item: ReportTextItem, map: ColormapName): Body {
  const { tokens, scores, padding, scale } = item;
  const marks = tokensToThemedHtml(tokens, scores, { colormap: map, padding, scale, darkPage: DARK_PAGE });
  const scored = scoredTokens(tokens, scores, { padding, scale });
  const rising = strongest(scored.filter(({ score }) => score > 0));
  const falling = strongest(scored.filter(({ score }) => score < 0));
  const moves = movesScore(item);
  const lower =
    moves || falling.length > 0
      ? `<div>${tokenTable(moves ? 'Lower the score most' : 'Most negative', falling, 'minus')}</div>\n`
      : '';
  return {
    shown: `<p class="text">${marks}</p>`,
    table: `<div>${tokenTable(moves ? 'Raise the score most' : 'Largest', rising, 'plus')}</div>\n${lower}`,
  };
}

/** What pairs did together, beyond what either did alone. */
function pairTable({ pairs }: ReportItem): string {
  if (!pairs || pairs.names.length === 0) return '';
  const scored = scoredTokens(pairs.names, pairs.scores).slice(0, 10);
  const rows = scored.map(({ token, score, strength }) =>
    bar(token, Math.abs(strength), `bar ${score < 0 ? 'minus' : 'plus'}`, signed(score)),
  );
  const head =
    '<thead><tr><th scope="col">pair</th><th scope="col"></th><th scope="col" class="n">attribution</th></tr></thead>';
  return `<div><table class="bars"><caption>Pairs that count most</caption>${head}<tbody>${rows.join('')}</tbody></table></div>\n`;
}

function strongest(tokens: readonly ScoredToken[]): readonly ScoredToken[] {
  return [...tokens].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, 5);
}

function tokenTable(title: string, tokens: readonly ScoredToken[], sign: 'plus' | 'minus'): string {
  const rows = tokens.map(({ token, score, strength }) => bar(token, Math.abs(strength), `bar ${sign}`, signed(score)));
  const none = '<tr><td colspan="3">none</td></tr>';
  const head =
    '<thead><tr><th scope="col">token</th><th scope="col"></th><th scope="col" class="n">attribution</th></tr></thead>';
  return `<table class="bars"><caption>${title}</caption>${head}<tbody>${rows.join('') || none}</tbody></table>`;
}

/** A table row with a bar of the given share of its column. */
function bar(name: string, share: number, style: string, number: string): string {
  const width = (100 * Math.max(0, Math.min(1, share))).toFixed(1);
  const cell = `<td class="b"><span class="${style}" style="width:${width}%"></span></td>`;
  return `<tr><th scope="row">${escapeHtml(name)}</th>${cell}<td class="n">${escapeHtml(number)}</td></tr>`;
}

function imageBody(item: ReportImageItem, map: ColormapName, title: string): Body {
  const { image, attribution, range } = item;
  // One sign alone is scaled by all attributions, or a weak sign would look as strong as the other.
  const sums = sumChannels(asImage(attribution, 'attribution'));
  const shown = { colormap: map, shared: item.scale ?? sharedScale([sums]) };
  // Of numbers that have no sign, one picture says all.
  const signs = movesScore(item) || sums.some((v) => v < 0);
  const pictures: readonly (readonly [string, string, Raster])[] = [
    ['image', 'the image itself', imageRaster(image, { range })],
    ['on the image', 'attributions over the image', overlay(image, attribution, { ...shown, range })],
    ['all', 'all attributions', attributionRaster(attribution, shown)],
    ['positive', 'positive attributions', attributionRaster(attribution, { ...shown, sign: 'positive' })],
    ['negative', 'negative attributions', attributionRaster(attribution, { ...shown, sign: 'negative' })],
  ];
  const figures = pictures.slice(0, signs ? 5 : 3).map(([caption, words, raster]) => {
    const alt = escapeHtml(`${title}: ${words}`);
    const size = `width="${raster.width}" height="${raster.height}"`;
    return `<figure><img alt="${alt}" ${size} src="${dataUri(encodePng(raster))}"><figcaption>${caption}</figcaption></figure>`;
  });
  return { shown: `<div class="pictures">${figures.join('')}</div>`, table: '' };
}

/** `data:` address of a PNG. */
export function dataUri(png: Uint8Array): string {
  let binary = '';
  for (const byte of png) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}
