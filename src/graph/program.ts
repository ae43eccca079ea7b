/**
 * A Program is what `compile` hands to a backend: steps in order over numbered values, each with a home. Values that are
 * the same bytes (a reshape and what it reshapes) share one home. Homes in the arena never overlap while both are alive.
 */
import { bytesPerElement, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { planMemory } from './memory.ts';
import type { Attrs, Op } from './op.ts';
import { ancestors } from './traverse.ts';

/** Where a value's elements live: a constant, an input array of the run, or a byte offset of the arena. */
export type Home =
  | { readonly kind: 'constant'; readonly data: TypedArray }
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'arena'; readonly offset: number };

export interface Value {
  readonly spec: TensorSpec;
  readonly home: Home;
}

export interface Step {
  readonly op: Op;
  readonly attrs: Attrs;
  /** Indices of values. */
  readonly inputs: readonly number[];
  readonly output: number;
}

export interface Program {
  readonly values: readonly Value[];
  readonly steps: readonly Step[];
  readonly inputs: readonly TensorSpec[];
  /** Indices of values. */
  readonly outputs: readonly number[];
  readonly arenaBytes: number;
  readonly flops: number;
}

/** Ops whose result is their input's bytes under another shape or name. */
const aliases = new Set(['reshape', 'stopGradient']);

/** Every offset is a multiple of this, so that SIMD loads may be aligned. */
const alignment = 64;

export function buildProgram(outputs: readonly Tensor[], inputs: readonly Tensor[]): Program {
  const fed = new Map(inputs.map((input, index) => [input, index]));
  const nodes = ancestors(outputs, new Set(inputs));
  const number = new Map(nodes.map((node, index) => [node, index]));
  // The node whose bytes a node shares; itself for most.
  const owner = nodes.map((_, index) => index);
  const steps: Step[] = [];
  let flops = 0;
  nodes.forEach((node, index) => {
    if (fed.has(node) || node.constant) return;
    if (node.op === null) {
      throw failure('compile', 'the graph needs a placeholder that is not among the inputs', {
        placeholder: node.shape,
      });
    }
    const sources = node.inputs.map((input) => number.get(input)!);
    if (aliases.has(node.op.name)) owner[index] = owner[sources[0]!]!;
    else {
      steps.push({ op: node.op, attrs: node.attrs, inputs: sources, output: index });
      flops += node.op.flops(node.inputs, node, node.attrs);
    }
  });

  const last = new Array<number>(nodes.length).fill(-1);
  steps.forEach((step, at) => {
    for (const source of step.inputs) last[owner[source]!] = at;
    last[step.output] = Math.max(last[step.output]!, at);
  });
  for (const output of outputs) last[owner[number.get(output)!]!] = steps.length;

  const blocks = steps.map((step, at) => {
    const node = nodes[step.output]!;
    const bytes = sizeOf(node.shape) * bytesPerElement(node.dtype);
    return { bytes: Math.ceil(bytes / alignment) * alignment, from: at, to: last[step.output]! };
  });
  const { offsets, total } = planMemory(blocks);
  const offsetOf = new Map(steps.map((step, at) => [step.output, offsets[at]!]));

  const values = nodes.map((node, index): Value => {
    const root = nodes[owner[index]!]!;
    const spec = { shape: node.shape, dtype: node.dtype };
    const input = fed.get(root);
    if (input !== undefined) return { spec, home: { kind: 'input', index: input } };
    if (root.constant) return { spec, home: { kind: 'constant', data: root.constant } };
    return { spec, home: { kind: 'arena', offset: offsetOf.get(owner[index]!)! } };
  });
  return {
    values,
    steps,
    inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
    outputs: outputs.map((output) => number.get(output)!),
    arenaBytes: total,
    flops,
  };
}
