/** Recurrent scans as the public ops that they are made of, a node per operation and step: what rules for ops are for. */

import type { RecurrentAttrs } from '../../ops/recurrent.ts';
import { recurrentActivations } from '../../ops/recurrent-activations.ts';
import { gru, lstm, type RecurrentOptions, simpleRnn } from '../../ops/rnn.ts';
import type { Tensor } from '../../tensor/tensor.ts';

interface Scan {
  readonly weights: number;
  readonly states: number;
  readonly make: (z: Tensor, weights: readonly Tensor[], options: RecurrentOptions) => Tensor;
}

const scans: { readonly [op: string]: Scan } = {
  lstm: { weights: 1, states: 2, make: (z, [kernel], options) => lstm(z, kernel!, options) },
  gru: { weights: 2, states: 1, make: (z, [kernel, bias], options) => gru(z, kernel!, bias!, options) },
  gruResetBefore: { weights: 1, states: 1, make: (z, [kernel], options) => gru(z, kernel!, null, options) },
  simpleRnn: { weights: 1, states: 1, make: (z, [kernel], options) => simpleRnn(z, kernel!, options) },
};

/** The function that `node` is of `inputs`, unrolled; null where it is no scan. */
export function unrolledScan(node: Tensor, inputs: readonly Tensor[]): Tensor | null {
  const scan = scans[node.op!.name];
  if (!scan) return null;
  const { activation, recurrentActivation, reverse } = node.attrs as RecurrentAttrs;
  const [from, to] = [1 + scan.weights, 1 + scan.weights + scan.states];
  // An activation given as a function is what unrolls a scan.
  return scan.make(inputs[0]!, inputs.slice(1, from), {
    activation: recurrentActivations[activation].apply,
    recurrentActivation: recurrentActivations[recurrentActivation].apply,
    reverse,
    mask: inputs[to] ?? null,
    initialState: inputs.slice(from, to),
  });
}
