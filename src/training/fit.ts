/**
 * Epochs over data: Keras's `fit`. What interrupts an epoch (an abort, an error) leaves the weights as they were when it began.
 */
import { nextTask } from '../graph/next-task.ts';
import type { Feedable } from '../model/inputs.ts';
import { failure } from '../tensor/errors.ts';
import type { Callback } from './callbacks.ts';
import type { Truths } from './data.ts';
import { checked, type FitData, type FitOptions, isBatches, type Settings } from './fit-options.ts';
import type { Logs } from './logs.ts';
import { record, rememberSession } from './session.ts';
import { ofArrays, ofBatches, type Source, validationOf } from './sources.ts';
import { Tally } from './tally.ts';
import type { Trainer } from './trainer.ts';

/** What `fit` returns. */
export interface History {
  /** The number of each epoch. */
  readonly epochs: readonly number[];
  /** A number an epoch, by name. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/** Between looks at the event queue, so that timers, messages and signals are heard. */
const TURN_MS = 20;

export async function runFit(trainer: Trainer, x: unknown, y: unknown, given?: FitOptions): Promise<History> {
  const isData = isBatches(x);
  const options = (isData && given === undefined ? (y as FitOptions | undefined) : given) ?? {};
  const settings = checked(options, isData);
  const { epochs, callbacks, signal, onProgress } = settings;
  // Over all epochs: many short ones must not hold the event queue up either.
  const turns = { last: performance.now() };
  signal?.throwIfAborted();
  const { evaluator } = trainer;
  const { source, validation } = isData
    ? { source: ofBatches(evaluator, x as FitData, settings), validation: await validationOf(evaluator, options) }
    : await ofArrays(evaluator, { x: x as Feedable, y: y as Truths }, options, { ...settings, seed: trainer.seed });

  const session = trainer.beginFit(callbacks);
  const first = options.initialEpoch ?? session.epoch;
  for (const callback of callbacks) await callback.onTrainBegin?.(trainer);
  for (let epoch = first; epoch < epochs && !trainer.stopping; epoch++) {
    const begun = trainer.mark();
    const undo = rememberSession(session);
    try {
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, trainer);
      const logs: Record<string, number> = {
        ...(await trainEpoch(trainer, source, settings, epoch, onProgress, turns)),
      };
      if (validation) {
        const evaluated = await evaluator.evaluateRows(validation.batcher, validation.rows, settings.batchSize);
        for (const [name, value] of Object.entries(evaluated)) logs[`val_${name}`] = value;
      }
      trainer.epochEnded(session, epoch, logs);
      for (const callback of ordered(callbacks)) {
        await callback.onEpochEnd?.(epoch, logs, trainer);
        record(session, logs);
      }
    } catch (error) {
      trainer.backTo(begun);
      undo();
      throw error;
    }
  }
  // Averages first, as in Keras: the best weights of an early stop stay.
  trainer.finalize();
  for (const callback of callbacks) await callback.onTrainEnd?.(trainer);
  return { epochs: [...session.epochs], history: session.history };
}

/** Those that write down the state of all go last. */
const ordered = (callbacks: readonly Callback[]): Callback[] => [
  ...callbacks.filter(({ last }) => !last),
  ...callbacks.filter(({ last }) => last),
];

async function trainEpoch(
  trainer: Trainer,
  source: Source,
  { callbacks, signal, epochs }: Settings,
  epoch: number,
  onProgress: FitOptions['onProgress'],
  turns: { last: number },
): Promise<Logs> {
  let tally: Tally | null = null;
  let batch = 0;
  for await (const { rows, spec, arrays } of source.epoch(trainer.epoch)) {
    signal?.throwIfAborted();
    const results = await trainer.runStep(spec, arrays);
    tally ??= new Tally(trainer.evaluator.tasks, trainer.evaluator.counts);
    tally.add(results, rows);
    batch++;
    const told = onProgress || callbacks.some((callback) => callback.onBatchEnd);
    if (told) {
      const logs = tally.logs();
      onProgress?.({ epoch, epochs, batch, batches: source.batches, logs });
      for (const callback of callbacks) await callback.onBatchEnd?.(batch - 1, logs, trainer);
    }
    if (performance.now() - turns.last > TURN_MS) {
      await nextTask();
      turns.last = performance.now();
    }
    if (trainer.stopping) break;
  }
  signal?.throwIfAborted();
  if (!tally) {
    const hint = 'a generator gives its batches once: pass a function that makes a new one for each epoch';
    throw failure('fit', `the data gave no batch in epoch ${epoch}`, {}, hint);
  }
  return tally.logs();
}
