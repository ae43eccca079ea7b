/**
 * A Program is what `compile` hands to a backend: steps in order over numbered values, each with a home. Values that are
 * the same bytes (a reshape and what it reshapes) share one home. Homes in the arena never overlap while both are alive.
 */
import { bytesPerElement, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { type Epilogue, type Fuses, fuseEpilogues } from './fuse.ts';
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
  /** Whether many elements tend to be exactly 0. */
  readonly sparse: boolean;
}

export interface Step {
  readonly op: Op;
  readonly attrs: Attrs;
  /** Indices of values. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** Only in programs for a backend that asks for it (`Backend.fuses`). */
  readonly epilogue?: Epilogue;
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

/** Every offset is a multiple of this, so that SIMD loads may be aligned. */
const alignment = 64;

/** @param fuses which steps take an epilogue; none by default */
export function buildProgram(outputs: readonly Tensor[], inputs: readonly Tensor[], fuses?: Fuses): Program {
  const fed = new Map(inputs.map((input, index) => [input, index]));
  const nodes = ancestors(outputs, new Set(inputs));
  const number = new Map(nodes.map((node, index) => [node, index]));
  // The node whose bytes a node shares; itself for most.
  const owner = nodes.map((_, index) => index);
  const listed: Step[] = [];
  let flops = 0;
  nodes.forEach((node, index) => {
    if (fed.has(node) || node.constant) return;
    if (node.op === null) {
      throw failure('compile', 'the graph needs a placeholder that is not among the inputs', {
        placeholder: node.shape,
      });
    }
    const sources = node.inputs.map((input) => number.get(input)!);
    if (node.op.alias) owner[index] = owner[sources[0]!]!;
    else {
      listed.push({ op: node.op, attrs: node.attrs, inputs: sources, output: index });
      flops += node.op.flops(node.inputs, node, node.attrs);
    }
  });

  const results = outputs.map((output) => number.get(output)!);
  const steps = fuses ? fuseEpilogues({ steps: listed, specs: nodes, owner, outputs: results }, fuses) : listed;

  const last = new Array<number>(nodes.length).fill(-1);
  steps.forEach((step, at) => {
    for (const source of step.inputs) last[owner[source]!] = at;
    last[step.output] = Math.max(last[step.output]!, at);
  });
  for (const result of results) last[owner[result]!] = steps.length;

  const blocks = steps.map((step, at) => {
    const node = nodes[step.output]!;
    const bytes = sizeOf(node.shape) * bytesPerElement(node.dtype);
    return { bytes: Math.ceil(bytes / alignment) * alignment, from: at, to: last[step.output]! };
  });
  const { offsets, total } = planMemory(blocks);
  const offsetOf = new Map(steps.map((step, at) => [step.output, offsets[at]!]));

  const homeOf = (index: number): Home => {
    const root = nodes[owner[index]!]!;
    const input = fed.get(root);
    if (input !== undefined) return { kind: 'input', index: input };
    if (root.constant) return { kind: 'constant', data: root.constant };
    // What became part of another step has no place of its own.
    return { kind: 'arena', offset: offsetOf.get(owner[index]!) ?? 0 };
  };
  const sparse: boolean[] = [];
  const values = nodes.map((node, index): Value => {
    const zeros = fed.has(node) ? undefined : node.op?.zeros;
    sparse[index] = zeros === 'makes' || (zeros === 'keeps' && node.inputs.some((x) => sparse[number.get(x)!]!));
    return { spec: { shape: node.shape, dtype: node.dtype }, home: homeOf(index), sparse: sparse[index]! };
  });
  return {
    values,
    steps,
    inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
    outputs: results,
    arenaBytes: total,
    flops,
  };
}
