/** What an item explains, as HTML: text, picture, table, series, or several of them; and the lists beside it. */
import { asImage, sumChannels } from '../arrays.ts';
import { shares, sharesChart } from '../charts/parts.ts';
import { PANEL_NAMES, type Panel, panelSvg, picturePanels, pictureScale, scaleWords } from '../charts/picture.ts';
import { pictureBar } from '../charts/picture-bar.ts';
import { scoreBar } from '../charts/score-bar.ts';
import { seriesChart } from '../charts/series.ts';
import { textParagraph } from '../charts/text-plot.ts';
import { attributionBars, waterfall } from '../charts/waterfall.ts';
import type { ColormapName } from '../colors.ts';
import { aspectAttribute, isUsual } from '../flat.ts';
import { escapeHtml, percent, plain, signed } from '../format.ts';
import { type ScoredToken, scoredTokens } from '../tokens.ts';
import { barTable, foldedTable } from './bars.ts';
import type {
  ReportContent,
  ReportImage,
  ReportItem,
  ReportPartsItem,
  ReportSeries,
  ReportTable,
  ReportText,
} from './types.ts';

export type Body = {
  /** Over the whole width of the card. */
  readonly shown: string;
  /** In its columns. */
  readonly lists: string;
};

/** Whether a positive number means that the score was raised: of sums it does, of slopes and maps it need not. */
export const movesScore = ({ explainer }: Pick<ReportItem, 'explainer'>): boolean =>
  explainer === undefined || explainer.sum !== null;

export type Frame = {
  readonly map: ColormapName;
  /** Of the item, for those who do not see it. */
  readonly title: string;
  readonly scale: number | undefined;
  /** Scores that a waterfall's axis covers at least. */
  readonly span: readonly number[] | undefined;
  readonly moves: boolean;
  /** Of very many items: no lists, and bars of few parts. */
  readonly short: boolean;
  /** Where attributions add up from one to the other: base value and prediction, and what is predicted. */
  readonly ends: { readonly base: number; readonly prediction: number; readonly score: string } | null;
};

/** What the explained score is called: a probability only where it is one. */
export function scoreName({ prediction, target }: Pick<ReportItem, 'prediction' | 'target'>): string {
  const probabilities = prediction.length > 0 && prediction.every((one) => 'probability' in one);
  return probabilities ? `probability of ${target}` : target;
}

/** The frame of an item: the ends of its bar are there where its method promises the sum between just these two. */
export function frameOf(item: ReportItem, title: string, map: ColormapName, short = false): Frame {
  const { baseline, score, completeness, scale, span } = item;
  const moves = movesScore(item);
  const known = moves && completeness !== undefined && baseline?.score !== undefined && score !== undefined;
  const ends = known ? { base: baseline.score!, prediction: score, score: scoreName(item) } : null;
  return { map, title, scale, span, moves, short, ends };
}

export function contentOf(item: ReportItem, frame: Frame): Body {
  return item.kind === 'parts' ? partsBody(item, frame) : bodyOf(item, frame);
}

function bodyOf(content: ReportContent, frame: Frame): Body {
  switch (content.kind) {
    case 'text':
      return textBody(content, frame);
    case 'image':
      return imageBody(content, frame);
    case 'table':
      return tableBody(content, frame);
    case 'series':
      return seriesBody(content, frame);
  }
}

function textBody(
  { tokens, scores, padding, between }: ReportText,
  { map, scale, moves, ends, title, short }: Frame,
): Body {
  const scored = scoredTokens(tokens, scores, { padding, scale });
  const kept = padding === undefined ? between : undefined;
  const words = scored.map(({ token }) => token);
  const numbers = scored.map(({ score }) => score);
  const bar = ends
    ? `<div class="chart">${scoreBar({ names: words, attributions: numbers, ...ends, ...(short && { most: 5 }) }, { width: 'fluid', title, colormap: map })}</div>`
    : '';
  const shown = `${bar}${textParagraph({ words, scores: numbers, between: kept, scale })}`;
  if (short) return { shown, lists: '' };
  const rising = strongest(scored.filter(({ score }) => score > 0));
  const falling = strongest(scored.filter(({ score }) => score < 0));
  const lower =
    moves || falling.length > 0
      ? `<div>${tokenTable(moves ? 'Lower the score most' : 'Most negative', falling, 'minus')}</div>\n`
      : '';
  return {
    shown,
    lists: `<div>${tokenTable(moves ? 'Raise the score most' : 'Largest', rising, 'plus')}</div>\n${lower}`,
  };
}

function strongest(tokens: readonly ScoredToken[]): readonly ScoredToken[] {
  return [...tokens].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, 5);
}

function tokenTable(title: string, tokens: readonly ScoredToken[], sign: 'plus' | 'minus'): string {
  const rows = tokens.map(({ token, score, strength }) => ({
    name: token,
    share: Math.abs(strength),
    number: signed(score),
    style: sign,
  }));
  return barTable(title, ['word', 'attribution'], rows);
}

function imageBody({ image, attribution, range }: ReportImage, { map, scale, title }: Frame): Body {
  const panels = picturePanels({ image, attribution, range, scale }, map);
  const found = pictureScale(attribution, scale);
  const figures = panels.map(
    (panel) => `<figure>${panelOf(panel, title)}<figcaption>${PANEL_NAMES[panel.mode]}</figcaption></figure>`,
  );
  const bar = `<p class="scale">${pictureBar(found.full, map)}<span>${escapeHtml(scaleWords(found))}</span></p>`;
  return {
    shown: `<div class="pictures"${aspectAttribute(panels[0]!.raster)}>${figures.join('')}</div>${bar}`,
    lists: '',
  };
}

/** In a page the columns say the size. */
const panelOf = (panel: Panel, title: string): string =>
  panelSvg(panel, title, `width="100%"${isUsual(panel.raster) ? '' : ' preserveAspectRatio="none"'}`);

function tableBody({ names, values, scores }: ReportTable, { map, scale, span, ends, title }: Frame): Body {
  const options = { width: 'fluid', title, colormap: map } as const;
  const chart = ends
    ? waterfall({ names, values, attributions: scores, ...ends, span }, options)
    : attributionBars({ names, values, attributions: scores, scale }, options);
  const heads = values ? ['feature', 'value', 'attribution'] : ['feature', 'attribution'];
  const rows = names.map((name, i) => [name, ...(values ? [values[i]!] : []), signed(scores[i]!, 4)]);
  const all = foldedTable(
    names.length === 1 ? 'The feature as a table' : `All ${names.length} features as a table`,
    heads,
    rows,
  );
  return { shown: `<div class="chart">${chart}</div>${all}`, lists: '' };
}

/** Rows of a folded table of steps: more are in the file that the numbers came from. */
const STEPS = 200;

function seriesBody({ channels, rate }: ReportSeries, { map, scale, title }: Frame): Body {
  const chart = seriesChart({ channels, rate, scale }, { width: 'fluid', title, colormap: map });
  const sums = shares(channels).map(({ name, sum, share }) => ({
    name,
    share,
    number: signed(sum),
    style: sum < 0 ? ('minus' as const) : ('plus' as const),
  }));
  const steps = channels[0]?.values.length ?? 0;
  const time = (i: number): string => (rate === undefined ? String(i) : `${plain(i / rate, 5)} s`);
  const order = Array.from({ length: steps }, (_, i) => i)
    .map((i) => ({ i, size: channels.reduce((sum, { attributions }) => sum + Math.abs(attributions[i]!), 0) }))
    .sort((a, b) => b.size - a.size || a.i - b.i)
    .slice(0, STEPS)
    .map(({ i }) => i)
    .sort((a, b) => a - b);
  const heads = [
    rate === undefined ? 'step' : 'time',
    ...channels.flatMap(({ name }) => [name, `${name}: attribution`]),
  ];
  const rows = order.map((i) => [
    time(i),
    ...channels.flatMap(({ values, attributions }) => [plain(values[i]!, 4), signed(attributions[i]!, 4)]),
  ]);
  const words = steps > STEPS ? `The ${STEPS} strongest of ${steps} steps as a table` : `All ${steps} steps as a table`;
  const list = channels.length > 1 ? `<div>${barTable('By channel', ['channel', 'adds'], sums)}</div>\n` : '';
  return { shown: `<div class="chart">${chart}</div>${foldedTable(words, heads, rows)}`, lists: list };
}

function partsBody({ parts }: ReportPartsItem, frame: Frame): Body {
  const numbers = parts.map(({ name, content }) => ({ name, attributions: numbersOf(content) }));
  const found = shares(numbers);
  const whole = `<div class="chart">${sharesChart(numbers, { width: 'fluid', title: `${frame.title}: inputs`, colormap: frame.map })}</div>`;
  const each = parts.map(({ name, content }, i) => {
    const body = bodyOf(content, { ...frame, title: `${frame.title}, ${name}`, ends: null });
    const lists = body.lists === '' ? '' : `<div class="cols">${body.lists}</div>`;
    return `<section class="part"><h4><bdi>${escapeHtml(name)}</bdi> <span>${percent(found[i]!.share)} of all, adds ${signed(found[i]!.sum)}</span></h4>${body.shown}${lists}</section>`;
  });
  return { shown: `${whole}<div class="parts">${each.join('\n')}</div>`, lists: '' };
}

/** All attributions of a part. */
export function numbersOf(content: ReportContent): ArrayLike<number> {
  switch (content.kind) {
    case 'text':
    case 'table':
      return content.scores;
    case 'image':
      return sumChannels(asImage(content.attribution, 'attribution'));
    case 'series':
      return content.channels.flatMap(({ attributions }) => Array.from(attributions));
  }
}
