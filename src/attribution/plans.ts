/**
 * Compiled plans by what they compute and for how many rows. A plan has one set of buffers, so runs of the same plan wait
 * for each other: any number of explanations may share a cache. The least recently used plan is dropped first.
 */
import { type CompileOptions, compile, type Plan } from '../graph/compile.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface PlanGraph {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
}

interface Entry {
  readonly plan: Plan;
  /** Settles when the last run that was asked for is over. */
  idle: Promise<unknown>;
}

const MAX_PLANS = 12;

export class PlanCache {
  private readonly entries: Map<string, Entry> = new Map();
  private readonly options: CompileOptions;

  constructor(options: CompileOptions) {
    this.options = options;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Runs the plan of `key`; `build` gives its graph when it is not there yet. The arrays returned are the caller's. */
  run(key: string, build: () => PlanGraph, feeds: readonly TypedArray[]): Promise<TypedArray[]> {
    let entry = this.entries.get(key);
    if (entry) {
      this.entries.delete(key);
    } else {
      const { outputs, inputs } = build();
      entry = { plan: compile(outputs, inputs, this.options), idle: Promise.resolve() };
      if (this.entries.size >= MAX_PLANS) this.drop(this.entries.keys().next().value!);
    }
    this.entries.set(key, entry);
    const { plan } = entry;
    const result = entry.idle.then(() => plan.run(feeds));
    entry.idle = result.catch(() => undefined);
    return result;
  }

  private drop(key: string): void {
    const entry = this.entries.get(key)!;
    this.entries.delete(key);
    void entry.idle.then(() => entry.plan.dispose());
  }

  /** Frees all plans once their runs are over. */
  dispose(): void {
    for (const key of [...this.entries.keys()]) this.drop(key);
  }
}
