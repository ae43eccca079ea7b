/**
 * From nodes to a Plan that can be run many times: the graph is cut at the inputs, simplified, laid out in memory and
 * handed to a backend.
 */

import type { Backend } from '../backends/backend.ts';
import { defaultBackend } from '../backends/default.ts';
import { bytesPerElement, dtypeOf, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { joinNodes } from './join.ts';
import { nextTask } from './next-task.ts';
import { buildProgram, type Program } from './program.ts';
import { simplify } from './simplify.ts';
import { ancestors } from './traverse.ts';

/** The backend of a plan, and what is done to its graph before. */
export interface CompileOptions {
  /** Who runs the plan; by default `wasm` for float32 where there is SIMD, else `reference`. */
  readonly backend?: Backend;
}

/** Counts of a compiled plan: its steps, its memory, its work. */
export interface PlanStats {
  readonly steps: number;
  /** Bytes of intermediate values, after reuse. */
  readonly bytes: number;
  readonly flops: number;
  /** Nodes computed at compile time, and nodes found equal to another. */
  readonly folded: number;
  readonly merged: number;
}

/** Computes the outputs from arrays for the inputs, in the order given to `compile`. */
export interface Plan {
  readonly backend: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly stats: PlanStats;
  /**
   * The outputs as new arrays. Inputs are read, never kept or changed.
   * @param inputs an array each, in the order given to `compile`; without them, what `feed` was given
   */
  run(inputs?: readonly TypedArray[]): Promise<TypedArray[]>;
  /** The same without a promise, on backends that can. */
  runSync(inputs?: readonly TypedArray[]): TypedArray[];
  /**
   * Brings inputs to where the backend computes, for all runs without arguments until the next run with some. The arrays
   * must not change before that: only some backends make copies.
   */
  feed(inputs: readonly TypedArray[]): void;
  /** Frees what the backend holds, after the runs that have begun; no other can begin afterwards. */
  dispose(): void;
}

/**
 * Bytes of plans made since the event loop had a turn. Plans that were dropped without `dispose` are freed by finalizers, and those
 * run between turns only, of which a loop that awaits nothing but runs of plans gives none.
 */
let untended = 0;
const mostUntended = 32 * 2 ** 20;

/**
 * Binds outputs to a backend, as functions of what will be fed. A plan holds memory until it is disposed of.
 *
 * @param outputs what to compute
 * @param inputs what will be fed: placeholders, or any other nodes, at which the graph is then cut
 */
export function compile(outputs: readonly Tensor[], inputs: readonly Tensor[], options: CompileOptions = {}): Plan {
  checkOptions<CompileOptions>('compile', options, { backend: 1 });
  const twice = inputs.find((input, i) => inputs.indexOf(input) < i);
  if (twice) throw failure('compile', 'an input is given twice', { input: String(twice) });
  const backend = options.backend ?? defaultBackend(ancestors(outputs, new Set(inputs)));
  if (typeof backend.prepare !== 'function') throw failure('backend', 'is none');
  const simple = simplify(outputs, inputs, backend.folds);
  const joined = joinNodes(backend, simple.outputs, inputs);
  const program = buildProgram(joined, inputs, backend);
  const executable = backend.prepare(program);
  const check = (arrays: readonly TypedArray[]): void => checkFeeds(program.inputs, arrays);
  untended += bytesHeld(program);
  let disposed = false;
  let running = 0;
  let fed: readonly TypedArray[] | null = null;
  const alive = (): void => {
    if (disposed) throw failure('Plan', 'it has been disposed of', { backend: backend.name });
  };
  const ready = (arrays: readonly TypedArray[]): readonly TypedArray[] => {
    alive();
    check(arrays);
    fed = null;
    return arrays;
  };
  const onFed = (): readonly TypedArray[] => {
    alive();
    if (!fed) throw failure('Plan', 'nothing was fed since the last run with inputs', {}, 'call feed(inputs) first');
    return fed;
  };
  return {
    backend: backend.name,
    inputs: program.inputs,
    outputs: program.outputs.map((output) => program.values[output]!.spec),
    stats: {
      steps: program.steps.length,
      bytes: program.arenaBytes,
      flops: program.flops,
      folded: simple.folded,
      merged: simple.merged,
    },
    async run(arrays) {
      const given = arrays ? ready(arrays) : onFed();
      running++;
      try {
        return await (!arrays && executable.rerun ? executable.rerun() : executable.run(given));
      } finally {
        if (--running === 0 && disposed) executable.dispose();
        if (untended > mostUntended) {
          untended = 0;
          await nextTask();
        }
      }
    },
    runSync(arrays) {
      const given = arrays ? ready(arrays) : onFed();
      if (!arrays && executable.rerun) return executable.rerun();
      if (!executable.runSync) throw failure('Plan', `backend '${backend.name}' runs asynchronously: use run`);
      return executable.runSync(given);
    },
    feed(arrays) {
      fed = ready(arrays);
      executable.feed?.(arrays);
    },
    dispose() {
      if (!disposed && running === 0) executable.dispose();
      disposed = true;
    },
  };
}

function bytesHeld({ arenaBytes, values }: Program): number {
  const constants = new Map(
    values.flatMap(({ home, spec }) => (home.kind === 'constant' ? [[home.source, spec] as const] : [])),
  );
  const bytes = [...constants.values()].map(({ shape, dtype }) => sizeOf(shape) * bytesPerElement(dtype));
  return bytes.reduce((sum, each) => sum + each, arenaBytes);
}

/** @throws PathgradError naming the input whose array is not of its type and size */
export function checkFeeds(specs: readonly TensorSpec[], arrays: readonly TypedArray[]): void {
  if (arrays.length !== specs.length) {
    throw failure('Plan', `${specs.length} input arrays are needed, ${arrays.length} given`);
  }
  specs.forEach(({ shape, dtype }, index) => {
    const array = arrays[index]!;
    if (!ArrayBuffer.isView(array)) {
      throw failure(
        'Plan',
        `input ${index} is a typed array of ${dtype}`,
        { got: typeof array },
        'Float32Array.of(1, 2)',
      );
    }
    if (array.length !== sizeOf(shape) || dtypeOf(array) !== dtype) {
      const got = { got: `${array.length} of ${dtypeOf(array)}` };
      throw failure('Plan', `input ${index} needs ${sizeOf(shape)} elements of ${dtype}`, { shape, ...got });
    }
  });
}
