/**
 * What binding a Program gives: calls of kernels as plain data, so that any thread can run the same list, and the
 * context in which binders make them.
 */
import type { Chain } from '../../graph/chain.ts';
import type { Epilogue } from '../../graph/fuse.ts';
import type { Attrs } from '../../graph/op.ts';
import type { Program, Step } from '../../graph/program.ts';
import { failure, type PathgradError } from '../../tensor/errors.ts';
import type { PlatformWasm } from '../../tensor/platform.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { Kernels, PackedModule } from './module/module.ts';

/** A kernel call: `fn(start, end, ...args)` for ranges that cover `[0, units)` in any split and order. */
export interface Call {
  readonly fn: string;
  /** The op that it computes or is part of, for profiles. */
  readonly op?: string;
  readonly args: readonly number[];
  readonly units: number;
  /** Fewer units than this are not worth a thread of their own. */
  readonly grain: number;
  /** A check, not a kernel: a result from 0 up is the position of a bad value. */
  readonly fault?: (position: number) => PathgradError;
  /** It may run at the same time as the call before it. */
  readonly beside?: true;
  /** The module that the kernel came with, where that is not the backend's own. */
  readonly own?: Extra | undefined;
}

/** Kernels of another module over the same memory. Its bytes lie there, so that threads that run already can make instances of their own. */
export interface Extra {
  readonly module: PlatformWasm<'Module'>;
  readonly kernels: Kernels;
  /** Number of each kernel among the module's exports. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly at: number;
  readonly bytes: number;
}

/** Told of a call and the milliseconds it took. */
export type Trace = (call: Call, ms: number) => void;

/** One operand of a step: its shape and type, its address, and whether it never changes. */
export interface Operand extends TensorSpec {
  /** Address of the elements; a constant is copied into the memory when this is first asked for. */
  at(): number;
  /** Names the constant's array, or null. */
  readonly constant: boolean;
  /** Whether many elements tend to be exactly 0 (1), or nearly all (2), so that looking for them pays. */
  readonly sparse: number;
  /** Whether this is a constant without infinities and NaNs. */
  finite(): boolean;
}

export interface BindContext {
  readonly op: string;
  readonly out: Operand;
  readonly inputs: readonly Operand[];
  readonly attrs: Attrs;
  /** Computed together with the step; its bias is the last of `inputs`. */
  readonly epilogue: Epilogue | undefined;
  /** A chain of elementwise ops that the step is, or that follows it; `inputs` are then those of the step without it. */
  readonly chain: (Pick<Chain, 'links' | 'follows'> & { readonly operands: readonly Operand[] }) | undefined;
  /** Adds a call to the plan. */
  call(fn: string, args: readonly number[], units: number, grain?: number): void;
  /** Adds a check that runs before the calls that follow. */
  check(fn: string, args: readonly number[], fault: (position: number) => PathgradError): void;
  /** Address of integers that live as long as the plan. */
  table(values: readonly number[] | Int32Array): number;
  /** Room for this step's intermediate values. Steps share it: nothing in it outlives the step. */
  work(bytes: number): number;
  /** Room that outlives the step, in which it and its gradient find the same; 0 where there is none (see `kept.ts`). */
  kept(bytes: number, most?: number): number;
  /** At least this many zero bytes. */
  zeros(bytes: number): number;
  /**
   * Another layout of an operand, made by one kernel call whose first argument is the target: for a constant once and
   * for all plans, else at every run.
   */
  relaid(
    operand: Operand,
    layout: string,
    bytes: number,
    fn: string,
    args: (from: number) => number[],
    units: number,
  ): number;
  /** An int32 array that an earlier step wrote, for the text of a fault. */
  readInt(at: number): number;
}

export type Binder = (ctx: BindContext) => void;

/** Kernels in a module of their own, and the binder that calls them and the core's: what an op brings along (`OpDefinition.kernels`). */
export interface OwnKernels {
  readonly module: PackedModule;
  readonly bind: Binder;
  /** They take in the bias and the activation that follow. */
  readonly fuses?: true;
}

/** What a step is, before its kernels are chosen. */
export type StepSpec = Pick<BindContext, 'op' | 'out' | 'inputs' | 'attrs' | 'epilogue' | 'chain'>;

/** And where it stands, for who has to know what is made of its result. */
export interface PlacedStep extends StepSpec {
  readonly program: Program;
  readonly step: Step;
}

/** Kernels that compute steps that the core computes too, to the same meaning but faster. */
export interface Accelerator extends OwnKernels {
  /** The steps that these kernels take; all of the op if left out. */
  readonly takes?: (step: PlacedStep) => boolean;
}

const accelerators = new Map<string, Accelerator[]>();

/** From now on steps of `op` that `accelerator` takes are computed by it; of several, by the last that came. Twice is once. */
export function accelerate(op: string, accelerator: Accelerator): void {
  const others = (accelerators.get(op) ?? []).filter((other) => other !== accelerator);
  accelerators.set(op, [accelerator, ...others]);
}

export function acceleratorOf(step: PlacedStep): Accelerator | undefined {
  return accelerators.get(step.op)?.find(({ takes }) => !takes || takes(step));
}

/** Units of work so that a chunk is about `floats` elements of size `each`. */
export function grainFor(each: number, floats = 16384): number {
  return Math.max(1, Math.ceil(floats / Math.max(1, each)));
}

export function lacksType(op: string, dtype: string): PathgradError {
  return failure(op, `the backend 'wasm' has no kernel for ${dtype}`, {}, "the backend 'reference' has one");
}

/** Element types as `kernels/wasm/elementwise/exact.ts` numbers them. */
export function typeCode(op: string, { dtype }: TensorSpec): number {
  const code = ['float32', 'int32', 'bool'].indexOf(dtype);
  if (code < 0) throw lacksType(op, dtype);
  return code;
}
