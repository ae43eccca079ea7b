/**
 * What is told of a training as it goes on, and may steer it. Those here do as Keras's of the same names. Callbacks with a state of their
 * own give it to checkpoints, so that a training that is resumed stops, and changes its rate, where it would have.
 */

import type { TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkBoolean, checkOptions, checkWhole } from '../tensor/options.ts';
import { adopt, type Tensor } from '../tensor/tensor.ts';
import type { Trainer } from './trainer.ts';
import type { ConfigValue } from './types.ts';

/** Called in the order of the list; each may be async, and is waited for. What one throws ends the training. */
export interface Callback {
  /** For a checkpoint, to find a callback's state again. */
  readonly name?: string;
  /** At the end of an epoch, after all others: what writes down the state of all. */
  readonly last?: boolean;
  onTrainBegin?(trainer: Trainer): void | Promise<void>;
  onEpochBegin?(epoch: number, trainer: Trainer): void | Promise<void>;
  /** @param batch counted from 0 @param logs of the epoch so far */
  onBatchEnd?(batch: number, logs: Readonly<Record<string, number>>, trainer: Trainer): void | Promise<void>;
  /** @param logs of the epoch: what is added to them is in the history, too */
  onEpochEnd?(epoch: number, logs: Record<string, number>, trainer: Trainer): void | Promise<void>;
  onTrainEnd?(trainer: Trainer): void | Promise<void>;
  /** What a checkpoint keeps of it. */
  save?(): ConfigValue;
  /** Arrays that a checkpoint keeps of it, by name. */
  arrays?(): ReadonlyMap<string, Tensor>;
  restore?(state: ConfigValue, arrays: ReadonlyMap<string, TypedArray>): void;
}

/** Whether less or more of a number is better; told from its name for `auto`. */
export type Mode = 'auto' | 'min' | 'max';

/** What watches one number of the logs. */
export interface MonitorOptions {
  /** `val_loss` by default. */
  readonly monitor?: string;
  /** Whether less or more is better; by default told from the name: more, where it speaks of accuracy, AUC, precision, recall or F1. */
  readonly mode?: Mode;
}

class Monitor {
  readonly name: string;
  readonly #sign: 1 | -1;
  readonly #subject: string;

  constructor(subject: string, { monitor = 'val_loss', mode = 'auto' }: MonitorOptions) {
    if (typeof monitor !== 'string') throw failure(subject, 'monitor is a name of the logs', { got: monitor });
    if (!['auto', 'min', 'max'].includes(mode)) throw failure(subject, "mode is 'auto', 'min' or 'max'", { got: mode });
    const more = /acc|auc|precision|recall|f1|fbeta|iou|r2/i.test(monitor) && !/loss/.test(monitor);
    this.name = monitor;
    this.#subject = subject;
    this.#sign = mode === 'max' || (mode === 'auto' && more) ? 1 : -1;
  }

  /** The number, turned so that more is better. */
  read(logs: Readonly<Record<string, number>>): number {
    const value = logs[this.name];
    if (value !== undefined) return value * this.#sign;
    const hint = this.name.startsWith('val_') ? 'fit with validationData or validationSplit' : undefined;
    throw failure(this.#subject, `there is no '${this.name}' in the logs`, { logs: Object.keys(logs) }, hint);
  }

  turned(value: number): number {
    return value * this.#sign;
  }
}

function checkPositive(subject: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw failure(subject, `${name} is a number from 0 up`, { got: value });
}

/** What `earlyStopping` takes. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Less of a change is no improvement; 0 by default. */
  readonly minDelta?: number;
  /** Epochs without improvement after which training ends; 0 by default. */
  readonly patience?: number;
  /** Training ends unless the number gets better than this within the patience. */
  readonly baseline?: number;
  /** Weights of the best epoch at the end; false by default. */
  readonly restoreBestWeights?: boolean;
  /** Epochs that are not looked at; 0 by default. */
  readonly startFromEpoch?: number;
}

/**
 * Ends training when a number no longer gets better.
 * @throws PathgradError for options that make no sense
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const subject = 'earlyStopping';
  checkOptions<EarlyStoppingOptions>(subject, options, {
    ...({ monitor: 1, mode: 1, minDelta: 1, patience: 1, baseline: 1, restoreBestWeights: 1 } as const),
    startFromEpoch: 1,
  });
  const { minDelta = 0, patience = 0, baseline, restoreBestWeights = false, startFromEpoch = 0 } = options;
  checkPositive(subject, 'minDelta', Math.abs(minDelta));
  checkWhole(subject, 'patience', patience);
  checkWhole(subject, 'startFromEpoch', startFromEpoch);
  checkBoolean(`${subject}: restoreBestWeights`, restoreBestWeights);
  const monitor = new Monitor(subject, options);
  let state = { wait: 0, best: null as number | null, bestEpoch: 0, stopped: false };
  let weights: ReadonlyMap<string, Tensor> | null = null;
  const weightsOf = (trainer: Trainer): ReadonlyMap<string, Tensor> =>
    new Map(trainer.weights().map(({ path, value }) => [path, value]));
  return {
    name: subject,
    onTrainBegin(trainer) {
      if (trainer.resuming) {
        if (state.stopped) trainer.stop();
        return;
      }
      state = { wait: 0, best: null, bestEpoch: 0, stopped: false };
      weights = null;
    },
    onEpochEnd(epoch, logs, trainer) {
      if (epoch < startFromEpoch) return;
      const now = monitor.read(logs);
      if (restoreBestWeights && !weights) {
        weights = weightsOf(trainer);
        state.bestEpoch = epoch;
      }
      state.wait++;
      const better = (than: number): boolean => now - Math.abs(minDelta) > than;
      if (state.best === null || better(state.best)) {
        state.best = now;
        state.bestEpoch = epoch;
        if (restoreBestWeights) weights = weightsOf(trainer);
        if (baseline === undefined || better(monitor.turned(baseline))) state.wait = 0;
        return;
      }
      if (state.wait >= patience && epoch > 0) {
        state.stopped = true;
        trainer.stop();
      }
    },
    onTrainEnd(trainer) {
      if (restoreBestWeights && weights) trainer.setWeights(weights);
    },
    save: () => ({ ...state }),
    arrays: () => weights ?? new Map(),
    restore(saved, arrays) {
      state = { ...(saved as typeof state) };
      weights = arrays.size > 0 ? new Map([...arrays].map(([name, data]) => [name, adopt(data, [data.length])])) : null;
    },
  };
}

/** What `reduceOnPlateau` takes. */
export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by; 0.1 by default. */
  readonly factor?: number;
  /** 10 by default. */
  readonly patience?: number;
  /** 1e-4 by default. */
  readonly minDelta?: number;
  /** Epochs after a change in which none is counted; 0 by default. */
  readonly cooldown?: number;
  /** The rate goes no lower; 0 by default. */
  readonly minLearningRate?: number;
}

/**
 * Lowers the rate when a number no longer gets better; the logs get `learning_rate`.
 * @throws PathgradError for options that make no sense
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  const subject = 'reduceOnPlateau';
  checkOptions<ReduceOnPlateauOptions>(subject, options, {
    ...({ monitor: 1, mode: 1, factor: 1, patience: 1, minDelta: 1, cooldown: 1, minLearningRate: 1 } as const),
  });
  const { factor = 0.1, patience = 10, minDelta = 1e-4, cooldown = 0, minLearningRate = 0 } = options;
  if (!(factor > 0 && factor < 1)) throw failure(subject, 'factor lies between 0 and 1', { got: factor });
  checkPositive(subject, 'minDelta', minDelta);
  checkPositive(subject, 'minLearningRate', minLearningRate);
  checkWhole(subject, 'patience', patience);
  checkWhole(subject, 'cooldown', cooldown);
  const monitor = new Monitor(subject, options);
  const begun = { best: null as number | null, wait: 0, cooling: 0 };
  let state = { ...begun };
  return {
    name: subject,
    onTrainBegin(trainer) {
      if (!trainer.resuming) state = { ...begun };
    },
    onEpochEnd(_, logs, trainer) {
      logs['learning_rate'] = trainer.learningRate;
      const now = monitor.read(logs);
      if (state.cooling > 0) {
        state.cooling--;
        state.wait = 0;
      }
      if (state.best === null || now - minDelta > state.best) {
        state.best = now;
        state.wait = 0;
      } else if (state.cooling === 0 && ++state.wait >= patience) {
        // Keras keeps the rate in float32, and compares it so.
        const rate = Math.fround(trainer.learningRate);
        if (rate <= Math.fround(minLearningRate)) return;
        trainer.learningRate = Math.max(rate * factor, minLearningRate);
        state.cooling = cooldown;
        state.wait = 0;
      }
    },
    save: () => ({ ...state }),
    restore(saved) {
      state = { ...(saved as typeof state) };
    },
  };
}

/**
 * Sets the rate at the beginning of each epoch; the logs get `learning_rate`.
 * @param schedule the rate, given the epoch counted from 0 and the rate before
 */
export function learningRateScheduler(schedule: (epoch: number, rate: number) => number): Callback {
  if (typeof schedule !== 'function') throw failure('learningRateScheduler', 'needs a function', { got: schedule });
  return {
    name: 'learningRateScheduler',
    onEpochBegin(epoch, trainer) {
      trainer.learningRate = schedule(epoch, trainer.learningRate);
    },
    onEpochEnd(_, logs, trainer) {
      logs['learning_rate'] = trainer.learningRate;
    },
  };
}

/** What `modelCheckpoint` takes. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Only epochs that are better than all before; false by default. */
  readonly saveBestOnly?: boolean;
  /** Every so many epochs; 1 by default. */
  readonly every?: number;
  /** Where a checkpoint goes: `trainer.checkpoint()`, `trainer.model()` or `trainer.weights()` give what is to be kept. */
  readonly save: (epoch: number, trainer: Trainer, logs: Readonly<Record<string, number>>) => void | Promise<void>;
}

/**
 * Saves at the end of epochs, after all other callbacks, so that what is resumed goes on as if nothing had been.
 * @throws PathgradError for options that make no sense
 */
export function modelCheckpoint(options: ModelCheckpointOptions): Callback {
  const subject = 'modelCheckpoint';
  checkOptions<ModelCheckpointOptions>(subject, options, { monitor: 1, mode: 1, saveBestOnly: 1, every: 1, save: 1 });
  const { saveBestOnly = false, every = 1, save } = options;
  checkBoolean(`${subject}: saveBestOnly`, saveBestOnly);
  checkWhole(subject, 'every', every, 1);
  if (typeof save !== 'function') throw failure(subject, 'save is a function', { got: save });
  const monitor = new Monitor(subject, options);
  let best: number | null = null;
  return {
    name: subject,
    last: true,
    async onEpochEnd(epoch, logs, trainer) {
      if ((epoch + 1) % every !== 0) return;
      if (saveBestOnly) {
        const now = monitor.read(logs);
        if (best !== null && !(now > best)) return;
        best = now;
      }
      await save(epoch, trainer, logs);
    },
    save: () => ({ best }),
    restore(saved) {
      best = (saved as { best: number | null }).best;
    },
  };
}

/** A line of CSV per epoch: `epoch` and the logs by name, in the order of the first. @param write gets a line with its end */
export function csvLogger(write: (line: string) => void | Promise<void>): Callback {
  if (typeof write !== 'function') throw failure('csvLogger', 'needs a function', { got: write });
  let names: readonly string[] | null = null;
  return {
    name: 'csvLogger',
    async onEpochEnd(epoch, logs, trainer) {
      if (!names) {
        names = Object.keys(logs).sort();
        if (!trainer.resuming) await write(`epoch,${names.join(',')}\n`);
      }
      await write(`${[epoch, ...names.map((name) => logs[name] ?? '')].join(',')}\n`);
    },
  };
}
