/** How a Program is run. A backend that lacks a kernel for a step says so when it prepares, by op and name. */
import type { Links } from '../graph/chain.ts';
import type { Fuses } from '../graph/fuse.ts';
import type { Op } from '../graph/op.ts';
import type { Program } from '../graph/program.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What computes a program: it binds a kernel to every step. `reference`, `wasmBackend()` and `gpuBackend()` are such. */
export interface Backend {
  readonly name: string;
  /** Which products are computed together with a bias and an activation that follow; none when left out. */
  readonly fuses?: Fuses;
  /** Which elementwise steps are computed together, in one pass over memory, after a product too; none when left out. */
  readonly links?: Links;
  /** Whether scales of columns, batch normalizations among them, go into constant weights; a backend that others are held to leaves them. */
  readonly folds?: boolean;
  /** For which ops it computes joined nodes (`joins` of an op); none when left out. */
  readonly joins?: (op: Op) => boolean;
  /** The same outputs with one node where graphs have several that it computes together; left as they are when left out. */
  rejoins?: (outputs: readonly Tensor[], inputs: readonly Tensor[]) => readonly Tensor[];
  /** It keeps `Program.cells` from run to run, and its kernels may write where an input lies. */
  readonly cells?: true;
  /** Binds kernels and memory. Throws an error that names op and backend where a kernel is missing. */
  prepare(program: Program): Executable;
}

/** A program that a backend has bound to its kernels. One run at a time. */
export interface Executable {
  /** Computes the outputs of these inputs, in the order of the program's. */
  run(inputs: readonly TypedArray[]): Promise<TypedArray[]>;
  /** The same without waiting; left out by backends that cannot. */
  runSync?(inputs: readonly TypedArray[]): TypedArray[];
  /** Copies inputs in for `rerun`; a backend that copies nothing leaves both out. */
  feed?(inputs: readonly TypedArray[]): void;
  /** As `runSync`, on what `feed` copied. */
  rerun?(): TypedArray[];
  /** Where the input lies, a cell of the program: to be read and written between runs, not to be kept. */
  cell?(input: number): TypedArray;
  /** Frees what the backend holds for the program. */
  dispose(): void;
}
