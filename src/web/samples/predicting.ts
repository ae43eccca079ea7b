/**
 * Predictions of many samples, some at a time, so that an explanation that is asked for meanwhile is not kept waiting and a click can stop it.
 * Invariant: answers that come after a newer beginning, or after Stop, are dropped.
 */

import type { Predicted, RequestOf, SampleInput } from '../protocol/index.ts';
import { CallEnded, type EngineClient } from '../state/client.ts';

/** How long a call should take, about; and how many samples go with one. */
const [WANTED_MS, FIRST, MOST] = [250, 8, 256] as const;

export class Predicting {
  readonly #engine: EngineClient;
  #number = 0;

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** Gives up what runs. */
  stop(): void {
    this.#number++;
  }

  /**
   * @param take is given the answers from `start` on
   * @returns whether all were computed; false after `stop`
   * @throws CallEnded where the model cannot
   */
  async run(
    inputs: readonly SampleInput[],
    how: Omit<RequestOf<'predict'>, 'inputs'>,
    take: (start: number, answers: readonly Predicted[]) => void,
  ): Promise<boolean> {
    const number = ++this.#number;
    let size: number = FIRST;
    for (let start = 0; start < inputs.length; ) {
      const some = inputs.slice(start, start + size);
      const began = performance.now();
      try {
        const answers = await this.#engine.call('predict', { inputs: some, ...how });
        if (number !== this.#number) return false;
        take(start, answers);
      } catch (error) {
        if (number !== this.#number || (error instanceof CallEnded && error.kind !== 'failure')) return false;
        throw error;
      }
      start += some.length;
      const fitting = Math.round((size * WANTED_MS) / Math.max(1, performance.now() - began));
      size = Math.max(1, Math.min(MOST, fitting, size * 4));
    }
    return true;
  }
}
