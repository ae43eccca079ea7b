/**
 * What long work owes its surroundings between chunks: progress reports, prompt abortion, and a turn for the event loop
 * every few frames so that a page stays responsive.
 */
import { nextTask } from '../../graph/next-task.ts';
import type { PlatformAbortSignal } from '../../tensor/platform.ts';
import type { Progress } from './types.ts';

const YIELD_AFTER_MS = 25;

export class Pace {
  private done = 0;
  private total = 0;
  private lastYield = performance.now();
  private readonly onProgress: ((progress: Progress) => void) | undefined;
  private readonly signal: PlatformAbortSignal | undefined;

  constructor(onProgress?: (progress: Progress) => void, signal?: PlatformAbortSignal) {
    this.onProgress = onProgress;
    this.signal = signal;
  }

  /** Announces rows that will go through the model. */
  expect(rows: number): void {
    this.total += rows;
  }

  /** Call before each chunk. Throws the reason of an aborted signal. */
  async turn(): Promise<void> {
    this.signal?.throwIfAborted();
    if (performance.now() - this.lastYield < YIELD_AFTER_MS) return;
    await nextTask();
    this.lastYield = performance.now();
    this.signal?.throwIfAborted();
  }

  /** Call after each chunk. */
  advance(rows: number): void {
    this.done += rows;
    this.onProgress?.({ done: this.done, total: Math.max(this.total, this.done) });
  }
}

/** Of work that is done several times over: what is announced the first time stands for all, so that the total does not grow. */
export class RepeatedPace extends Pace {
  private readonly whole: Pace;
  private times = 0;

  constructor(whole: Pace) {
    super();
    this.whole = whole;
  }

  /** Before the first time: how often what it announces will be done. Before others: nothing. */
  begin(times: number): void {
    this.times = times;
  }

  override expect(rows: number): void {
    this.whole.expect(rows * this.times);
  }

  override turn(): Promise<void> {
    return this.whole.turn();
  }

  override advance(rows: number): void {
    this.whole.advance(rows);
  }
}
