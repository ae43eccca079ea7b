/**
 * The reference backend: plain TypeScript, float32 and float64, one thread. It is the truth that other backends are
 * tested against; every op has a kernel here.
 */
import type { Op } from '../../graph/op.ts';
import type { Program } from '../../graph/program.ts';
import { allocate, type TypedArray, viewOf } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { elementsOf, type Tensor } from '../../tensor/tensor.ts';
import type { Backend, Executable } from '../backend.ts';
import { referenceKernels } from './kernels.ts';
import type { Kernel } from './shared.ts';

/** The kernel of an op, bound to shapes and attrs. */
function bind(
  node: Pick<Tensor, 'shape' | 'dtype' | 'attrs'>,
  op: Op,
  inputs: Parameters<Kernel>[1],
): ReturnType<Kernel> {
  const kernel = ((referenceKernels as Readonly<Record<string, Kernel>>)[op.name] ?? op.kernels?.['reference']) as
    | Kernel
    | undefined;
  if (!kernel) throw failure(op.name, "the backend 'reference' has no kernel for this op");
  return kernel(node, inputs, node.attrs);
}

/** Computes one node whose inputs are all constants. */
export function runStep(node: Tensor): TypedArray {
  const out = allocate(node.dtype, sizeOf(node.shape));
  computeStep(node, out);
  return out;
}

/** The same, into `out`. */
export function computeStep(node: Tensor, out: TypedArray): void {
  bind(
    node,
    node.op!,
    node.inputs,
  )(
    out,
    node.inputs.map((input) => input.data),
  );
}

/** Plain TypeScript loops over typed arrays, in float32 and float64: the definition that the other backends are compared with. */
export const reference: Backend = {
  name: 'reference',
  cells: true,
  prepare(program: Program): Executable {
    const arena = new ArrayBuffer(program.arenaBytes);
    const slots = program.values.map(({ spec, home }): TypedArray => {
      const { shape, dtype } = spec;
      if (home.kind === 'arena') return viewOf(dtype, arena, home.offset, sizeOf(shape));
      // What stands for an input is overwritten at the start of every run.
      return home.kind === 'constant' ? elementsOf(home.source, spec) : allocate(dtype, 0);
    });
    const fed = program.values.flatMap(({ home }, slot) =>
      home.kind === 'input' ? [{ slot, index: home.index }] : [],
    );
    const steps = program.steps.map((step) => {
      const spec = { ...program.values[step.output]!.spec, attrs: step.attrs };
      const kernel = bind(
        spec,
        step.op,
        step.inputs.map((input) => program.values[input]!.spec),
      );
      const operands = step.inputs.map((input) => slots[input]!);
      return { kernel, operands, step };
    });
    const runSync = (inputs: readonly TypedArray[]): TypedArray[] => {
      for (const { slot, index } of fed) slots[slot] = inputs[index] ?? program.cells![index]!;
      for (const { kernel, operands, step } of steps) {
        for (let i = 0; i < operands.length; i++) operands[i] = slots[step.inputs[i]!]!;
        kernel(slots[step.output]!, operands);
      }
      return program.outputs.map((output) => slots[output]!.slice());
    };
    const cell = (input: number): TypedArray => program.cells![input]!;
    return { run: async (inputs) => runSync(inputs), runSync, cell, dispose: () => undefined };
  },
};
