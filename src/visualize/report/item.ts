/** One explained input as a card of the report: what was predicted, the attributions, and how far to trust them. */
import { pairsMatrix } from '../charts/matrix.ts';
import type { ColormapName } from '../colors.ts';
import { escapeHtml, percent, plain, shortened, signed } from '../format.ts';
import { scoredTokens } from '../tokens.ts';
import { barTable } from './bars.ts';
import { contentOf, frameOf } from './content.ts';
import { ownFacts } from './facts.ts';
import type { ReportItem, ReportPrediction } from './types.ts';

/** Attributions that miss the change of score by more than this share are reported with a warning. */
export const COMPLETENESS_LIMIT = 0.05;

const NOUNS = { text: 'Text', image: 'Image', table: 'Row', series: 'Series', parts: 'Sample' } as const;

/** How a card is made among others. */
export type CardOptions = {
  readonly map: ColormapName;
  /** Facts that need not be said again. */
  readonly said?: Parameters<typeof ownFacts>[1];
  /** Warnings likewise. */
  readonly warned?: readonly string[];
  /** One of very many. */
  readonly short?: boolean;
};

/** A title in one line; of a text no more than its beginning, since it is shown below. */
const LONGEST = 110;

function headingOf(title: string): string {
  return shortened(title.replace(/\s+/g, ' ').trim(), LONGEST);
}

/** The card of one item. `number` counts from 1 and titles items that have no title. */
export function itemCard(
  item: ReportItem,
  number: number,
  { map, said = [], warned = [], short = false }: CardOptions,
): string {
  const title = headingOf(item.title ?? `${NOUNS[item.kind]} ${number}`);
  const warnings = allWarnings(item)
    .filter((text) => !warned.includes(text))
    .map(warningHtml);
  const body = contentOf(item, frameOf(item, title, map, short));
  const columns = [predictions(item), ownFacts(item, said)]
    .filter((html) => html !== '')
    .map((html) => `<div>${html}</div>\n`);
  const lists = `${columns.join('')}${body.lists}${pairTable(item)}`;
  return `<article class="card">
<div class="head"><h3 dir="auto">${escapeHtml(title)}</h3>${saidOf(item)}</div>
${warnings.join('\n')}
${body.shown}
${pairMatrix(item, title, map)}${lists === '' ? '' : `<div class="cols">\n${lists}</div>\n`}</article>`;
}

const numberOf = (one: ReportPrediction): number => ('probability' in one ? one.probability : one.score);
const textOf = (one: ReportPrediction): string =>
  'probability' in one ? percent(one.probability) : plain(one.score, 4);

const ranked = (list: readonly ReportPrediction[]): ReportPrediction[] =>
  [...list].sort((a, b) => numberOf(b) - numberOf(a));

function saidOf({ prediction }: ReportItem): string {
  const [top] = ranked(prediction);
  if (!top) return '';
  // Of a single score nothing was chosen.
  const label = `<b>${escapeHtml(top.label)}</b>`;
  return `<p class="said">predicted ${label}, ${escapeHtml(textOf(top))}</p>`;
}

/** A warning as a paragraph. */
export const warningHtml = (text: string): string =>
  `<p class="warn" role="note"><b>Warning:</b> ${escapeHtml(text)}</p>`;

/** Warnings that all of several items have, which are said once above them. */
export function commonWarnings(items: readonly ReportItem[]): string[] {
  const [first, ...rest] = items;
  if (!first || rest.length === 0) return [];
  return allWarnings(first).filter((text) => rest.every((item) => item.warnings?.includes(text)));
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

const LISTED = 5;

/** What the model said; nothing where that is not known, or where it is one number that stands above already. */
function predictions({ prediction }: ReportItem): string {
  if (prediction.length === 0) return '';
  const rows = ranked(prediction).slice(0, LISTED);
  const probabilities = rows.every((one) => 'probability' in one);
  const listed = rows.map((one) => ({
    name: one.label,
    number: textOf(one),
    ...(probabilities && { share: numberOf(one) }),
  }));
  const more = prediction.length > rows.length ? `, ${rows.length} of ${prediction.length}` : '';
  return barTable(
    `Prediction${more}`,
    [prediction.length === 1 ? 'output' : 'class', probabilities ? 'probability' : 'score'],
    listed,
  );
}

/** What pairs did together, beyond what either did alone. */
function pairTable({ pairs }: ReportItem): string {
  if (!pairs || pairs.names.length === 0) return '';
  const scored = scoredTokens(pairs.names, pairs.scores).slice(0, 10);
  const rows = scored.map(({ token, score, strength }) => ({
    name: token,
    share: Math.abs(strength),
    number: signed(score),
    style: score < 0 ? ('minus' as const) : ('plus' as const),
  }));
  return `<div>${barTable('Pairs that count most', ['pair', 'attribution'], rows)}</div>\n`;
}

function pairMatrix({ matrix }: ReportItem, title: string, map: ColormapName): string {
  if (!matrix || matrix.names.length === 0) return '';
  const chart = pairsMatrix(matrix, { width: 'fluid', title: `${title}: pairs`, colormap: map });
  return `<div class="chart" data-keys>${chart}</div>\n`;
}
