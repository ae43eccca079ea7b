/**
 * One linear memory with its kernels: what all plans of the process share. Constants are copied in once per typed array
 * and layout, counted, and freed with the last plan that uses them.
 */
import { bytesPerElement, dtypeOf, type TypedArray, viewOf } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Recipe, TensorSpec } from '../../tensor/tensor.ts';
import { Heap } from './heap.ts';
import {
  compile,
  instantiate,
  type KernelModule,
  type Kernels,
  loadModule,
  moduleBytes,
  type PackedModule,
  unshare,
} from './module/module.ts';
import type { Extra } from './step.ts';

/** A block of the memory that several plans may hold. */
export interface Held {
  readonly at: number;
  release(): void;
}

/**
 * What a thread has for itself: pointers to the rows of a tile and the longest panel of A (see `kernels/wasm/product/matmul.ts`); then 24 rows of a
 * convolution and what is dropped of them (`kernels/wasm/windows/conv-max.ts`), or rows of one and their windows (`conv-pool.ts`), or values and sums of a block of tiles (`kernels/wasm/winograd.ts`, by
 * far the most); behind all that the blocks of a chain (`kernels/wasm/elementwise/chain.ts`). Pages that no kernel touches cost address space alone.
 */
export const scratchBytes = 25 * 65536 + 640 + 32 * 2112;

/** Intermediate values, what a kernel needs beside them, or what a step leaves for another. */
export type Room = 'values' | 'work' | 'kept';

interface Shared {
  at: number;
  holders: number;
}

export class Machine {
  readonly loaded: KernelModule;
  readonly heap: Heap;
  readonly kernels: Kernels;
  readonly #constants = new WeakMap<TypedArray | Recipe, Map<string, Shared>>();
  readonly #rooms: Partial<Record<Room, { at: number; bytes: number; holders: number }>> = {};
  readonly #extras = new Map<string, Extra>();
  readonly #scratch: number;
  #zeros = { at: 0, bytes: 0 };

  constructor() {
    this.loaded = loadModule();
    this.heap = new Heap(this.loaded.memory);
    this.kernels = instantiate(this.loaded);
    this.#scratch = this.heap.allocate(scratchBytes);
    this.kernels['setScratch']!(this.#scratch, 0);
  }

  /** A view of the memory as it is now; growing it makes older views too short, not wrong. */
  view(dtype: ReturnType<typeof dtypeOf>, at: number, length: number): TypedArray {
    return viewOf(dtype, this.loaded.memory.buffer as ArrayBuffer, at, length);
  }

  write(at: number, data: TypedArray): void {
    this.view(dtypeOf(data), at, data.length).set(data);
  }

  /** The kernels of another module over this memory, compiled when they are first asked for; their bytes are kept for other threads. */
  extra(packed: PackedModule): Extra {
    let found = this.#extras.get(packed.text);
    if (!found) {
      const { memory, shared, simd } = this.loaded;
      const binary = moduleBytes(simd, packed);
      const module = compile(shared ? binary : unshare(binary));
      const kernels = instantiate({ module, memory });
      kernels['setScratch']?.(this.#scratch, 0);
      const at = this.heap.allocate(binary.length);
      (this.view('bool', at, binary.length) as Uint8Array).set(binary);
      const numbers = new Map(Object.keys(kernels).map((name, i) => [name, i]));
      this.#extras.set(packed.text, (found = { module, kernels, numbers, at, bytes: binary.length }));
    }
    return found;
  }

  /** What `extra` has compiled so far. */
  get extras(): readonly Extra[] {
    return [...this.#extras.values()];
  }

  /** At least `bytes` zeros, kept for good. */
  zeros(bytes: number): number {
    if (this.#zeros.bytes < bytes) {
      const size = Math.max(4096, bytes);
      this.#zeros = { at: this.heap.allocate(size), bytes: size };
      (this.view('bool', this.#zeros.at, size) as Uint8Array).fill(0);
    }
    return this.#zeros.at;
  }

  /**
   * Room that plans share: they run one after another, and nothing in it outlives a run. A plan that needs more than there is gets
   * a larger one, which later plans share.
   */
  room(kind: Room, bytes: number): Held {
    let room = this.#rooms[kind];
    if (!room || room.bytes < bytes) this.#rooms[kind] = room = { at: this.heap.allocate(bytes), bytes, holders: 0 };
    const held = room;
    held.holders++;
    const release = (): void => {
      if (--held.holders > 0) return;
      if (this.#rooms[kind] === held) delete this.#rooms[kind];
      this.heap.free(held.at, held.bytes);
    };
    return { at: held.at, release };
  }

  /**
   * The block that `layout` of `data` lies in, made by `make` when it is not there yet.
   * @param data an array, or how its elements are made
   * @param layout names what is stored: the same array may be held as it is and packed in several ways
   */
  hold(data: TypedArray | Recipe, layout: string, bytes: number, make: (at: number) => void): Held {
    let layouts = this.#constants.get(data);
    if (!layouts) this.#constants.set(data, (layouts = new Map()));
    let shared = layouts.get(layout);
    if (!shared) {
      shared = { at: this.heap.allocate(bytes), holders: 0 };
      make(shared.at);
      layouts.set(layout, shared);
    }
    const { at } = shared;
    shared.holders++;
    const release = (): void => {
      if (--shared.holders > 0) return;
      layouts.delete(layout);
      this.heap.free(at, bytes);
    };
    return { at, release };
  }

  /** Whether plans here hold the array, or have held it. */
  holds(data: TypedArray): boolean {
    return this.#constants.has(data);
  }

  /** The elements of a constant as they are. */
  holdRaw(source: TypedArray | Recipe, { shape, dtype }: TensorSpec): Held {
    const size = sizeOf(shape);
    return this.hold(source, 'raw', size * bytesPerElement(dtype), (at) => {
      if ('write' in source) source.write(this.view(dtype, at, size));
      else this.write(at, source);
    });
  }
}
