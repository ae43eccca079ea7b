/** What `--svg` writes: one picture per input and target, of the kind that its data ask for. */

import {
  attributionBars,
  beeswarm,
  meanAbsoluteBars,
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
import { rowGroups, rowsOf } from '../../visualize/report/summary.ts';
import { usage } from '../flags/flags.ts';

/** Files that one command writes. */
export const MOST_FILES = 200;

/**
 * All files of `--svg FILE`: FILE for one item; of several `FILE-1.svg` and so on, with as many digits as the last one has. Of several rows of a
 * table also `FILE-means.svg` and `FILE-rows.svg`, for the target that most of them are explained for.
 * @throws UsageError where there would be more files than a folder is good for
 */
export function svgFiles(path: string, items: readonly ReportItem[]): Map<string, string> {
  if (items.length > MOST_FILES)
    throw usage(
      '--svg',
      `would write ${items.length} files, and ${MOST_FILES} are the most`,
      '--html puts all into one page; --rows and --index choose some',
    );
  if (items.length === 1) return new Map([[path, svgOf(items[0]!)]]);
  const dot = path.search(/\.[^./\\]*$/);
  const [stem, ending] = dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot)];
  const digits = String(items.length).length;
  const named = (name: string): string => `${stem}-${name}${ending}`;
  const files = new Map(items.map((item, i) => [named(String(i + 1).padStart(digits, '0')), svgOf(item)]));
  const [group] = rowGroups(items);
  if (!group) return files;
  const rows = rowsOf(group);
  const of = `${group.length} rows, ${group[0]!.target}`;
  files.set(named('means'), meanAbsoluteBars(rows, { title: `Mean size of the attributions: ${of}` }));
  return files.set(named('rows'), beeswarm(rows, { title: `Each row a point: ${of}` }));
}

/** The picture of an item: its pairs where it has some, else what it shows. Several inputs are shown by what each adds. */
export function svgOf(item: ReportItem): string {
  // A text stands below its title: said once.
  const named = item.title !== undefined && (item.kind !== 'text' || item.matrix !== undefined);
  const title = !named ? `explained: ${item.target}` : `${item.title} (${item.target})`;
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
