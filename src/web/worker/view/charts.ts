/**
 * The charts of an explanation of numbers: a waterfall where attributions add up from the baseline's score, else bars; series as lines; several inputs
 * each by itself, with their shares; pairs as a matrix. Those that the report has: what is saved looks like what is shown.
 */
import { contentsOf, type Named } from '../../../open/contents.ts';
import { pairsMatrix } from '../../../visualize/charts/matrix.ts';
import { shares, sharesChart } from '../../../visualize/charts/parts.ts';
import { panelSvg, picturePanels } from '../../../visualize/charts/picture.ts';
import { seriesChart } from '../../../visualize/charts/series.ts';
import { chartStyle } from '../../../visualize/charts/style.ts';
import { attributionBars, scoresOf, type TableRow, waterfall } from '../../../visualize/charts/waterfall.ts';
import { panelSize } from '../../../visualize/flat.ts';
import { percent, signed } from '../../../visualize/format.ts';
import { numbersOf } from '../../../visualize/report/content.ts';
import type { ReportContent } from '../../../visualize/report/types.ts';
import type { ChartPart, Charts } from '../../protocol/index.ts';
import type { Shown } from '../state.ts';
import { colouredMark } from './marks.ts';

const FLUID = { width: 'fluid' } as const;

/**
 * @param scale the attribution that gets the full colour, or half of the width
 * @param span the scores that a waterfall's axis covers at least: those of one beside it
 */
export function chartsOf(shown: Shown, scale: number, span: readonly number[] = []): Charts {
  const contents = shown.found ? contentsOf(shown.found) : [];
  const all = contents.map(({ name, content }) => ({ name, attributions: numbersOf(content) }));
  const found = shares(all);
  const several = contents.length > 1;
  const { pairs } = shown;
  return {
    style: chartStyle(),
    shares: several ? sharesChart(all, { ...FLUID, title: 'Inputs' }) : null,
    parts: contents.map((one, i) => {
      const { share, sum } = found[i]!;
      const said = several ? `${percent(share)} of all, adds ${signed(sum)}` : '';
      return { ...partOf(one, shown, { scale, span, several }), said };
    }),
    matrix: pairs ? pairsMatrix(pairs, { ...FLUID, title: 'Pairs' }) : null,
  };
}

/** The scores that the waterfall of an explanation passes; none where it has no waterfall. */
export function spanOf({ found, view }: Shown): number[] {
  const contents = found ? contentsOf(found) : [];
  const [only] = contents;
  const row = contents.length === 1 && only!.content.kind === 'table' ? rowOf(only!.content, view) : null;
  return row ? scoresOf(row) : [];
}

/** What a chart shares with the others of its explanation, and with those of one beside it. */
interface Frame {
  readonly scale: number;
  readonly span: readonly number[];
  readonly several: boolean;
}

function partOf({ name, content }: Named, shown: Shown, frame: Frame): Omit<ChartPart, 'said'> {
  if (content.kind !== 'text') return { name, svg: svgOf(name, content, shown, frame), marks: null };
  const { tokens, scores } = content;
  const marks = tokens.map((token, i) =>
    colouredMark({ token, score: scores[i]!, joined: false, pieces: [], fixed: false, place: null }, frame.scale),
  );
  return { name, svg: null, marks };
}

function svgOf(
  name: string,
  content: Exclude<ReportContent, { kind: 'text' }>,
  { view }: Shown,
  { scale, span, several }: Frame,
): string {
  const options = { ...FLUID, title: name };
  switch (content.kind) {
    case 'series':
      return seriesChart({ ...content, scale }, options);
    case 'image':
      return picturePanels({ ...content, scale, modes: ['image', 'overlay'] }, 'PiYG')
        .map((panel) => panelSvg(panel, name, panelSize(panel.raster)))
        .join('');
    case 'table': {
      const { names, values, scores: attributions } = content;
      const row = several ? null : rowOf(content, view);
      if (!row) return attributionBars({ names, values, attributions, scale }, options);
      return waterfall({ ...row, span }, options);
    }
  }
}

/** The row of a waterfall; null where attributions do not add up from the baseline's score to the prediction. */
function rowOf(
  { names, values, scores: attributions }: Extract<ReportContent, { kind: 'table' }>,
  { baseline, completeness, explainer, target, probabilities }: Shown['view'],
): TableRow | null {
  if (!baseline || !completeness || explainer.sum === null) return null;
  const score = probabilities ? `probability of ${target.label}` : target.label;
  return { names, values, attributions, base: baseline.score, prediction: target.score, score };
}
