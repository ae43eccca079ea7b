/** How far a job is, how fast, and how long it will take. */
import type { JobCounts } from '../folder/manifest.ts';

/** How far a job is, with its rate and the time that is left. */
export interface JobProgress extends JobCounts {
  /** Rows of the input. */
  readonly total: number;
  /** Rows per second of this run; null until a chunk is finished. */
  readonly rate: number | null;
  /** Seconds until the end; null until a chunk is finished. */
  readonly left: number | null;
}

export class Pace {
  readonly #total: number;
  readonly #before: number;
  readonly #began = performance.now();

  /** @param before what earlier runs did */
  constructor(total: number, before: JobCounts) {
    this.#total = total;
    this.#before = before.rows;
  }

  at(counts: JobCounts): JobProgress {
    const seconds = (performance.now() - this.#began) / 1000;
    const done = counts.rows - this.#before;
    const rate = done > 0 && seconds > 0 ? done / seconds : null;
    return { ...counts, total: this.#total, rate, left: rate === null ? null : (this.#total - counts.rows) / rate };
  }
}
