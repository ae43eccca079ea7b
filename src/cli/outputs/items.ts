/** What was found about an input as an item of the report: text, picture, table, series, or several of them. */
import type { MethodRow } from '../../attribution/methods/index.ts';
import type { ReportContent, ReportItem, ReportSeries } from '../../visualize/index.ts';
import { spelledOut } from '../../visualize/index.ts';
import type { AnyExplanation, Finding, FoundPart, FoundTable, Scored } from '../findings.ts';
import { warningOf } from '../print.ts';

const FEATURES = 40; // entries of an array that a report lists

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

type Named = { readonly name: string; readonly content: ReportContent };

/** What the input consists of: one entry, or one per input of the model. All tables of a model are one. */
export function contentsOf(finding: Finding): Named[] {
  const { parts, table, features, text, image, title } = finding;
  if (text) return [{ name: 'text', content: textOf(text, title) }];
  if (image) return [{ name: 'image', content: imageOf(image) }];
  const drawn = parts.flatMap((part): Named[] => {
    const content = partOf(part, finding);
    return content ? [{ name: part.name, content }] : [];
  });
  const tables = parts.filter((part) => part.table);
  if (table && tables.length > 1) {
    const others = drawn.filter(({ content }) => content.kind !== 'table');
    const name = others.length === 0 ? 'table' : tables.map((part) => part.name).join(', ');
    if (drawn.length === parts.length) return [{ name, content: tableOf(table) }, ...others];
  }
  if (drawn.length > 0 && drawn.length === parts.length) return drawn;
  return [{ name: 'entries', content: { kind: 'table', ...strongestOf(features!) } }];
}

function partOf({ text, image, table, series }: FoundPart, { title }: Finding): ReportContent | null {
  if (text) return textOf(text, title);
  if (image) return imageOf(image);
  if (table) return tableOf(table);
  return series ? seriesOf(series) : null;
}

const tableOf = ({ names, shown, scores }: FoundTable): ReportContent => ({
  kind: 'table',
  names,
  ...(shown.some((value) => value !== '') && { values: shown }),
  scores,
});

/** Words in their spelling and place, where the title is the text that they were made of. */
function textOf({ tokens, scores }: Scored, title: string): ReportContent {
  const spelled = spelledOut(title, tokens);
  return { kind: 'text', tokens: spelled?.words ?? tokens, scores, ...(spelled && { between: spelled.between }) };
}

const imageOf = ({ view, attribution, shape }: NonNullable<FoundPart['image']>): ReportContent => ({
  kind: 'image',
  image: { data: view.data, shape: view.shape },
  attribution: { data: attribution, shape },
  range: [0, 1],
});

/** Steps x channels as a list of channels. */
function seriesOf({ steps, channels, rate, values, scores }: NonNullable<FoundPart['series']>): ReportSeries {
  const of = (data: ArrayLike<number>, c: number): Float64Array =>
    Float64Array.from({ length: steps }, (_, i) => data[i * channels.length + c]!);
  return {
    kind: 'series',
    channels: channels.map((name, c) => ({ name, values: of(values, c), attributions: of(scores, c) })),
    ...(rate !== null && { rate }),
  };
}

/** The entries of an array that count most, in their order. */
function strongestOf({ names, scores }: NonNullable<Finding['features']>): { names: string[]; scores: number[] } {
  const order = names.map((_, i) => i).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!));
  const kept = order.slice(0, FEATURES).sort((a, b) => a - b);
  return { names: kept.map((i) => names[i]!), scores: kept.map((i) => scores[i]!) };
}
