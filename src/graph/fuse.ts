/**
 * Bias additions and activations go into the matrix product or convolution before them, where a backend has kernels that
 * do so and nobody else reads what lies between. What the backward pass needs of a relu, tanh or sigmoid is its result,
 * so that fusing does not get in its way. Same bits as unfused: the same operations on the same numbers.
 */
import { sizeOf } from '../tensor/shape.ts';
import type { TensorSpec } from '../tensor/tensor.ts';
import type { Activation } from './op.ts';
import type { Step } from './program.ts';
import { append } from './traverse.ts';

/** What follows a product in the same step: first the bias, the step's last input, then the activation. */
export interface Epilogue {
  readonly bias: boolean;
  readonly activation: Activation | null;
}

/** Says whether a backend computes an epilogue together with this step. */
export type Fuses = (step: Step, inputs: readonly TensorSpec[], output: TensorSpec) => boolean;

/** Steps over numbered values; `owner` is the value whose bytes a value shares, itself for most. */
export interface Listing {
  readonly steps: readonly Step[];
  readonly specs: readonly TensorSpec[];
  readonly owner: readonly number[];
  /** Values that must exist when the program ends. */
  readonly outputs: readonly number[];
}

/** The steps with epilogues in their products; steps that became one are gone. */
export function fuseEpilogues({ steps, specs, owner, outputs }: Listing, fuses: Fuses): Step[] {
  const readers = new Map<number, Step[]>();
  for (const step of steps) {
    for (const input of new Set(step.inputs.map((value) => owner[value]!))) append(readers, input, step);
  }
  const kept = new Set(outputs.map((value) => owner[value]!));
  /** The step that alone reads `value`, as itself and not under another shape. */
  const onlyReader = (value: number): Step | undefined => {
    const all = readers.get(value) ?? [];
    return all.length === 1 && !kept.has(value) && all[0]!.inputs.includes(value) ? all[0] : undefined;
  };
  const computed = new Set(steps.map((step) => step.output));
  const gone = new Set<Step>();
  return steps
    .map((step) => {
      if (gone.has(step)) return step;
      const inputs = step.inputs.map((value) => specs[value]!);
      if (!fuses(step, inputs, specs[step.output]!)) return step;
      const adding = onlyReader(step.output);
      const found = adding && biasOf(adding, step.output, specs);
      // Values are numbered in the order in which they are computed; constants and inputs are there from the start.
      const there = found !== undefined && (owner[found]! < step.output || !computed.has(owner[found]!));
      const bias = there ? found : undefined;
      if (bias !== undefined) gone.add(adding!);
      const sum = bias === undefined ? step.output : adding!.output;
      const next = onlyReader(sum);
      const kind = next?.op.epilogue;
      const activation = kind && kind !== 'bias' ? kind : null;
      if (activation) gone.add(next!);
      if (bias === undefined && !activation) return step;
      return {
        ...step,
        inputs: bias === undefined ? step.inputs : [...step.inputs, bias],
        output: activation ? next!.output : sum,
        epilogue: { bias: bias !== undefined, activation },
      };
    })
    .filter((step) => !gone.has(step));
}

/** What `step` adds to each row of `product`, if that is what it does. */
function biasOf({ op, inputs, output }: Step, product: number, specs: readonly TensorSpec[]): number | undefined {
  if (op.epilogue !== 'bias') return undefined;
  const bias = inputs[0] === product ? inputs[1]! : inputs[0]!;
  const { shape } = specs[product]!;
  const columns = shape.at(-1)!;
  const { shape: row } = specs[bias]!;
  const fits = sizeOf(row) === columns && row.at(-1) === columns && sizeOf(specs[output]!.shape) === sizeOf(shape);
  return fits ? bias : undefined;
}
