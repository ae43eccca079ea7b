/**
 * LSTM, GRU and simple recurrent cells: options and weights of each Keras, and a whole sequence through the recurrent ops.
 * A cell of StackedRNNCells and a layer of its own are the same thing here.
 */
import { dense } from '../../../ops/matmul.ts';
import { reshape } from '../../../ops/movement.ts';
import type { RecurrentActivation } from '../../../ops/recurrent-activations.ts';
import { gru, lstm, type RecurrentOptions, simpleRnn } from '../../../ops/rnn.ts';
import { slice } from '../../../ops/slicing.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { type Tensor, zeros } from '../../../tensor/tensor.ts';
import type { StoredArray } from '../../weights/store.ts';
import { type Activation, activationOf } from '../activation-functions.ts';
import type { Drops, Mask, WeightRule, Weights } from '../layer.ts';
import type { Options } from '../options.ts';
import { combined, gateRules, isCudnn, joinedGates } from './weights.ts';

/** How one call goes. */
export interface SequenceOptions {
  readonly initial: readonly Tensor[] | null;
  /** `[batch, time]`: a masked step leaves the states as they were. */
  readonly mask: Mask;
  /** From the last step to the first; results stay at their step. */
  readonly reverse: boolean;
  /** What drops units in training. */
  readonly drops?: Drops | undefined;
}

/** A cell with its options read, applied to a sequence `[batch, time, ...]`. */
export interface SequenceCell {
  /** How many state tensors it has. */
  readonly states: number;
  /** True where it drops units in training. */
  readonly drops: boolean;
  readonly rules: (input: Shape, stored: readonly StoredArray[]) => readonly WeightRule[];
  /** The output after each step, and the states after the last one that was made. */
  readonly run: (
    x: Tensor,
    weights: Weights,
    options: SequenceOptions,
  ) => { sequence: Tensor; states: readonly Tensor[] };
  /** Channels of the output. */
  readonly units: number;
}

/** A function that the ops know by name, or another. */
export type Curve = RecurrentActivation | Activation;

const names: Readonly<Record<string, RecurrentActivation>> = {
  ...{ tanh: 'tanh', sigmoid: 'sigmoid', linear: 'linear', relu: 'relu', softsign: 'softsign' },
  ...{ elu: 'elu', selu: 'selu', softplus: 'softplus', exponential: 'exponential' },
};

/** By name where the ops know it, else as a function, with which a cell is unrolled. */
export function curveOf(o: Options, key: string, fallback: string): Curve {
  const value = o.raw(key) ?? fallback;
  if (value === 'hard_sigmoid') return o.dialect.major < 3 ? 'hardSigmoid2' : 'hardSigmoid';
  if (typeof value === 'string' && Object.hasOwn(names, value)) return names[value]!;
  return activationOf(o, key);
}

/** Before TensorFlow 2 Keras's gates were hard sigmoids; files always say so, except where the option is absent. */
const gateDefault = (o: Options): string => (o.dialect.major === 1 ? 'hard_sigmoid' : 'sigmoid');

/** Options without effect on a single call at inference. @returns whether units are dropped in training */
export function trainingOptions(o: Options): boolean {
  o.ignore('unit_forget_bias', 'consume_less', 'forget_bias_init', 'use_cudnn', 'cudnn_ok', 'enable_caching_device');
  return Math.max(o.number('dropout', 0), o.number('recurrent_dropout', 0)) > 0;
}

/** All steps of a cell, from the inputs' part of its gates. */
type Scan = (z: Tensor, kernel: Tensor, bias: Tensor | null, options: RecurrentOptions) => Tensor;

/** The weights of a cell, gates side by side. */
export interface CellWeights {
  readonly kernel: Tensor;
  readonly recurrent: Tensor;
  readonly bias: Tensor | null;
  readonly recurrentBias: Tensor | null;
}

/** A cell as its options have it. */
export interface RecurrentRecipe {
  readonly options: Options;
  readonly units: number;
  readonly gates: readonly string[];
  readonly states: number;
  readonly drops: boolean;
  readonly useBias: boolean;
  /** The recurrent product has a bias of its own. */
  readonly twoBiases: boolean;
  /** How a gate's value is made; the second belongs to the gates, which a simple cell has not. */
  readonly curves: readonly Curve[];
  readonly scan: Scan;
}

function cellOf(recipe: RecurrentRecipe): SequenceCell {
  const { units, gates, states, drops, useBias, twoBiases, scan } = recipe;
  const width = gates.length * units;
  return {
    states,
    drops,
    units,
    rules: (input, stored) => {
      const features = input.at(-1)!;
      if (stored.length === 3 * gates.length && gates.length > 1) return gateRules(gates, features, units);
      return joinedGates({
        ...{ features, units, gates: gates.length, useBias, twoBiases },
        cudnn: isCudnn(stored, width, twoBiases),
      });
    },
    run: (x, stored, options) => {
      const { initial, mask, reverse } = options;
      const w = combined(stored, gates);
      const both = w['bias'] ?? null;
      const row = (i: number): Tensor => reshape(slice(both!, { 0: [i, i + 1] }), [width]);
      const given: CellWeights = {
        kernel: w['kernel']!,
        recurrent: w['recurrent_kernel']!,
        bias: both && twoBiases ? row(0) : both,
        recurrentBias: twoBiases ? (both ? row(1) : zeros([width], x.dtype)) : null,
      };
      const scanOptions = { ...{ mask, reverse }, ...(initial ? { initialState: initial } : {}) };
      const all =
        drops && options.drops
          ? options.drops.scan(recipe, x, given, scanOptions)
          : scan(dense(x, given.kernel, given.bias), given.recurrent, given.recurrentBias, scanOptions);
      const at = reverse ? 0 : x.shape[1]! - 1;
      const last = slice(all, { 1: [at, at + 1] });
      const state = (k: number): Tensor =>
        reshape(slice(last, { 2: [k * units, (k + 1) * units] }), [x.shape[0]!, units]);
      return {
        sequence: slice(all, { 2: [0, units] }),
        states: Array.from({ length: states }, (_, k) => state(k)),
      };
    },
  };
}

/** The cell that a class name (of a layer or of a cell) stands for. */
export const cellMakers: Readonly<Record<string, (o: Options) => SequenceCell>> = {
  LSTM: (o) => lstmOf(o, curveOf(o, 'activation', 'tanh'), curveOf(o, 'recurrent_activation', gateDefault(o))),
  CuDNNLSTM: (o) => lstmOf(o, 'tanh', 'sigmoid'),
  GRU: (o) => {
    const after = o.flag('reset_after', o.dialect.major === 3);
    const curves = [curveOf(o, 'activation', 'tanh'), curveOf(o, 'recurrent_activation', gateDefault(o))] as const;
    return gruOf(o, after, ...curves);
  },
  CuDNNGRU: (o) => gruOf(o, true, 'tanh', 'sigmoid'),
  SimpleRNN: (o) => {
    const activation = curveOf(o, 'activation', 'tanh');
    return cellOf({
      options: o,
      curves: [activation],
      ...{ units: o.count('units'), gates: [''], states: 1, twoBiases: false },
      ...{ useBias: o.flag('use_bias', true), drops: trainingOptions(o) },
      scan: (z, kernel, _, options) => simpleRnn(z, kernel, { ...options, activation }),
    });
  },
};

function lstmOf(o: Options, activation: Curve, recurrentActivation: Curve): SequenceCell {
  return cellOf({
    options: o,
    curves: [activation, recurrentActivation],
    ...{ units: o.count('units'), gates: ['i', 'f', 'c', 'o'], states: 2, twoBiases: false },
    ...{ useBias: o.flag('use_bias', true), drops: trainingOptions(o) },
    scan: (z, kernel, _, options) => lstm(z, kernel, { ...options, activation, recurrentActivation }),
  });
}

function gruOf(o: Options, resetAfter: boolean, activation: Curve, recurrentActivation: Curve): SequenceCell {
  return cellOf({
    options: o,
    curves: [activation, recurrentActivation],
    ...{ units: o.count('units'), gates: ['z', 'r', 'h'], states: 1, twoBiases: resetAfter },
    ...{ useBias: o.flag('use_bias', true), drops: trainingOptions(o) },
    scan: (z, kernel, bias, options) => gru(z, kernel, bias, { ...options, activation, recurrentActivation }),
  });
}

/** `x` where the step counts, zeros elsewhere. */
export function addMaskAxes(mask: Tensor, rank: number): Tensor {
  return reshape(mask, [...mask.shape, ...new Array<number>(rank - mask.rank).fill(1)]);
}
