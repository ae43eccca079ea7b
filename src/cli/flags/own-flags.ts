/**
 * Flags that only some methods have: a table of the flag, the option that it becomes and the methods that take it. A flag that none of the
 * chosen methods has is refused by name, so that none is read and does nothing.
 */
import { type MethodRow, methods } from '../../attribution/methods/index.ts';
import { type LrpComposite, type LrpRule, lrpChoices } from '../../attribution/rules/lrp-composites.ts';
import { type Arguments, type Flag, number, oneOf, usage, wholeNumbers } from './flags.ts';

export interface OwnFlag extends Flag {
  readonly value: string;
  /** The option of the method's class. */
  readonly option: string;
  readonly has: (row: MethodRow) => boolean;
  readonly read: (text: string) => unknown;
}

const named =
  (...names: readonly string[]) =>
  ({ name }: MethodRow): boolean =>
    names.includes(name);

const draws = (row: MethodRow): boolean => row.draws === true;

const count = (flag: string, text: string, least = 1): number =>
  number(flag, text, (n) => Number.isSafeInteger(n) && n >= least, `a whole number from ${least}`);

/** `3` or `3,3,1`. */
function extents(flag: string, text: string): number | number[] {
  const list = wholeNumbers(flag, text);
  const wrong = list.find((extent) => extent < 1);
  if (wrong !== undefined) throw usage(`--${flag}`, `'${wrong}' is not a whole number from 1`, `e.g. --${flag} 3,3,1`);
  return list.length === 1 ? list[0]! : list;
}

const paths = [
  ...['GuidedIG', 'IDGI', 'BlurIG', 'XRAI', 'DiscretizedIG', 'SequentialIG', 'IntegratedHessians'],
  ...['LayerConductance', 'InternalInfluence'],
];

const MOST_SEED = 2 ** 32 - 1;

const fromZero = (n: number): boolean => n >= 0 && Number.isFinite(n);

export const ownTable: readonly OwnFlag[] = [
  {
    name: 'steps',
    value: 'N',
    help: 'methods with a path: points on it; IntegratedGradients: 50 if left out, or auto: as many as completeness needs',
    option: 'nSteps',
    has: named('IntegratedGradients', ...paths),
    read: (text) => {
      if (text === 'auto') return text;
      const steps = number('steps', text, Number.isInteger, "a whole number, or 'auto'");
      if (steps < 1) throw usage('--steps', 'must be at least 1', 'for example --steps 50');
      return steps;
    },
  },
  {
    name: 'samples',
    value: 'N',
    help: 'methods that draw: how many draws, for example noises, orders or points',
    option: 'nSamples',
    has: draws,
    read: (text) => count('samples', text),
  },
  {
    name: 'seed',
    value: 'N',
    help: 'of methods that draw and of the noise baselines; 0 if left out',
    option: 'seed',
    has: draws,
    read: (text) =>
      number(
        'seed',
        text,
        (n) => Number.isInteger(n) && n >= 0 && n <= MOST_SEED,
        `a whole number from 0 to ${MOST_SEED}`,
      ),
  },
  {
    name: 'stdev',
    value: 'SIZE',
    help: "deviation of the noise on the input: a number, or a share of the input's range as 15%",
    option: 'stdevs',
    has: named('NoiseTunnel', 'GradientShap'),
    read: (text) => {
      const wanted = 'a number from 0, or a share of the range as 15%';
      const share = /^(.*)%$/s.exec(text);
      if (!share) return number('stdev', text, fromZero, wanted);
      return { ofRange: number('stdev', share[1]!, fromZero, wanted, text) / 100 };
    },
  },
  {
    name: 'window',
    value: 'SIZES',
    help: 'what is covered at a time: 3,3,1 (an extent per axis of the input) or one number for all',
    option: 'window',
    has: named('Occlusion'),
    read: (text) => extents('window', text),
  },
  {
    name: 'stride',
    value: 'SIZES',
    help: 'how far the window moves: 2,2,1, or one number; 1 if left out',
    option: 'strides',
    has: named('Occlusion'),
    read: (text) => extents('stride', text),
  },
  {
    name: 'rule',
    value: 'NAME',
    help: `how relevance is shared out: ${Object.keys(lrpChoices).join(', ')}`,
    option: 'rule',
    has: named('LRP'),
    read: (text) => oneOf('rule', text, Object.keys(lrpChoices) as readonly (LrpRule | LrpComposite)[]),
  },
  {
    name: 'softplus',
    value: 'BETA',
    help: 'smoothness of the softplus in the place of relu, or none: relu as it is',
    option: 'softplus',
    has: named('IntegratedHessians'),
    read: (text) =>
      text === 'none'
        ? null
        : number('softplus', text, (n) => n > 0 && Number.isFinite(n), "a number above 0, or 'none'"),
  },
];

/** For the help: each with the methods that have it, where they are few. */
export const ownFlags: readonly Flag[] = ownTable.map(({ name, value, help, has }) => {
  const few = methods.filter(has);
  return { name, value, help: few.length < 3 ? `${few.map((row) => row.name).join(' and ')}: ${help}` : help };
});

/** Options of classes, and the flags that say them. */
export const ownFlagsByOption: Readonly<Record<string, string>> = Object.fromEntries(
  ownTable.map(({ name, option }) => [option, name]),
);

/** The flags that a method has of its own. */
export const ownFlagsOf = (row: MethodRow): string[] => ownTable.filter(({ has }) => has(row)).map(({ name }) => name);

/** What the flags say to this method, as options of its class. */
export function ownOptions(args: Arguments, row: MethodRow): Readonly<Record<string, unknown>> {
  const given = ownTable.filter(({ name, has }) => has(row) && args.has(name));
  return Object.fromEntries(given.map(({ name, option, read }) => [option, read(args.text(name)!)]));
}
