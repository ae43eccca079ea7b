/** Kinds of recurrent operators, and the activations that their attributes name. Source: Operators.md of ONNX 1.22. */
import { elu, hardSigmoid2, leakyRelu, relu, softsign, thresholdUnit } from '../../../ops/activations.ts';
import { add, mul } from '../../../ops/binary.ts';
import type { RecurrentActivation } from '../../../ops/recurrent-activations.ts';
import { clip, sigmoid, softplus, tanh } from '../../../ops/unary.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { OperatorCall } from '../../operator.ts';
import { fail, number } from '../support.ts';

export interface Kind {
  readonly gates: number;
  readonly states: number;
  /** Place of each gate of the engine's order in ONNX's. */
  readonly order: readonly number[];
  /** Functions per direction: of the gates, and of the new values (and of the cell). */
  readonly functions: readonly string[];
}

export const kinds: Readonly<Record<'RNN' | 'GRU' | 'LSTM', Kind>> = {
  RNN: { gates: 1, states: 1, order: [0], functions: ['Tanh'] },
  GRU: { gates: 3, states: 1, order: [0, 1, 2], functions: ['Sigmoid', 'Tanh'] },
  LSTM: { gates: 4, states: 2, order: [0, 2, 3, 1], functions: ['Sigmoid', 'Tanh', 'Tanh'] },
};

export type Name = 'RNN' | 'GRU' | 'LSTM';

export interface Curves {
  readonly activation: Curve;
  readonly recurrentActivation: Curve;
  /** That of an LSTM's hidden state, where it is not the cell's. */
  readonly hidden: Curve | null;
}

export type Curve = RecurrentActivation | ((x: Tensor) => Tensor);

/** An activation with its parameters; those that the scans know by name stay names. */
function curve(call: OperatorCall, name: string, alpha: number | undefined, beta: number | undefined): Curve {
  const plain: Readonly<Record<string, RecurrentActivation>> = {
    tanh: 'tanh',
    sigmoid: 'sigmoid',
    relu: 'relu',
    softsign: 'softsign',
    softplus: 'softplus',
  };
  const key = name.toLowerCase();
  if (Object.hasOwn(plain, key)) return plain[key]!;
  if (alpha === undefined && needy.includes(key)) {
    const hint = 'the standard takes 1 for it, onnxruntime 0: write what is meant';
    throw fail(call, `activation '${name}' has no activation_alpha`, {}, hint);
  }
  const [a, b] = [alpha ?? defaults[key]?.[0] ?? 1, beta ?? defaults[key]?.[1] ?? 0];
  switch (key) {
    case 'hardsigmoid':
      return Math.abs(a - 0.2) < 1e-7 && b === 0.5 ? 'hardSigmoid2' : (x) => clip(add(mul(x, a), b), 0, 1);
    case 'affine':
      return (x) => add(mul(x, a), b);
    case 'leakyrelu':
      return (x) => leakyRelu(x, a);
    case 'thresholdedrelu':
      return (x) => thresholdUnit(x, a, 0);
    case 'scaledtanh':
      return (x) => mul(tanh(mul(x, b)), a);
    case 'elu':
      return (x) => elu(x, a);
    default:
      throw fail(call, `unknown activation '${name}'`);
  }
}

/** Activations whose alpha, where it is missing, is read in two ways. */
const needy: readonly string[] = ['affine', 'scaledtanh', 'thresholdedrelu'];

const defaults: Readonly<Record<string, readonly [number, number]>> = {
  hardsigmoid: [0.2, 0.5],
  leakyrelu: [0.01, 0],
  elu: [1, 0],
};

/** Bounded before it reaches the activation. */
function clipped(f: Curve, by: number | null): Curve {
  if (by === null) return f;
  const apply = typeof f === 'string' ? byName[f] : f;
  if (!apply) return f;
  return (x) => apply(clip(x, -by, by));
}

export const byName: Readonly<Partial<Record<RecurrentActivation, (x: Tensor) => Tensor>>> = {
  tanh: (x) => tanh(x),
  sigmoid: (x) => sigmoid(x),
  relu: (x) => relu(x),
  softsign,
  softplus: (x) => softplus(x),
  hardSigmoid2,
};

const takesAlpha = ['affine', 'leakyrelu', 'thresholdedrelu', 'scaledtanh', 'hardsigmoid', 'elu'];
const takesBeta = ['affine', 'scaledtanh', 'hardsigmoid'];

/** Parameters are listed for the functions that take one, in their order. */
function consumed(
  call: OperatorCall,
  attribute: string,
  names: readonly string[],
  takers: readonly string[],
): (number | undefined)[] {
  const values = call.attrs.has(attribute) ? [...call.attrs.floats(attribute)] : [];
  return names.map((f) => (takers.includes(f.toLowerCase()) ? values.shift() : undefined));
}

/** The activations of a direction. */
export function curves(call: OperatorCall, kind: Kind, name: Name, d: number): Curves {
  const given = call.attrs.has('activations') ? call.attrs.texts('activations') : [];
  const per = kind.functions.length;
  const names = given.length > 0 ? given.slice(d * per, (d + 1) * per) : kind.functions;
  if (names.length !== per) throw fail(call, `${per} activations per direction are needed`, { got: given });
  const alphas = consumed(call, 'activation_alpha', given, takesAlpha);
  const betas = consumed(call, 'activation_beta', given, takesBeta);
  const by = call.attrs.has('clip') ? number(call, 'clip') : null;
  const plain = names.map((f, i) => curve(call, f, alphas[d * per + i], betas[d * per + i]));
  const fs = plain.map((f) => clipped(f, by));
  if (name === 'RNN') return { activation: fs[0]!, recurrentActivation: 'sigmoid', hidden: null };
  // The scans of the engine have one function for cell and hidden state, and the cell itself is not clipped.
  const as = (i: number): string => [names[i]!.toLowerCase(), alphas[d * per + i], betas[d * per + i]].join();
  const differs = name === 'LSTM' && (by !== null || as(1) !== as(2));
  return { recurrentActivation: fs[0]!, activation: fs[1]!, hidden: differs ? plain[2]! : null };
}
