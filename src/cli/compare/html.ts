/** A comparison as the data of its report. */
import { summaryOf, titleOf } from '../../open/model.ts';
import { type Comparison, type ComparisonSample, comparisonReport } from '../../visualize/index.ts';
import type { Finding } from '../findings.ts';
import { formatScores } from '../print/print.ts';
import type { Compared } from './run.ts';
import { type ComparisonOf, cellText, columnName, memoryText, notes, timeText } from './words.ts';

/** Inputs that the report shows: each brings as many pictures as there are methods. */
const SHOWN = 50;

type Ran = Extract<Compared, { reason: null }>;

export function comparisonHtml(comparison: ComparisonOf): string {
  const { path, compared, judges, shared } = comparison;
  const { model, batch } = shared;
  const ran = compared.filter((method): method is Ran => method.reason === null);
  const inputs = batch.samples.length;
  const more =
    inputs > SHOWN ? [`The first ${SHOWN} of ${inputs} inputs are shown below; the numbers are of all.`] : [];
  const content: Comparison = {
    title: `Methods side by side on ${titleOf(model, path)}`,
    model: { name: model.name, file: path, summary: summaryOf(model) },
    table: tableOf(comparison),
    notes: [...notes(comparison), ...more],
    metrics: judges
      .map((judge) => ({ ...judge, name: columnName(judge) }))
      .map(({ name, says, better, range }) => ({
        name,
        says: `${says} (${better} is better; range: ${range})`,
      })),
    methods: ran.map(({ row: { name, says, sum } }) => ({ name, says, sum })),
    samples: batch.samples.slice(0, SHOWN).map((_, i) => sampleOf(ran.map(({ findings }) => findings[i]!))),
  };
  return comparisonReport(content);
}

function tableOf({ compared, judges, shared }: ComparisonOf): Comparison['table'] {
  const inputs = shared.batch.samples.length;
  const columns = ['ms', 'memory', ...judges.map(columnName)];
  const rows = compared.map((method) => {
    const { name } = method.row;
    if (method.reason !== null) return { name, reason: method.reason };
    const cells = method.cells.map((cell) => cellText(cell, inputs) ?? { reason: cell.reason! });
    return { name, cells: [timeText(method.taken.milliseconds, inputs), memoryText(method.taken.memory), ...cells] };
  });
  return { columns, rows };
}

/** @param findings of one input, one per method */
function sampleOf(findings: readonly Finding[]): ComparisonSample {
  const [first] = findings;
  const { title, target, prediction, probabilities } = first!;
  const base = {
    title,
    said: `predicted ${formatScores(prediction.slice(0, 1), probabilities)}; explained: ${target.label}`,
  };
  const picture = findings.find(({ image }) => image)?.image;
  if (picture) {
    const image = { data: picture.view.data, shape: picture.view.shape };
    const attributions = findings.map((f) => (f.image ? { data: f.image.attribution, shape: f.image.shape } : null));
    return { ...base, kind: 'image', image, range: [0, 1], attributions };
  }
  const text = findings.find((f) => f.text)?.text;
  if (text) {
    const { tokens } = text;
    const scores = findings.map((f) => (f.text?.scores.length === tokens.length ? f.text.scores : null));
    return { ...base, kind: 'text', tokens, scores };
  }
  const { names } = first!.features!;
  const scores = findings.map(({ features }) => (features?.names.length === names.length ? features.scores : null));
  return { ...base, kind: 'table', names, scores };
}
