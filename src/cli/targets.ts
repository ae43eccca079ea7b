/**
 * What --target, --classes and --top mean for this model and this batch: one target per input, or a set of targets that each input is
 * explained for. Errors name the flag.
 */
import type { TargetSet } from '../attribution/frame/types.ts';
import type { Target } from '../attribution/index.ts';
import { didYouMean } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { argmaxRows, type OutputChoice } from './flags/choices.ts';
import { type Arguments, number, usage } from './flags/flags.ts';

const flags = ['target', 'classes', 'top'] as const;

/** More classes than anyone explains at once. */
const MANY = 2000;

/** The targets that `explain` was asked for; the predicted class of each input by default, and the score itself where there is one alone. */
export function chooseTargets(args: Arguments, output: OutputChoice, rows: number): Target | TargetSet | null {
  const given = flags.filter((flag) => args.has(flag));
  if (given.length > 1) {
    const hint = '--target chooses for each input, --classes and --top are explained for all';
    throw usage(`--${given[0]}`, `does not go with --${given[1]}`, hint);
  }
  if (output.number) return numberAlone(args, given[0], output);
  if (args.has('top')) return { top: topOf(args.text('top')!, output) };
  if (args.has('classes')) return setOf('--classes', args.text('classes')!, output);
  const text = args.text('target');
  if (text === 'all' && !output.labels?.includes('all')) {
    if (output.classes <= MANY) return 'all';
    throw usage('--target', `'all' are ${output.classes} classes`, '--top 5 explains the five likeliest');
  }
  if (rows === 1 && text?.includes(',')) return setOf('--target', text, output);
  return chooseTarget(args, output, rows);
}

/** A regression has one number, which may be called by its label. */
function numberAlone(args: Arguments, flag: (typeof flags)[number] | undefined, { madeUp = [] }: OutputChoice): null {
  const text = flag === undefined ? undefined : args.text(flag);
  if (flag === undefined || (flag === 'target' && (text === 'predicted' || madeUp.includes(text!)))) return null;
  throw usage(`--${flag}`, 'has no say: the model gives one number, and has no classes', 'leave it out');
}

function topOf(text: string, { classes }: OutputChoice): number {
  if (classes === 1)
    throw usage('--top', 'needs several classes, and the model has one score', '--target all explains both labels');
  const fits = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= classes;
  return number('top', text, fits, `a number of classes from 1 to ${classes}`);
}

function setOf(flag: string, text: string, output: OutputChoice): TargetSet {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.includes('predicted')) {
    throw usage(flag, "'predicted' stands alone", "name the classes, or --top 2 for each input's two likeliest");
  }
  const classes = parts.map((part) => classNumber(flag, part, output));
  const twice = classes.find((one, i) => classes.indexOf(one) < i);
  if (twice !== undefined)
    throw usage(flag, `names ${output.classes === 1 ? `label ${twice}` : output.label(twice)} twice`, 'once is enough');
  return { classes };
}

/** A class for all inputs, one for each, or how to find one for each. */
export type PerInput = number | readonly number[] | ((predictions: Tensor) => readonly number[]);

/**
 * The target per input: a class for a model with several, the label 0 or 1 for one with a single score, none by default there.
 */
export function chooseTarget(args: Arguments, output: OutputChoice, rows: number): PerInput | null {
  const text = args.text('target');
  if (text === undefined && output.classes === 1) return null;
  const parts = (text ?? 'predicted').split(',').map((part) => part.trim());
  if (parts.length !== 1 && parts.length !== rows) {
    const problem = `gives ${parts.length} targets for ${rows} inputs`;
    throw usage('--target', problem, 'one for all, or one for each; --classes explains several for every input');
  }
  const chosen = parts.map((part) => (part === 'predicted' ? null : classNumber('--target', part, output)));
  if (chosen.every((target) => target !== null)) return parts.length === 1 ? chosen[0]! : chosen;
  return (predictions: Tensor) => {
    const winners = argmaxRows(predictions);
    return winners.map((winner, row) => chosen[chosen.length === 1 ? 0 : row] ?? winner);
  };
}

function classNumber(flag: string, part: string, output: OutputChoice): number {
  // Of a vocabulary, a word as it begins after a space goes first.
  const names = output.listed === undefined ? [part] : [`Ġ${part}`, `▁${part}`, part];
  const named = names.map((name) => output.labels?.indexOf(name) ?? -1).find((at) => at >= 0) ?? -1;
  const made = output.labels === null ? (output.madeUp?.indexOf(part) ?? -1) : -1;
  // The one label of a probability stands for 1.
  if (made >= 0) return output.classes === 1 ? 1 : made;
  const found = named >= 0 ? named : /^\d+$/.test(part) ? Number(part) : -1;
  const last = Math.max(output.classes, 2) - 1;
  if (found >= 0 && found <= last) return found;
  const known = [...(output.labels ?? []), 'predicted', 'all'];
  const hint = output.labels
    ? didYouMean(part, known)
    : `classes go from 0 to ${last}; names need --labels; or 'predicted', 'all'`;
  throw usage(flag, `'${part}' is no class of this model`, hint);
}
