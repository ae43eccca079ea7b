/** How an item was explained, as a table; what all items share is said once, above them. */
import { escapeHtml, percent, plain, signed } from '../format.ts';
import type { ReportExplainer, ReportItem } from './types.ts';

/** Whether a method's numbers must add up, as the end of a sentence. */
export const addUp = ({ sum }: Pick<ReportExplainer, 'sum'>): string =>
  sum === null ? 'they need not add up' : `they add up to ${sum}`;

type Fact = readonly [name: string, text: string];

/** All facts of an item. */
function factsOf(item: ReportItem): Fact[] {
  const { baseline, explainer, method, steps, target, scale } = item;
  const entropy =
    baseline?.entropy === undefined
      ? undefined
      : `${plain(baseline.entropy)} nats${baseline.entropyFraction === undefined ? '' : `, ${percent(baseline.entropyFraction)} of ln K (undecided is 100 %)`}`;
  const counted = steps === undefined ? [] : [`${steps} steps`];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Explained', target],
    ['Method', explainer?.name],
    ['Its numbers', explainer && `${explainer.says}; ${addUp(explainer)}`],
    ['Full colour', scale === undefined ? undefined : `${plain(scale)}, for all classes of this input`],
    ['Baseline', baseline?.name],
    ['Baseline entropy', entropy],
    ['Baseline score', baseline?.score === undefined ? undefined : plain(baseline.score)],
    ['Quadrature', method === undefined ? undefined : [method, ...counted].join(', ')],
    ['Completeness', missed(item)],
  ];
  return rows.flatMap(([name, text]): Fact[] => (text === undefined ? [] : [[name, text]]));
}

function missed({ completeness, explainer }: ReportItem): string | undefined {
  if (!completeness) return explainer && 'not promised';
  const { relative, delta } = completeness;
  return relative === undefined ? `off by ${plain(delta)}` : `off by ${percent(Math.abs(relative))} (${signed(delta)})`;
}

/** Facts that are the same for each of several items; none of a single one, whose card says all. */
export function commonFacts(items: readonly ReportItem[]): Fact[] {
  const [first, ...rest] = items;
  if (!first || rest.length === 0) return [];
  // A scale is of one input, even where two have the same.
  let common = factsOf(first).filter(([name]) => name !== 'Full colour');
  for (const item of rest) {
    const own = new Map(factsOf(item));
    common = common.filter(([name, text]) => own.get(name) === text);
    if (common.length === 0) break;
  }
  return common;
}

/** The facts of an item that are not in `said`. */
export function ownFacts(item: ReportItem, said: readonly Fact[]): string {
  const known = new Set(said.map(([name]) => name));
  return factTable(factsOf(item).filter(([name]) => !known.has(name)));
}

/** As a table; nothing where there are none. */
export function factTable(facts: readonly Fact[], caption = 'How it was explained'): string {
  if (facts.length === 0) return '';
  const body = facts.map(([name, text]) => `<tr><th scope="row">${name}</th><td>${escapeHtml(text)}</td></tr>`);
  return `<table class="facts"><caption>${caption}</caption><tbody>${body.join('')}</tbody></table>`;
}
