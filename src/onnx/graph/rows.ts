/**
 * Files exported for one batch size have it as a number in the targets of their reshapes, and as the size of what they join to the samples: a class
 * token, a first state. Where a run has other rows, the number in front of such a target is put right, and what has one row is repeated. Invariant: only numbers that the file states, that stand first, and that are the stated batch size, are changed;
 * whoever explains proves afterwards, by the batch rules, that samples stay apart.
 */
import { broadcastTo } from '../../ops/movement.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Step } from './prepare.ts';
import type { Run, Value } from './run.ts';

/** Which input is a shape whose first size is that of the batch. */
const shapeInput: Readonly<Record<string, number>> = { Reshape: 1, Expand: 1, Resize: 3 };
/** Which inputs are first states, `[directions, batch, hidden]`. */
const stateInputs: Readonly<Record<string, readonly number[]>> = { RNN: [5], GRU: [5], LSTM: [5, 6] };

/** The inputs, a stated batch size in them replaced by the number of rows. */
export function withRows(
  { node }: Step,
  tensors: readonly (Tensor | null)[],
  inputs: readonly (Value | null)[],
  rows: Run['rows'],
): readonly (Tensor | null)[] {
  if (rows === null || node.domain !== '') return tensors;
  if (rows.stated === 1) {
    const repeated = withRepeated(node, tensors, inputs, rows.actual);
    if (repeated) return repeated;
  }
  const at = Object.hasOwn(shapeInput, node.opType) ? shapeInput[node.opType]! : null;
  if (at === null || !inputs[at]?.fixed) return tensors;
  const target = tensors[at];
  if (!target?.constant || target.rank !== 1 || target.size < 2 || target.constant[0] !== rows.stated) return tensors;
  // What is made of the file's own numbers has no rows.
  if (inputs[0]?.fixed) return tensors;
  const values = Int32Array.from(target.constant);
  values[0] = rows.actual;
  return tensors.map((x, i) => (i === at ? tensor(values, target.shape) : x));
}

/** The file's own numbers for one sample, repeated for each where samples are joined to them or start from them. */
function withRepeated(
  { opType, attributes }: Step['node'],
  tensors: readonly (Tensor | null)[],
  inputs: readonly (Value | null)[],
  actual: number,
): readonly (Tensor | null)[] | null {
  const repeat = (x: Tensor, axis: number): Tensor =>
    broadcastTo(
      x,
      x.shape.map((dim, i) => (i === axis ? actual : dim)),
    );
  const own = (i: number, axis: number): boolean => !!inputs[i]?.fixed && tensors[i]?.shape[axis] === 1;
  if (opType === 'Concat') {
    const axis = attributes.get('axis')?.int ?? 0;
    const joined = tensors.some((x, i) => x !== null && !inputs[i]?.fixed && x.rank > 1 && x.shape[0] === actual);
    if (axis === 0 || !joined || tensors.some((x) => x !== null && axis === -x.rank)) return null;
    return tensors.map((x, i) => (x !== null && own(i, 0) ? repeat(x, 0) : x));
  }
  const states = Object.hasOwn(stateInputs, opType) ? stateInputs[opType]! : [];
  if (states.length === 0 || inputs[0]?.fixed) return null;
  const axis = attributes.get('layout')?.int === 1 ? 0 : 1;
  return tensors.map((x, i) => (x !== null && states.includes(i) && own(i, axis) ? repeat(x, axis) : x));
}
