/** What every optimizer takes, as Keras's base class does: rate, weight decay, clipping, moving average of the weights, accumulation. */
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkList, type OptionNames } from '../../tensor/options.ts';
import { isSchedule } from '../schedules/schedule.ts';
import { checkChoice, checkNumber } from '../settings.ts';
import type { ConfigValue, Schedule } from '../types.ts';

/**
 * Whose numbers an optimizer gives, where they differ. `keras3`: Keras 3's rules on dense gradients, as it computes them on JAX and
 * PyTorch. `keras3-tensorflow`: Keras 3 on TensorFlow, where the gradient of an embedding is a list of rows, of which those for the same
 * word are squared one by one and then added. `keras2`: tf_keras 2.11 and later, where the moving average of the weights begins at the
 * initial weights. `legacy`: tf.keras up to 2.10 (`optimizers.legacy`), where RMSprop and Adagrad add epsilon behind the root.
 */
export type OptimizerSemantics = 'keras3' | 'keras3-tensorflow' | 'keras2' | 'legacy';

/** The options of all optimizers; null is the same as left out. */
export interface OptimizerOptions {
  /** A number, or a schedule; 0.001 by default (`sgd`: 0.01). */
  readonly learningRate?: number | Schedule;
  /** Before each update `weight -= weight * weightDecay * rate`. */
  readonly weightDecay?: number | null;
  /** Parameters whose path contains one of these (or matches) do not decay: `['bias', 'LayerNorm']`. Not part of the config, as in Keras. */
  readonly excludeFromWeightDecay?: readonly (string | RegExp)[];
  /** The largest norm of each gradient. */
  readonly clipnorm?: number | null;
  /** The largest norm of all gradients together. */
  readonly globalClipnorm?: number | null;
  /** The largest magnitude of each number of a gradient. */
  readonly clipvalue?: number | null;
  /** Keeps a moving average of the weights, which takes their place when `fit` ends. */
  readonly useEma?: boolean;
  /** The weight of the past in it; 0.99 by default. */
  readonly emaMomentum?: number;
  /** The average takes the weights' place after every so many updates, too. */
  readonly emaOverwriteFrequency?: number | null;
  /** Updates every so many steps, with the mean of their gradients; schedules go on counting steps. */
  readonly gradientAccumulationSteps?: number | null;
  /** Of the config. */
  readonly name?: string;
  /** `keras3` by default. */
  readonly semantics?: OptimizerSemantics;
}

export const commonNames: OptionNames<OptimizerOptions> = {
  learningRate: 1,
  weightDecay: 1,
  excludeFromWeightDecay: 1,
  clipnorm: 1,
  globalClipnorm: 1,
  clipvalue: 1,
  useEma: 1,
  emaMomentum: 1,
  emaOverwriteFrequency: 1,
  gradientAccumulationSteps: 1,
  name: 1,
  semantics: 1,
};

/** With every default filled in. */
export type Settings = Required<OptimizerOptions> & { readonly learningRate: number | Schedule };

/** @throws PathgradError for numbers that make no sense */
export function settingsOf(subject: string, name: string, options: OptimizerOptions, learningRate: number): Settings {
  const settings: Settings = {
    learningRate: options.learningRate ?? learningRate,
    weightDecay: options.weightDecay ?? null,
    excludeFromWeightDecay: options.excludeFromWeightDecay ?? [],
    clipnorm: options.clipnorm ?? null,
    globalClipnorm: options.globalClipnorm ?? null,
    clipvalue: options.clipvalue ?? null,
    useEma: options.useEma ?? false,
    emaMomentum: options.emaMomentum ?? 0.99,
    emaOverwriteFrequency: options.emaOverwriteFrequency ?? null,
    gradientAccumulationSteps: options.gradientAccumulationSteps ?? null,
    name: options.name ?? name,
    semantics: options.semantics ?? 'keras3',
  };
  const { learningRate: rate, clipnorm, globalClipnorm, clipvalue } = settings;
  if (!isSchedule(rate)) checkNumber(subject, 'learningRate', rate, { from: 0 });
  if (settings.weightDecay !== null) checkNumber(subject, 'weightDecay', settings.weightDecay, { from: 0 });
  checkList(`${subject}: excludeFromWeightDecay`, settings.excludeFromWeightDecay, "excludeFromWeightDecay: ['bias']");
  for (const one of settings.excludeFromWeightDecay) {
    if (one instanceof RegExp || (typeof one === 'string' && one !== '')) continue;
    throw failure(subject, 'excludeFromWeightDecay holds parts of paths, or regular expressions', { got: one });
  }
  const clips = Object.entries({ clipnorm, globalClipnorm, clipvalue }).filter(([, value]) => value !== null);
  for (const [name, value] of clips) checkNumber(subject, name, value, { above: 0 });
  if (clips.length > 1) {
    throw failure(
      subject,
      `${clips.map(([name]) => name).join(' and ')} cannot both be given`,
      Object.fromEntries(clips),
    );
  }
  checkBoolean(`${subject}: useEma`, settings.useEma);
  checkNumber(subject, 'emaMomentum', settings.emaMomentum, { from: 0, to: 1 });
  const { emaOverwriteFrequency, gradientAccumulationSteps } = settings;
  if (emaOverwriteFrequency !== null) {
    checkNumber(subject, 'emaOverwriteFrequency', emaOverwriteFrequency, { from: 1, whole: true });
  }
  if (gradientAccumulationSteps !== null) {
    checkNumber(subject, 'gradientAccumulationSteps', gradientAccumulationSteps, { from: 2, whole: true });
  }
  checkChoice(subject, 'semantics', settings.semantics, ['keras3', 'keras3-tensorflow', 'keras2', 'legacy']);
  return settings;
}

/** The base part of Keras's `get_config()`, in its order. */
export function commonConfig(settings: Settings): Record<string, ConfigValue> {
  const { learningRate } = settings;
  return {
    name: settings.name,
    learningRate:
      typeof learningRate === 'number'
        ? learningRate
        : {
            module: 'keras.optimizers.schedules',
            class_name: learningRate.name,
            config: learningRate.config,
            registered_name: null,
          },
    weightDecay: settings.weightDecay,
    clipnorm: settings.clipnorm,
    globalClipnorm: settings.globalClipnorm,
    clipvalue: settings.clipvalue,
    useEma: settings.useEma,
    emaMomentum: settings.emaMomentum,
    emaOverwriteFrequency: settings.emaOverwriteFrequency,
    lossScaleFactor: null,
    gradientAccumulationSteps: settings.gradientAccumulationSteps,
  };
}
