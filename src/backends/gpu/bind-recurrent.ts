/**
 * Recurrent ops as kernels per time step, chained on the device; the states after all steps are joined at the end. A scan back
 * goes forward first and keeps each step's gates and states. Masks are the business of the scans: where one is false the state
 * is held, and a step back takes in no gradient.
 */
import { concatKernel, stridedRead } from '../../../kernels/gpu/movement.ts';
import * as kernels from '../../../kernels/gpu/recurrent.ts';
import * as steps from '../../../kernels/gpu/recurrent-cells.ts';
import type { RecurrentAttrs, RecurrentGradAttrs } from '../../ops/recurrent.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { join } from './bind-movement.ts';
import type { BindContext, Binder, Operand } from './step.ts';

type Sizes = kernels.StepSizes & kernels.StepCurves;

interface Scan extends Sizes {
  readonly kernel: BindContext['kernel'];
  readonly z: Operand;
  readonly weights: readonly Operand[];
}

interface Forward {
  /** The states after the step. */
  readonly next: Operand;
  /** What the step back needs. */
  readonly kept: readonly Operand[];
}

interface Cell {
  readonly gates: number;
  readonly states: number;
  readonly weights: number;
  readonly forward: (scan: Scan, state: Operand, clock: Operand) => Forward;
  /** The gradient of `z` at the step, from that of the states after it. */
  readonly toInput: (scan: Scan, d: Operand, step: Forward, before: Operand) => Operand;
  /** That of the states before it. */
  readonly toState: (scan: Scan, d: Operand, step: Forward, before: Operand, dz: Operand) => Operand;
}

const lstmCell: Cell = {
  gates: 4,
  states: 2,
  weights: 1,
  forward(scan, state, clock) {
    const special = { part: 2, curve: scan.act };
    const gatesKernel = kernels.gatesKernel({
      ...scan,
      name: 'lstmGates',
      parts: 4,
      made: 4,
      states: 2,
      curve: scan.gate,
      special,
      bias: false,
    });
    const gates = scan.kernel(gatesKernel, [scan.z, state, scan.weights[0]!, clock]);
    return { next: scan.kernel(steps.lstmStepKernel(scan), [gates, state]), kept: [gates] };
  },
  toInput: (scan, d, { kept }, before) => scan.kernel(steps.lstmInputGradKernel(scan), [d, ...kept, before]),
  toState: (scan, d, { kept }, before, dz) =>
    scan.kernel(steps.lstmStateGradKernel(scan), [d, ...kept, before, dz, scan.weights[0]!]),
};

const gruCell: Cell = {
  gates: 3,
  states: 1,
  weights: 2,
  forward(scan, state, clock) {
    const special = { part: 2, curve: null };
    const gatesKernel = kernels.gatesKernel({
      ...scan,
      name: 'gruGates',
      parts: 3,
      made: 3,
      states: 1,
      curve: scan.gate,
      special,
      bias: true,
    });
    const [kernel, bias] = scan.weights as [Operand, Operand];
    const gates = scan.kernel(gatesKernel, [scan.z, state, kernel, clock, bias]);
    const fresh = scan.kernel(steps.gruFreshKernel(scan), [scan.z, gates, clock]);
    return { next: scan.kernel(steps.gruStepKernel(scan, 3), [gates, fresh, state]), kept: [gates, fresh] };
  },
  toInput: (scan, d, { kept }, before) => scan.kernel(steps.gruInputGradKernel(scan, false), [d, ...kept, before]),
  toState: (scan, d, { kept: [gates] }, _, dz) =>
    scan.kernel(steps.gruStateGradKernel(scan, false), [d, gates!, dz, scan.weights[0]!]),
};

const gruResetBeforeCell: Cell = {
  gates: 3,
  states: 1,
  weights: 1,
  forward(scan, state, clock) {
    const gatesKernel = kernels.gatesKernel({
      ...scan,
      name: 'gruGatesBefore',
      parts: 3,
      made: 2,
      states: 1,
      curve: scan.gate,
      bias: false,
    });
    const [kernel] = scan.weights as [Operand];
    const gates = scan.kernel(gatesKernel, [scan.z, state, kernel, clock]);
    const fresh = scan.kernel(steps.gruFreshBeforeKernel(scan), [scan.z, gates, state, kernel, clock]);
    return { next: scan.kernel(steps.gruStepKernel(scan, 2), [gates, fresh, state]), kept: [gates, fresh] };
  },
  toInput: (scan, d, { kept }, before) =>
    scan.kernel(steps.gruInputGradKernel(scan, true), [d, ...kept, before, scan.weights[0]!]),
  toState: (scan, d, { kept: [gates] }, _, dz) =>
    scan.kernel(steps.gruStateGradKernel(scan, true), [d, gates!, dz, scan.weights[0]!]),
};

const simpleCell: Cell = {
  gates: 1,
  states: 1,
  weights: 1,
  forward(scan, state, clock) {
    const stepKernel = kernels.gatesKernel({
      ...scan,
      name: 'simpleRnnStep',
      parts: 1,
      made: 1,
      states: 1,
      curve: scan.act,
      bias: false,
    });
    const next = scan.kernel(stepKernel, [scan.z, state, scan.weights[0]!, clock]);
    return { next, kept: [next] };
  },
  toInput: (scan, d, { kept }) => scan.kernel(steps.simpleInputGradKernel(scan), [d, ...kept]),
  toState: (scan, _, __, ___, dz) => scan.kernel(steps.simpleStateGradKernel(scan), [dz, scan.weights[0]!]),
};

/** What both scans start with: sizes, the initial states in one array, an array per time that holds it. */
function begin(cell: Cell, { inputs, attrs, kernel, fill }: BindContext) {
  const { activation, recurrentActivation, reverse } = attrs as unknown as RecurrentAttrs;
  const [z] = inputs as [Operand];
  const [batch, time, width] = z.shape as [number, number, number];
  const units = width / cell.gates;
  const states = inputs.slice(1 + cell.weights, 1 + cell.weights + cell.states);
  const initial =
    states.length === 1
      ? states[0]!
      : kernel(
          concatKernel(
            batch,
            states.map(() => units),
          ),
          states,
        );
  const weights = inputs.slice(1, 1 + cell.weights);
  const scan: Scan = { batch, time, units, act: activation, gate: recurrentActivation, kernel, z, weights };
  const order = Array.from({ length: time }, (_, i) => (reverse ? time - 1 - i : i));
  return { scan, initial, order, clocks: Array.from({ length: time }, (_, t) => fill(1, t)) };
}

/** Every step in order: the states before it, what it made, the states after it (held where the mask is false). */
function walk(cell: Cell, { scan, initial, order, clocks }: ReturnType<typeof begin>, mask: Operand | undefined) {
  let before = initial;
  return order.map((t) => {
    const clock = clocks[t]!;
    const step = cell.forward(scan, before, clock);
    const after = mask
      ? scan.kernel(kernels.holdKernel(scan, cell.states), [step.next, before, mask, clock])
      : step.next;
    const made = { t, clock, before, step, after };
    before = after;
    return made;
  });
}

/** Arrays `[batch, width]` per step, in the order of the scan, as `[batch, time, width]`. */
function overTime(
  { kernel }: BindContext,
  { batch, units }: Sizes,
  parts: number,
  list: readonly { t: number; made: Operand }[],
): Operand {
  const inTime = [...list].sort((a, b) => a.t - b.t);
  return join(
    kernel,
    batch,
    inTime.map(({ made }) => ({ operand: made, width: parts * units })),
  );
}

const forward =
  (cell: Cell): Binder =>
  (context) => {
    const start = begin(cell, context);
    const made = walk(cell, start, context.inputs[1 + cell.weights + cell.states]);
    return overTime(
      context,
      start.scan,
      cell.states,
      made.map(({ t, after }) => ({ t, made: after })),
    );
  };

const back =
  (cell: Cell): Binder =>
  (context) => {
    const { inputs, attrs, kernel } = context;
    const start = begin(cell, context);
    const { scan } = start;
    const at = 1 + cell.weights + cell.states;
    const [g, mask] = [inputs[at]!, inputs[at + 1]];
    const toStates = (attrs as unknown as RecurrentGradAttrs).of === 'state';
    const made = walk(cell, start, mask);
    const once = (gradient: Operand): Operand => {
      const results: { t: number; made: Operand }[] = [];
      let d: Operand | null = null;
      for (let i = made.length - 1; i >= 0; i--) {
        const { t, clock, step, before } = made[i]!;
        const all: Operand = d
          ? kernel(kernels.arriveKernel(scan, cell.states), [d, gradient, clock])
          : kernel(kernels.firstArriveKernel(scan, cell.states), [gradient, clock]);
        const live = mask ? kernel(kernels.muteKernel(scan, cell.states), [all, mask, clock]) : all;
        const dz = cell.toInput(scan, live, step, before);
        results.push({ t, made: dz });
        if (i === 0 && !toStates) break;
        const passed = cell.toState(scan, live, step, before, dz);
        d = mask ? kernel(kernels.holdKernel(scan, cell.states), [passed, all, mask, clock]) : passed;
      }
      return toStates ? d! : overTime(context, scan, cell.gates, results);
    };
    const [rows, ...rest] = g.shape as [number, ...number[]];
    const several = scan.batch > 0 ? rows / scan.batch : 1;
    if (several === 1) return once(g);
    // Gradients behind each other along the batch: one way forward, and a way back for each.
    const size = scan.batch * sizeOf(rest);
    const parts = Array.from({ length: several }, (_, k) =>
      once(kernel(stridedRead(context.op, [size], [1], k * size), [g])),
    );
    const width = sizeOf(context.out.shape) / several;
    return join(
      kernel,
      1,
      parts.map((operand) => ({ operand, width })),
    );
  };

// biome-ignore format: one cell a line
export const [lstm, lstmGrad, gru, gruGrad, gruResetBefore, gruResetBeforeGrad, simpleRnn, simpleRnnGrad] = [
  forward(lstmCell), back(lstmCell),
  forward(gruCell), back(gruCell),
  forward(gruResetBeforeCell), back(gruResetBeforeCell),
  forward(simpleCell), back(simpleCell),
] as const;
