/** How many samples an ONNX graph takes at a time. Invariant: a graph is said to take any number only where its samples are proven to lie apart. */
import { isInFront, placeSamples } from '../../graph/batch.ts';
import type { InputInfo } from '../../graph/callable.ts';
import type { ModelDefinition } from '../../model/definition.ts';
import { PathgradError } from '../../tensor/errors.ts';
import { placeholder, type TensorSpec } from '../../tensor/tensor.ts';
import type { ValueRecord } from '../file/records.ts';
import type { OnnxParts } from './layer.ts';

/** The batch size that the file states as a number; null where it is open. */
export function batchOf(inputs: readonly ValueRecord[]): number | null {
  const sizes = new Set(inputs.map(({ shape }) => shape?.[0] ?? null));
  const [size] = sizes;
  return sizes.size === 1 && typeof size === 'number' && size > 0 ? size : null;
}

/**
 * How many rows a graph takes; null for any number. One that states its batch size is one of any where that can be proven, by following the samples of
 * two or more, not by trying. One whose fixed inputs have a batch of one takes one row at a time.
 */
export function rowsAtATime(
  { fixed }: OnnxParts,
  infos: readonly InputInfo[],
  run: ModelDefinition['run'],
  stated: number | null,
): number | null {
  if (stated === null && fixed.size === 0) return null;
  const rows = Math.max(2, (stated ?? 1) + 1);
  // Open sizes that many strides divide.
  const sizes = (dims: InputInfo['shape']): number[] => dims.slice(1).map((dim) => dim ?? 64);
  const inputs = infos.map(({ shape, dtype }) => ({ shape: [rows, ...sizes(shape)], dtype }));
  return keepsApart(run, inputs) ? null : (stated ?? 1);
}

/** Whether samples of the given shapes are shown to lie in front, apart, from the inputs to every output. An open first axis may be time as well. */
export function keepsApart(run: ModelDefinition['run'], specs: readonly TensorSpec[]): boolean {
  const rows = specs[0]!.shape[0]!;
  const inputs = specs.map(({ shape, dtype }) => placeholder(shape, dtype));
  try {
    const outputs = run(inputs, {});
    const places = placeSamples(outputs, new Map(inputs.map((x) => [x, { axis: 0, outer: 1, inner: 1 }])), rows);
    return outputs.every((y) => y.shape[0] === rows && isInFront(places.get(y)));
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    return false;
  }
}
