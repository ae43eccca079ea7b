/** Turns a Program into actions: every step through its binder, values that share bytes sharing a slot. */
import { type GpuKernel, INDEX_LIMIT } from '../../../kernels/gpu/kernel.ts';
import type { Program, Step } from '../../graph/program.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { GpuMode } from './adapter.ts';
import { binders } from './binders.ts';
import type { Action, BindContext, Binder, Missing, Operand } from './step.ts';

export interface Bound {
  readonly actions: readonly Action[];
  /** The slot in which each value lies. */
  readonly slotOf: readonly number[];
  readonly slots: number;
}

/** The value that stands for the bytes of each: what a step writes, a reshape of it included, or the first that lies in an input or a constant. */
function slotsOf(program: Program): number[] {
  const written = new Set(program.steps.map((step) => step.output));
  const seen = new Map<string | object, number>();
  return program.values.map(({ home, owner }, value) => {
    if (written.has(owner)) return owner;
    // What became part of another step lies nowhere.
    if (home.kind === 'arena') return value;
    const place = home.kind === 'constant' ? home.source : `input ${home.index}`;
    if (!seen.has(place)) seen.set(place, value);
    return seen.get(place)!;
  });
}

const blocks: Readonly<Record<GpuMode, BindContext['block']>> = {
  webgpu: 'columns',
  webgl2: 'columns',
  webasm: 'rows',
  cpu: 'rows',
};

export function bind(program: Program, mode: GpuMode): Bound {
  const slotOf = slotsOf(program);
  const actions: Action[] = [];
  const producers = new Map<number, Step>();
  let slots = program.values.length;
  const operand = (value: number): Operand => ({ ...program.values[value]!.spec, slot: slotOf[value]! });

  for (const step of program.steps) {
    const op = step.op.name;
    const binder = (binders as Readonly<Record<string, Binder | Missing>>)[op];
    if (!binder) throw failure(op, "the backend 'gpu' has no kernel for this op");
    if (typeof binder !== 'function')
      throw failure(op, `the backend 'gpu' has no kernel for this op: ${binder.missing}`);
    const specs = [...step.inputs, step.output].map((value) => program.values[value]!.spec);
    for (const { dtype, shape } of specs) {
      if (dtype === 'float64') {
        throw failure(op, "the backend 'gpu' has no kernel for float64", {}, "the backend 'reference' has one");
      }
      if (sizeOf(shape) > INDEX_LIMIT) throw tooBig(op, shape);
    }
    const made = (size: number): Operand => {
      if (size > INDEX_LIMIT) throw tooBig(op, [size]);
      return { shape: [size], dtype: 'float32', slot: slots++ };
    };
    const context: BindContext = {
      op,
      out: program.values[step.output]!.spec,
      inputs: step.inputs.map(operand),
      attrs: step.attrs,
      mode,
      block: blocks[mode],
      // On WebGL2 the results of blocks are taken apart by another kernel.
      longEnough: mode === 'webgl2' ? 32 : 0,
      kernel(kernel, inputs, tails = inputs.map(() => 0)) {
        const output = made(resultSize(kernel));
        actions.push({ kind: 'kernel', kernel, inputs: inputs.map(({ slot }) => slot), output: output.slot, tails });
        return output;
      },
      fill(size, value) {
        const output = made(size);
        actions.push({ kind: 'fill', output: output.slot, size, value });
        return output;
      },
      host(inputs, count, run) {
        const outputs = Array.from({ length: count }, () => made(0));
        const all = (list: readonly Operand[]): number[] => list.map(({ slot }) => slot);
        actions.push({ kind: 'host', inputs: all(inputs), outputs: all(outputs), run });
        return outputs;
      },
      check({ slot }, fault) {
        actions.push({ kind: 'check', inputs: [slot], fault });
      },
      producer({ slot }) {
        const source = producers.get(slot);
        return source ? { op: source.op, attrs: source.attrs, inputs: source.inputs.map(operand) } : null;
      },
    };
    const size = sizeOf(context.out.shape);
    const result = size === 0 ? context.fill(0, 0) : binder(context);
    slotOf.forEach((slot, value) => {
      if (slot === step.output) slotOf[value] = result.slot;
    });
    if (!context.inputs.some(({ slot }) => slot === result.slot)) producers.set(result.slot, step);
  }
  return { actions, slotOf, slots };
}

function resultSize({ threads, block }: GpuKernel): number {
  const [x, y = 1, z = 1] = threads;
  if (block?.kind === 'rows') return x * block.rows * z;
  return x * y * z * (block ? 4 : 1);
}

function tooBig(op: string, shape: readonly number[]): Error {
  return failure(
    op,
    `the backend 'gpu' holds at most 2^24 elements in one array`,
    { shape },
    "indices are float32 there: use a smaller batch or internalBatchSize, or the backend 'wasm'",
  );
}
