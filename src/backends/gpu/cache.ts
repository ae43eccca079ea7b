/**
 * Compiled kernels by text, shapes and constants: plans that need the same kernel share it. The least recently used goes
 * first; a plan that needs it again compiles it again.
 */

import type { GpuKernel } from '../../../kernels/gpu/kernel.ts';
import { valueKey } from '../../graph/attrs.ts';
import type { Compiled, Device } from './adapter.ts';

export class KernelCache {
  readonly #device: Device;
  readonly #limit: number;
  readonly #entries: Map<string, Compiled> = new Map();

  constructor(device: Device, limit: number) {
    this.#device = device;
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param key of {@link keyOf}: texts are long, and a plan asks for the same kernels at every run */
  get(kernel: GpuKernel, key: string): Compiled {
    let entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
    } else {
      if (this.#entries.size >= this.#limit) this.#drop(this.#entries.keys().next().value!);
      entry = this.#device.compile(kernel);
    }
    this.#entries.set(key, entry);
    return entry;
  }

  /** Forgets a kernel whose run failed: it may be half built. */
  forget(key: string): void {
    if (this.#entries.has(key)) this.#drop(key);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    this.#entries.get(key)!.destroy();
    this.#entries.delete(key);
  }
}

/** Two kernels of one key are the same: the text, the shapes of what goes in and out, the constants. */
export function keyOf(kernel: GpuKernel, sizes: readonly number[]): string {
  const { source, threads, constants = {}, floats = {}, block } = kernel;
  return [source, threads, sizes, constants, floats, block].map(valueKey).join();
}
