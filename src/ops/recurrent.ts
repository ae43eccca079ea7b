/**
 * What the recurrent ops share. A cell says how one step goes, in public ops; from it come an op that scans all steps and
 * an op that scans back. The input projection is not part of them: it is one matrix product for all steps, which
 * path-linear integrated gradients takes out of the path.
 *
 * Invariant: inputs are `z [batch, time, gates * units]`, the cell's weights, its initial states `[batch, units]` and perhaps
 * a bool mask `[batch, time]`; the result is `[batch, time, states * units]`, the states after each step. A masked step
 * leaves the states as they were. The ops bring their kernels along: few models need them. Source: Keras's `rnn`.
 */
import { recurrentKernels as loops } from '../backends/reference/recurrent.ts';
import { recurrentKernels as wasmKernels } from '../backends/wasm/bind/recurrent.ts';
import { inFront } from '../graph/batch-rules.ts';
import { distinctPlaces, partialGrad } from '../graph/grad.ts';
import { defineOp, type Example, type Op, type OpFunction, type Thunk } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import { type Tensor, type TensorSpec, zeros } from '../tensor/tensor.ts';
import { add, where } from './binary.ts';
import { expandDims, reshape } from './movement.ts';
import { floatOf } from './promote.ts';
import { type RecurrentActivation, recurrentActivations } from './recurrent-activations.ts';
import { concat, slice, stack } from './slicing.ts';

export type RecurrentAttrs = {
  readonly activation: RecurrentActivation;
  /** That of the gates. */
  readonly recurrentActivation: RecurrentActivation;
  /** The scan goes from the last step to the first; results stay at their step. */
  readonly reverse: boolean;
};

/** What the scan back gives: the gradient of `z`, or `[batch, states * units]`, that of the initial states. */
export type RecurrentGradAttrs = RecurrentAttrs & { readonly of: 'input' | 'state' };

/** The activations of a step as functions. */
export interface Curves {
  readonly act: (x: Tensor) => Tensor;
  readonly gate: (x: Tensor) => Tensor;
}

const curvesOf = ({ activation, recurrentActivation }: RecurrentAttrs): Curves => ({
  act: recurrentActivations[activation].apply,
  gate: recurrentActivations[recurrentActivation].apply,
});

type CellName = 'lstm' | 'gru' | 'gruResetBefore' | 'simpleRnn';

/** A cell's scan and its scan back. */
export type RecurrentOp = CellName | `${CellName}Grad`;

export interface Cell {
  readonly name: CellName;
  readonly gates: number;
  readonly states: number;
  /** Shapes of the weights; the first is that of the recurrent kernel. */
  readonly weights: (units: number) => readonly Shape[];
  /** The states after one step, each `[batch, units]`. */
  readonly step: (
    z: Tensor,
    weights: readonly Tensor[],
    states: readonly Tensor[],
    curves: Curves,
  ) => readonly Tensor[];
  /** The gradients of the weights from all steps at once, rows being steps: `dz` of `z`, and `h` before each step. */
  readonly weightGrads: (
    dz: Tensor,
    z: Tensor,
    h: Tensor,
    weights: readonly Tensor[],
    curves: Curves,
  ) => readonly (() => Tensor)[];
  readonly examples: readonly Example<RecurrentAttrs>[];
}

/** Part `index` of the last axis, which is `parts` times `units` long. */
export function part(x: Tensor, index: number, units: number): Tensor {
  return slice(x, { [x.rank - 1]: [index * units, (index + 1) * units] });
}

interface Parts {
  readonly z: Tensor;
  readonly weights: readonly Tensor[];
  readonly states: readonly Tensor[];
  readonly mask: Tensor | null;
  readonly units: number;
}

function partsOf(cell: Cell, inputs: readonly Tensor[], weightCount: number): Parts {
  const z = inputs[0]!;
  const fixed = 1 + weightCount + cell.states;
  const states = inputs.slice(1 + weightCount, fixed);
  return {
    z,
    weights: inputs.slice(1, 1 + weightCount),
    states,
    mask: inputs[fixed] ?? null,
    units: states[0]!.shape[1]!,
  };
}

/** The same from public ops, step by step: what both ops mean, and how they are differentiated further. */
export function unrolled(cell: Cell, inputs: readonly Tensor[], curves: Curves, reverse: boolean): Tensor {
  const { z, weights, states, mask, units } = partsOf(cell, inputs, cell.weights(1).length);
  const time = z.shape[1]!;
  const results = new Array<Tensor>(time);
  let now = states;
  for (let i = 0; i < time; i++) {
    const t = reverse ? time - 1 - i : i;
    const zt = reshape(slice(z, { 1: [t, t + 1] }), [z.shape[0]!, cell.gates * units]);
    const next = cell.step(zt, weights, now, curves);
    const kept = mask && slice(mask, { 1: [t, t + 1] });
    now = kept ? next.map((state, k) => where(kept, state, now[k]!)) : next;
    results[t] = concat(now, 1);
  }
  return stack(results, 1);
}

/** The number of gradients that a scan back is given at once, behind each other in the first axis of `g`. */
function gradientCount(inputs: readonly TensorSpec[], at: number): number {
  const [batch, rows] = [inputs[0]?.shape[0] ?? 0, inputs[at]?.shape[0] ?? 0];
  return batch > 0 && rows > 0 && rows % batch === 0 ? rows / batch : 1;
}

function checkShapes(cell: Cell, name: string, inputs: readonly TensorSpec[], extra: number): [number, number, number] {
  const shapes = inputs.map((input) => input.shape);
  const [batch, time, width] = shapes[0] ?? [];
  const units = (width ?? 0) / cell.gates;
  const fits = shapes[0]?.length === 3 && Number.isInteger(units) && units > 0;
  if (!fits) {
    const hint = `the input projection is made before: x [batch, time, features] @ kernel [features, ${cell.gates} * units]`;
    throw failure(name, `the input is [batch, time, ${cell.gates} * units]`, { got: shapes[0] }, hint);
  }
  if (time === 0) throw failure(name, 'at least one time step is needed', { input: shapes[0] });
  const weights = cell.weights(units);
  const state = [batch!, units];
  const wanted = [...weights, ...new Array<Shape>(cell.states).fill(state)];
  if (extra > 0) {
    const count = gradientCount(inputs, 1 + weights.length + cell.states);
    wanted.push([count * batch!, time!, cell.states * units]);
  }
  const floats = inputs.slice(0, wanted.length + 1);
  if (inputs.length > wanted.length + 1) wanted.push([batch!, time!]);
  wanted.forEach((shape, i) => {
    if (shapes[i + 1] && sameShape(shapes[i + 1]!, shape)) return;
    const what =
      i < weights.length ? `weight ${i}` : i < weights.length + cell.states ? 'an initial state' : 'the mask';
    throw failure(name, `${what} has the wrong shape`, { expected: shape, got: shapes[i + 1], input: shapes[0] });
  });
  floatOf(name, ...floats);
  return [batch!, time!, units];
}

export interface Recurrent {
  readonly forward: OpFunction<RecurrentAttrs>;
  readonly gradient: OpFunction<RecurrentGradAttrs>;
}

const kernelsOf = (name: RecurrentOp): { readonly [backend: string]: unknown } => ({
  reference: loops[name],
  wasm: wasmKernels[name],
});

/** The two ops of a cell. */
// @__NO_SIDE_EFFECTS__
export function defineRecurrent(cell: Cell): Recurrent {
  const count = cell.weights(1).length;
  /** Where `g` stands among the inputs of the scan back: before the mask. */
  const at = 1 + count + cell.states;
  const work = ([z]: readonly TensorSpec[]): number => {
    const units = z!.shape[2]! / cell.gates;
    return sizeOf(z!.shape) * (2 * units + 14);
  };
  const forward: OpFunction<RecurrentAttrs> = defineOp<RecurrentAttrs>({
    name: cell.name,
    shape: (inputs) => {
      const [batch, time, units] = checkShapes(cell, cell.name, inputs, 0);
      return { shape: [batch, time, cell.states * units], dtype: inputs[0]!.dtype };
    },
    vjp: (g, y, inputs, attrs) => {
      const { z, weights, states, mask, units } = partsOf(cell, inputs, count);
      const back = (of: 'input' | 'state'): Tensor => {
        const operands = [...inputs.slice(0, at), g, ...(mask ? [mask] : [])];
        return gradient(operands, { ...attrs, of });
      };
      const rows = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1)!]);
      const forWeight = (i: number) => (): Tensor => {
        const before = rows(previous(part(y, 0, units), states[0]!, attrs.reverse));
        return cell.weightGrads(rows(back('input')), rows(z), before, weights, curvesOf(attrs))[i]!();
      };
      return [
        () => back('input'),
        ...weights.map((_, i) => forWeight(i)),
        ...states.map((_, k) => () => part(back('state'), k, units)),
        ...(mask ? [null] : []),
      ];
    },
    batch: inFront((i) => i === 0 || i > count),
    linear: [],
    flops: (inputs) => work(inputs),
    kernels: kernelsOf(cell.name),
    pieces: (...given) => pieces(...given),
    examples: cell.examples,
  });
  const pieces: NonNullable<Op['pieces']> = (node, zs, spread) => {
    const { weights, states, mask, units } = partsOf(cell, node.inputs, count);
    const { reverse } = node.attrs as RecurrentAttrs;
    if (!states.every((state) => state.constant && state.data.every((value) => value === 0))) return null;
    const ends = zs.map((_, i) => zs.slice(0, i + 1).reduce((sum, z) => sum + z.shape[1]!, 0));
    const results = new Array<Tensor>(zs.length);
    let now: readonly Tensor[] | null = null;
    for (let i = reverse ? zs.length - 1 : 0; i in zs; i += reverse ? -1 : 1) {
      const z = zs[i]!;
      const [rows, time] = z.shape as readonly [number, number];
      const before: readonly Tensor[] = now
        ? now.map((state) => (state.shape[0] === rows ? state : spread(state)))
        : states.map(() => zeros([rows, units], z.dtype));
      const counted = mask && slice(mask, { 0: [0, rows], 1: [ends[i]! - time, ends[i]!] });
      const inputs = [z, ...weights, ...before, ...(counted ? [counted] : [])];
      const y = forward(inputs, node.attrs as RecurrentAttrs);
      const at = reverse ? 0 : time - 1;
      const last = reshape(slice(y, { 1: [at, at + 1] }), [rows, cell.states * units]);
      now = states.map((_, k) => part(last, k, units));
      results[i] = y;
    }
    return results;
  };
  /** One scan back for all, which goes forward once. */
  const join = (nodes: readonly Tensor[]): Tensor[] => {
    const [first] = nodes as [Tensor];
    const all = concat(
      nodes.map(({ inputs }) => inputs[at]!),
      0,
    );
    const operands = first.inputs.map((x, i) => (i === at ? all : x));
    const y = gradient(operands, first.attrs as RecurrentGradAttrs);
    return nodes.map((_, k) => rowsOf(y, k, first.shape[0]!));
  };
  /** Second derivatives of a scan back with several gradients: those of as many scans. */
  const apart = (gg: Tensor, y: Tensor, inputs: readonly Tensor[], several: number): (Thunk | null)[] => {
    const rows = y.shape[0]! / several;
    const attrs = y.attrs as RecurrentGradAttrs;
    const each = Array.from({ length: several }, (_, k) => {
      const operands = inputs.map((x, i) => (i === at ? rowsOf(x, k, rows) : x));
      return gradient.op.vjp === 'none'
        ? []
        : gradient.op.vjp(rowsOf(gg, k, rows), gradient(operands, attrs), operands, attrs);
    });
    return inputs.map((_, i) => {
      if (!each[0]![i]) return null;
      if (i === at)
        return () =>
          concat(
            each.map((thunks) => thunks[i]!()),
            0,
          );
      return () => each.map((thunks) => thunks[i]!()).reduce((a, b) => add(a, b));
    });
  };
  const gradient: OpFunction<RecurrentGradAttrs> = defineOp<RecurrentGradAttrs>({
    name: `${cell.name}Grad`,
    shape: (inputs, { of }) => {
      const [batch, , units] = checkShapes(cell, `${cell.name}Grad`, inputs, 1);
      const rows = gradientCount(inputs, at) * batch;
      return {
        shape: of === 'input' ? [rows, ...inputs[0]!.shape.slice(1)] : [rows, cell.states * units],
        dtype: inputs[0]!.dtype,
      };
    },
    vjp: (gg, y, inputs, { of, ...attrs }) => {
      const several = gradientCount(inputs, at);
      if (several > 1) return apart(gg, y, inputs, several);
      const places = distinctPlaces(inputs);
      const g = places[at]!;
      const operands = places.filter((_, i) => i !== at);
      const floats = places.filter((x) => x.dtype !== 'bool');
      let seconds: readonly Tensor[] | undefined;
      const build = (): readonly Tensor[] => {
        const y = unrolled(cell, operands, curvesOf(attrs), attrs.reverse);
        const firsts = partialGrad(
          y,
          floats.filter((x) => x !== g),
          g,
        );
        const first = of === 'input' ? firsts[0]! : concat(firsts.slice(1 + count), 1);
        return partialGrad(first, floats, gg);
      };
      return places.map((x) => (x.dtype === 'bool' ? null : () => (seconds ??= build())[floats.indexOf(x)]!));
    },
    batch: (places, node, context) =>
      gradientCount(node.inputs, at) > 1
        ? 'takes several gradients'
        : inFront((i) => i === 0 || i > count)(places, node, context),
    linear: [at],
    flops: (inputs) => (1 + 2 * gradientCount(inputs, at)) * work(inputs),
    joins: { input: at, join },
    kernels: kernelsOf(`${cell.name}Grad`),
    examples: cell.examples.flatMap((example) => {
      const [z, ...rest] = example.inputs;
      const [batch, time, width] = z as readonly number[];
      const g = [batch!, time!, (cell.states * width!) / cell.gates];
      const inputs = [z!, ...rest.slice(0, at - 1), g, ...rest.slice(at - 1)];
      const made = (['input', 'state'] as const).map((of) => ({ ...example, inputs, attrs: { ...example.attrs, of } }));
      if (batch !== 7) return made;
      const twice = inputs.map((input, i) => (i === at ? [2 * batch, time!, g[2]!] : input));
      return [...made, ...made.map((one) => ({ ...one, inputs: twice }))];
    }),
  });
  return { forward, gradient };
}

/** Rows `k * rows` to `(k + 1) * rows`. */
const rowsOf = (x: Tensor, k: number, rows: number): Tensor => slice(x, { 0: [k * rows, (k + 1) * rows] });

/** The state before each step `[batch, time, units]`, from those after it and the initial one. */
function previous(after: Tensor, initial: Tensor, reverse: boolean): Tensor {
  const first = expandDims(initial, 1);
  const time = after.shape[1]!;
  if (time === 1) return first;
  return reverse
    ? concat([slice(after, { 1: [1, time] }), first], 1)
    : concat([first, slice(after, { 1: [0, time - 1] })], 1);
}
