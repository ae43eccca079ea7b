/**
 * Files exported for one batch size have it as a number in the targets of their reshapes. Where a run has other rows, the number in front of such
 * a target is put right. Invariant: only numbers that the file states, that stand first, and that are the stated batch size, are changed;
 * whoever explains proves afterwards, by the batch rules, that samples stay apart.
 */
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Step } from './prepare.ts';
import type { Run, Value } from './run.ts';

/** Which input is a shape whose first size is that of the batch. */
const shapeInput: Readonly<Record<string, number>> = { Reshape: 1, Expand: 1 };

/** The inputs, a stated batch size in them replaced by the number of rows. */
export function withRows(
  { node }: Step,
  tensors: readonly (Tensor | null)[],
  inputs: readonly (Value | null)[],
  rows: Run['rows'],
): readonly (Tensor | null)[] {
  const at = node.domain === '' ? shapeInput[node.opType] : undefined;
  if (rows === null || at === undefined || !inputs[at]?.fixed) return tensors;
  const target = tensors[at];
  if (!target?.constant || target.rank !== 1 || target.size < 2 || target.constant[0] !== rows.stated) return tensors;
  // What is made of the file's own numbers has no rows.
  if (inputs[0]?.fixed) return tensors;
  const values = Int32Array.from(target.constant);
  values[0] = rows.actual;
  return tensors.map((x, i) => (i === at ? tensor(values, target.shape) : x));
}
