/**
 * What binding a Program for the device gives: actions over slots (one per value, and more for what a step makes on its way),
 * and the context in which binders add them.
 */
import type { GpuKernel } from '../../../kernels/gpu/kernel.ts';
import type { Attrs, Op } from '../../graph/op.ts';
import type { PathgradError } from '../../tensor/errors.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { GpuMode } from './adapter.ts';

/** One thing a run does. `inputs` and `outputs` are slots. */
export type Action =
  | {
      readonly kind: 'kernel';
      readonly kernel: GpuKernel;
      readonly inputs: readonly number[];
      readonly output: number;
      /** Elements to add behind an input, for blocks that read past its end. On the host only. */
      readonly tails: readonly number[];
    }
  | {
      readonly kind: 'host';
      readonly inputs: readonly number[];
      readonly outputs: readonly number[];
      readonly run: (inputs: readonly Float32Array[]) => readonly Float32Array[];
    }
  | { readonly kind: 'fill'; readonly output: number; readonly size: number; readonly value: number }
  | {
      readonly kind: 'check';
      readonly inputs: readonly number[];
      /** The fault in these elements, or null. */
      readonly fault: (elements: ArrayLike<number>) => PathgradError | null;
    };

/** An operand of a step, or something made on its way. */
export interface Operand extends TensorSpec {
  readonly slot: number;
}

export interface BindContext {
  readonly op: string;
  readonly out: TensorSpec;
  readonly inputs: readonly Operand[];
  readonly attrs: Attrs;
  readonly mode: GpuMode;
  /** How blocked kernels return four results here. */
  readonly block: 'rows' | 'columns';
  /** Inner sizes from which blocks pay. */
  readonly longEnough: number;
  /** Runs a kernel; the result has as many elements as the kernel has threads (four times that for blocks). */
  kernel(kernel: GpuKernel, inputs: readonly Operand[], tails?: readonly number[]): Operand;
  /** An array made of one number. */
  fill(size: number, value: number): Operand;
  /** Arrays made on the host from others, which are read back where they lie on a device. */
  host(
    inputs: readonly Operand[],
    count: number,
    run: (inputs: readonly Float32Array[]) => readonly Float32Array[],
  ): Operand[];
  /** Looks at an operand's elements, and throws what `fault` returns: before what follows where they are known, else at the end. */
  check(operand: Operand, fault: (elements: ArrayLike<number>) => PathgradError | null): void;
  /** The op that computed an operand, with its attributes and inputs; null for inputs and constants. */
  producer(operand: Operand): { readonly op: Op; readonly attrs: Attrs; readonly inputs: readonly Operand[] } | null;
}

/** Adds a step's actions; the result says where its value lies (an input, where nothing changes). */
export type Binder = (context: BindContext) => Operand;

/** An op that kernels of one result per thread cannot express, and why. */
export interface Missing {
  readonly missing: string;
}
