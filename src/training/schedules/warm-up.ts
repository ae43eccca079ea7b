/**
 * A rise in the first steps, then another schedule: the `WarmUp` of transformers (`create_optimizer`), and its linear schedule with
 * warm-up. Keras itself knows no such class: a file that holds one is read there with transformers' as a custom object.
 */
import { failure } from '../../tensor/errors.ts';
import { checkNumber } from '../settings.ts';
import type { Schedule } from '../types.ts';
import { polynomialDecay } from './decay.ts';
import { checkSchedule, isSchedule, rate, type ScheduleOptions, schedule, span } from './schedule.ts';

/** A rise to `initialLearningRate`, then `decay`, whose steps count from the end of the rise. */
export interface WarmUpOptions extends ScheduleOptions {
  /** The rate at the end of the rise. */
  readonly initialLearningRate: number;
  readonly decay: Schedule;
  readonly warmupSteps: number;
  /** 1 by default: a straight line. */
  readonly power?: number;
}

/** `initialLearningRate * (step / warmupSteps) ** power`, from `warmupSteps` on `decay`. */
export function warmUp(options: WarmUpOptions): Schedule {
  const subject = 'WarmUp';
  const names = { initialLearningRate: 1, decay: 1, warmupSteps: 1, power: 1, name: 1 } as const;
  checkSchedule<WarmUpOptions>(subject, options, names, {
    initialLearningRate: rate,
    warmupSteps: { from: 0, whole: true },
  });
  const { initialLearningRate, decay, warmupSteps, power = 1, name = null } = options;
  checkNumber(subject, 'power', power, { above: 0 });
  if (!isSchedule(decay)) {
    throw failure(subject, 'decay is a schedule', { got: typeof decay }, 'decay: polynomialDecay({ … })');
  }
  const inner = { class_name: decay.name, config: decay.config };
  const config = { initialLearningRate, decayScheduleFn: inner, warmupSteps, power, name };
  return schedule(subject, config, (step) =>
    step < warmupSteps ? initialLearningRate * (step / warmupSteps) ** power : decay.at(step - warmupSteps),
  );
}

/** A rise in a straight line, then a fall in a straight line. */
export interface LinearWarmupOptions {
  readonly learningRate: number;
  /** Steps of the rise. */
  readonly warmupSteps: number;
  /** All steps, those of the rise among them. */
  readonly trainingSteps: number;
  /** The rate at the end; 0 by default. */
  readonly endLearningRate?: number;
}

/** What transformers' `get_linear_schedule_with_warmup` and its `create_optimizer` for TensorFlow give: rise to `learningRate`, fall to the end. */
export function linearWarmup(options: LinearWarmupOptions): Schedule {
  const subject = 'linearWarmup';
  const names = { learningRate: 1, warmupSteps: 1, trainingSteps: 1, endLearningRate: 1 } as const;
  const bounds = { learningRate: rate, warmupSteps: { from: 0, whole: true }, trainingSteps: { ...span, whole: true } };
  checkSchedule<LinearWarmupOptions>(subject, options, names, bounds);
  const { learningRate: initialLearningRate, warmupSteps, trainingSteps, endLearningRate = 0 } = options;
  if (warmupSteps >= trainingSteps) {
    throw failure(subject, 'the warm-up takes all steps', { warmupSteps, trainingSteps });
  }
  const decay = polynomialDecay({ initialLearningRate, decaySteps: trainingSteps - warmupSteps, endLearningRate });
  return warmupSteps === 0 ? decay : warmUp({ initialLearningRate, decay, warmupSteps });
}
