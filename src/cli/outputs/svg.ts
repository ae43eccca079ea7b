/** What `--svg` writes: one picture per input and target, of the kind that its data ask for. */

import { failure } from '../../tensor/errors.ts';
import {
  attributionBars,
  pairsMatrix,
  pictureChart,
  type ReportContent,
  type ReportItem,
  seriesChart,
  sharesChart,
  textChart,
  waterfall,
} from '../../visualize/index.ts';
import { numbersOf, scoreName } from '../../visualize/report/content.ts';

/** Files that one command writes. */
export const MOST_FILES = 200;

/** The names of several files: `--svg wine.svg` gives `wine-1.svg`, `wine-2.svg` and so on, with as many digits as the last one has. */
export function numbered(path: string, count: number): string[] {
  if (count === 1) return [path];
  const dot = path.search(/\.[^./\\]*$/);
  const [stem, ending] = dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot)];
  const digits = String(count).length;
  return Array.from({ length: count }, (_, i) => `${stem}-${String(i + 1).padStart(digits, '0')}${ending}`);
}

/** The picture of an item: its pairs where it has some, else what it shows. Several inputs are shown by what each adds. */
export function svgOf(item: ReportItem): string {
  const title = item.title === undefined ? item.target : `${item.title}: ${item.target}`;
  const options = { title };
  if (item.matrix && item.matrix.names.length > 0) return pairsMatrix(item.matrix, options);
  if (item.kind === 'parts')
    return sharesChart(
      item.parts.map(({ name, content }) => ({ name, attributions: numbersOf(content) })),
      options,
    );
  const { baseline, score, completeness, scale } = item;
  const ends =
    completeness && baseline?.score !== undefined && score !== undefined
      ? { base: baseline.score, prediction: score, score: scoreName(item) }
      : null;
  return drawn(item, ends, scale, options);
}

type Ends = { readonly base: number; readonly prediction: number; readonly score: string } | null;

function drawn(content: ReportContent, ends: Ends, scale: number | undefined, options: { title: string }): string {
  switch (content.kind) {
    case 'text': {
      const { tokens, scores, between } = content;
      return textChart({ words: tokens, scores, between, scale, ...ends }, options);
    }
    case 'image':
      return pictureChart({ ...content, scale }, options);
    case 'series':
      return seriesChart({ ...content, scale }, options);
    case 'table': {
      const { names, values, scores } = content;
      return ends
        ? waterfall({ names, values, attributions: scores, ...ends }, options)
        : attributionBars({ names, values, attributions: scores, scale }, options);
    }
  }
}

/** @throws PathgradError where there would be more files than a folder is good for */
export function checkCount(count: number): void {
  if (count > MOST_FILES)
    throw failure(
      '--svg',
      `would write ${count} files, and ${MOST_FILES} are the most`,
      {},
      '--html puts all into one page',
    );
}
