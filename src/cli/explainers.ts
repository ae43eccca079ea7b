/**
 * The methods on the command line: --explainer NAME to a row of the table in attribution/methods, which flags go with it, and the lines that
 * list them all.
 */
import { type MethodRow, methods } from '../attribution/methods/index.ts';
import { metrics } from '../attribution/metrics/table.ts';
import { didYouMean } from '../tensor/errors.ts';
import { type Arguments, usage } from './flags.ts';
import { wrap } from './wrap.ts';

const usual = 'IntegratedGradients';
/** Column at which the lines start, and where they end. */
const INDENT = 26;
const WIDTH = 100;

/** `GradientShap`, `gradientshap` and `gradient-shap` are one name. */
export const nameKey = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, '');

/** The method of this name. @throws UsageError with the nearest names */
export function methodNamed(flag: string, name: string): MethodRow {
  const found = methods.find((row) => nameKey(row.name) === nameKey(name));
  if (found) return found;
  const hint = `${didYouMean(
    name.replace(/[-_\s]/g, ''),
    methods.map((row) => row.name),
  )} See: pathgrad methods`;
  throw usage(flag, `'${name}' is no method that pathgrad has`, hint);
}

/** The method that --explainer names, integrated gradients by default. @throws UsageError for flags that it has no use for */
export function chooseExplainer(args: Arguments): MethodRow {
  const row = methodNamed('--explainer', args.text('explainer') ?? usual);
  for (const flag of ['method', 'steps', 'compat']) {
    if (row.name !== usual && args.has(flag)) {
      throw usage(
        `--${flag}`,
        `is of ${usual}, and ${row.name} has no such setting`,
        `leave it out, or --explainer ${usual}`,
      );
    }
  }
  for (const flag of ['baseline', 'seed']) {
    if (!row.baselines && args.has(flag)) {
      const hint = `leave it out, or choose a method that compares with one, such as ${usual}`;
      throw usage(`--${flag}`, `${row.name} takes no baseline: it looks at the input alone`, hint);
    }
  }
  return row;
}

/** What the numbers add up to, as the end of a sentence. */
export const sumOf = ({ sum }: Pick<MethodRow, 'sum'>): string =>
  sum === null ? 'they need not add up' : `they add up to ${sum}`;

/** `Saliency: how steeply the score changes …; they need not add up`. */
export const meaningOf = (row: MethodRow): string => `${row.name}: ${row.says}; ${sumOf(row)}`;

/** The methods with the lines that say what their numbers mean, for the help. */
export function methodLines(): string[] {
  return methods.flatMap((row) => entry(row.name, `${row.says}; ${sumOf(row)}`));
}

/** The same with what they compare with and where they come from. */
export function methodList(): string[] {
  return methods.flatMap((row) => [
    ...entry(row.name, `${row.says}; ${sumOf(row)}`),
    ...entry('', `${row.baselines ? 'compares with a baseline' : 'no baseline'}; ${row.source}`),
  ]);
}

/** The metrics with what their numbers mean, which way is better and where they come from. */
export function metricList(): string[] {
  return metrics.flatMap(({ name, says, better, range, source }) => [
    ...entry(name, says),
    ...entry('', `${better} is better; range: ${range}; ${source}`),
  ]);
}

/** The metrics with their lines, for the help. */
export const metricLines = (): string[] =>
  metrics.flatMap(({ name, says, better }) => entry(name, `${says} (${better} is better)`));

/** A name and its text beside it, on as many lines as it takes. */
export function entry(name: string, text: string): string[] {
  const [first = '', ...more] = wrap(text, WIDTH - INDENT);
  const left = `  ${name}`.padEnd(INDENT - 1);
  return [`${left} ${first}`, ...more.map((line) => ' '.repeat(INDENT) + line)];
}
