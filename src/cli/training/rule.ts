/**
 * How weights change, from the flags: the optimizer, its rate over the steps (--schedule, --warmup), --weight-decay and --clip-norm. Transformers are
 * trained as their documents do it unless flags say otherwise: AdamW at 5e-5, a tenth of the steps up, the rest down in a straight line, and a decay
 * that spares biases and normalizations.
 */
import {
  cosineDecay,
  linearWarmup,
  type Optimizer,
  optimizerOf,
  polynomialDecay,
  type Schedule,
  warmUp,
} from '../../training/index.ts';
import { type Arguments, number, oneOf, usage } from '../flags/flags.ts';
import { named } from './goal.ts';

const schedules = ['constant', 'linear', 'cosine'] as const;
type ScheduleName = (typeof schedules)[number];

export interface Rule {
  readonly optimizer: Optimizer;
  /** For people, beside the rate: ` (linear, 10 steps of warm-up)`, or nothing. */
  readonly said: string;
}

/** @param steps of the whole training, which schedules span */
export function ruleOf(args: Arguments, steps: number, transformer: boolean): Rule {
  const name = args.text('optimizer') ?? (transformer ? 'adamw' : 'adam');
  const plain = named('optimizer', args.text('optimizer'), () => optimizerOf(name));
  const decayed = args.has('weight-decay') || (transformer && /^adamw$/i.test(name));
  const config = {
    ...(decayed && { weight_decay: positive(args, 'weight-decay', 0.01, 0) }),
    ...(args.has('clip-norm') && { global_clipnorm: positive(args, 'clip-norm', 1) }),
    ...(decayed && transformer && { excludeFromWeightDecay: ['bias', 'LayerNorm', 'layer_norm', 'gamma', 'beta'] }),
  };
  const own = typeof plain.learningRate === 'number' ? plain.learningRate : plain.learningRate.at(0);
  const rate = positive(args, 'learning-rate', transformer && /^adamw?$/i.test(name) ? 5e-5 : own);
  const schedule = scheduleNamed(args, transformer ? 'linear' : 'constant');
  const warmup = warmupOf(args, steps, transformer);
  const learningRate = rateOf(schedule, rate, warmup, steps);
  const untouched = Object.keys(config).length === 0 && learningRate === own;
  const optimizer = untouched
    ? plain
    : named('optimizer', name, () =>
        optimizerOf({ class_name: name, config: { ...config, learning_rate: written(learningRate) } as never }),
      );
  const parts = [...(schedule === 'constant' ? [] : [schedule]), ...(warmup ? [`${warmup} steps of warm-up`] : [])];
  return { optimizer, said: parts.length > 0 ? `${rate}, ${parts.join(', ')}` : String(rate) };
}

function positive(args: Arguments, flag: string, otherwise: number, from?: number): number {
  const fits = (n: number): boolean => Number.isFinite(n) && (from === undefined ? n > 0 : n >= from);
  return number(
    flag,
    args.text(flag) ?? String(otherwise),
    fits,
    from === undefined ? 'a number above 0' : `a number from ${from}`,
  );
}

function scheduleNamed(args: Arguments, otherwise: ScheduleName): ScheduleName {
  return oneOf('schedule', args.text('schedule') ?? otherwise, schedules);
}

/** A whole number of steps, or a share of all. */
function warmupOf(args: Arguments, steps: number, transformer: boolean): number {
  const fits = (n: number): boolean => n >= 0 && (n < 1 || Number.isSafeInteger(n));
  const given = number(
    'warmup',
    args.text('warmup') ?? (transformer ? '0.1' : '0'),
    fits,
    'a number of steps, or a share of them below 1',
  );
  const count = given < 1 ? Math.floor(given * steps) : given;
  if (count > 0 && count >= steps)
    throw usage('--warmup', `${count} steps are as many as the training has (${steps})`, 'fewer steps, or more epochs');
  return count;
}

function rateOf(schedule: ScheduleName, rate: number, warmup: number, steps: number): number | Schedule {
  const decaySteps = steps - warmup;
  if (schedule === 'linear') return linearWarmup({ learningRate: rate, warmupSteps: warmup, trainingSteps: steps });
  if (schedule === 'cosine')
    return warmup > 0
      ? cosineDecay({ initialLearningRate: 0, warmupTarget: rate, warmupSteps: warmup, decaySteps })
      : cosineDecay({ initialLearningRate: rate, decaySteps });
  if (warmup === 0) return rate;
  const decay = polynomialDecay({ initialLearningRate: rate, endLearningRate: rate, decaySteps });
  return warmUp({ initialLearningRate: rate, warmupSteps: warmup, decay });
}

const written = (rate: number | Schedule) =>
  typeof rate === 'number' ? rate : { class_name: rate.name, config: rate.config };
