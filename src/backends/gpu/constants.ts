/** Constants on the device: each array is moved there once per backend, however many plans use it, and freed with the last. */
import type { TypedArray } from '../../tensor/dtype.ts';
import type { Device, Handle } from './adapter.ts';
import { toFloats } from './floats.ts';

export class Constants {
  readonly #device: Device;
  readonly #entries: Map<TypedArray, { handle: Handle; holders: number }> = new Map();

  constructor(device: Device) {
    this.#device = device;
  }

  /** Arrays held, and their bytes. */
  get count(): number {
    return this.#entries.size;
  }
  get bytes(): number {
    let total = 0;
    for (const data of this.#entries.keys()) total += 4 * data.length;
    return total;
  }

  /** The handle of `data`; one more holder, unless it holds it already. */
  *hold(
    data: TypedArray,
    already: boolean,
    upload: (floats: Float32Array) => Generator<unknown, Handle, unknown>,
  ): Generator<unknown, Handle, unknown> {
    const entry = this.#entries.get(data);
    if (entry) {
      if (!already) entry.holders++;
      return entry.handle;
    }
    const floats = toFloats(data);
    const handle = floats.length === 0 ? floats : yield* upload(floats);
    this.#entries.set(data, { handle, holders: 1 });
    return handle;
  }

  release(data: TypedArray): void {
    const entry = this.#entries.get(data);
    if (!entry || --entry.holders > 0) return;
    this.#entries.delete(data);
    this.#device.release(entry.handle);
  }

  clear(): void {
    for (const { handle } of this.#entries.values()) this.#device.release(handle);
    this.#entries.clear();
  }
}
