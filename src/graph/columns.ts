/**
 * Graph to graph, same function: what a product's columns are scaled by goes into its constant weights, a batch normalization behind a
 * convolution among them, in front of it in the backward pass, and the shifts behind it become one. What is left is one addition, which backends
 * put into the product's own step. `w s` is one constant per weights and scale, however many plans are made, and is held by nobody: whoever
 * lays it out has it written where it is needed.
 */
import { computeStep, runStep } from '../backends/reference/index.ts';
import { add, mul } from '../ops/binary.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import { sameShape } from '../tensor/shape.ts';
import { type Recipe, Tensor } from '../tensor/tensor.ts';

interface Row {
  readonly value: Tensor;
  /** `[columns]`, a constant. */
  readonly row: Tensor;
}

const scaled = new WeakMap<TypedArray | Recipe, { readonly row: TypedArray; readonly result: Tensor }[]>();

/** The constant `f(a, row)`; of big ones the last few are known. */
function folded(f: typeof mul, a: Tensor, row: Tensor): Tensor {
  const node = f(a, row);
  if (a.rank < 2) return new Tensor(null, [], {}, node, runStep(node));
  const known = scaled.get(a.source!) ?? [];
  scaled.set(a.source!, known);
  const factors = row.data;
  const same = known.find((one) => sameShape(one.result.shape, a.shape) && one.row.every((v, i) => v === factors[i]));
  if (same) return same.result;
  const result = new Tensor(null, [], {}, node, { write: (out) => computeStep(node, out) });
  known.splice(0, known.length, ...known.slice(-1), { row: factors, result });
  return result;
}

/**
 * @param node whose op and inputs, `given`, are simplified @param fed of which nothing is known
 * @param once whether this node alone reads a simplified one
 */
export function foldColumns(
  node: Tensor,
  given: readonly Tensor[],
  fed: ReadonlySet<Tensor>,
  once: (x: Tensor) => boolean,
): Tensor | null {
  const { op } = node;
  const known = (x: Tensor | undefined): x is Tensor => x !== undefined && x.source !== null && !fed.has(x);
  /** `inputs` as a value and a constant per column of it. */
  const rowOf = (inputs: readonly Tensor[]): Row | null => {
    for (const i of [0, 1]) {
      const [value, row] = [inputs[i]!, inputs[1 - i]!];
      const columns = value.shape.at(-1);
      if (
        !known(row) ||
        value.rank <= 1 ||
        value.rank < row.rank ||
        row.size !== columns ||
        row.shape.at(-1) !== columns
      )
        continue;
      return { value, row: new Tensor(null, [], {}, { shape: [columns], dtype: row.dtype }, row.source) };
    }
    return null;
  };
  const open = (x: Tensor): boolean => x.op !== null && !fed.has(x) && once(x);
  const side = op!.columns;
  if (typeof side === 'number' && known(given[1])) {
    const factored = given.at(side)!;
    const found = factored.op === mul.op && !fed.has(factored) ? rowOf(factored.inputs) : null;
    const inputs = found && given.with(1, folded(mul, given[1], found.row)).with(side, found.value);
    return inputs && new Tensor(op, inputs, node.attrs, node, null);
  }
  const found = op === mul.op || op === add.op ? rowOf(given) : null;
  if (!found || !open(found.value)) return null;
  const { value, row } = found;
  const before = value.op === add.op ? rowOf(value.inputs) : null;
  if (op === add.op)
    return before && isScaled(before.value)
      ? new Tensor(op, [before.value, folded(add, before.row, row)], {}, node, null)
      : null;
  const product = before ? before.value : value;
  if (product.op?.columns !== 'result' || !known(product.inputs[1]) || !(product === value || open(product)))
    return null;
  const inputs = product.inputs.with(1, folded(mul, product.inputs[1], row));
  const result = new Tensor(product.op, inputs, product.attrs, product, null);
  return before ? new Tensor(add.op, [result, folded(mul, before.row, row)], {}, node, null) : result;
}

/** Shifts are joined behind products alone: elsewhere nothing is gained. */
const isScaled = (x: Tensor): boolean => x.op?.columns === 'result';
