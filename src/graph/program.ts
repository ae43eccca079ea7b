/**
 * A Program is what `compile` hands to a backend: steps in order over numbered values, each with a home. Values that are
 * the same bytes (a reshape and what it reshapes) share one home. Homes in the arena never overlap while both are alive.
 */
import { bytesPerElement, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Recipe, Tensor, TensorSpec } from '../tensor/tensor.ts';
import { scansBeside } from './beside.ts';
import { type Chain, chainSteps, type Links } from './chain.ts';
import { type Epilogue, type Fuses, fuseEpilogues } from './fuse.ts';
import { planMemory } from './memory.ts';
import type { Attrs, Op } from './op.ts';
import { ancestors } from './traverse.ts';

/** Where a value's elements live: a constant, an input array of the run, or a byte offset of the arena. */
export type Home =
  | { readonly kind: 'constant'; readonly source: TypedArray | Recipe }
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'arena'; readonly offset: number };

export interface Value {
  readonly spec: TensorSpec;
  readonly home: Home;
  /** Whether many elements tend to be exactly 0 (1), or nearly all do, as behind a comparison for equality (2). */
  readonly sparse: number;
  /** The value whose bytes it shares, as a reshape does; itself for most. */
  readonly owner: number;
}

export interface Step {
  readonly op: Op;
  readonly attrs: Attrs;
  /** Indices of values. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** Only in programs for a backend that asks for it (`Backend.fuses`). */
  readonly epilogue?: Epilogue;
  /** Only in programs for a backend that asks for it (`Backend.links`). */
  readonly chain?: Chain;
  /** It may run at the same time as the step before it: neither reads or overwrites what the other reads or writes. */
  readonly beside?: boolean;
}

export interface Program {
  readonly values: readonly Value[];
  readonly steps: readonly Step[];
  readonly inputs: readonly TensorSpec[];
  /** Indices of values. */
  readonly outputs: readonly number[];
  readonly arenaBytes: number;
  readonly flops: number;
  /** By input: the array that stands for storage which programs share and steps may write to (`Backend.cells`). */
  readonly cells?: readonly (TypedArray | undefined)[];
}

/** What is known when homes are given out: steps in order, and per value the one whose bytes it shares (`owner`). */
export interface Layout {
  readonly steps: readonly Step[];
  readonly specs: readonly TensorSpec[];
  readonly owner: readonly number[];
  readonly outputs: readonly number[];
  /** The input that a value is, if it is one. */
  readonly inputOf: (value: number) => number | undefined;
}

/** What a backend computes together (see `Backend`). */
export interface Fusing {
  readonly fuses?: Fuses;
  readonly links?: Links;
}

/** Values, owners of their bytes, that are computed right into inputs. */
export type InPlace = (layout: Layout) => ReadonlyMap<number, number>;

/** Every offset is a multiple of this, so that SIMD loads may be aligned. */
const alignment = 64;

/**
 * @param fusing which steps become one; none by default
 * @param inPlace which values lie where inputs do; none by default
 */
export function buildProgram(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  { fuses, links }: Fusing = {},
  inPlace?: InPlace,
): Program {
  const fed = new Map(inputs.map((input, index) => [input, index]));
  const nodes = ancestors(outputs, new Set(inputs));
  const number = new Map(nodes.map((node, index) => [node, index]));
  // The node whose bytes a node shares; itself for most.
  const owner = nodes.map((_, index) => index);
  const listed: Step[] = [];
  let flops = 0;
  nodes.forEach((node, index) => {
    if (fed.has(node) || node.source) return;
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
  const listing = { specs: nodes, owner, outputs: results };
  const finished = fuses ? fuseEpilogues({ ...listing, steps: listed }, fuses) : listed;
  const follows = (step: Step): boolean =>
    fuses?.(
      step,
      step.inputs.map((value) => nodes[value]!),
      nodes[step.output]!,
    ) ?? false;
  const steps = scansBeside(links ? chainSteps({ ...listing, steps: finished }, links, follows) : finished, owner);

  const last = new Array<number>(nodes.length).fill(-1);
  let end = steps.length;
  for (let at = steps.length - 1; at >= 0; at--) {
    const { inputs, output } = steps[at]!;
    // What one of several at the same time reads stays until all have ended.
    if (!steps[at + 1]?.beside) end = at;
    for (const value of [...inputs.map((source) => owner[source]!), output]) last[value] = Math.max(last[value]!, end);
  }
  for (const result of results) last[owner[result]!] = steps.length;

  const inputOf = (value: number): number | undefined => fed.get(nodes[value]!);
  const placed = inPlace?.({ steps, specs: nodes, owner, outputs: results, inputOf });

  const blocks = steps.map((step, at) => {
    const node = nodes[step.output]!;
    const bytes = placed?.has(step.output) ? 0 : sizeOf(node.shape) * bytesPerElement(node.dtype);
    return { bytes: Math.ceil(bytes / alignment) * alignment, from: at, to: last[step.output]! };
  });
  const { offsets, total } = planMemory(blocks);
  const offsetOf = new Map(steps.map((step, at) => [step.output, offsets[at]!]));

  const homeOf = (index: number): Home => {
    const root = nodes[owner[index]!]!;
    const input = fed.get(root) ?? placed?.get(owner[index]!);
    if (input !== undefined) return { kind: 'input', index: input };
    if (root.source) return { kind: 'constant', source: root.source };
    // What became part of another step has no place of its own.
    return { kind: 'arena', offset: offsetOf.get(owner[index]!) ?? 0 };
  };
  const sparse: number[] = [];
  const values = nodes.map((node, index): Value => {
    const zeros = fed.has(node) ? undefined : node.op?.zeros;
    // A mask itself is no value: what it leaves is as sparse as what comes in.
    const all = zeros === 'shares' ? Math.min : Math.max;
    const most = zeros ? all(...node.inputs.map((x) => sparse[number.get(x)!]!)) : 0;
    const hits = node.op?.name === 'cast' && node.inputs[0]!.op?.name === 'equal';
    const own = zeros === 'most' || (zeros && hits) ? 2 : zeros === 'makes' ? 1 : 0;
    sparse[index] = Math.max(own, most);
    const spec = { shape: node.shape, dtype: node.dtype };
    return { spec, home: homeOf(index), sparse: sparse[index]!, owner: owner[index]! };
  });
  return {
    values,
    // What is written where an input lies must not be so while others run.
    steps: placed ? steps.map((step) => (placed.has(step.output) ? { ...step, beside: false } : step)) : steps,
    inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
    outputs: results,
    arenaBytes: total,
    flops,
  };
}
