/**
 * The methods on the command line: --explainer NAME to a row of the table in attribution/methods, which flags go with it, and the lines that
 * list them all.
 */
import { type MethodRow, methods } from '../attribution/methods/index.ts';
import { metrics } from '../attribution/metrics/table.ts';
import { nearestNames } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Arguments, usage } from './flags/flags.ts';
import { withFlags } from './flags/in-flags.ts';
import { ownFlagsOf, ownOptions, ownTable } from './flags/own-flags.ts';
import { wrap } from './print/wrap.ts';

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
  throw usage(flag, `'${name}' is no method that pathgrad has`, nearestMethods(name));
}

/** What others call the methods. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  ig: [usual],
  eg: ['ExpectedGradients'],
  gradcam: ['LayerGradCam'],
  'gradcam++': ['GradCamPlusPlus'],
  cam: ['LayerGradCam', 'GradCamPlusPlus'],
  gradient: ['Saliency'],
  gradients: ['Saliency'],
  vanillagradient: ['Saliency'],
  smoothgrad: ['NoiseTunnel'],
  vargrad: ['NoiseTunnel'],
  deepshap: ['DeepLiftShap'],
  deepexplainer: ['DeepLiftShap'],
  kernelexplainer: ['KernelShap'],
  gradientexplainer: ['ExpectedGradients', 'GradientShap'],
  shapleyvalues: ['ShapleyValueSampling', 'KernelShap'],
  conductance: ['LayerConductance'],
};

/** The fewest letters that are looked for inside names, or compared letter by letter: nearly all is near to two letters. */
const LEAST_LETTERS = 3;

/** The methods that may be meant: by another name, by letters or a part of the name; else where the list is. */
function nearestMethods(wanted: string): string {
  const key = nameKey(wanted);
  const names = methods.map((row) => row.name);
  const other = Object.hasOwn(aliases, key) ? aliases[key]! : null;
  const parts = names.filter((name) => nameKey(name).includes(key));
  const near = other ?? (key.length < LEAST_LETTERS ? [] : parts.length > 0 ? parts : nearestNames(key, names));
  return near.length > 0
    ? `did you mean ${near.map((name) => `'${name}'`).join(' or ')}? All ${names.length} methods: pathgrad methods`
    : `known: ${names.join(', ')}. What they are: pathgrad methods`;
}

/** The method that --explainer names, integrated gradients by default. @throws UsageError for flags that it has no use for */
export function chooseExplainer(args: Arguments): MethodRow {
  const row = methodNamed('--explainer', args.text('explainer') ?? usual);
  for (const flag of ['method', 'compat']) {
    if (row.name !== usual && args.has(flag)) {
      throw usage(
        `--${flag}`,
        `is of ${usual}, and ${row.name} has no such setting`,
        `leave it out, or --explainer ${usual}`,
      );
    }
  }
  if (!row.baselines && args.has('baseline')) {
    const hint = `leave it out, or choose a method that compares with one, such as ${usual}`;
    throw usage('--baseline', `${row.name} takes no baseline: it looks at the input alone`, hint);
  }
  checkOwnFlags(args, [row]);
  return row;
}

/** Flags that say something of the baseline where it is drawn. */
const drawsBaseline = (args: Arguments, flag: string): boolean =>
  flag === 'seed' && /^(noise|random)(:|$)/.test(args.text('baseline') ?? '');

/** @throws UsageError for a flag that none of these methods has, and for values that make no sense, before a model is read */
export function checkOwnFlags(args: Arguments, rows: readonly MethodRow[]): void {
  for (const { name, has, read } of ownTable) {
    const text = args.text(name);
    if (text === undefined) continue;
    if (!rows.some(has) && !drawsBaseline(args, name)) {
      const where = methods.filter(has).map((row) => row.name);
      const noise = name === 'seed' ? ', and of noise baselines' : '';
      const subject = rows.length === 1 ? rows[0]!.name : 'none of these methods';
      const problem = `${subject} ${rows.length === 1 ? 'has no such setting' : 'has such a setting'}`;
      throw usage(`--${name}`, problem, `leave it out: it is of ${where.join(', ')}${noise}`);
    }
    read(text);
  }
  if (args.has('stride') && !args.has('window'))
    throw usage('--stride', 'needs --window', 'for example --window 4,4,1 --stride 2,2,1');
  if (args.text('steps') === 'auto' && !rows.some(({ name }) => name === 'IntegratedGradients')) {
    throw usage('--steps', "'auto' is of IntegratedGradients", 'give a number');
  }
  for (const row of rows) checkByLibrary(args, row);
}

/**
 * What the method's own class says of its options: of those that shapes do not decide, before a model is read. Methods that cannot be made without
 * a layer or an embedding say it when they are made of the model.
 */
function checkByLibrary(args: Arguments, row: MethodRow): void {
  if (row.layer === true || row.words) return;
  const options = ownOptions(args, row);
  if (Object.keys(options).length > 0) withFlags(args, () => row.make((x: Tensor) => x, options).dispose());
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
    ...entry('', `${row.baselines ? 'compares with a baseline' : 'no baseline'}${flagsOf(row)}; ${row.source}`),
  ]);
}

/** The flags of its own, as a part of a line. */
function flagsOf(row: MethodRow): string {
  const flags = ownFlagsOf(row);
  return flags.length > 0 ? `; takes ${flags.map((flag) => `--${flag}`).join(', ')}` : '';
}

/** The metrics with what their numbers mean, which way is better and where they come from. */
export function metricList(): string[] {
  return metrics.flatMap(({ title, says, better, range, source }) => [
    ...entry(typed(title), says),
    ...entry('', `${better} is better; range: ${range}; ${source}`),
  ]);
}

/** The metrics with their lines, for the help. */
export const metricLines = (): string[] =>
  metrics.flatMap(({ title, says, better }) => entry(typed(title), `${says} (${better} is better)`));

/** `faithfulness-correlation`, as --metrics takes it. */
export const typed = (title: string): string => title.replaceAll(' ', '-').toLowerCase();

/** A name and its text beside it, on as many lines as it takes. */
export function entry(name: string, text: string): string[] {
  const [first = '', ...more] = wrap(text, WIDTH - INDENT);
  const left = `  ${name}`.padEnd(INDENT - 1);
  return [`${left} ${first}`, ...more.map((line) => ' '.repeat(INDENT) + line)];
}
