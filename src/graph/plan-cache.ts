/**
 * Compiled plans by what they compute, the least recently used given up for a new one. A plan has one set of buffers: runs of the
 * same plan wait for each other.
 * Invariants: no plan is disposed of while it is in use, and no more than `limit` exist at a time: who needs another when all
 * are in use waits for one.
 */
import type { Backend } from '../backends/backend.ts';
import { defaultBackend } from '../backends/default.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { type CompileOptions, compile, type Plan } from './compile.ts';

/** What a plan computes, and from what. */
export interface PlanGraph {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
}

interface Disposable {
  dispose(): void;
}

interface Entry<P> {
  readonly plan: P;
  /** Those who use it or wait for it. */
  users: number;
  /** Settles when the last use that was asked for is over. */
  idle: Promise<unknown>;
  /** No longer in the cache: disposed of by its last user. */
  dropped: boolean;
}

/** `P` is a plan, or something that holds plans. */
export class PlanCache<P extends Disposable = Plan> {
  readonly #entries = new Map<string, Entry<Disposable>>();
  readonly #waiting: (() => void)[] = [];
  readonly #options: CompileOptions;
  readonly #limit: number;

  constructor(options: CompileOptions = {}, limit = 12) {
    this.#options = options;
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Who runs plans over `values`. */
  backendFor(values: readonly TensorSpec[]): Backend {
    return this.#options.backend ?? defaultBackend(values);
  }

  /** Runs the plan of `key`; `build` gives its graph when it is not there yet. The arrays returned are the caller's. */
  run(this: PlanCache<Plan>, key: string, build: () => PlanGraph, feeds: readonly TypedArray[]): Promise<TypedArray[]> {
    const make = (): Plan => {
      const { outputs, inputs } = build();
      return compile(outputs, inputs, this.#options);
    };
    return this.use(key, make, (plan) => plan.run(feeds));
  }

  /** What `work` does with the plan of `key`, which nobody else uses meanwhile. Under a key of its own there may be something else than a plan. */
  async use<R, Q extends Disposable = P>(key: string, make: () => Q, work: (plan: Q) => Promise<R>): Promise<R> {
    let entry = this.#entries.get(key) as Entry<Q> | undefined;
    while (!entry && !this.#hasRoom()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      entry = this.#entries.get(key) as Entry<Q> | undefined;
    }
    entry ??= this.#make(make);
    const { plan } = entry;
    this.#entries.delete(key);
    this.#entries.set(key, entry); // last in the map: most recently used
    const result = entry.users++ === 0 ? work(plan) : entry.idle.then(() => work(plan));
    entry.idle = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      if (--entry.users === 0) {
        if (entry.dropped) plan.dispose();
        this.#waiting.shift()?.();
      }
    }
  }

  #make<Q extends Disposable>(make: () => Q): Entry<Q> {
    try {
      return { plan: make(), users: 0, idle: Promise.resolve(), dropped: false };
    } catch (error) {
      this.#waiting.shift()?.(); // the room that is left is theirs
      throw error;
    }
  }

  /** Frees all plans, those in use when they no longer are. The cache stays usable. */
  dispose(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** Whether another plan may be made, after giving up the one that was not used for longest if need be. */
  #hasRoom(): boolean {
    if (this.#entries.size < this.#limit) return true;
    for (const [key, entry] of this.#entries) {
      if (entry.users > 0) continue;
      this.#drop(key, entry);
      return true;
    }
    return false;
  }

  #drop(key: string, entry: Entry<Disposable>): void {
    this.#entries.delete(key);
    if (entry.users === 0) entry.plan.dispose();
    else entry.dropped = true;
  }
}
