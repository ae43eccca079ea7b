/**
 * Recurrent layers over time: LSTM (Hochreiter and Schmidhuber 1997, with forget gate), GRU (Cho et al. 2014; reset before or
 * after the product) and the simple recurrent net. Gate orders are Keras's: input, forget, cell, output; update, reset, new.
 * Each is one scan with a scan back, however long the sequence; second derivatives unroll it into public ops.
 */

import type { Example, Op } from '../graph/op.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';
import { add, mul, sub } from './binary.ts';
import { matmul } from './matmul.ts';
import {
  type Cell,
  defineRecurrent,
  part,
  type Recurrent,
  type RecurrentAttrs,
  type RecurrentOp,
  unrolled,
} from './recurrent.ts';
import { type RecurrentActivation, recurrentActivations } from './recurrent-activations.ts';
import { sum } from './reduce.ts';
import { concat } from './slicing.ts';

/** Examples of a cell: batch, steps, units and options. Weights and states follow from them. */
function examplesOf(cell: Pick<Cell, 'gates' | 'states' | 'weights'>): readonly Example<RecurrentAttrs>[] {
  const make = (
    [batch, time, units]: readonly [number, number, number],
    options: Partial<RecurrentAttrs> & { mask?: boolean; size?: 'real' } = {},
  ): Example<RecurrentAttrs> => {
    const { mask, size, ...given } = options;
    const states = new Array<readonly number[]>(cell.states).fill([batch, units]);
    const inputs = [[batch, time, cell.gates * units], ...cell.weights(units), ...states];
    const masks = mask ? [{ shape: [batch, time], dtype: 'bool' } as const] : [];
    const attrs = { activation: 'tanh', recurrentActivation: 'sigmoid', reverse: false, ...given } as const;
    const domain = size ? ([-0.3, 0.3] as const) : ([-1, 1] as const);
    return { inputs: [...inputs, ...masks], attrs, domain, ...(size ? { size } : {}) };
  };
  return [
    make([2, 3, 3]),
    make([7, 4, 5], { mask: true }),
    make([1, 1, 4], { reverse: true }),
    make([2, 5, 9], { mask: true, reverse: true }),
    make([3, 3, 2], { activation: 'relu', recurrentActivation: 'hardSigmoid2' }),
    make([2, 3, 2], { activation: 'softsign', recurrentActivation: 'hardSigmoid' }),
    make([2, 3, 2], { activation: 'elu', recurrentActivation: 'linear' }),
    make([2, 2, 2], { activation: 'selu', recurrentActivation: 'softplus' }),
    make([2, 2, 2], { activation: 'exponential', recurrentActivation: 'tanh' }),
    make([500, 60, 32], { size: 'real' }),
    make([32, 100, 128], { size: 'real' }),
  ];
}

// @__NO_SIDE_EFFECTS__
function withExamples(cell: Omit<Cell, 'examples'>): Cell {
  return { ...cell, examples: examplesOf(cell) };
}
const product = (h: Tensor, g: Tensor): Tensor => matmul(h, g, { transposeA: true });

const lstmCell = withExamples({
  name: 'lstm',
  gates: 4,
  states: 2,
  weights: (units) => [[units, 4 * units]],
  step: (z, [kernel], [h, c], { act, gate: on }) => {
    const units = h!.shape[1]!;
    const all = add(z, matmul(h!, kernel!));
    const gate = (i: number): Tensor => on(part(all, i, units));
    const next = add(mul(gate(1), c!), mul(gate(0), act(part(all, 2, units))));
    return [mul(gate(3), act(next)), next];
  },
  weightGrads: (dz, _, h) => [() => product(h, dz)],
});

const simpleCell = withExamples({
  name: 'simpleRnn',
  gates: 1,
  states: 1,
  weights: (units) => [[units, units]],
  step: (z, [kernel], [h], { act }) => [act(add(z, matmul(h!, kernel!)))],
  weightGrads: (dz, _, h) => [() => product(h, dz)],
});

/** The reset gate acts on the product of state and kernel, which has a bias of its own: what cuDNN computes. */
const gruCell = withExamples({
  name: 'gru',
  gates: 3,
  states: 1,
  weights: (units) => [[units, 3 * units], [3 * units]],
  step: (z, [kernel, bias], [h], { act, gate: on }) => {
    const units = h!.shape[1]!;
    const inner = add(matmul(h!, kernel!), bias!);
    const gate = (i: number): Tensor => on(add(part(z, i, units), part(inner, i, units)));
    const fresh = act(add(part(z, 2, units), mul(gate(1), part(inner, 2, units))));
    return [mixed(gate(0), h!, fresh)];
  },
  weightGrads: (dz, z, h, [kernel, bias], { gate: on }) => {
    const units = h.shape[1]!;
    const inner = add(matmul(h, kernel!), bias!);
    const reset = on(add(part(z, 1, units), part(inner, 1, units)));
    const all = concat([part(dz, 0, units), part(dz, 1, units), mul(part(dz, 2, units), reset)], 1);
    return [() => product(h, all), () => sum(all, { axes: 0 })];
  },
});

/** The reset gate acts on the state before the product (the original GRU). */
const gruResetBeforeCell = withExamples({
  name: 'gruResetBefore',
  gates: 3,
  states: 1,
  weights: (units) => [[units, 3 * units]],
  step: (z, [kernel], [h], { act, gate: on }) => {
    const units = h!.shape[1]!;
    const gate = (i: number): Tensor => on(add(part(z, i, units), matmul(h!, part(kernel!, i, units))));
    const inner = matmul(mul(gate(1), h!), part(kernel!, 2, units));
    return [mixed(gate(0), h!, act(add(part(z, 2, units), inner)))];
  },
  weightGrads: (dz, z, h, [kernel], { gate: on }) => {
    const units = h.shape[1]!;
    const reset = on(add(part(z, 1, units), matmul(h, part(kernel!, 1, units))));
    const [toGates, toNew] = [concat([part(dz, 0, units), part(dz, 1, units)], 1), part(dz, 2, units)];
    return [() => concat([product(h, toGates), product(mul(reset, h), toNew)], 1)];
  },
});

/** `update * h + (1 - update) * fresh`. */
const mixed = (update: Tensor, h: Tensor, fresh: Tensor): Tensor => add(mul(update, h), mul(sub(1, update), fresh));

const lstmOps = defineRecurrent(lstmCell);
const simpleOps = defineRecurrent(simpleCell);
const gruOps = defineRecurrent(gruCell);
const gruBeforeOps = defineRecurrent(gruResetBeforeCell);

/** The recurrent ops by name. */
export const recurrentOps = /* @__PURE__ */ (() =>
  ({
    lstm: lstmOps.forward.op,
    lstmGrad: lstmOps.gradient.op,
    gru: gruOps.forward.op,
    gruGrad: gruOps.gradient.op,
    gruResetBefore: gruBeforeOps.forward.op,
    gruResetBeforeGrad: gruBeforeOps.gradient.op,
    simpleRnn: simpleOps.forward.op,
    simpleRnnGrad: simpleOps.gradient.op,
  }) as const satisfies Record<RecurrentOp, Op>)();

/** Direction, activations and masks of a recurrent op. */
export interface RecurrentOptions {
  /** Of the new values; tanh by default. With a function that has no name here the scan is unrolled into one node per operation. */
  activation?: RecurrentActivation | ((x: Tensor) => Tensor);
  /** Of the gates; sigmoid by default. */
  recurrentActivation?: RecurrentActivation | ((x: Tensor) => Tensor);
  /** From the last step to the first; results stay at their step. */
  reverse?: boolean;
  /** Bool `[batch, time]`: a step that is false leaves the states as they were. */
  mask?: Tensor | null;
  /** `[batch, units]` each; zeros by default. */
  initialState?: readonly Tensor[];
}

function run(
  cell: Cell,
  { forward }: Recurrent,
  z: Tensor,
  weights: readonly Tensor[],
  options: RecurrentOptions,
): Tensor {
  const names = { activation: 1, recurrentActivation: 1, reverse: 1, mask: 1, initialState: 1 } as const;
  checkOptions<RecurrentOptions>(cell.name, options, names);
  const { activation = 'tanh', recurrentActivation = 'sigmoid', reverse = false, mask = null } = options;
  for (const curve of [activation, recurrentActivation]) {
    if (typeof curve !== 'string' || Object.hasOwn(recurrentActivations, curve)) continue;
    throw failure(cell.name, `unknown activation '${curve}'`, {}, didYouMean(curve, Object.keys(recurrentActivations)));
  }
  const shape = [z.shape[0]!, weights[0]!.shape[0]!];
  const initial = options.initialState ?? Array.from({ length: cell.states }, () => zeros(shape, z.dtype));
  if (initial.length !== cell.states) {
    throw failure(cell.name, `${cell.states} initial states are needed`, { given: initial.length });
  }
  if (mask && mask.dtype !== 'bool') throw failure(cell.name, 'the mask must be bool', { mask: mask.toString() });
  const inputs = [z, ...weights, ...initial, ...(mask ? [mask] : [])];
  if (typeof activation === 'string' && typeof recurrentActivation === 'string') {
    return forward(inputs, { activation, recurrentActivation, reverse });
  }
  const apply = (curve: RecurrentActivation | ((x: Tensor) => Tensor)): ((x: Tensor) => Tensor) =>
    typeof curve === 'string' ? recurrentActivations[curve].apply : curve;
  forward.op.shape(inputs, { activation: 'tanh', recurrentActivation: 'sigmoid', reverse });
  return unrolled(cell, inputs, { act: apply(activation), gate: apply(recurrentActivation) }, reverse);
}

/**
 * All steps of an LSTM. @returns `[batch, time, 2 * units]`: h, then c, after each step
 * @param z `[batch, time, 4 * units]`, the input times its kernel plus bias; gates in the order input, forget, cell, output
 * @param kernel the recurrent one, `[units, 4 * units]`
 */
export const lstm = (z: Tensor, kernel: Tensor, options: RecurrentOptions = {}): Tensor =>
  run(lstmCell, lstmOps, z, [kernel], options);

/**
 * All steps of a GRU. @returns `[batch, time, units]`
 * @param z `[batch, time, 3 * units]`; gates in the order update, reset, new
 * @param kernel the recurrent one, `[units, 3 * units]`
 * @param bias the recurrent one `[3 * units]`, for a reset gate behind the product; without it the gate stands before
 */
export const gru = (z: Tensor, kernel: Tensor, bias: Tensor | null, options: RecurrentOptions = {}): Tensor =>
  bias ? run(gruCell, gruOps, z, [kernel, bias], options) : run(gruResetBeforeCell, gruBeforeOps, z, [kernel], options);

/** All steps of `h = activation(z + h @ kernel)`. @returns `[batch, time, units]` */
export const simpleRnn = (z: Tensor, kernel: Tensor, options: RecurrentOptions = {}): Tensor =>
  run(simpleCell, simpleOps, z, [kernel], options);
