/**
 * Weights of recurrent cells as different Kerases stored them, brought to kernel `[features, gates * units]`, recurrent kernel
 * `[units, gates * units]` and bias. Keras 1 had one array per gate (W, U, b for each in turn); CuDNN layers stored the gates
 * of their kernels in column order, recurrent ones transposed, and two biases. Source: `preprocess_weights_for_loading`.
 */
import { add } from '../../../ops/binary.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { concat, slice } from '../../../ops/slicing.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { StoredArray } from '../../weights/store.ts';
import type { WeightRule, Weights } from '../layer.ts';

interface Joined {
  readonly features: number;
  readonly units: number;
  readonly gates: number;
  readonly useBias: boolean;
  readonly twoBiases: boolean;
  readonly cudnn: boolean;
}

/** Whether the arrays are of a CuDNN layer: only those have two biases in one flat array. */
export function isCudnn(stored: readonly StoredArray[], width: number, twoBiases: boolean): boolean {
  const bias = stored.length === 3 ? stored[2]!.shape : [];
  return width > 0 && bias.length === 1 && bias[0] === 2 * width && (twoBiases || stored[1]!.shape[1] === width);
}

export function joinedGates({ features, units, gates, useBias, twoBiases, cudnn }: Joined): WeightRule[] {
  const width = gates * units;
  const perGate =
    (f: (gate: Tensor) => Tensor) =>
    (stored: Tensor): Tensor =>
      stored.rank === 2 && stored.shape[1] === width ? concat(gatesOf(stored, gates).map(f), 1) : stored;
  const kernel = perGate((k) => transpose(reshape(k, [k.shape[1]!, k.shape[0]!]), [1, 0]));
  const recurrent = perGate((k) => transpose(k, [1, 0]));
  const bias = (stored: Tensor): Tensor => {
    if (stored.size !== 2 * width) return stored;
    const both = reshape(stored, [2, width]);
    return twoBiases ? both : add(part(both, 0), part(both, 1));
  };
  const convert = (f: (stored: Tensor) => Tensor): Pick<WeightRule, 'convert'> => (cudnn ? { convert: f } : {});
  return [
    { name: 'kernel', shape: [features, width], ...convert(kernel) },
    { name: 'recurrent_kernel', shape: [units, width], ...convert(recurrent) },
    ...(useBias ? [{ name: 'bias', shape: twoBiases ? [2, width] : [width], ...convert(bias) }] : []),
  ];
}

const part = (both: Tensor, i: number): Tensor => reshape(slice(both, { 0: [i, i + 1] }), [both.shape[1]!]);

function gatesOf(kernel: Tensor, gates: number): Tensor[] {
  const units = kernel.shape[1]! / gates;
  return Array.from({ length: gates }, (_, i) => slice(kernel, { 1: [i * units, (i + 1) * units] }));
}

/** Keras 1: W, U, b of each gate; it listed the new value of an LSTM before the forget gate. */
export function gateRules(gates: readonly string[], features: number, units: number): WeightRule[] {
  const listed = gates.includes('f') ? ['i', 'c', 'f', 'o'] : gates;
  return listed.flatMap((gate) => [
    { name: `kernel_${gate}`, shape: [features, units] },
    { name: `recurrent_kernel_${gate}`, shape: [units, units] },
    { name: `bias_${gate}`, shape: [units] },
  ]);
}

/** The weights with the gates of each kind side by side. */
export function combined(weights: Weights, gates: readonly string[]): Weights {
  if (weights['kernel']) return weights;
  const join = (name: string, axis: number): Tensor =>
    concat(
      gates.map((gate) => weights[`${name}_${gate}`]!),
      axis,
    );
  return { kernel: join('kernel', 1), recurrent_kernel: join('recurrent_kernel', 1), bias: join('bias', 0) };
}
