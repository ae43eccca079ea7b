/** Adds up what batches report: the loss weighed by rows, as Keras does, and the sums of metrics, in double. */
import type { TypedArray } from '../tensor/dtype.ts';
import type { Logs } from './logs.ts';
import type { OutputTask } from './objective.ts';

export class Tally {
  readonly #tasks: readonly OutputTask[];
  readonly #several: boolean;
  #rows = 0;
  #losses: Float64Array;
  #sums: Float64Array[] = [];
  /** How many tensors of sums each metric has: known from the first batch. */
  readonly #counts: readonly (readonly number[])[];

  /** @param counts per output, tensors of sums of each metric */
  constructor(tasks: readonly OutputTask[], counts: readonly (readonly number[])[]) {
    this.#tasks = tasks;
    this.#several = tasks.length > 1;
    this.#counts = counts;
    this.#losses = new Float64Array(1 + tasks.filter(({ loss }) => loss).length);
  }

  /** @param results as a step's plan gives them */
  add(results: readonly TypedArray[], rows: number): void {
    this.#rows += rows;
    const first = this.#losses.length;
    for (let i = 0; i < first; i++) this.#losses[i]! += results[i]![0]! * rows;
    results.slice(first).forEach((array, i) => {
      const sums = (this.#sums[i] ??= new Float64Array(array.length));
      for (let k = 0; k < array.length; k++) sums[k]! += array[k]!;
    });
  }

  get rows(): number {
    return this.#rows;
  }

  logs(): Logs {
    const logs: Record<string, number> = { loss: this.#losses[0]! / this.#rows };
    let [loss, sum] = [1, 0];
    for (const [i, task] of this.#tasks.entries()) {
      if (task.loss) {
        if (this.#several) logs[`${task.name}_loss`] = this.#losses[loss]! / this.#rows;
        loss++;
      }
      const counts = this.#counts[i]!;
      [...task.metrics, ...task.weightedMetrics].forEach((metric, k) => {
        const own = this.#sums.slice(sum, sum + counts[k]!);
        sum += counts[k]!;
        let name = this.#several ? `${task.name}_${metric.name}` : metric.name;
        if (Object.hasOwn(logs, name)) name = `weighted_${name}`;
        logs[name] = metric.result(own);
      });
    }
    return logs;
  }
}
