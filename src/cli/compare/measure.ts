/**
 * What a method takes: milliseconds, and how far the resident memory of this process rose above where it was when the method began, sampled
 * between chunks. Memory that what ran before left to the process is used again and not counted, so that a method that comes first shows
 * more: a figure of this process, not of the method alone.
 */

/** A run that took less is run again, because the first one also builds and compiles graphs. */
const RUN_AGAIN_BELOW_MS = 2000;

export interface Taken {
  /** Of the fastest run, and of the first, for all inputs together. */
  readonly milliseconds: number;
  readonly firstMilliseconds: number;
  readonly runs: number;
  /** Bytes. */
  readonly memory: number;
}

/**
 * Runs work once or, if it was quick, twice.
 * @param work calls `sample` between chunks
 * @returns what the last run gave
 */
export async function measured<T>(work: (sample: () => void) => Promise<T>): Promise<{ value: T; taken: Taken }> {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const sample = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timed = async (): Promise<{ value: T; ms: number }> => {
    const started = performance.now();
    const value = await work(sample);
    const ms = performance.now() - started;
    sample();
    return { value, ms };
  };
  const first = await timed();
  const memory = most - before;
  if (first.ms >= RUN_AGAIN_BELOW_MS) {
    return { value: first.value, taken: { milliseconds: first.ms, firstMilliseconds: first.ms, runs: 1, memory } };
  }
  const second = await timed();
  const milliseconds = Math.min(first.ms, second.ms);
  return { value: second.value, taken: { milliseconds, firstMilliseconds: first.ms, runs: 2, memory: most - before } };
}
