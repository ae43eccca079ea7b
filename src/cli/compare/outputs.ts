/** The files that `compare` writes: report, JSON, CSV. All are made before the first is written. */
import { version } from '../../attribution/index.ts';
import { writeAll } from '../files.ts';
import type { Arguments } from '../flags/flags.ts';
import type { Terminal } from '../print/terminal.ts';
import { comparisonHtml } from './html.ts';
import type { Compared } from './run.ts';
import type { ComparisonOf } from './words.ts';

/** Writes what --html, --json and --table ask for. */
export function writeComparison(args: Arguments, comparison: ComparisonOf, terminal: Terminal): void {
  const makers = {
    html: () => comparisonHtml(comparison),
    json: () => comparisonJson(comparison),
    table: () => comparisonCsv(comparison),
  };
  writeAll(args, makers, terminal);
}

function comparisonJson({ path, compared, judges, shared }: ComparisonOf): string {
  const { batch, output, baseline } = shared;
  const content = {
    pathgrad: version,
    model: path,
    labels: output.labels,
    baseline: baseline.name,
    inputs: batch.samples.map(({ title }) => title),
    metrics: judges.map(({ name, says, better, range, source }) => ({ name, says, better, range, source })),
    methods: compared.map((method) => {
      const { name, says, sum, source } = method.row;
      const about = { name, says, sum, source };
      return method.reason === null
        ? { ...about, reason: null, ...ranJson(method, judges) }
        : { ...about, reason: method.reason };
    }),
  };
  return `${JSON.stringify(content)}\n`;
}

function ranJson({ taken, cells, explanation }: Extract<Compared, { reason: null }>, judges: ComparisonOf['judges']) {
  const { milliseconds, firstMilliseconds, runs, memory } = taken;
  return {
    milliseconds,
    firstMilliseconds,
    runs,
    memoryBytes: memory,
    metrics: judges.map(({ name }, j) => {
      const cell = cells[j]!;
      // NaN, of an input for which a metric is not defined, is null in JSON.
      return cell.reason === null ? { name, ...cell } : { name, reason: cell.reason };
    }),
    explanation: explanation.toJSON(),
  };
}

/** A line per method and measure: a table that any program reads. */
function comparisonCsv({ compared, judges, shared }: ComparisonOf): string {
  const inputs = shared.batch.samples.length;
  const lines: (string | number | null)[][] = [['method', 'measure', 'better', 'mean', 'sd', 'n', 'reason']];
  for (const method of compared) {
    const { name } = method.row;
    if (method.reason !== null) {
      lines.push([name, 'explanation', null, null, null, 0, method.reason]);
      continue;
    }
    lines.push([name, 'milliseconds per input', 'lower', method.taken.milliseconds / inputs, null, inputs, null]);
    lines.push([name, 'peak growth of resident memory in bytes', 'lower', method.taken.memory, null, 1, null]);
    judges.forEach(({ name: measure, better }, j) => {
      const cell = method.cells[j]!;
      if (cell.reason === null) lines.push([name, measure, better, cell.mean, cell.sd, cell.n, null]);
      else lines.push([name, measure, better, null, null, 0, cell.reason]);
    });
  }
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

/** RFC 4180: quoted where it holds what separates. */
function field(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
