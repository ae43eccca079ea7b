/** What was found about an input as an item of the report: text, picture, table, series, or several of them. */
import type { MethodRow } from '../../attribution/methods/index.ts';
import { contentsOf } from '../../open/contents.ts';
import type { ReportItem } from '../../visualize/index.ts';
import type { AnyExplanation, Finding } from '../findings.ts';
import { warningOf } from '../print/print.ts';

/** The item of one input and target; `news` are warnings about the explanation as a whole. */
export function reportItem(
  finding: Finding,
  { meta }: AnyExplanation,
  row: MethodRow,
  news: readonly string[],
): ReportItem {
  const { prediction, probabilities, target, baseline, completeness, score } = finding;
  const title = titleOf(finding);
  const auto = meta.params['nSteps'] === 'auto';
  const common = {
    title: finding.scale === null ? title : `${title}: ${target.label}`,
    ...(finding.scale !== null && { scale: finding.scale }),
    prediction: prediction.map(({ label, score: value }) =>
      probabilities ? { label, probability: value } : { label, score: value },
    ),
    target: target.label,
    score,
    explainer: { name: row.name, says: row.says, sum: row.sum },
    ...(baseline && {
      baseline: {
        name: baseline.name,
        score: baseline.score,
        ...(baseline.entropy && { entropy: baseline.entropy.nats, entropyFraction: baseline.entropy.fraction }),
      },
    }),
    ...(row.name === 'IntegratedGradients' && {
      method: auto ? 'adaptive Gauss-Kronrod' : String(meta.params['method']),
      steps: completeness!.steps,
    }),
    ...(completeness && {
      completeness: { delta: completeness.delta, relative: completeness.relative, ok: completeness.ok },
    }),
    ...(finding.pairs && { pairs: finding.pairs, ...(finding.pairs.table && { matrix: finding.pairs.table }) }),
    warnings: !completeness || completeness.ok ? news : [warningOf(finding), ...news],
  };
  const content = contentsOf(finding);
  return content.length === 1 ? { ...common, ...content[0]!.content } : { ...common, kind: 'parts', parts: content };
}

/** The title of an input, with what it was asked about. */
export function titleOf({ title, at, other }: Finding): string {
  if (other !== undefined) return `${title} (as like: ${other})`;
  return at === undefined ? title : `${title} (at ${at})`;
}
